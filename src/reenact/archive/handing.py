"""What leaves the archive with all that belongs to it: a session and the sub-agents below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from reenact import export, usage
from reenact.archive.values import header_of
from reenact.errors import NotFoundError
from reenact.store import Filter

if TYPE_CHECKING:
    from reenact.export.scrubbed import Scrub
    from reenact.store import SessionRow, Store


def atif(store: Store, row: SessionRow, *, scrub: Scrub | None) -> bytes:
    """Gives a session as an ATIF document.

    Raises:
        NotFoundError: it has no step.
    """
    document = export.atif(_told(store, row), scrub=scrub)
    if not document["steps"]:
        raise NotFoundError(f"nothing was said in {row.id}", hint="ATIF has no empty trajectory")
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _told(store: Store, row: SessionRow) -> export.Told:
    wanted = tuple(row.children)
    below = store.sessions(Filter(sessions=wanted, hidden=True)) if wanted else []
    agents = [each for each in below if each.kind == "subagent" and each.events]
    children = [_told(store, each) for each in sorted(agents, key=lambda each: each.started_at or 0)]
    return export.Told(
        header=header_of(row),
        events=store.events(row.id),
        owned={entry.key for entry in store.entries(Filter(sessions=(row.id,)))},
        cost=usage.dollars(row.total.cost),
        children=children,
    )

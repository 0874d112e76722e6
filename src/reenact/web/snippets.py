"""Where in a session a query's words were said: the newest place, shown in the session's row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from reenact.query import And, Field, Node, Or, Query, Since, Until, Words
from reenact.web.texts import line_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reenact.store import Hit, SessionRow
    from reenact.web.desk import Reading
    from reenact.web.views import SessionRow as View

_LENGTH = 160
_A_SESSION = 4
"""Places looked for a row of the list: sessions with more of them leave some without."""
_MOST = 200


def shown(reading: Reading, query: Query | None, rows: Sequence[SessionRow]) -> list[View]:
    """Gives sessions as the list shows them, with what was found of the query's words."""
    views = [reading.view(row) for row in rows]
    said = tuple(_said(query.root)) if query is not None else ()
    hits = _hits(reading, said, rows) if said else {}
    return [
        view
        if (hit := hits.get(view.id)) is None
        else msgspec.structs.replace(
            view, snippet=line_of(reading.archive.guard.text, hit.snippet, _LENGTH), snippet_seq=hit.seq
        )
        for view in views
    ]


def _said(node: Node) -> Iterator[Node]:
    """Yields what a query looks for in texts, but for what must not be there or only a scan finds."""
    match node:
        case Words() | Field(name="file" | "command"):
            yield node
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from _said(part)
        case _:
            pass


def _hits(reading: Reading, said: tuple[Node, ...], rows: Sequence[SessionRow]) -> dict[str, Hit]:
    """Gives the newest place by session, out of the time in which these sessions were at work."""
    begun = min((row.started_at for row in rows if row.started_at is not None), default=None)
    ended = max((row.ended_at for row in rows if row.ended_at is not None), default=None)
    parts: list[Node] = [Or(parts=said)]
    if begun is not None:
        parts.append(Since(moment=begun))
    if ended is not None:
        parts.append(Until(moment=ended + 1))
    asked = Query(text="", root=And(parts=tuple(parts)))
    found: dict[str, Hit] = {}
    for hit in reading.archive.store.search(asked, limit=min(len(rows) * _A_SESSION, _MOST)):
        found.setdefault(hit.session, hit)
    return found

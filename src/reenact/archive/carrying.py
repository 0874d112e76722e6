"""Sessions from archive to archive: a file of one and all that belongs to it, or all of an archive."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from reenact import export
from reenact.archive.agents import SOURCES
from reenact.archive.pricing import Pricer
from reenact.archive.values import header_of
from reenact.errors import UsageError
from reenact.ingest.carrying import Taken, from_archive, from_file
from reenact.store import Filter, open_store, past_of

if TYPE_CHECKING:
    from reenact.archive.facade import Archive
    from reenact.store import SessionRow

SUFFIX = ".reenact"


def give_out(archive: Archive, name: str, *, raw: bool) -> Iterator[bytes]:
    """Yields a portable file: a session, the past that it shares, and the sub-agents below it."""
    store = archive.store
    carried = (
        export.Carried(header=header_of(row), events=store.events(row.id), notes=store.annotations(row.id))
        for row in _family(archive, archive.session(name))
    )
    return export.portable(carried, blob=store.blob, scrub=None if raw else archive.guard.value)


def is_carried(path: str) -> bool:
    """Tells whether a path is a portable file or a whole archive."""
    return path.endswith(SUFFIX) or Path(path, "archive.json").is_file()


def take_in(archive: Archive, path: str, *, tell: Callable[[str], None] = lambda _: None) -> Taken:
    """Takes in a portable file, or a whole archive, which is only read.

    Raises:
        UsageError: the path is neither, or the file is damaged; what was whole of it is here.
        ArchiveError: the other archive cannot be read.
    """
    if Path(path, "archive.json").is_file():
        if Path(path).resolve() == archive.path.resolve():
            raise UsageError("this is the archive itself")
        pricer = Pricer(archive.prices)
        with (
            tempfile.TemporaryDirectory(prefix="reenact-other-") as cache,
            closing(
                open_store(path, clock=archive.clock, pricer=pricer, cache=Path(cache), read_only=True)
            ) as other,
        ):
            other.catch_up()
            taken = from_archive(archive.store, other, SOURCES, tell=tell)
    else:
        with Path(path).open("rb") as stream:
            taken = from_file(archive.store, stream)
    archive.store.catch_up()
    return taken


def _family(archive: Archive, row: SessionRow) -> list[SessionRow]:
    """Gives the past that a session shares, the session, and the sub-agents below it, each once."""
    found: dict[str, SessionRow] = {}
    pasts = [row]
    while (past := past_of(archive.store, pasts[0].id)) is not None:
        rows = archive.store.sessions(Filter(sessions=(past.session,)))
        if not rows or any(each.id == past.session for each in pasts):
            break
        pasts.insert(0, rows[0])
    waiting = pasts
    while waiting:
        each = waiting.pop(0)
        if each.id not in found:
            found[each.id] = each
            below = archive.store.sessions(Filter(sessions=each.children)) if each.children else []
            waiting += [child for child in below if child.kind == "subagent"]
    return list(found.values())

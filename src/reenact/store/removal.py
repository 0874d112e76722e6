"""Removes sessions for good: tombstones first, then the index, then the bytes."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import apsw
import msgspec

from reenact.errors import ArchiveBusyError, ArchiveError, SessionNotFoundError
from reenact.store import segment, writer
from reenact.store.catch_up import drop, forget
from reenact.store.derive import settle_all
from reenact.store.index import Index
from reenact.store.journal import Journal, together
from reenact.store.layout import Layout, is_safe
from reenact.store.lock import locked
from reenact.store.manifest import NAME
from reenact.store.packing import ReadOriginal
from reenact.store.part import MERGED, RECORDED
from reenact.store.pricing import Pricer
from reenact.store.sql import fetch, fetch_one
from reenact.store.values import Removal

READMITTED = "*readmitted"
"""In the place of the parser's name: the original is to be derived again from its beginning."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a removal takes: sessions with the original of each, and originals that nothing else is in."""

    sessions: dict[str, str]
    originals: dict[str, str]
    """Id → agent."""


def plan(connection: apsw.Connection, sessions: Iterable[str], *, with_forks: bool) -> Plan:
    """Works out what is removed: the sessions, their sub-agents and, if said so, their forks.

    Raises:
        SessionNotFoundError: there is no such session.
        ArchiveError: forks share the past of one, and they are not meant.
    """
    wanted = list(dict.fromkeys(sessions))
    taken: dict[str, str] = {}
    for session in wanted:
        if fetch_one(connection, "SELECT 1 FROM session WHERE id=?", (session,)) is None:
            raise SessionNotFoundError(session)
    forks: list[str] = []
    while wanted:
        session = wanted.pop()
        if session in taken:
            continue
        taken[session] = _original(connection, session)
        for child, kind in fetch(connection, "SELECT id, kind FROM session WHERE parent=?", (session,)):
            if kind == "subagent" or with_forks:
                wanted.append(child)
            elif kind == "fork":
                forks.append(child)
    left = sorted(set(forks) - taken.keys())
    if left:
        raise ArchiveError(
            f"{len(left)} fork(s) share the past of what is to be removed: {', '.join(left[:5])}",
            hint="name them too, or say that forks are meant",
        )
    return Plan(sessions=taken, originals=_originals(connection, taken))


def _original(connection: apsw.Connection, session: str) -> str:
    row = fetch_one(
        connection,
        "SELECT original FROM part WHERE session=? AND original NOT IN (?, ?) ORDER BY original",
        (session, MERGED, RECORDED),
    )
    return str(row[0]) if row else ""


def _originals(connection: apsw.Connection, sessions: dict[str, str]) -> dict[str, str]:
    """Gives the originals of which no session stays."""
    rows = fetch(
        connection,
        "SELECT o.id, o.agent, p.session FROM original o JOIN part p ON p.original=o.id WHERE o.id IN "
        "(SELECT original FROM part WHERE session IN (SELECT value FROM json_each(?)))",
        (msgspec.json.encode(list(sessions)).decode(),),
    )
    stay = {original for original, _, session in rows if session not in sessions}
    return {original: agent for original, agent, _ in rows if original not in stay}


def carry_out(
    removing: Plan,
    index: Index,
    layout: Layout,
    journal: Journal,
    *,
    pricer: Pricer,
    read: ReadOriginal,
    now: int,
) -> Removal:
    """Removes what was planned.

    Raises:
        ArchiveBusyError: one of the sessions is being recorded, or another process is writing.
    """
    for session in filter(is_safe, removing.sessions):
        path = layout.live_segment(session)
        if writer.is_written_to(path):
            raise ArchiveBusyError(str(path), "it is being recorded")
    with index.writing() as connection:
        names = {**removing.sessions, **{original: original for original in removing.originals}}
        journal.append(together("remove", names, at=now))
        drop(connection, set(removing.sessions))
        forget(connection, removing.originals)
        settle_all(connection, set(removing.sessions), pricer, journal.project, read)
        freed = sum(
            delete_original(layout.original(agent, original))
            for original, agent in removing.originals.items()
        )
        freed += sum(delete_segments(layout, session) for session in removing.sessions)
    return Removal(sessions=tuple(sorted(removing.sessions)), bytes_freed=freed)


def delete_original(folder: Path) -> int:
    """Deletes an original; gives the bytes freed. Without its manifest it is no more, whatever is left."""
    if not folder.exists():
        return 0
    with locked(folder):
        freed = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        (folder / NAME).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    return freed


def delete_segments(layout: Layout, session: str) -> int:
    """Deletes the segments of a recorded session; gives the bytes freed."""
    if not is_safe(session):
        return 0  # never recorded: it could not have been
    live = layout.live_segment(session)
    paths = [live, live.with_name(live.name + ".torn")]
    number = 1
    while (path := segment.sealed_path(layout, session, number)).exists():
        paths.append(path)
        number += 1
    freed = 0
    for path in paths:
        if path.exists():
            freed += path.stat().st_size
            path.unlink()
    return freed


def readmit(sessions: Iterable[str], index: Index, journal: Journal, *, now: int) -> int:
    """Lifts the tombstones of sessions and of the originals that they came from; gives how many sessions.

    An original may be named, too: it stands for all removed sessions that came from it.
    """
    removed = dict(journal.removed())
    named = set(sessions)
    lifted = [name for name, original in removed.items() if name in named or original in named]
    originals = {removed[session] for session in lifted if removed[session]}
    names = dict.fromkeys((*lifted, *sorted(originals.intersection(removed))), "")
    journal.append(together("readmit", names, at=now))
    with index.writing() as connection:
        for original in originals:
            connection.execute("UPDATE original SET parser=? WHERE id=?", (READMITTED, original))
    return len(lifted)

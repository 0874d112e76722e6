"""Sessions of agents without signs of life, put together with the processes that are seen at work.

A process is said to be a session's only where nothing else fits: it works in the session's folder, was
there when the session's last event came, and there are no more such sessions than such processes. A
session is said to be left only when its process was seen before, and is no more; once time alone tells
the same of it, it is forgotten, however long the looking goes on.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import cast

from reenact.sources import Source
from reenact.sources.processes import Process, Programs, Recognised, processes
from reenact.store import Filter, SessionRow
from reenact.tree.status import GONE

Rows = Callable[[Filter], list[SessionRow]]
_SETTLED = frozenset({"completed", "failed", "interrupted", "aborted"})


class Presence:
    """Which sessions a process was found for, look by look."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = [source for source in sources if isinstance(source, Recognised)]
        self._programs = Programs(lambda program: any(each.is_process(program) for each in self._sources))
        self._seen: dict[str, frozenset[int]] = {}
        self._gone: dict[str, int] = {}
        """Sessions whose process was seen and has ended since, and when that was noticed."""
        self.present: frozenset[str] = frozenset()
        """Sessions in the middle of something whose process is at work."""

    def __len__(self) -> int:
        """Gives how many sessions are remembered."""
        return len(self._seen)

    def is_gone(self, row: SessionRow) -> bool:
        """Tells whether a session's process was seen and has ended, and nothing came of the session since."""
        noticed = self._gone.get(row.id)
        return noticed is not None and (row.ended_at is None or row.ended_at <= noticed)

    def look(self, rows: Rows, now: int) -> None:
        """Brings it up to now."""
        told = self._programs.look() if self._sources else []
        living: set[int] = set()
        present: dict[str, frozenset[int]] = {}
        for source in self._sources:
            found = processes(pid for pid, program in told if source.is_process(program))
            living |= {process.pid for process in found}
            if found:
                present |= _matched(found, _unfinished(cast("Source", source).agent, found, rows))
        self._seen |= present
        self.present = frozenset(present)
        ended = [name for name, pids in self._seen.items() if not pids & living]
        noticed = {name: self._gone.get(name, now) for name in ended}
        self._gone = {name: at for name, at in noticed.items() if now - at <= GONE}
        self._seen = {name: pids for name, pids in self._seen.items() if name in self._gone or pids & living}


def _unfinished(agent: str, found: Sequence[Process], rows: Rows) -> list[SessionRow]:
    every = rows(Filter(agent=agent, since=min(process.begun for process in found)))
    return [row for row in every if row.kind != "subagent" and row.status not in _SETTLED and row.cwd]


def _matched(found: Sequence[Process], rows: Sequence[SessionRow]) -> dict[str, frozenset[int]]:
    """Gives the sessions that can only be those of the processes in their folder."""
    there: defaultdict[str, list[Process]] = defaultdict(list)
    for process in found:
        there[process.cwd].append(process)
    fitting: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        folder = os.path.realpath(row.cwd or "")
        if any(process.begun <= (row.ended_at or 0) for process in there[folder]):
            fitting[folder].append(row.id)
    return {
        name: frozenset(process.pid for process in there[folder])
        for folder, names in fitting.items()
        if len(names) <= len(there[folder])
        for name in names
    }

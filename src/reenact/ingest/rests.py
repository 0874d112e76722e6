"""Lets transcripts rest that cost much to read, so that following them costs a part of a core at most.

Most transcripts are read on from where they ended. Those that their agent rewrites (one document, rows
of a database, several generations) are read whole at every change, and that takes the longer the longer
the session is: they wait in proportion to what reading them cost.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import msgspec

from reenact.clock import Clock
from reenact.ingest.backfill import Progress
from reenact.ingest.find import Found

_SHARE = 4
"""A transcript rests so many times as long as reading it took: a fifth of a core is spent on it."""
_SECOND = 1_000_000


class _Rest(msgspec.Struct, kw_only=True):
    since: int
    cost: int
    before: int | None = None
    """What the reading before cost: the first one of a long transcript tells nothing of the next."""

    def left(self, now: int) -> int:
        length = _SHARE * min(self.cost, self.cost if self.before is None else self.before)
        is_over = self.before is None or not 0 <= now - self.since < length
        return 0 if is_over else self.since + length - now


class Rests:
    """Which transcripts rest, and which of them changed meanwhile."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rests: dict[str, _Rest] = {}
        self._waiting: dict[str, Found] = {}
        self._reading: tuple[str, int] | None = None

    @property
    def waiting(self) -> Collection[str]:
        """The transcripts that changed and rest."""
        return self._waiting.keys()

    def awake(self, items: Mapping[str, Found], now: int) -> dict[str, Found]:
        """Gives what of these, and of what waited, may be read now; the rest of it waits."""
        every = {**self._waiting, **items}
        found = {path: item for path, item in every.items() if not self._left(path, now)}
        self._waiting = {path: item for path, item in every.items() if path not in found}
        return found

    def seconds(self, now: int) -> float:
        """Gives how long it is until something that waits may be read; without end where nothing waits."""
        return min((self._left(path, now) / _SECOND for path in self._waiting), default=math.inf)

    def read(self, progress: Progress) -> None:
        """Takes note of how long each transcript takes, as an import tells of its progress."""
        now = self._clock.now()
        if self._reading is not None:
            path, since = self._reading
            known = self._rests.get(path)
            before = None if known is None else known.cost
            self._rests[path] = _Rest(since=now, cost=max(0, now - since), before=before)
        self._reading = (progress.path, now) if progress.path else None

    def forget(self) -> None:
        """Ends all rests: what was noted of times means nothing."""
        self._rests.clear()
        self._reading = None

    def _left(self, path: str, now: int) -> int:
        rest = self._rests.get(path)
        return 0 if rest is None else rest.left(now)

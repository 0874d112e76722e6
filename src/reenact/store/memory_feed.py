"""Which events came to be known, in memory: worked out by comparing what is known now with what was."""

from __future__ import annotations

from reenact.store.reckon import Reckoning
from reenact.store.values import Arrival, Feed


class MemoryFeed:
    """See `Store.feed` and `Store.arrivals`."""

    def __init__(self) -> None:
        self._known: dict[str, set[str]] = {}
        self._log: list[Arrival] = []

    def state(self, now: Reckoning) -> Feed:
        self._look(now)
        return Feed(index="memory", oldest=min(1, len(self._log)), last=len(self._log))

    def behind(self, after: int, now: Reckoning) -> list[Arrival]:
        self._look(now)
        return self._log[after:]

    def _look(self, now: Reckoning) -> None:
        for session, found in now.sessions.items():
            known = self._known.setdefault(session, set())
            for seq, event in enumerate(found.events, 1):
                if event.id not in known:
                    known.add(event.id)
                    number = len(self._log) + 1
                    self._log.append(Arrival(number=number, session=session, first=seq, stop=seq + 1))

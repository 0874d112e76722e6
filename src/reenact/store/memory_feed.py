"""Which events came to be known, in memory: worked out by comparing what is known now with what was."""

from __future__ import annotations

from reenact.store.reckon import Reckoning
from reenact.store.values import Arrival, Feed


class MemoryFeed:
    """See `Store.feed` and `Store.arrivals`."""

    def __init__(self) -> None:
        self._known: dict[str, set[str]] = {}
        self._log: list[tuple[str, str]] = []
        """Session and id of each event, in the order in which they came to be known."""

    def state(self, now: Reckoning) -> Feed:
        self._look(now)
        return Feed(index="memory", oldest=min(1, len(self._log)), last=len(self._log))

    def behind(self, after: int, now: Reckoning) -> list[Arrival]:
        self._look(now)
        places = {
            (session, event.id): seq
            for session, found in now.sessions.items()
            for seq, event in enumerate(found.events, 1)
        }
        return [
            Arrival(number=number, session=name[0], first=places[name], stop=places[name] + 1)
            for number, name in enumerate(self._log[after:], after + 1)
            if name in places
        ]

    def _look(self, now: Reckoning) -> None:
        for session, found in now.sessions.items():
            known = self._known.setdefault(session, set())
            for event in found.events:
                if event.id not in known:
                    known.add(event.id)
                    self._log.append((session, event.id))

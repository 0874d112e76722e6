"""Which exchange a request continues: told by its lane, and by what it begins with."""

from __future__ import annotations

from reenact.replay.reading import Subject


class Ancestry:
    """Which exchange a request continues, told by what it begins with. One side only."""

    def __init__(self) -> None:
        self._by_chain: dict[tuple[str, bytes], list[str]] = {}
        self._last: dict[str, str] = {}

    def parents(self, subject: Subject, lane: str) -> tuple[str | None, ...]:
        """Gives the exchanges this request may continue, the likeliest first; (None,) for a first one."""
        found = list(reversed(self._begun(subject, lane)))
        last = self._last.get(lane) if lane else None
        if last is not None:
            found = [last, *(name for name in found if name != last)]
        return tuple(found) or (None,)

    def last(self, lane: str) -> str | None:
        """Gives the exchange that came last in a lane."""
        return self._last.get(lane)

    def add(self, subject: Subject, lane: str, exchange: str) -> None:
        """Takes note that a request was (or was answered as) this exchange."""
        self._last[lane] = exchange
        if subject.own.chain:
            self._by_chain.setdefault((lane, subject.own.chain[-1]), []).append(exchange)

    def _begun(self, subject: Subject, lane: str) -> list[str]:
        chain = subject.own.chain
        for length in range(len(chain) - 2, 0, -1):
            found = self._by_chain.get((lane, chain[length]))
            if found:
                return found
        return []

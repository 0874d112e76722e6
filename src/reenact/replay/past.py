"""The past that a run brings along: calls answered before it began are not calls it left out.

A session that was resumed is one log of several runs. When only a later run is replayed, its first
request already holds what the runs before it asked and were told.
"""

from __future__ import annotations

from collections.abc import Iterable

from reenact.replay.match import Slot
from reenact.replay.reading import Subject


class Past:
    """What the first request of each lane began with."""

    def __init__(self) -> None:
        self._first: dict[str, Subject] = {}

    def begin(self, asked: Subject, lane: str) -> None:
        """Takes note of a request; only the first one of a lane can bring a past along."""
        if lane not in self._first:
            self._first[lane] = asked

    def covers(self, slots: Iterable[Slot]) -> frozenset[str]:
        """Gives the calls whose answers were there before the run began, of these unplayed ones.

        A call of a sub-agent is among them where it came before the last such call of the session.
        """
        known = {
            digest
            for asked in self._first.values()
            if len(asked.own.messages) > 1
            for digest in (*asked.own.chain[1:-1], *asked.union.chain[1:-1])
        }
        if not known:
            return frozenset()
        unplayed = [slot for slot in slots if slot.subject is not None]
        held = [slot for slot in unplayed if slot.subject is not None and _is_in(slot.subject, known)]
        last = max((slot.exchange.arrival for slot in held), default=-1)
        return frozenset(slot.id for slot in unplayed if slot in held or slot.exchange.arrival < last)


def _is_in(subject: Subject, known: set[bytes]) -> bool:
    return subject.own.chain[-1] in known or subject.union.chain[-1] in known

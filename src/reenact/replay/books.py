"""The player's books: what was asked and given, and the judgement at the end."""

from __future__ import annotations

from collections import Counter

import msgspec

from reenact.replay import divergence as tell
from reenact.replay.match import Matcher, Slot
from reenact.replay.model import Divergence, Level, Report, Stub, Unplayed
from reenact.replay.past import Past
from reenact.replay.reading import Subject
from reenact.replay.script import Script


class Books:
    """Counts while the player plays."""

    def __init__(self, script: Script, matcher: Matcher, *, warnings: tuple[str, ...]) -> None:
        self._script = script
        self._matcher = matcher
        self._warnings = warnings
        self._levels: Counter[str] = Counter()
        self._divergences: list[Divergence] = []
        self.requests = self.auxiliary = self.repeats = self.rewritten = self.live = self.refusals = 0
        self.stubs: list[Stub] = []
        self.past = Past()

    def matched(self, level: Level, slot: Slot) -> None:
        """Counts a call that was served."""
        if slot.is_main:
            self._levels[level] += 1
        else:
            self.auxiliary += 1

    def diverge(self, told: Divergence) -> None:
        """Takes note of a divergence; the first explains those after it."""
        self._divergences.append(told)

    def report(self, *, is_live: bool) -> Report:
        """Gives the books as they stand."""
        playable = [slot for slot in self._matcher.slots if not slot.is_blocked and slot.answer is not None]
        before = self.past.covers(slot for slot in playable if not slot.is_used)
        playable = [slot for slot in playable if slot.id not in before]
        left = [slot for slot in playable if not slot.is_used]
        missing = [slot for slot in left if slot.is_main]
        divergences = list(self._divergences)
        if missing and not is_live and not self.refusals:
            first = missing[0]
            lane, count = first.exchange.lane, len(missing)
            divergences.append(tell.never_asked(first.id, lane=lane, step=first.step, count=count))
        return Report(
            requests=self.requests,
            recorded=sum(slot.is_main for slot in playable),
            matched=dict(self._levels),
            auxiliary=self.auxiliary,
            repeats=self.repeats,
            rewritten=self.rewritten,
            live=self.live,
            refusals=self.refusals,
            stubs=tuple(self.stubs),
            unplayed=tuple(map(_unplayed, left)),
            divergences=tuple(divergences),
            before=len(before),
            warnings=self._warnings,
            fidelity=self._script.fidelity,
            diverged=any(told.kind != "unchecked" for told in divergences),
        )


class Given(msgspec.Struct):
    """An answer that was served, for the case that the same is asked again."""

    slot: Slot
    level: Level
    ids: dict[str, str]
    ticket: int
    is_repeatable: bool
    """True for failures and auxiliary calls: asking again is what clients do there."""
    state: str = "open"


class Repeats:
    """Which answers may be given once more: to a retry, to a broken-off call, to one still under way."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, str, str], list[Given]] = {}
        self._by_ticket: dict[int, Given] = {}

    def due(self, asked: Subject, lane: str, *, is_retry: bool) -> Given | None:
        """Gives the answer that must be given again before a new one is taken."""
        given = self._by_key.get((lane, asked.route, asked.own.fp1), [])
        for one in given:
            if one.state == "broken":
                return one
        return given[-1] if given and is_retry else None

    def allowed(self, asked: Subject, lane: str) -> Given | None:
        """Gives an answer that may be given again where no new one is left."""
        given = self._by_key.get((lane, asked.route, asked.own.fp1), [])
        return next((one for one in reversed(given) if one.is_repeatable or one.state == "open"), None)

    def served(self, given: Given, asked: Subject, lane: str) -> None:
        """Takes note of an answer that is on its way."""
        self._by_key.setdefault((lane, asked.route, asked.own.fp1), []).append(given)
        self._by_ticket[given.ticket] = given

    def renew(self, given: Given, ticket: int) -> None:
        """Takes note that an answer is on its way again."""
        given.state = "open"
        self._by_ticket[ticket] = given

    def finish(self, ticket: int, *, delivered: bool) -> None:
        """Takes note of how an answer ended."""
        given = self._by_ticket.pop(ticket, None)
        if given is not None:
            given.state = "done" if delivered else "broken"


def _unplayed(slot: Slot) -> Unplayed:
    exchange = slot.exchange
    return Unplayed(
        exchange=exchange.id,
        lane=exchange.lane,
        step=slot.step,
        kind="main" if slot.is_main else "aux",
        purpose=exchange.purpose,
    )

"""The player: takes requests as they come and gives the recorded answers, or tells why it cannot."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Literal

import msgspec

from reenact.replay import divergence as tell
from reenact.replay.answering import Manner, Pace, render
from reenact.replay.books import Books, Given, Repeats
from reenact.replay.closest import compare, find_closest
from reenact.replay.declared import compile_sides, for_answers
from reenact.replay.match import Match, Matcher, Slot
from reenact.replay.model import (
    Answer,
    Consequence,
    Divergence,
    Errors,
    GoLive,
    Incoming,
    Level,
    Policy,
    Refused,
    Report,
    Served,
    Stub,
    Taped,
    Timing,
    Told,
)
from reenact.replay.reading import Memory, Subject, asked_subject, is_retry, lane_of, spoken
from reenact.replay.rules import rules_for
from reenact.replay.script import Script, has_failed
from reenact.replay.stubs import stub
from reenact.replay.summaries import recorded_summary
from reenact.wire.declared import Declared
from reenact.wire.dialect import Dialect
from reenact.wire.mapping import Mapper, mapper

_CONSEQUENCES: dict[Policy, Consequence] = {
    "fail": "refused",
    "live": "live",
    "live-and-record": "live",
    "stub": "stubbed",
}


class Player:
    """Plays one script once. Not safe for threads; each call returns at once.

    Args:
        script: what was recorded.
        actual: what the run that is played to declares about itself.
        policy: what happens to a call of the model that nothing recorded answers.
        auxiliary: the same for calls that stand beside the conversation.
        skeleton: whether a call that differs only in what tools gave back is served (and reported).
        timing: whether answers keep their recorded times; `scale` is the factor for `scaled`.
        until: how many calls of each main lane are played before the run goes on live.
        errors: whether failures that the recorded client overcame are played as well.
    """

    def __init__(
        self,
        script: Script,
        actual: Declared,
        *,
        policy: Policy = "fail",
        auxiliary: Policy = "stub",
        skeleton: bool = True,
        timing: Timing = "none",
        scale: float = 1.0,
        until: int | None = None,
        errors: Errors = "skip",
    ) -> None:
        self.script = script
        self._policy = policy
        self._auxiliary = auxiliary
        self._skeleton = skeleton
        self._pace = Pace(timing=timing, scale=scale)
        self._until = until
        self._errors = errors
        self._may_go_live = until is not None or policy in ("live", "live-and-record")
        recorded = (script.declared, *script.past)
        self._recorded_values = tuple(map(for_answers, recorded))
        self._actual_values = for_answers(actual)
        self._memory = Memory()
        self._sides = compile_sides(recorded, actual, rules_for(script.rules, _dialects(script)))
        self._matcher = Matcher(script, self._sides, memory=self._memory, until=until)
        self._books = Books(script, self._matcher, warnings=(*self._sides.warnings, *script.warnings))
        self._repeats = Repeats()
        self._tickets: Iterator[int] = itertools.count(1)
        self._ids: dict[str, str] = {}
        self._doubtful: set[str] = set()
        self._mappers: dict[tuple[tuple[str, str], ...], Mapper] = {}
        self._steps: dict[str, int] = {}
        self._live: set[str] = set()
        self._refusal: Refused | None = None

    @property
    def examined(self) -> int:
        """Recorded calls looked at by look-ups so far: a count that must not grow with the script."""
        return self._matcher.examined

    @property
    def played(self) -> tuple[str, ...]:
        """The recorded calls that were served, in the order of their arrival."""
        return tuple(slot.id for slot in self._matcher.slots if slot.is_used)

    def respond(self, request: Incoming) -> Answer:
        """Gives the answer to a request."""
        self._books.requests += 1
        if self._refusal is not None:
            self._books.refusals += 1
            return self._refusal
        lane = lane_of(request)
        asked = asked_subject(request, self._sides, self._memory)
        self._books.past.begin(asked, lane)
        again = self._repeats.due(asked, lane, is_retry=is_retry(request))
        if again is not None:
            return self._again(again, asked, lane)
        found = self._matcher.find(asked, lane)
        if found is not None:
            return self._play(found, asked, lane)
        again = self._repeats.allowed(asked, lane)
        if again is not None:
            return self._again(again, asked, lane)
        return self._without(asked, lane)

    def finish(self, ticket: int, *, delivered: bool) -> None:
        """Takes note that a served answer was sent to its end, or that the client left before it.

        Until then, and for ever where it was not delivered, the same request gets the same answer.
        """
        self._repeats.finish(ticket, delivered=delivered)

    def report(self) -> Report:
        """Gives the books as they stand; call it when the run is over."""
        return self._books.report(is_live=bool(self._live))

    # -- serving --------------------------------------------------------------------------------

    def _play(self, found: Match, asked: Subject, lane: str) -> Served:
        slot = found.slot
        step = self._next_step(lane) if self._matcher.purpose(asked) is None else 0
        self._learn(found.ids)
        if self._errors == "faithful" and slot.attempt < len(slot.exchange.failures):
            slot.attempt += 1
            failure = slot.exchange.failures[slot.attempt - 1]
            return self._serve(slot, failure, found.level, asked, lane, step=step, ids=found.ids)
        response = _answer(slot)
        self._matcher.take(slot, asked, lane)
        self._books.matched(found.level, slot)
        served = self._serve(slot, response, found.level, asked, lane, step=step, ids=found.ids)
        is_repeatable = not slot.is_main or _is_asked_again(response, asked.dialect)
        given = Given(
            slot=slot, level=found.level, ids=found.ids, ticket=served.ticket, is_repeatable=is_repeatable
        )
        self._repeats.served(given, asked, lane)
        return served

    def _again(self, given: Given, asked: Subject, lane: str) -> Served:
        slot = given.slot
        served = self._serve(slot, _answer(slot), given.level, asked, lane, step=slot.step, ids=given.ids)
        self._books.repeats += 1
        self._repeats.renew(given, served.ticket)
        return msgspec.structs.replace(served, is_repeat=True)

    def _serve(
        self,
        slot: Slot,
        response: Taped | Told,
        level: Level,
        asked: Subject,
        lane: str,
        *,
        step: int,
        ids: dict[str, str],
    ) -> Served:
        manner = Manner(
            mapper=self._mapper(ids),
            form=asked.request.wanted,
            dialect=asked.dialect,
            pace=self._pace,
            keep_thinking=self._may_go_live,
        )
        answer = render(response, manner)
        self._books.rewritten += answer.is_rewritten
        return Served(
            ticket=next(self._tickets),
            exchange=slot.id,
            level=level,
            lane=lane,
            step=step,
            status=answer.status,
            headers=answer.headers,
            chunks=answer.chunks,
            end=response.end if isinstance(response, Taped) else "complete",
            fidelity=answer.fidelity,
            is_rewritten=answer.is_rewritten,
        )

    def _learn(self, ids: dict[str, str]) -> None:
        """Remembers what recorded ids are called now; one that got two names is left to its own pair."""
        for old, new in ids.items():
            if self._ids.setdefault(old, new) != new:
                self._doubtful.add(old)

    def _mapper(self, ids: dict[str, str]) -> Mapper:
        known = {old: new for old, new in self._ids.items() if old not in self._doubtful}
        both = {**known, **ids}
        key = tuple(sorted(both.items()))
        found = self._mappers.get(key)
        if found is None:
            found = self._mappers[key] = mapper(self._recorded_values, self._actual_values, ids=both)
        return found

    def _next_step(self, lane: str) -> int:
        step = self._steps[lane] = self._steps.get(lane, 0) + 1
        return step

    # -- without a match ------------------------------------------------------------------------

    def _without(self, asked: Subject, lane: str) -> Answer:
        purpose = self._matcher.purpose(asked)
        like = self._matcher.like(asked)
        if self._is_past(lane, like):
            return self._go_live("until", lane, is_main=purpose is None)
        unknown = self._matcher.next_unknown(asked, lane, purpose)
        if unknown is not None and unknown.answer is not None:
            if purpose is None:
                self._books.diverge(tell.unchecked(unknown.id, lane=lane, step=unknown.step))
            return self._play(Match(slot=unknown, level="order"), asked, lane)
        if purpose is not None:
            return self._aside(asked, purpose, lane)
        alike = self._matcher.find_alike(asked, lane) if self._skeleton and not like else None
        if alike is not None:
            return self._play_alike(alike, asked, lane)
        if lane in self._live:
            return self._go_live("miss", lane)
        return self._miss(asked, lane, like)

    def _play_alike(self, found: Match, asked: Subject, lane: str) -> Served:
        closest = compare(found.slot, asked, self._matcher)
        step = self._steps.get(lane, 0) + 1
        told = tell.unmatched(asked, closest, lane=lane, step=step, consequence="served", level="fp2")
        self._books.diverge(told)
        return self._play(found, asked, lane)

    def _is_past(self, lane: str, like: tuple[Slot, ...]) -> bool:
        """Tells whether the run has come to the point from which it goes on live."""
        if self._until is None:
            return False
        if self._live or any(slot.is_blocked for slot in like):
            return True
        is_main = lane in self._matcher.main_lanes or "" not in self._matcher.main_lanes
        return is_main and self._steps.get(lane, 0) >= self._until

    def _aside(self, asked: Subject, purpose: str, lane: str) -> Answer:
        match self._auxiliary:
            case "live" | "live-and-record":
                return self._go_live("miss", lane, is_main=False)
            case "fail":
                return self._miss(asked, lane, ())
            case "stub":
                self._books.stubs.append(Stub(purpose=purpose, lane=lane, path=asked.path))
                summary = recorded_summary(self._matcher) if purpose == "compact" else None
                told = self._mapper({}).text(summary) if summary is not None else None
                return stub(asked, purpose, lane=lane, text=told)

    def _miss(self, asked: Subject, lane: str, like: tuple[Slot, ...]) -> Answer:
        step = self._steps.get(lane, 0) + 1
        consequence = _CONSEQUENCES[self._policy]
        silent = next((slot for slot in like if slot.answer is None), None)
        if silent is not None:
            told = tell.unanswered(silent.id, lane=lane, step=step, consequence=consequence)
        elif like:
            told = tell.repeated(like[0].id, lane=lane, step=step, consequence=consequence)
        else:
            closest = find_closest(self._matcher, asked, lane)
            told = tell.unmatched(asked, closest, lane=lane, step=step, consequence=consequence)
        self._books.diverge(told)
        match self._policy:
            case "fail":
                return self._refuse(told, asked.dialect)
            case "live" | "live-and-record":
                return self._go_live("miss", lane, told=told)
            case "stub":
                self._next_step(lane)
                self._books.stubs.append(Stub(purpose="main", lane=lane, path=asked.path))
                return msgspec.structs.replace(stub(asked, "main", lane=lane), divergence=told)

    def _refuse(self, told: Divergence, dialect: Dialect) -> Refused:
        reply = dialect.refusal(tell.sentence(told), divergence=told.id)
        self._refusal = Refused(status=reply.status, headers=reply.headers, body=reply.body, divergence=told)
        self._books.refusals += 1
        return self._refusal

    def _go_live(
        self,
        reason: Literal["until", "miss"],
        lane: str,
        *,
        told: Divergence | None = None,
        is_main: bool = True,
    ) -> GoLive:
        self._books.live += 1
        if is_main:
            self._live.add(lane)
            self._next_step(lane)
        return GoLive(
            reason=reason,
            record=reason == "until" or self._policy == "live-and-record",
            lane=lane,
            step=self._steps.get(lane, 0),
            after=self._matcher.served.last(lane),
            divergence=told,
        )


def _answer(slot: Slot) -> Taped | Told:
    """Gives a call's answer; calls without one are in no pool."""
    assert slot.answer is not None
    return slot.answer


def _dialects(script: Script) -> set[str]:
    """Names the dialects that a script speaks."""
    routes = {(one.method, one.path) for one in script.exchanges}
    return {spoken(method, path).name for method, path in routes}


def _is_asked_again(response: Taped | Told, dialect: Dialect) -> bool:
    """Tells whether clients ask again after this answer: failures, but not what was cut off on our side."""
    if not isinstance(response, Taped) or response.end in ("client_abort", "truncated"):
        return False
    return has_failed(response, dialect)

"""Matching by content: the strictest level first, each recorded call once, in order of arrival.

Among equal candidates the one whose recorded predecessor was served last in the asking lane goes
first. A lane is told by a header or by ancestry: a request that begins with the messages of an
earlier one continues it. Never by connection, never by global order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import msgspec

from reenact.replay.ancestry import Ancestry
from reenact.replay.declared import Sides
from reenact.replay.model import Exchange, Level, Taped, Told
from reenact.replay.reading import Memory, Subject, purpose_of, recorded_subject
from reenact.replay.script import Script, is_call
from reenact.wire.mapping import pair_ids

_Key = tuple[str, str, str]


class Slot:
    """A recorded call and whether it was played."""

    def __init__(self, exchange: Exchange, subject: Subject | None) -> None:
        self.exchange = exchange
        self.subject = subject
        """None where the request is not known; such a call goes by its order."""
        self.parent: str | None = None
        self.is_main = True
        self.step = 0
        """The place among the main calls of its lane, from 1; 0 for others."""
        self.is_used = False
        self.attempt = 0
        """How many of the recorded failures were played."""
        self.is_blocked = False
        """True for calls after the point where the run goes on live."""

    @property
    def id(self) -> str:
        return self.exchange.id

    @property
    def answer(self) -> Taped | Told | None:
        return self.exchange.response


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded call that fits a request, and what its ids are called in the actual run."""

    slot: Slot
    level: Level
    ids: dict[str, str] = {}


class _Pool:
    """Recorded calls with one key, in order of arrival."""

    def __init__(self) -> None:
        self.all: deque[Slot] = deque()
        self.by_parent: dict[str | None, deque[Slot]] = {}

    def add(self, slot: Slot) -> None:
        self.all.append(slot)
        self.by_parent.setdefault(slot.parent, deque()).append(slot)


class Matcher:
    """The recorded calls of a script, found by what they asked."""

    def __init__(self, script: Script, sides: Sides, *, memory: Memory, until: int | None = None) -> None:
        self.sides = sides
        self.examined = 0
        """Candidates looked at so far: what a look-up costs, counted."""
        self._memory = memory
        self._own: dict[_Key, _Pool] = {}
        self._late: dict[_Key, _Pool] | None = None
        self._union: dict[_Key, _Pool] | None = None
        self._is_same = sides.recorded.key == sides.actual.key
        self.served = Ancestry()
        self.slots = tuple(self._slot(exchange) for exchange in script.exchanges)
        self.by_id = {slot.id: slot for slot in self.slots}
        self.models = self._tool_models()
        self._lanes = self._by_lane()
        self.main_lanes = frozenset([""] if "" in self._lanes else self._lanes)
        """The lanes that no other lane started, by what their names tell."""
        self._settle_ancestry()
        self._block(until)
        self._compile()

    # -- looking up -----------------------------------------------------------------------------

    def find(self, asked: Subject, lane: str) -> Match | None:
        """Gives the recorded call that asked the same; it stays free until `take`."""
        parents = self.served.parents(asked, lane)
        own = asked.own
        for level, name in (("fp0", own.fp0 + asked.order), ("fp1", own.fp1)):
            slot = self._first(self._own.get((level, asked.route, name)), parents)
            if slot is not None:
                return self._match(slot, asked, "fp0" if level == "fp0" else "fp1")
        if not self._is_same:
            slot = self._first(self._unions().get(("fp1", asked.route, asked.union.fp1)), parents)
            if slot is not None:
                return self._match(slot, asked, "fp1_union")
        return None

    def find_alike(self, asked: Subject, lane: str) -> Match | None:
        """Gives the one call due in this lane that differs in nothing but what tools gave back."""
        parents = self.served.parents(asked, lane)
        pools = [self._seldom().get(("fp2", asked.route, asked.own.fp2))]
        if not self._is_same:
            pools.append(self._unions().get(("fp2", asked.route, asked.union.fp2)))
        for pool in pools:
            free = list(_limited(self._all_free(pool, parents), 2)) if pool is not None else []
            if len(free) == 1:
                return self._match(free[0], asked, "fp2")
        return None

    def next_unknown(self, asked: Subject, lane: str, purpose: str | None) -> Slot | None:
        """Gives the next call of the lane whose request nobody kept; only order can tell it."""
        if purpose is not None:
            beside = (slot for slot in self.slots if slot.subject is None and slot.exchange.kind == "aux")
            fitting = (slot for slot in beside if slot.exchange.purpose == purpose and not slot.is_used)
            return next(fitting, None)
        parents = self.served.parents(asked, lane)
        last = parents[0] if parents[0] is not None else self.served.last(lane)
        name = self.by_id[last].exchange.lane if last is not None else lane
        for slot in self._lanes.get(name, ()):
            if slot.is_used:
                continue
            return slot if slot.subject is None and not slot.is_blocked else None
        return None

    def take(self, slot: Slot, asked: Subject, lane: str) -> None:
        """Takes a call out of the pools, and remembers what the lane was given."""
        slot.is_used = True
        if self.purpose(asked) is None:
            self.served.add(asked, lane, slot.id)

    def purpose(self, subject: Subject) -> str | None:
        """Gives what a call beside the conversation is for; None for one that moves it on."""
        return purpose_of(subject, models=self.models)

    def like(self, asked: Subject) -> tuple[Slot, ...]:
        """Gives every recorded call that asked the same, whether free, played or not to be played."""
        found = self._seldom().get(("any", asked.route, asked.own.fp1))
        if found is None and not self._is_same:
            found = self._unions().get(("any", asked.route, asked.union.fp1))
        return tuple(found.all) if found is not None else ()

    # -- compiling ------------------------------------------------------------------------------

    def _slot(self, exchange: Exchange) -> Slot:
        if exchange.unresolved or (exchange.request is None and is_call(exchange)):
            return Slot(exchange, None)
        return Slot(exchange, recorded_subject(exchange, self.sides, self._memory))

    def _tool_models(self) -> frozenset[str]:
        found = (slot.subject for slot in self.slots if slot.subject is not None)
        return frozenset(one.model for one in found if one.has_tools and one.model)

    def _by_lane(self) -> dict[str, list[Slot]]:
        lanes: dict[str, list[Slot]] = {}
        for slot in self.slots:
            is_aside = slot.subject is not None and self.purpose(slot.subject) is not None
            slot.is_main = slot.exchange.kind == "main" and is_call(slot.exchange) and not is_aside
            if slot.is_main:
                lane = lanes.setdefault(slot.exchange.lane, [])
                lane.append(slot)
                slot.step = len(lane)
        return lanes

    def _settle_ancestry(self) -> None:
        recorded = Ancestry()
        for slot in self.slots:
            exchange, subject = slot.exchange, slot.subject
            if subject is None or not slot.is_main:
                slot.parent = exchange.parent
                continue
            slot.parent = recorded.parents(subject, exchange.lane)[0]
            recorded.add(subject, exchange.lane, exchange.id)

    def _block(self, until: int | None) -> None:
        """Marks what comes after the first `until` calls of the main lanes as not to be played."""
        if until is None:
            return
        later = [slot for lane in self.main_lanes for slot in self._lanes[lane] if slot.step > until]
        cut = min((slot.exchange.arrival for slot in later), default=None)
        for slot in self.slots:
            is_late = cut is not None and slot.exchange.arrival > cut
            is_counted = slot.is_main and slot.exchange.lane in self.main_lanes
            slot.is_blocked = slot.step > until if is_counted else is_late

    def _playable(self) -> Iterator[tuple[Slot, Subject]]:
        for slot in self.slots:
            if slot.subject is not None and not slot.is_blocked and slot.answer is not None:
                yield slot, slot.subject

    def _compile(self) -> None:
        for slot, subject in self._playable():
            own, route = subject.own, subject.route
            _put(self._own, ("fp0", route, own.fp0 + subject.order), slot)
            _put(self._own, ("fp1", route, own.fp1), slot)

    def _seldom(self) -> dict[_Key, _Pool]:
        """Gives the pools that only a request without match asks for; made when first needed."""
        if self._late is None:
            self._late = {}
            for slot in self.slots:
                if slot.subject is not None:
                    _put(self._late, ("any", slot.subject.route, slot.subject.own.fp1), slot)
            for slot, subject in self._playable():
                _put(self._late, ("fp2", subject.route, subject.own.fp2), slot)
        return self._late

    def _unions(self) -> dict[_Key, _Pool]:
        """Gives the pools under the values of both sides; made when first needed."""
        if self._union is None:
            self._union = {}
            for slot in self.slots:
                if slot.subject is not None:
                    _put(self._union, ("any", slot.subject.route, slot.subject.union.fp1), slot)
            for slot, subject in self._playable():
                union, route = subject.union, subject.route
                _put(self._union, ("fp1", route, union.fp1), slot)
                _put(self._union, ("fp2", route, union.fp2), slot)
        return self._union

    # -- choosing -------------------------------------------------------------------------------

    def _first(self, pool: _Pool | None, parents: Sequence[str | None]) -> Slot | None:
        if pool is None:
            return None
        for parent in parents:
            slot = self._free(pool.by_parent.get(parent))
            if slot is not None:
                return slot
        return self._free(pool.all)

    def _free(self, queue: deque[Slot] | None) -> Slot | None:
        while queue:
            self.examined += 1
            if not queue[0].is_used:
                return queue[0]
            queue.popleft()
        return None

    def _all_free(self, pool: _Pool, parents: Sequence[str | None]) -> Iterator[Slot]:
        for parent in parents:
            queue = pool.by_parent.get(parent)
            self._free(queue)
            for slot in queue or ():
                self.examined += 1
                if not slot.is_used:
                    yield slot

    def _match(self, slot: Slot, asked: Subject, level: Level) -> Match:
        subject = slot.subject
        if subject is None or level == "fp0":
            return Match(slot=slot, level=level)
        match level:
            case "fp1":
                ids = pair_ids(subject.own.ids, asked.own.ids)
            case "fp1_union":
                ids = pair_ids(subject.union.ids, asked.union.ids)
            case _ if subject.own.fp2 == asked.own.fp2:
                ids = pair_ids(subject.own.skeleton_ids, asked.own.skeleton_ids)
            case _:
                ids = pair_ids(subject.union.skeleton_ids, asked.union.skeleton_ids)
        return Match(slot=slot, level=level, ids=ids)


def _put(pools: dict[_Key, _Pool], key: _Key, slot: Slot) -> None:
    pools.setdefault(key, _Pool()).add(slot)


def _limited(slots: Iterator[Slot], count: int) -> Iterator[Slot]:
    for _ in range(count):
        slot = next(slots, None)
        if slot is None:
            return
        yield slot

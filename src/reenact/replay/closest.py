"""The recorded call that a request without match comes closest to, and where the two differ."""

from __future__ import annotations

from collections import Counter

import msgspec

from reenact.replay.match import Matcher, Slot
from reenact.replay.reading import Subject
from reenact.wire.alignment import shared
from reenact.wire.canonical import content_hash
from reenact.wire.diff import Difference
from reenact.wire.fingerprint import shared_messages
from reenact.wire.normalise import Normaliser

_LOOKED_AT = 4
"""Calls that are compared leaf by leaf; the others fall behind by their fingerprints alone."""


class Closest(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded call beside a request: what they share, and every located difference."""

    slot: Slot
    common: int
    """Messages that both begin with."""
    differences: tuple[Difference, ...]
    is_reordered: bool = False


def find_closest(matcher: Matcher, asked: Subject, lane: str) -> Closest | None:
    """Gives the closest recorded call of the same route, or None where there is none.

    First counts how far both agree from the start, then how few leaves differ; between equals the
    call that was due in this lane.
    """
    known = [slot for slot in matcher.slots if slot.subject is not None and slot.subject.base == asked.base]
    if not known:
        return None
    due = _due(matcher, asked, lane)
    ranked = sorted(known, key=lambda slot: _rank(slot, asked, due))[:_LOOKED_AT]
    compared = [compare(slot, asked, matcher) for slot in ranked]
    best = min(range(len(compared)), key=lambda place: _distance(compared[place], place))
    return compared[best]


def _rank(slot: Slot, asked: Subject, due: frozenset[str]) -> tuple[object, ...]:
    subject = slot.subject
    assert subject is not None  # the caller left those out
    common = shared_messages(subject.own, asked.own)
    alike = _alike(subject.own.messages, asked.own.messages)
    apart = abs(len(subject.own.messages) - len(asked.own.messages))
    return (-common, -alike, apart, slot.id not in due, slot.is_used, slot.exchange.arrival)


def _distance(found: Closest, place: int) -> tuple[int, int, int]:
    return -found.common, _leaves(found.differences), place


def compare(slot: Slot, asked: Subject, matcher: Matcher) -> Closest:
    """Gives every located difference of a request to a recorded call (whose request is known)."""
    subject = slot.subject
    assert subject is not None  # the caller left those out
    sides = matcher.sides
    ways = [(subject.side, asked.side)]
    if sides.recorded.key != sides.actual.key:
        ways.append((sides.union, sides.union))
    pairs = [(subject.request, asked.request)]
    if subject.order != asked.order:  # an edit may have taken away the calls that give results their order
        pairs.append((subject.sent, asked.sent))
    found = [
        asked.dialect.diff_requests(recorded, actual, recorded_by=one, actual_by=other)
        for recorded, actual in pairs
        for one, other in ways
    ]
    told = [differences for differences in found if differences]
    differences = min(told, key=_leaves, default=())
    common = shared(subject.own.messages, asked.own.messages)
    if len(ways) > 1:
        common = max(shared(subject.union.messages, asked.union.messages), common)
    return Closest(
        slot=slot,
        common=common,
        differences=differences,
        is_reordered=_is_reordered(differences, sides.union),
    )


def _leaves(differences: tuple[Difference, ...]) -> int:
    return sum(1 + len(item.lines) for item in differences)


def _is_reordered(differences: tuple[Difference, ...], side: Normaliser) -> bool:
    """Tells whether the messages that are missing at one place are those that are extra at another."""
    whole = [item for item in differences if item.place == "message" and item.path == ()]
    gone = Counter(content_hash(side.plain(item.recorded)) for item in whole if item.change == "missing")
    new = Counter(content_hash(side.plain(item.actual)) for item in whole if item.change == "extra")
    return bool(gone) and gone == new


def _due(matcher: Matcher, asked: Subject, lane: str) -> frozenset[str]:
    """Gives the calls that would come next in this lane."""
    parents = {*matcher.served.parents(asked, lane), matcher.served.last(lane)}
    return frozenset(slot.id for slot in matcher.slots if not slot.is_used and slot.parent in parents)


def _alike(one: tuple[bytes, ...], other: tuple[bytes, ...]) -> int:
    return sum(left == right for left, right in zip(one, other, strict=False))

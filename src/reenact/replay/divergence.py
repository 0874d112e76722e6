"""The report of one divergence: the cause first, every place that differs, and what was done about it."""

from __future__ import annotations

from typing import get_args

import msgspec

from reenact.ids import derive
from reenact.replay.closest import Closest
from reenact.replay.model import (
    Change,
    Classification,
    Consequence,
    Difference,
    Divergence,
    DivergenceKind,
    Level,
    Section,
)
from reenact.replay.reading import Subject
from reenact.wire import canonical, diff
from reenact.wire.canonical import Json

_MOST = 12
_LONGEST = 400
_MOST_LINES = 20

_CHANGES: dict[str, Change] = {"changed": "changed", "missing": "removed", "extra": "added"}
_CLASSES: dict[diff.Class, Classification] = {
    "model_change": "model",
    "parameter": "parameter",
    "tool_schema": "tool schema",
    "prompt_edit": "prompt",
    "tool_output": "tool output",
    "history_edit": "history",
    "compaction": "compaction",
    "volatile": "volatile",
    "id": "history",
}
_SECTIONS: dict[diff.Place, Section] = {
    "model": "model",
    "params": "params",
    "tools": "tools",
    "system": "system",
    "message": "messages",
}
assert set(_CLASSES) == set(get_args(diff.Class))  # a new class needs a word here


def unmatched(
    asked: Subject,
    closest: Closest | None,
    *,
    lane: str,
    step: int,
    consequence: Consequence,
    level: Level | None = None,
) -> Divergence:
    """Tells a request that no recorded call answers, by the call it comes closest to."""
    if asked.defect is not None:
        return _plain("unreadable", asked.defect, lane=lane, step=step, consequence=consequence)
    if closest is None:
        return _plain(
            "extra", "the recording holds no call of this kind", lane=lane, step=step, consequence=consequence
        )
    found = closest.differences
    shown = tuple(map(difference, found[:_MOST]))
    first = found[0] if found else None
    kind = _kind(closest, asked)
    exchange = closest.slot.exchange
    cause = _cause(first, kind) if first is not None else "the same request, answered before"
    return Divergence(
        id=_identity(kind, lane, step, cause),
        kind=kind,
        lane=lane,
        step=step,
        cause=cause,
        level=level,
        exchange=exchange.id,
        common=closest.common,
        messages=len(asked.own.messages),
        differences=shown,
        further=max(len(found) - _MOST, 0),
        classification=shown[0].classification if shown else "other",
        rule=next((item.rule for item in shown if item.rule), None),
        consequence=consequence,
    )


def repeated(exchange: str, *, lane: str, step: int, consequence: Consequence) -> Divergence:
    """Tells a request that was answered before, once more than it was recorded."""
    cause = "the request equals a recorded one that was answered before, and came once more"
    told = _plain("repeated", cause, lane=lane, step=step, consequence=consequence)
    return msgspec.structs.replace(told, exchange=exchange)


def unanswered(exchange: str, *, lane: str, step: int, consequence: Consequence) -> Divergence:
    """Tells a recorded request whose answer the recording does not hold."""
    cause = "the request was recorded, but its answer was not"
    told = _plain("extra", cause, lane=lane, step=step, consequence=consequence)
    return msgspec.structs.replace(told, exchange=exchange)


def unchecked(exchange: str, *, lane: str, step: int) -> Divergence:
    """Tells a call that was answered by its order, because nobody kept what was asked."""
    cause = "the recording holds no request to compare with; the answer was given by its order"
    told = _plain("unchecked", cause, lane=lane, step=step, consequence="served")
    return msgspec.structs.replace(told, exchange=exchange, level="order")


def never_asked(exchange: str, *, lane: str, step: int, count: int) -> Divergence:
    """Tells the first recorded call that the actual run did not make."""
    more = f", and {count - 1} more" if count > 1 else ""
    cause = f"recorded call {step} of {lane_name(lane)} was never asked for{more}"
    told = _plain("missing", cause, lane=lane, step=step, consequence="none")
    return msgspec.structs.replace(told, exchange=exchange)


def sentence(told: Divergence) -> str:
    """Gives a divergence in one sentence, for the client that is refused."""
    place = f"call {told.step} of {lane_name(told.lane)}"
    return f"reenact: the replay diverged at {place}: {told.cause} ({told.kind}); see the report {told.id}"


def lane_name(lane: str) -> str:
    """Gives a lane in words."""
    return f"lane {lane}" if lane else "the main lane"


def difference(found: diff.Difference) -> Difference:
    """Gives a located difference as it is reported."""
    where, words = _place(found)
    return Difference(
        section=_SECTIONS[found.place],
        where=where,
        what=words,
        change=_CHANGES[found.change],
        recorded=_shown(found.recorded) if found.change != "extra" else None,
        actual=_shown(found.actual) if found.change != "missing" else None,
        lines=_lines(found),
        classification=_CLASSES[found.kind],
        rule=found.rule,
    )


def _plain(kind: DivergenceKind, cause: str, *, lane: str, step: int, consequence: Consequence) -> Divergence:
    return Divergence(
        id=_identity(kind, lane, step, cause),
        kind=kind,
        lane=lane,
        step=step,
        cause=cause,
        consequence=consequence,
    )


def _identity(kind: str, lane: str, step: int, cause: str) -> str:
    return derive("divergence", kind, lane, str(step), cause)


def _kind(closest: Closest, asked: Subject) -> DivergenceKind:
    if closest.is_reordered:
        return "reordered"
    subject = closest.slot.subject
    recorded = len(subject.own.messages) if subject is not None else 0
    is_later = closest.common == recorded < len(asked.own.messages)
    return "extra" if is_later and all(item.place == "message" for item in closest.differences) else "changed"


def _cause(first: diff.Difference, kind: DivergenceKind) -> str:
    place, words = _place(first)
    where = f"{place} ({words})" if words else place
    match first.change, kind:
        case _, "reordered":
            return f"{where}: the same messages in another order"
        case "missing", _:
            return f"{where}: removed"
        case "extra", _:
            return f"{where}: added"
    return where


def _place(found: diff.Difference) -> tuple[str, str]:
    """Gives a difference's place and what stands there."""
    if found.place != "message":
        return found.where, _words(found)
    where, _, words = found.where.partition(" (")
    removed = found.recorded if found.change == "missing" and found.path else None
    if isinstance(removed, dict):  # nothing stands there any more; tell what stood there
        kind, name = removed.get("type"), removed.get("name")
        if isinstance(kind, str):
            return where, f"{kind} of {name}" if isinstance(name, str) else kind
    return where, words.removesuffix(")") or _words(found)


def _words(found: diff.Difference) -> str:
    """Gives what stands at a place where its path does not tell."""
    if found.kind == "compaction":
        return "a compacted past"
    if found.place != "message":
        return found.detail or ""
    role = f"{found.role} message" if found.role else "message"
    return f"{role}, {found.tool}" if found.tool else role


def _shown(value: Json) -> str:
    text = value if isinstance(value, str) else canonical.dump(value).decode("utf-8", "replace")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … ({len(text)} characters)"


def _lines(found: diff.Difference) -> tuple[str, ...]:
    lines: list[str] = []
    for line in found.lines[:_MOST_LINES]:
        if line.recorded is not None:
            lines.append(f"-{line.recorded_line}: {_shown(line.recorded)}")
        if line.actual is not None:
            lines.append(f"+{line.actual_line}: {_shown(line.actual)}")
    more = len(found.lines) - _MOST_LINES + found.more_lines
    return (*lines, f"… {more} more lines differ") if more > 0 else tuple(lines)

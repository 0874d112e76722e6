"""Usage rows and rate limits."""

from __future__ import annotations

from typing import Any

from reenact import ids
from reenact.events.bodies import LimitHit, LimitResumed, LimitStatus, UsageRecorded
from reenact.sources.codex import usage
from reenact.sources.codex.memory import Memory
from reenact.sources.codex.thread import Thread
from reenact.sources.members import integer, mapping, number, text
from reenact.sources.protocol import Disposition

_SECOND = 1_000_000
_FULL = 100


def token_record(thread: Thread, payload: dict[str, Any], *, inherited: bool = False) -> Disposition:
    """A `token_usage_record` row (0.169): the usage of one response, by its id."""
    counted = thread.meter.record(
        text(payload, "response_id"),
        usage.totals(mapping(payload, "usage")),
        turn=text(payload, "turn_id"),
        thread=usage.totals(mapping(payload, "thread_token_usage")),
    )
    if counted is None:
        return "repeat"
    owner = text(payload, "thread_id")
    foreign = inherited or (owner is not None and owner != thread.native)
    _emit(thread, counted, inherited=foreign, is_record=True)
    return "events"


def token_count(
    thread: Thread, memory: Memory, payload: dict[str, Any], *, inherited: bool = False
) -> Disposition:
    """A `token_count` event: a running total, and what the provider said of its limits."""
    before = len(thread.drafts)
    info = mapping(payload, "info")
    if info:
        total = mapping(info, "total_token_usage")
        last = mapping(info, "last_token_usage")
        counted = thread.meter.count(
            usage.totals(total),
            usage.totals(last) if last else None,
            root=thread.root,
            turn=thread.task,
            has_past=thread.parent is not None,
            has_output=thread.has_output,
        )
        if counted is not None:
            _emit(thread, counted, inherited=inherited, is_record=False)
    if not inherited:
        limits(thread, memory, mapping(payload, "rate_limits"))
    return "events" if len(thread.drafts) > before else "repeat" if info else "metadata"


def _emit(thread: Thread, counted: usage.Counted, *, inherited: bool, is_record: bool) -> None:
    if not inherited:
        thread.counted(counted.key, is_record=is_record)
    body = UsageRecorded(
        key=counted.key,
        tokens=counted.tokens,
        model=thread.model,
        final=True,
        inherited=inherited,
        provider=thread.provider,
    )
    thread.emit(f"use:{counted.key}", body)
    incident = None if inherited else thread.limit.answered()
    if incident is not None:
        thread.emit(f"resumed:{incident}", LimitResumed(incident=incident))


def limits(thread: Thread, memory: Memory, rates: dict[str, Any]) -> None:
    """Emits what changed in the windows of use that the provider told."""
    name = text(rates, "limit_id")
    for window in ("primary", "secondary"):
        told = mapping(rates, window)
        used = number(told, "used_percent")
        if used is None:
            continue
        resets = integer(told, "resets_at")
        scope = window if name in {None, "codex"} else f"{name}/{window}"
        seen = (used, integer(told, "window_minutes"), resets)
        if memory.limits.get(scope) == seen:
            continue
        memory.limits[scope] = seen
        body = LimitStatus(
            scope=scope, used_percent=used, window_minutes=seen[1], resets_at=_resets(thread, told), raw=told
        )
        thread.emit(f"limit:{scope}:{used}:{resets}", body)
    reached = text(rates, "rate_limit_reached_type")
    if reached is not None and memory.limits.get("reached") != (reached,):
        memory.limits["reached"] = (reached,)
        record = f"limit-hit:{reached}"
        incident = thread.limit.hit(ids.event_id(thread.session, record))
        thread.emit(
            record, LimitHit(scope=reached, resets_at=_full(thread, rates), incident=incident, raw=rates)
        )


def _full(thread: Thread, rates: dict[str, Any]) -> int | None:
    """Gives when the last of the windows ends that are used up."""
    windows = (mapping(rates, name) for name in ("primary", "secondary"))
    ends = [_resets(thread, told) for told in windows if (number(told, "used_percent") or 0) >= _FULL]
    return max((end for end in ends if end is not None), default=None)


def _resets(thread: Thread, told: dict[str, Any]) -> int | None:
    at = integer(told, "resets_at")
    if at is not None:
        return at * _SECOND
    seconds = integer(told, "resets_in_seconds")
    return None if seconds is None or thread.ts is None else thread.ts + seconds * _SECOND

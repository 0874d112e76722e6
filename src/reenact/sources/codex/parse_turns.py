"""Where a turn of Codex (our loop) begins and ends, and under which settings it runs."""

from __future__ import annotations

from typing import Any

import msgspec

from reenact import ids
from reenact.events import content_hash
from reenact.events.bodies import (
    LimitHit,
    LoopEnded,
    ModeChanged,
    ModelFailed,
    ModelSwitched,
    WorkspaceChanged,
)
from reenact.sources.codex.content import turn_of
from reenact.sources.codex.memory import Memory
from reenact.sources.codex.parse_texts import flush_thoughts
from reenact.sources.codex.parse_tools import flush_executions
from reenact.sources.codex.thread import Thread
from reenact.sources.members import integer, mapping, text
from reenact.sources.names import name_of
from reenact.sources.protocol import Disposition
from reenact.usage import limits

_LIMITS = frozenset({"usage_limit_exceeded", "rate_limit_exceeded", "insufficient_quota"})
_SECOND = 1_000_000


def task_started(thread: Thread, memory: Memory, payload: dict[str, Any]) -> Disposition:
    """A `task_started` event: a loop under the turn's own id."""
    turn = turn_of(payload)
    if turn is None:
        return "metadata"
    thread.has_tasks = True
    thread.task = turn
    if thread.has_loop(turn):
        return "repeat"
    if thread.loop is not None:
        settle(thread, memory)
    thread.start_loop(turn)
    return "events"


def task_complete(thread: Thread, memory: Memory, payload: dict[str, Any]) -> Disposition:
    """A `task_complete` event; its `error` is where the log tells of limits and failures."""
    turn = turn_of(payload)
    if turn is None and not mapping(payload, "error"):
        return "metadata"  # a turn that a migration made up
    turn = turn or thread.loop
    if turn is None:
        return "metadata"
    if turn == thread.loop:
        settle(thread, memory)
    error = mapping(payload, "error")
    message = _message(error)
    if error:
        _failed(thread, turn, error, message)
    status = LoopEnded(status="rejected", reason=message or "error") if error else LoopEnded()
    if not thread.end_loop(turn, status) and not error:
        return "repeat" if thread.has_loop(turn) else "metadata"
    return "events"


def _failed(thread: Thread, turn: str, error: dict[str, Any], message: str | None) -> None:
    info = error.get("codex_error_info")
    code = info if isinstance(info, str) else next(iter(info), None) if isinstance(info, dict) else None
    if code in _LIMITS:
        resets = integer(error, "resets_at")
        told = limits.codex(message or "", code=code, at=thread.ts, offset=thread.offset)
        resets_at = resets * _SECOND if resets is not None else told.resets_at if told else None
        record = f"limit:{turn}"
        incident = thread.limit.hit(ids.event_id(thread.session, record))
        body = LimitHit(scope=code, message=message, resets_at=resets_at, incident=incident, raw=error)
        thread.emit(record, body, loop=turn)
    thread.emit(f"failed:{turn}", ModelFailed(error=message, category=code), loop=turn)


def _message(error: dict[str, Any]) -> str | None:
    """Gives an error's text; providers' own error objects come as JSON within it."""
    said = text(error, "message")
    if said is None or not said.startswith("{"):
        return said
    try:
        value = msgspec.json.decode(said)
    except (msgspec.DecodeError, RecursionError):
        return said
    inner = mapping(value, "error") if isinstance(value, dict) else {}
    return text(inner, "message") or said


def turn_aborted(thread: Thread, memory: Memory, payload: dict[str, Any]) -> Disposition:
    """A `turn_aborted` event: the user or the program broke the turn off."""
    turn = turn_of(payload) or thread.loop
    if turn is None:
        return "metadata"
    if turn == thread.loop:
        settle(thread, memory)
    reason = text(payload, "reason")
    if not thread.end_loop(turn, LoopEnded(status="aborted", reason=reason)):
        return "repeat" if thread.has_loop(turn) else "metadata"
    return "events"


def settle(thread: Thread, memory: Memory) -> None:
    """Makes events of what only one view has when its loop is over."""
    flush_thoughts(thread, memory)
    flush_executions(thread, memory)


def turn_context(thread: Thread, memory: Memory, payload: dict[str, Any]) -> Disposition:
    """A `turn_context` row."""
    turn = turn_of(payload)
    if turn is not None:
        thread.task = turn
    thread.is_asked = not thread.has_tasks  # up to 0.98 it stands before each request
    return settings(thread, memory, payload)


def settings(thread: Thread, memory: Memory, payload: dict[str, Any]) -> Disposition:
    """Takes over model, directory and policy; makes events of what changed."""
    before = len(thread.drafts)
    model, cwd = text(payload, "model"), text(payload, "cwd")
    if model is not None and model != thread.model:
        if thread.model is not None:
            thread.emit(name_of("model", model), ModelSwitched(model=model, previous=thread.model))
        thread.model = model
    thread.provider = text(payload, "model_provider_id") or thread.provider
    if cwd is not None and cwd != thread.cwd:
        thread.emit(name_of("cwd", cwd), WorkspaceChanged(cwd=cwd))
        thread.cwd = cwd
    policy = _policy(payload)
    if policy is not None and policy != memory.policy:
        thread.emit(name_of("mode", policy), ModeChanged(mode=policy, previous=memory.policy))
        memory.policy = policy
    return "events" if len(thread.drafts) > before else "metadata"


def _policy(payload: dict[str, Any]) -> str | None:
    approval = payload.get("approval_policy")
    if approval is None:
        return None
    named = approval if isinstance(approval, str) else content_hash(approval)
    profile, sandbox = mapping(payload, "permission_profile"), mapping(payload, "sandbox_policy")
    kind = text(sandbox, "type") or text(sandbox, "mode") or text(profile, "type")
    if kind == "disabled":
        kind = "danger-full-access"  # one thing under its older name
    return f"{named}/{kind}" if kind else named

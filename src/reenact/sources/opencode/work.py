"""Tool calls, what they changed, and the sub-agents that they started."""

from __future__ import annotations

from typing import Any

from reenact import ids
from reenact.events.bodies import (
    AgentFinished,
    AgentSpawned,
    PlanUpdated,
    ToolCalled,
    ToolFinished,
)
from reenact.sources.members import flag, mapping, milliseconds, text
from reenact.sources.opencode import tools
from reenact.sources.opencode.state import AGENT, Message, State

_OVER = frozenset({"completed", "error"})


def tool(state: State, known: Message, info: dict[str, Any]) -> None:
    """A call as it is now: told once when its input is known, and once when it is over."""
    told = mapping(info, "state")
    status, name = text(told, "status"), text(info, "tool") or ""
    call = text(info, "callID") or text(info, "id") or ""
    if status not in {"running", *_OVER}:
        return
    strand, time = state.strand, mapping(told, "time")
    begun, over = milliseconds(time, "start"), milliseconds(time, "end")
    if strand.remember_call(call):
        body = ToolCalled(
            call=call, name=name, tool_kind=tools.tool_kind(name), input=told.get("input"), message=known.id
        )
        strand.emit(f"call:{call}", body, ts=begun)
    _spawned(state, call, told, begun)
    if status not in _OVER or strand.has(f"done:{call}"):
        return
    ended = tools.outcome(name, told)
    finished = ToolFinished(
        call=call,
        ok=ended.ok,
        output=ended.output,
        error=ended.error,
        category=ended.category,
        exit_code=ended.exit_code,
        duration=over - begun if over is not None and begun is not None else None,
        child=state.children.get(call),
        truncated=ended.truncated,
        data={"title": told["title"]} if text(told, "title") else None,
    )
    strand.emit(f"done:{call}", finished, call=call, ts=over)
    for number, change in enumerate(tools.changes(name, told, call)):
        known.files.add(change.path)
        strand.emit(f"file:{call}:{number}", change, call=call, ts=over)
    if name == "todowrite" and ended.ok:
        strand.emit(f"plan:{call}", PlanUpdated(items=tools.todos(told), call=call), call=call, ts=over)
    _ended(state, call, told, ended, over)


def _ended(state: State, call: str, told: dict[str, Any], ended: tools.Outcome, over: int | None) -> None:
    """Tells that a call's own agent is done; one in the background goes on."""
    child = state.children.get(call)
    if child is None or flag(mapping(told, "metadata"), "background"):
        return
    result = ended.output if isinstance(ended.output, str) else None
    status = "completed" if ended.ok else "failed"
    body = AgentFinished(child=child, call=call, status=status, result=result)
    state.strand.emit(f"finished:{call}", body, call=call, ts=over)


def _spawned(state: State, call: str, told: dict[str, Any], begun: int | None) -> None:
    """Tells of the session that a call started, as soon as the call names it."""
    metadata, given = mapping(told, "metadata"), mapping(told, "input")
    native = text(metadata, "sessionId", "sessionID")
    if native is None or call in state.children:
        return
    child = state.children[call] = ids.session_id(AGENT, native)
    body = AgentSpawned(
        child=child,
        call=call,
        name=text(given, "subagent_type", "agent"),
        task=text(given, "prompt", "description"),
        native=native,
        background=flag(metadata, "background") is True,
    )
    state.strand.emit(f"spawn:{call}", body, call=call, ts=begun)

"""Folds what was done: tool calls and their results, files, plans, settings, sub-agents."""

from __future__ import annotations

from typing import Any

import msgspec

from reenact.events import Event, blocks, bodies
from reenact.tree.folding import Folding
from reenact.tree.growing import GrowingCall, GrowingLoop, GrowingTurn
from reenact.tree.kinds import words
from reenact.tree.model import Child
from reenact.tree.view import Message


def begin_call(
    f: Folding, event: Event, call: str, turn: GrowingTurn | None, loop: GrowingLoop | None = None
) -> GrowingCall:
    """Gives the call of this id; one that nobody spoke of yet begins here."""
    tool = f.calls.get(call)
    if tool is None:
        loop = turn.loop if turn is not None else loop
        tool = f.calls[call] = GrowingCall(event, call, loop, turn)
        if turn is not None:
            turn.end = max(turn.end, event.seq)
        if loop is not None:
            loop.end = max(loop.end, event.seq)
        owner = turn if turn is not None else loop
        (owner.steps if owner is not None else f.steps).append(tool)
    return tool


def called(f: Folding, event: Event, body: bodies.ToolCalled) -> None:
    tool = f.calls.get(body.call)
    if tool is None:
        turn = f.placing.turn_of_output(event, body.message)
        tool = begin_call(f, event, body.call, turn)
    if tool.turn is not None:
        tool.turn.speak(body.message, model=None, stop=None)
    tool.ask(event, body.name, body.input, server=body.server, response=body.message)
    tool.tool_kind = body.tool_kind
    tool.events.append(event.seq)
    node = f.join(event, tool.loop, tool.turn)
    f.state.calls.begin(event.seq, body.call, body.name)
    if f"call {body.call}" not in f.in_context:
        f.in_context.add(f"call {body.call}")
        part = Message(seq=event.seq, id=event.id, role="assistant", message=body.message, call=body.call)
        f.context.add(part, node)


def finished(f: Folding, event: Event, body: bodies.ToolFinished) -> None:
    tool = f.calls.get(body.call)
    if tool is None:
        loop = f.placing.loop_to_talk(event)
        turn = f.placing.turn_named(event, loop) or loop.current
        tool = begin_call(f, event, body.call, turn, loop)
    elif tool.turn is not None and not tool.is_server:
        tool.turn.is_closed = True
    tool.answer(event, body)
    tool.events.append(event.seq)
    node = f.join(event, tool.loop, tool.turn)
    f.state.calls.end(event.seq, body.call)
    if f"result {body.call}" not in f.in_context:
        f.in_context.add(f"result {body.call}")
        f.context.add(Message(seq=event.seq, id=event.id, role="tool", call=body.call), node)
    if body.child is not None:
        child(f, Child(session=body.child, seq=event.seq, call=body.call))


def answer_in_message(
    f: Folding, event: Event, result: blocks.ToolResult, turn: GrowingTurn | None = None
) -> None:
    """Takes a result that stands in a message; `turn` is that of the message, where it has one."""
    tool = f.calls.get(result.call)
    if tool is None:
        loop = f.placing.loop_to_talk(event)
        turn = turn or f.placing.turn_named(event, loop) or loop.current
        tool = begin_call(f, event, result.call, turn, loop)
    tool.answer_in_message(event, result.output, is_error=result.is_error)
    if tool.turn is not None and not tool.is_server:
        tool.turn.is_closed = True
    f.state.calls.end(event.seq, result.call)


def beside_call(f: Folding, event: Event, body: Any) -> None:
    """Progress, permissions and hooks of a known call are part of its step."""
    tool = f.calls.get(body.call) if body.call is not None else None
    if tool is None:
        f.other(event, body)
        return
    tool.events.append(event.seq)
    if isinstance(body, bodies.PermissionAnswered):
        tool.denied = not body.granted
    f.join(event, tool.loop, tool.turn)


def file(f: Folding, event: Event, body: bodies.FileChanged) -> None:
    loop, turn = f.around(event, "file", body.call)
    f.join(event, loop, turn)
    f.state.files.change(event.seq, body)
    f.put(
        event, "file", loop, turn, name=body.path, call=body.call, plus=body.plus, minus=body.minus
    )  # fmt: skip


def plan(f: Folding, event: Event, body: bodies.PlanUpdated) -> None:
    f.state.plans.put(event.seq, body.items)
    f.other(event, body)


def settle(f: Folding, event: Event, body: bodies.Body) -> None:
    """Takes note of directory, branch, model and modes."""
    old = f.setting
    match body:
        case bodies.SessionStarted():
            branch = body.repo.branch if body.repo is not None else None
            new = msgspec.structs.replace(
                old, cwd=body.cwd or old.cwd, branch=branch or old.branch, model=body.model or old.model
            )
        case bodies.WorkspaceChanged():
            new = msgspec.structs.replace(old, cwd=body.cwd or old.cwd, branch=body.branch or old.branch)
        case bodies.ModelSwitched():
            new = msgspec.structs.replace(old, model=body.model)
        case bodies.ModeChanged():
            new = msgspec.structs.replace(old, **{body.what: body.mode})
        case _:
            new = old
    if new != old:
        f.setting = new
        f.state.settings.put(event.seq, new)
    f.other(event, body)


def spawned(f: Folding, event: Event, body: bodies.AgentSpawned) -> None:
    loop, turn = f.around(event, "agent", body.call)
    f.join(event, loop, turn)
    told = Child(
        session=body.child,
        seq=event.seq,
        call=body.call,
        name=body.name,
        task=words(body) or None,
        background=body.background,
    )
    child(f, told)
    f.put(event, "agent", loop, turn, name=body.name, call=body.call, child=body.child)


def agent(f: Folding, event: Event, body: bodies.AgentStatus | bodies.AgentFinished) -> None:
    call = body.call if isinstance(body, bodies.AgentFinished) else None
    loop, turn = f.around(event, "agent", call)
    f.join(event, loop, turn)
    child(f, Child(session=body.child, seq=event.seq, call=call, status=body.status))
    f.put(event, "agent", loop, turn, call=call, child=body.child)


def child(f: Folding, told: Child) -> None:
    """Takes what is told of a sub-agent; the first telling of a fact holds, the last status does."""
    tool = f.calls.get(told.call) if told.call is not None else None
    if tool is not None:
        tool.child = tool.child or told.session
    for index, known in enumerate(f.children):
        same_session = known.session is not None and known.session == told.session
        same_call = known.call is not None and known.call == told.call
        if same_session or (same_call and (known.session is None or told.session is None)):
            f.children[index] = msgspec.structs.replace(
                known,
                session=known.session or told.session,
                call=known.call or told.call,
                name=known.name or told.name,
                task=known.task or told.task,
                status=told.status or known.status,
                background=known.background or told.background,
            )
            return
    if told.session is not None or told.call is not None:
        f.children.append(told)

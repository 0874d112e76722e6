"""Rows of the dialog: what the user side said and what the model answered."""

from __future__ import annotations

from typing import Any

from reenact.events.bodies import (
    AssistantMessage,
    ContextInjected,
    LoopEnded,
    ModelSwitched,
    ToolCalled,
    ToolFinished,
    TurnStarted,
    UserMessage,
)
from reenact.sources.claude_code import content, failures, known, links, results, spent, tools
from reenact.sources.claude_code.records import items, table, text
from reenact.sources.claude_code.state import Reading, Spot
from reenact.sources.protocol import Disposition

_CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})


# -- the user side ----------------------------------------------------------------------------


def user(reading: Reading, spot: Spot) -> Disposition:
    """Takes a user row: a prompt, results of tools, or text that the agent put there."""
    said = table(spot.row.message).get("content")
    found = [table(block) for block in items(said) if table(block).get("type") == "tool_result"]
    rest: Any = said
    if found:
        rest = [block for block in items(said) if table(block).get("type") != "tool_result"]
    for place, block in enumerate(found):
        results.result(reading, spot, block, place)
    if rest or not found:
        _say(reading, spot, rest, spot.after("text") if found else spot.record)
    if reading.journal.wants(spot.row):
        reading.journal.said(said)
    reading.answer(spot.row)
    reading.anchor(spot)
    return "events"


def _say(reading: Reading, spot: Spot, rest: Any, record: str) -> None:
    """Adds what was said; a prompt starts a run of the agent, an interrupt ends one."""
    session = spot.session
    put, rest = content.beside(rest)
    said = content.plain(rest)
    origin = content.user_origin(spot.row, said, in_sub_agent=session.is_sub, first=not session.has_root)
    session.has_root = True
    if origin in {"prompt", "task"}:
        session.command = session.compacted = None
        reading.open_loop(spot, spot.record, _why(reading, spot))
    elif origin == "command":
        session.command = (spot.record, content.command_name(said))
    elif origin == "command_output":
        session.command = None
    body = UserMessage(blocks=content.as_blocks(rest), human=origin == "prompt", origin=origin)
    parent = spot.parent if record == spot.record else spot.record
    reading.add(session, body, record, ts=spot.ts, parent=parent)
    if put:
        context = ContextInjected(blocks=content.as_blocks(put), origin="beside_prompt")
        reading.add(session, context, spot.after("beside"), ts=spot.ts, parent=record)
    _drift(reading, rest)
    if origin == "interrupt":
        ended = LoopEnded(status="aborted", reason=said)
        reading.add(session, ended, spot.after("interrupted"), ts=spot.ts, parent=record)
    elif origin == "notification":
        links.notified(reading, spot, said)


def _why(reading: Reading, spot: Spot) -> str:
    """Tells how a prompt continues: first, next, or a branch where the message above has been answered."""
    if spot.session.loops == 0:
        return "initial"
    above = text(spot.row.parent_uuid)
    return "branch" if above is not None and above in reading.answered else "default"


# -- the model's side -------------------------------------------------------------------------


def assistant(reading: Reading, spot: Spot) -> Disposition:
    """Takes an assistant row: one content block (or more) of one response."""
    row = spot.row
    message = table(row.message)
    inherited = reading.copied(spot.session, row)
    if not inherited:
        reading.tell_fork(spot.session, spot.ts)
    if message.get("model") == "<synthetic>" or row.is_api_error_message is True:
        failures.synthetic(reading, spot, message)
    else:
        _answer(reading, spot, message, inherited=inherited)
    reading.answer(row)
    reading.anchor(spot)
    return "events"


def _answer(reading: Reading, spot: Spot, message: dict[str, Any], *, inherited: bool) -> None:
    turn = text(message.get("id")) or f"row-{spot.record}"
    model = text(message.get("model"))
    if turn not in spot.session.turns:
        _open_turn(reading, spot, turn, model)
    found = message.get("content")
    body = AssistantMessage(
        blocks=content.as_blocks(found),
        message=turn,
        model=model,
        stop_reason=text(message.get("stop_reason")),
        exchange=text(spot.row.request_ref),
    )
    reading.tell(spot, body, turn=turn)
    failures.answered(reading, spot, turn)
    _drift(reading, found)
    for block in items(found):
        _call(reading, spot, table(block), turn)
    if isinstance(message.get("usage"), dict):
        spent.record(reading, spot, message, turn, inherited=inherited)
    if reading.journal.wants(spot.row):
        reading.journal.answered(turn, items(found))


def _open_turn(reading: Reading, spot: Spot, turn: str, model: str | None) -> None:
    """Opens the turn of a response; a run that no prompt opened is opened first."""
    session = spot.session
    if session.compacted is not None:
        name, session.compacted = session.compacted, None
        reading.open_loop(spot, name, "compaction")
    elif session.command is not None:
        (name, tag), session.command = session.command, None
        reading.open_loop(spot, name, "default" if session.loops else "initial", tag=tag)
    elif session.loop is None:
        reading.open_loop(spot, spot.record, "initial")
    index = session.turns[turn] = len(session.turns) + 1
    trigger, session.trigger = session.trigger, "continuation"
    started = TurnStarted(index=index, trigger=trigger)  # type: ignore[arg-type]  # a Literal
    reading.add(session, started, f"turn:{turn}", ts=spot.ts, turn=turn, parent=spot.parent)
    if model and session.model and model != session.model:
        switched = ModelSwitched(model=model, previous=session.model)
        reading.add(session, switched, f"model:{turn}", ts=spot.ts, turn=turn, parent=spot.parent)
    session.model = model or session.model


def _call(reading: Reading, spot: Spot, block: dict[str, Any], turn: str) -> None:
    """Adds the call that a block asks for, or the result that the provider's own tool gave."""
    kind = text(block.get("type"))
    if kind in _CALLS:
        identity, name = text(block.get("id")) or "", text(block.get("name")) or ""
        body = ToolCalled(
            call=identity,
            name=name,
            tool_kind=tools.tool_kind(name),
            input=block.get("input"),
            mcp_server=text(block.get("server_name")) or tools.mcp_server(name),
            server=kind != "tool_use",
            message=turn,
        )
        record = spot.after(f"call:{identity}")
        reading.add(spot.session, body, reading.once(record), ts=spot.ts, turn=turn, parent=spot.record)
        _remember(reading, spot, body, turn)
    elif kind is not None and kind.endswith("_tool_result"):
        identity = text(block.get("tool_use_id")) or ""
        reading.calls.pop(identity, None)
        given = block.get("content")
        failed = block.get("is_error") is True or str(table(given).get("type", "")).endswith("_error")
        done = ToolFinished(
            call=identity,
            ok=not failed,
            output=given,
            executor="provider",
            category="error" if failed else None,
        )
        record = reading.once(spot.after(f"result:{identity}"))
        reading.add(spot.session, done, record, ts=spot.ts, turn=turn, parent=spot.record)


def _remember(reading: Reading, spot: Spot, called: ToolCalled, turn: str) -> None:
    call = tools.Call(
        identity=called.call,
        name=called.name,
        kind=called.tool_kind,
        turn=turn,
        record=spot.record,
        owner=text(spot.row.request_session_id) or reading.owner,
        input=called.input,
    )
    reading.calls[call.identity] = call
    if call.kind == "sub_agent" and (prompt := text(table(call.input).get("prompt"))):
        reading.prompts.setdefault(prompt, []).append(call.identity)


def _drift(reading: Reading, found: Any) -> None:
    """Counts kinds of blocks that the protocol did not have when this was written."""
    for block in items(found):
        kind = text(table(block).get("type"))
        if kind not in known.BLOCKS and not isinstance(block, str):
            reading.unknown.append(f"block/{kind}")

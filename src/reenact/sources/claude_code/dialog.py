"""Rows of the dialog: what the user side said, what tools gave back, what the model answered."""

from __future__ import annotations

from typing import Any

from reenact.events.blocks import Tokens
from reenact.events.bodies import (
    AgentFinished,
    AssistantMessage,
    LoopEnded,
    ModelSwitched,
    PermissionAnswered,
    ToolCalled,
    ToolFinished,
    TurnStarted,
    UsageRecorded,
    UserMessage,
)
from reenact.sources.claude_code import changes, content, failures, links, tools
from reenact.sources.claude_code.records import Row, items, number, table, text
from reenact.sources.claude_code.state import Reading, Session
from reenact.sources.protocol import Disposition

_TINY = 12
"""Fewer output tokens than this without a stop reason are what a stream starts with, not its sum."""


# -- the user side ----------------------------------------------------------------------------


def user(reading: Reading, session: Session, row: Row, ts: int | None) -> Disposition:
    """Takes a user row: a prompt, results of tools, or text that the agent put there."""
    message = table(row.message)
    said_content = message.get("content")
    results = [table(block) for block in items(said_content) if table(block).get("type") == "tool_result"]
    rest: Any = said_content
    if results:
        rest = [block for block in items(said_content) if table(block).get("type") != "tool_result"]
    if row.is_compact_summary and session.boundary is not None:
        return links.summarised(reading, session, row, content.plain(said_content))
    links.flush_boundary(reading, session)
    parent = reading.parent_of(session, row)
    record = str(row.uuid)
    for place, block in enumerate(results):
        call = text(block.get("tool_use_id")) or ""
        name = record if place == 0 else f"{record}:{call or place}"
        result(reading, session, row, block, call, name, ts=ts, parent=parent if place == 0 else record)
    if rest or not results:
        _say(reading, session, row, rest, f"{record}:text" if results else record, ts=ts, parent=parent)
    if reading.journal.wants(row):
        reading.journal.said(said_content)
    reading.answer(row)
    reading.anchor(session, row, record)
    return "events"


def _say(
    reading: Reading,
    session: Session,
    row: Row,
    rest: Any,
    record: str,
    *,
    ts: int | None,
    parent: str | None,
) -> None:
    said = content.plain(rest)
    origin = content.user_origin(row, said, in_sub_agent=session.is_sub, first=not session.has_root)
    session.has_root = True
    uuid = str(row.uuid)
    if origin in {"prompt", "task"}:
        why = _why(reading, session, row)
        session.command = None
        reading.open_loop(session, uuid, ts=ts, parent=parent, why=why)
        session.compacted = None
    elif origin == "command":
        session.command = (uuid, content.command_name(said))
    elif origin == "command_output":
        session.command = None
    body = UserMessage(blocks=content.as_blocks(rest), human=origin == "prompt", origin=origin)
    reading.add(session, body, record, ts=ts, parent=parent)
    if origin == "interrupt":
        reading.add(
            session, LoopEnded(status="aborted", reason=said), f"{uuid}:interrupted", ts=ts, parent=record
        )
    elif origin == "notification":
        links.notified(reading, session, said, f"{uuid}:agent", ts=ts, parent=record)


def _why(reading: Reading, session: Session, row: Row) -> str:
    """Tells how a prompt continues: first, next, or a branch where the message above has been answered."""
    if session.loops == 0:
        return "initial"
    above = text(row.parent_uuid)
    return "branch" if above is not None and above in reading.answered else "default"


# -- results of tools -------------------------------------------------------------------------


def result(
    reading: Reading,
    session: Session,
    row: Row,
    block: dict[str, Any],
    identity: str,
    record: str,
    *,
    ts: int | None,
    parent: str | None,
) -> None:
    """Takes one tool result: how the call ended and what it changed."""
    call = reading.calls.pop(identity, None)
    turn = call.turn if call else None
    structured = row.tool_use_result
    said = content.plain(block.get("content"))
    ended = tools.outcome(row, block, said, call)
    child = links.child_of(reading, session, call, identity, structured, said, ts=ts, turn=turn)
    path = tools.spill(structured, said)
    full = links.spilled(reading, path) if path else None
    _permission(
        reading, session, row, call, identity, ended, f"{record}:permission", ts=ts, turn=turn, said=said
    )
    body = ToolFinished(
        call=identity,
        ok=ended.ok,
        output=content.shown(block.get("content")),
        error=ended.error,
        category=ended.category,
        duration=tools.duration(structured),
        child=child,
        exit_code=ended.exit_code,
        truncated=path is not None and full is None,
        full_output=full,
        data=tools.slim(structured),
    )
    reading.add(session, body, record, ts=ts, turn=turn, parent=parent)
    if call is None:
        return
    if ended.ok:
        changed = changes.file_changed(call.name, identity, call.input, structured, said)
        if changed is not None:
            reading.add(session, changed, f"{record}:file", ts=ts, turn=turn, parent=record)
        plan = session.plan.updated(call, identity, structured)
        if plan is not None:
            reading.add(session, plan, f"{record}:plan", ts=ts, turn=turn, parent=record)
    if child is not None and table(structured).get("status") != "async_launched":
        finished = AgentFinished(child=child, call=identity, status="completed" if ended.ok else "failed")
        reading.add(session, finished, f"{record}:agent", ts=ts, turn=turn, parent=record)


def _permission(
    reading: Reading,
    session: Session,
    row: Row,
    call: tools.Call | None,
    identity: str,
    ended: tools.Outcome,
    record: str,
    *,
    ts: int | None,
    turn: str | None,
    said: str,
) -> None:
    """Adds the answer that people or rules gave; what runs by itself was never asked for."""
    decision = table(row.permission_decision)
    source = text(decision.get("source"))
    by_user = source is not None and source.startswith("user")
    if not ended.is_denied and not by_user:
        return
    body = PermissionAnswered(
        granted=not ended.is_denied,
        call=identity,
        tool=call.name if call else None,
        reason=text(row.tool_denial_kind)
        or text(decision.get("reasonType"))
        or (said[:200] if ended.is_denied else None),
        source=source,
    )
    reading.add(session, body, record, ts=ts, turn=turn)


# -- the model's side -------------------------------------------------------------------------


def assistant(reading: Reading, session: Session, row: Row, ts: int | None) -> Disposition:
    """Takes an assistant row: one content block (or more) of one response."""
    message = table(row.message)
    is_synthetic = message.get("model") == "<synthetic>" or row.is_api_error_message is True
    links.flush_boundary(reading, session)
    inherited = reading.copied(session, row)
    if not inherited:
        reading.tell_fork(session, ts)
    parent = reading.parent_of(session, row)
    record = str(row.uuid)
    if is_synthetic:
        failures.synthetic(reading, session, row, message, record, ts=ts, parent=parent)
    else:
        _answer(reading, session, row, message, record, ts=ts, parent=parent, inherited=inherited)
    reading.answer(row)
    reading.anchor(session, row, record)
    return "events"


def _answer(
    reading: Reading,
    session: Session,
    row: Row,
    message: dict[str, Any],
    record: str,
    *,
    ts: int | None,
    parent: str | None,
    inherited: bool,
) -> None:
    identity = text(message.get("id")) or f"row-{record}"
    model = text(message.get("model"))
    if identity not in session.turns:
        _open_turn(reading, session, row, identity, model, ts=ts, parent=parent)
    body = AssistantMessage(
        blocks=content.as_blocks(message.get("content")),
        message=identity,
        model=model,
        stop_reason=text(message.get("stop_reason")),
        exchange=text(row.request_ref),
    )
    reading.add(session, body, record, ts=ts, turn=identity, parent=parent)
    found = message.get("content")
    for block in items(found):
        _call(reading, session, row, table(block), record, identity, ts=ts)
    if isinstance(message.get("usage"), dict):
        _usage(reading, session, message, record, identity, ts=ts, inherited=inherited)
    if reading.journal.wants(row):
        reading.journal.answered(identity, items(found))


def _open_turn(
    reading: Reading,
    session: Session,
    row: Row,
    identity: str,
    model: str | None,
    *,
    ts: int | None,
    parent: str | None,
) -> None:
    """Opens the turn of a response; a run that no prompt opened is opened first."""
    uuid = str(row.uuid)
    if session.compacted is not None:
        name, session.compacted = session.compacted, None
        reading.open_loop(session, name, ts=ts, parent=parent, why="compaction")
    elif session.command is not None:
        (name, tag), session.command = session.command, None
        why = "default" if session.loops else "initial"
        reading.open_loop(session, name, ts=ts, parent=parent, why=why, tag=tag)
    elif session.loop is None:
        reading.open_loop(session, uuid, ts=ts, parent=parent, why="initial")
    session.turns[identity] = len(session.turns) + 1
    trigger, session.trigger = session.trigger, "continuation"
    started = TurnStarted(index=session.turns[identity], trigger=trigger)  # type: ignore[arg-type]  # a Literal
    reading.add(session, started, f"turn:{identity}", ts=ts, turn=identity, parent=parent)
    if model and session.model and model != session.model:
        switched = ModelSwitched(model=model, previous=session.model)
        reading.add(session, switched, f"model:{identity}", ts=ts, turn=identity, parent=parent)
    session.model = model or session.model


def _call(
    reading: Reading,
    session: Session,
    row: Row,
    block: dict[str, Any],
    record: str,
    turn: str,
    *,
    ts: int | None,
) -> None:
    """Adds the call that a block asks for, or the result that the provider's own tool gave."""
    kind = block.get("type")
    if kind in {"tool_use", "server_tool_use", "mcp_tool_use"}:
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
        reading.add(session, body, f"{record}:call:{identity}", ts=ts, turn=turn, parent=record)
        call = tools.Call(
            name=name,
            kind=body.tool_kind,
            turn=turn,
            record=record,
            owner=text(row.request_session_id) or reading.owner,
            input=body.input,
        )
        reading.calls[identity] = call
        if call.kind == "sub_agent" and (prompt := text(table(call.input).get("prompt"))):
            reading.prompts.setdefault(prompt, []).append(identity)
    elif isinstance(kind, str) and kind.endswith("_tool_result"):
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
        reading.add(session, done, f"{record}:result:{identity}", ts=ts, turn=turn, parent=record)


def _usage(
    reading: Reading,
    session: Session,
    message: dict[str, Any],
    record: str,
    turn: str,
    *,
    ts: int | None,
    inherited: bool,
) -> None:
    """Adds what the response has cost as far as this row knows; equal repeats are passed over.

    Without a stop reason the row was written while the stream ran: its output is a lower bound if
    it is tiny or smaller than what the response visibly holds (2.1.50 never writes more).
    """
    usage = message["usage"]
    tokens = tokens_of(usage)
    cost = session.cost.get(turn, 0) + sum(map(content.words, items(message.get("content"))))
    session.cost[turn] = cost
    is_final = text(message.get("stop_reason")) is not None
    is_partial = tokens.output < cost or (not is_final and tokens.output < _TINY)
    told = (tokens, is_partial, is_final)
    if session.usage.get(turn) == told:
        return
    session.usage[turn] = told
    speed, tier = text(usage.get("speed")), text(usage.get("service_tier"))
    body = UsageRecorded(
        key=f"msg:{turn}",
        tokens=tokens,
        model=text(message.get("model")),
        quality="partial" if is_partial else "measured",
        final=is_final,
        inherited=inherited,
        tier=speed if speed not in {None, "standard"} else tier,
    )
    reading.add(session, body, f"{record}:usage", ts=ts, turn=turn, parent=record)


def tokens_of(usage: dict[str, Any]) -> Tokens:
    """Gives the tokens of a `usage` object; the parts of cache writes only where they add up."""
    parts = table(usage.get("cache_creation"))
    short, long = (
        number(parts.get("ephemeral_5m_input_tokens")),
        number(parts.get("ephemeral_1h_input_tokens")),
    )
    written = number(usage.get("cache_creation_input_tokens"))
    told = (short or 0) + (long or 0) if parts and (short is not None or long is not None) else None
    if written is None:
        written = told or 0
    known = told is not None and told == written
    return Tokens(
        input=number(usage.get("input_tokens")) or 0,
        cache_read=number(usage.get("cache_read_input_tokens")) or 0,
        cache_write=written,
        cache_write_5m=(short or 0) if known else None,
        cache_write_1h=(long or 0) if known else None,
        output=number(usage.get("output_tokens")) or 0,
        reasoning=number(table(usage.get("output_tokens_details")).get("thinking_tokens")),
    )

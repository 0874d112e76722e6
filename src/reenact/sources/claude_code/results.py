"""Results of tools: how a call ended, who did the work, what it changed."""

from __future__ import annotations

from typing import Any

from reenact.events.bodies import AgentFinished, PermissionAnswered, ToolFinished
from reenact.sources.claude_code import changes, content, links, tools
from reenact.sources.claude_code.records import table, text
from reenact.sources.claude_code.state import Reading, Spot


def result(reading: Reading, spot: Spot, block: dict[str, Any], place: int) -> None:
    """Takes one tool result; it is joined to its call by id, wherever that stood."""
    identity = text(block.get("tool_use_id")) or ""
    record = spot.record if place == 0 else spot.after(identity or str(place))
    call = reading.calls.pop(identity, None)
    structured = spot.row.tool_use_result
    said = content.plain(block.get("content"))
    ended = tools.outcome(spot.row, block, said, call)
    child = links.child_of(reading, spot, call, said)
    path = tools.spill(structured, said)
    full = links.spilled(reading, path) if path else None
    turn = call.turn if call else None
    if (answered := _permission(spot, call, identity, ended, said)) is not None:
        reading.add(spot.session, answered, f"{record}:permission", ts=spot.ts, turn=turn)
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
    parent = spot.parent if place == 0 else spot.record
    reading.add(spot.session, body, record, ts=spot.ts, turn=turn, parent=parent)
    spot.session.results[identity] = record
    if call is not None:
        _consequences(reading, spot, call, body, said=said, record=record)


def _consequences(
    reading: Reading, spot: Spot, call: tools.Call, done: ToolFinished, *, said: str, record: str
) -> None:
    """Adds what a finished call changed."""
    structured, session = spot.row.tool_use_result, spot.session
    if done.ok:
        changed = changes.file_changed(call.name, call.identity, call.input, structured, said)
        if changed is not None:
            reading.add(session, changed, f"{record}:file", ts=spot.ts, turn=call.turn, parent=record)
        plan = session.plan.updated(call, structured)
        if plan is not None:
            reading.add(session, plan, f"{record}:plan", ts=spot.ts, turn=call.turn, parent=record)
    if done.child is not None and table(structured).get("status") != "async_launched":
        status = "completed" if done.ok else "failed"
        finished = AgentFinished(child=done.child, call=call.identity, status=status)
        reading.add(session, finished, f"{record}:agent", ts=spot.ts, turn=call.turn, parent=record)


def _permission(
    spot: Spot, call: tools.Call | None, identity: str, ended: tools.Outcome, said: str
) -> PermissionAnswered | None:
    """Gives the answer that people or rules gave; what runs by itself was never asked for."""
    decision = table(spot.row.permission_decision)
    source = text(decision.get("source"))
    by_user = source is not None and source.startswith("user")
    if not ended.is_denied and not by_user:
        return None
    reason = text(spot.row.tool_denial_kind) or text(decision.get("reasonType"))
    if reason is None and ended.is_denied:
        reason = said[:200] or None
    return PermissionAnswered(
        granted=not ended.is_denied,
        call=identity,
        tool=call.name if call else None,
        reason=reason,
        source=source,
    )

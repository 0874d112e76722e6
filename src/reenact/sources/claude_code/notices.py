"""Rows beside the dialog: system notices, attachments, progress, titles, modes, the journal."""

from __future__ import annotations

import hashlib
from typing import Any

from reenact.events import blocks
from reenact.events.blocks import AnyBlock
from reenact.events.bodies import (
    ContextInjected,
    ContextTrimmed,
    HookRan,
    ModeChanged,
    ModelRequested,
    ModelSwitched,
    PermissionAnswered,
    SessionTagged,
    SessionTitled,
    SystemMessage,
    Unknown,
    UserMessage,
    WorkspaceChanged,
)
from reenact.sources.claude_code import content, failures, links
from reenact.sources.claude_code.records import Found, Row, items, table, text
from reenact.sources.claude_code.state import Reading, Session
from reenact.sources.protocol import Disposition

METADATA = frozenset({
    "file-history-snapshot", "file-history-delta", "last-prompt", "continued-in", "resume-head-vouch",
    "api-request-resumed", "content-replacement", "data-flow-records", "data-flow-incomplete",
    "fork-context-ref", "frame-link", "memory-mode", "artifact-comment-monitor", "agent-color",
    "agent-setting", "isolation-latch", "session-owner", "worktree-state", "cost-state",
    "queue-operation", "tools-used", "atis-latch", "derived-from", "ended-by-model", "bridge-session",
    "history-suppression", "attribution-snapshot", "observer-ref", "repl-mode", "hybrid-organization",
    "dev-mods", "artifact-autoreact-ledger", "pr-link", "speculation-accept", "task-summary",
})  # fmt: skip
"""Row types that are known and make no event: bookkeeping of the agent."""

_QUIET = frozenset({
    "turn_duration", "informational", "away_summary", "scheduled_task_fire", "file_snapshot",
    "agents_killed", "rewind_stand_in", "memory_saved", "bridge_status", "thinking", "api_metrics",
    "task_started", "task_progress", "status", "init", "session_state_changed", "post_turn_summary",
    "stop_hook_summary_stub", "compact_reminder", "files_persisted",
})  # fmt: skip
"""System notices that are known and only inform."""

_TOLD = frozenset({"informational", "away_summary", "agents_killed", "scheduled_task_fire"})
"""Those of them whose text people should see."""

ATTACHMENTS = frozenset({
    "environment", "model", "date", "date_change", "skill_listing", "agent_listing_delta",
    "deferred_tools_delta", "session_context", "file", "edited_text_file", "edited_image_file",
    "already_read_file", "compact_file_reference", "pdf_reference", "directory", "selected_lines_in_ide",
    "opened_file_in_ide", "queued_command", "plan_mode", "plan_mode_exit", "plan_mode_reentry",
    "plan_file_reference", "auto_mode", "auto_mode_exit", "todo", "todo_reminder", "task_reminder",
    "task_status", "task_progress", "nested_memory", "relevant_memories", "prompt_snapshot",
    "teammate_mailbox", "team_context", "remote_session_change", "skill_discovery", "dynamic_skill",
    "invoked_skills", "mcp_resource", "mcp_instructions_delta", "agent_mention", "command_permissions",
    "diagnostics", "critical_system_reminder", "output_style", "ultramemory", "context_efficiency",
    "token_usage", "budget_usd", "output_token_usage", "max_turns_reached", "structured_output",
    "unified_tasks", "async_hook_response", "background_task_status", "compaction_reminder",
    "companion_intro", "current_session_memory", "verify_plan_reminder", "ultrathink_effort",
    "bagel_console", "ultraplan_mode", "read_before_edit", "text",
})  # fmt: skip


# -- system -----------------------------------------------------------------------------------


def system(reading: Reading, session: Session, found: Found, ts: int | None) -> Disposition:
    """Takes a `system` row."""
    row = found.row
    kind = text(row.subtype) or ""
    if kind == "compact_boundary":
        return links.boundary(reading, session, row, ts)
    links.flush_boundary(reading, session)
    if kind == "api_error":
        return failures.api_error(reading, session, row, ts)
    if kind in _QUIET and not (kind in _TOLD and text(row.content)):
        reading.anchor(session, row, None)
        return "metadata"
    record, parent = str(row.uuid), reading.parent_of(session, row)
    body = _system_body(reading, session, found, kind, ts)
    reading.add(session, body, record, ts=ts, parent=parent)
    if kind == "stop_hook_summary":
        _more_hooks(reading, session, row, record, ts)
    reading.anchor(session, row, record)
    return "events"


def _system_body(reading: Reading, session: Session, found: Found, kind: str, ts: int | None) -> Any:
    row = found.row
    said = text(row.content) or ""
    match kind:
        case "stop_hook_summary":
            return _stop_hook(row, 0)
        case "local_command":
            origin = content.user_origin(row, said, in_sub_agent=False, first=False)
            return UserMessage(
                blocks=(blocks.Text(text=said),),
                human=False,
                origin=origin if origin in {"command", "command_output"} else "meta",
            )
        case "model_fallback" | "model_refusal_fallback":
            model = text(row.fallback_model) or text(row.model)
            if model:
                previous, session.model = text(row.original_model) or session.model, model
                return ModelSwitched(model=model, previous=previous, reason=said or kind)
        case "permission_denied":
            whole = table(found.whole())
            call = text(whole.get("toolUseID")) or text(whole.get("tool_use_id"))
            tool = text(whole.get("toolName")) or text(whole.get("tool_name"))
            return PermissionAnswered(granted=False, call=call, tool=tool, reason=said or None)
        case "microcompact_boundary":
            return ContextTrimmed(reason="microcompact")
    if kind in _TOLD:
        return SystemMessage(blocks=(blocks.Text(text=said),), origin=kind)
    reading.unknown.append(f"system/{kind}")
    return Unknown(name=f"system/{kind}", raw=found.whole())


def _stop_hook(row: Row, place: int) -> HookRan:
    ran = items(row.hook_infos)
    info = table(ran[place]) if place < len(ran) else {}
    failed = [str(error) for error in items(row.hook_errors)]
    outcome = "blocked" if row.prevented_continuation is True else "error" if failed else "success"
    return HookRan(
        name=text(info.get("command")) or "Stop",
        event="Stop",
        outcome=outcome,
        reason=text(row.stop_reason),
        output="\n".join(failed) or None,
    )


def _more_hooks(reading: Reading, session: Session, row: Row, record: str, ts: int | None) -> None:
    for place in range(1, min(len(items(row.hook_infos)), 100)):
        reading.add(session, _stop_hook(row, place), f"{record}:{place}", ts=ts, parent=record)


# -- attachments ------------------------------------------------------------------------------


def attachment(reading: Reading, session: Session, found: Found, ts: int | None) -> Disposition:
    """Takes an `attachment` row: text put into the context beside the dialog, or the trace of a hook."""
    links.flush_boundary(reading, session)
    row = found.row
    given = table(row.attachment)
    kind = text(given.get("type")) or ""
    record, parent = str(row.uuid), reading.parent_of(session, row)
    rendered = _rendered(row)
    body: Any = None
    if kind.startswith("hook_") or kind == "async_hook_response":
        body = _hook(kind, given)
        if rendered and kind == "hook_additional_context":
            injected = _injected(row, given, kind, rendered)
            reading.add(session, injected, f"{record}:context", ts=ts, parent=record)
    elif kind == "queued_command":
        body = _queued(row, given)
    elif kind in {"plan_mode", "plan_mode_reentry", "plan_mode_exit"}:
        mode = "default" if kind == "plan_mode_exit" else "plan"
        body = ModeChanged(mode=mode, what="plan", previous="plan" if mode == "default" else None)
        if rendered:
            injected = _injected(row, given, kind, rendered)
            reading.add(session, injected, f"{record}:context", ts=ts, parent=record)
    elif kind in ATTACHMENTS or rendered:
        body = _injected(row, given, kind, rendered)
    if kind not in ATTACHMENTS and not kind.startswith("hook_"):
        reading.unknown.append(f"attachment/{kind}")
        body = body or Unknown(name=f"attachment/{kind}", raw=found.whole())
    reading.add(session, body, record, ts=ts, parent=parent)
    reading.anchor(session, row, record)
    reading.links.add(record)
    return "events"


def _rendered(row: Row) -> tuple[AnyBlock, ...]:
    return tuple(
        block for part in items(row.rendered) for block in content.as_blocks(table(part).get("content"))
    )


def _injected(row: Row, given: dict[str, Any], kind: str, rendered: tuple[AnyBlock, ...]) -> ContextInjected:
    role = text(row.rendered_role) or "user"
    if kind == "prompt_snapshot":
        prompt = tuple(
            blocks.Text(text=part) for part in items(given.get("systemPrompt")) if isinstance(part, str)
        )
        names = [table(tool).get("name") for tool in items(given.get("tools"))]
        rest = {key: value for key, value in given.items() if key not in {"systemPrompt", "tools", "type"}}
        return ContextInjected(blocks=prompt, role="system", origin=kind, data={**rest, "tools": names})
    data: Any = given
    if rendered:
        data = {key: value for key, value in given.items() if isinstance(value, (bool, int, float))}
        data.update(
            {key: value for key, value in given.items() if isinstance(value, str) and len(value) <= 256}
        )
        data.pop("type", None)
    return ContextInjected(blocks=rendered, role=role, origin=kind, data=data or None)


def _hook(kind: str, given: dict[str, Any]) -> HookRan:
    outcome = kind.removeprefix("hook_")
    error = table(given.get("blockingError"))
    said = given.get("content") or given.get("stdout") or given.get("response")
    output = said if isinstance(said, str) else content.plain(said) or None
    if isinstance(said, list) and output is None:
        output = "\n".join(part for part in said if isinstance(part, str)) or None
    reason = text(error.get("blockingError")) or text(given.get("stderr")) or text(given.get("message"))
    decision = text(given.get("decision"))
    return HookRan(
        name=text(given.get("hookName")) or text(given.get("command")) or kind,
        event=text(given.get("hookEvent")),
        outcome=f"{outcome}:{decision}" if decision else outcome,
        reason=reason,
        output=output,
        call=text(given.get("toolUseID")),
    )


def _queued(row: Row, given: dict[str, Any]) -> UserMessage:
    prompt = given.get("prompt")
    said = content.plain(prompt)
    origin = content.user_origin(row, said, in_sub_agent=False, first=False)
    mode = text(given.get("commandMode"))
    if mode == "task-notification":
        origin = "notification"
    return UserMessage(blocks=content.as_blocks(prompt), human=origin == "prompt", origin=origin)


# -- progress ---------------------------------------------------------------------------------


def progress(reading: Reading, session: Session, row: Row, ts: int | None) -> Disposition:
    """Takes a `progress` row (2.1.0 to 2.1.4x): a hook that runs, a sub-agent's first sign, else display."""
    data = table(row.data)
    kind = data.get("type")
    if kind == "hook_progress":
        call = text(row.parent_tool_use_id)
        body = HookRan(
            name=text(data.get("command")) or text(data.get("hookName")) or "hook",
            event=text(data.get("hookName")) or text(data.get("hookEvent")),
            call=call if call and call.startswith("toolu_") else None,
        )
        record = str(row.uuid)
        reading.add(session, body, record, ts=ts, parent=reading.parent_of(session, row))
        reading.anchor(session, row, record)
        reading.links.add(record)
        return "events"
    spawned = kind == "agent_progress" and links.progressed(reading, session, row, ts)
    reading.anchor(session, row, None)
    return "events" if spawned else "metadata"


# -- the journal of requests ------------------------------------------------------------------


def journal(reading: Reading, session: Session, row: Row, ts: int | None) -> Disposition:
    """Takes the rows by which the agent logs its requests."""
    if row.type == "api-request-blob":
        return "joined" if reading.journal.blob(row) else "metadata"
    if row.type == "api-request-shape":
        shape = table(row.shape)
        if reading.journal.shape(row) and (name := text(row.shape_hash)):
            reading.tools[name] = len(items(shape.get("tools")))
        return "joined"
    identity = text(row.id) or reading.numbered("request")
    reference, length = reading.journal.request(row)
    params = table(row.params)
    body = ModelRequested(
        exchange=identity,
        dialect="anthropic",
        model=text(params.get("model")),
        params=params,
        request=reference,
        history_len=length,
        tools_count=reading.tools.get(text(row.shape_hash) or ""),
        purpose=text(row.query_source),
    )
    reading.exchange = identity
    reading.add(session, body, f"request:{identity}", ts=ts, parent=session.last)
    return "events"


# -- titles, tags, modes ----------------------------------------------------------------------


def metadata(reading: Reading, session: Session, found: Found) -> Disposition:
    """Takes a row of the kinds that are written again and again; only a change makes an event."""
    row = found.row
    match row.type:
        case "ai-title" | "custom-title" | "agent-name":
            return _titled(reading, session, row)
        case "summary":
            return _summary(reading, session, row)
        case "tag":
            return _tagged(reading, session, row)
        case "mode" | "permission-mode":
            return _mode(reading, session, row)
        case "relocated":
            return _relocated(reading, session, found)
    return "metadata"


def _titled(reading: Reading, session: Session, row: Row) -> Disposition:
    title = text(row.custom_title) or text(row.ai_title) or text(row.agent_name) or text(row.title)
    by = "user" if row.type == "custom-title" else "agent"
    return title_session(reading, session, title, by)


def title_session(reading: Reading, session: Session, title: str | None, by: str) -> Disposition:
    """Adds a title where it is new."""
    if title is None:
        return "metadata"
    if session.titles.get(by) == title:
        return "repeat"
    session.titles[by] = title
    body = SessionTitled(title=title, by=by)  # type: ignore[arg-type]  # one of the three
    reading.later(session, body, reading.numbered(f"title:{by}:{_short(title)}"))
    return "events" if session.is_started else "metadata"


def _summary(reading: Reading, session: Session, row: Row) -> Disposition:
    """Takes a summary: a title of the conversation that has this leaf, which may be another file's."""
    leaf, title = text(row.leaf_uuid), text(row.summary)
    if leaf is None or title is None:
        return "metadata"
    if leaf in reading.above:
        return title_session(reading, session, title, "summary")
    reading.summaries[leaf] = title
    return "metadata"


def _tagged(reading: Reading, session: Session, row: Row) -> Disposition:
    tag = row.tag
    if not isinstance(tag, str):
        return "metadata"
    new = {tag} if tag else set()
    if new == session.tags:
        return "repeat"
    body = SessionTagged(add=tuple(new), remove=tuple(session.tags - new))
    session.tags = new
    reading.later(session, body, reading.numbered(f"tag:{_short(tag)}"))
    return "events" if session.is_started else "metadata"


def _mode(reading: Reading, session: Session, row: Row) -> Disposition:
    if row.type == "permission-mode":
        return "events" if permission_mode(reading, session, row, None) else "repeat"
    mode = text(row.mode)
    if mode is None or mode == session.mode:
        return "repeat" if mode else "metadata"
    previous, session.mode = session.mode, mode
    body = ModeChanged(mode=mode, what="autonomy", previous=previous)
    reading.later(session, body, reading.numbered(f"mode:{mode}"))
    return "events" if session.is_started else "metadata"


def permission_mode(reading: Reading, session: Session, row: Row, ts: int | None) -> bool:
    """Adds the permission mode that a row states where it is another than before."""
    mode = text(row.permission_mode) or (text(row.mode) if row.type == "permission-mode" else None)
    if mode is None or mode == session.permission:
        return False
    previous, session.permission = session.permission, mode
    body = ModeChanged(mode=mode, what="permission", previous=previous)
    record = f"{row.uuid}:mode" if text(row.uuid) else reading.numbered(f"permission:{mode}")
    if session.is_started:
        reading.add(session, body, record, ts=ts)
    else:
        reading.later(session, body, record)
    return session.is_started


def _relocated(reading: Reading, session: Session, found: Found) -> Disposition:
    whole = table(found.whole())
    names = ("relocatedCwd", "cwd", "newCwd", "to", "path")
    cwd = next((value for name in names if (value := text(whole.get(name)))), None)
    if cwd is None or cwd == session.cwd:
        return "metadata" if cwd is None else "repeat"
    session.cwd = cwd
    reading.later(session, WorkspaceChanged(cwd=cwd), reading.numbered(f"relocated:{_short(cwd)}"))
    return "events" if session.is_started else "metadata"


def unknown(reading: Reading, session: Session, found: Found, ts: int | None) -> Disposition:
    """Keeps a row of a type that we do not know, whole, and counts it."""
    row = found.row
    kind = text(row.type) or "(no type)"
    reading.unknown.append(kind)
    raw = found.whole()
    uuid = text(row.uuid)
    record = uuid or reading.numbered(f"{kind}:{_short(repr(raw))}")
    parent = reading.parent_of(session, row) if uuid else None
    reading.add(session, Unknown(name=kind, raw=raw), record, ts=ts, parent=parent)
    if uuid:
        reading.anchor(session, row, record)
        reading.links.add(uuid)
    return "events"


def _short(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]

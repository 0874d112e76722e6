"""Records of the system: notices of answers, compressions, titles, modes; and what nobody knows."""

from __future__ import annotations

import re
from typing import Any

from reenact import ids
from reenact.events.blocks import Text
from reenact.events.bodies import (
    CompactionFinished,
    ContextInjected,
    ContextReverted,
    Custom,
    ModeChanged,
    ModelFailed,
    ModelSwitched,
    SessionTitled,
    Unknown,
    UsageRecorded,
)
from reenact.sources.gemini import content
from reenact.sources.members import integer, items, mapping, text
from reenact.sources.protocol import Disposition
from reenact.sources.qwen.dialog import name
from reenact.sources.qwen.records import Record, logged
from reenact.sources.qwen.state import AGENT, File, Notice, key_of

_QUIET = frozenset({
    "attribution_snapshot", "file_history_snapshot", "session_source", "session_execution_engine",
    "session_sources_snapshot", "session_artifact_event", "session_artifact_snapshot", "user_text_elements",
    "branch_checkpoint", "agent_bootstrap", "agent_launch_prompt", "agent_retry", "agent_session_ready",
    "turn_result", "session_notes", "goal_state", "goal_runtime", "goal_turn_end",
})  # fmt: skip
_TOLD = frozenset({"slash_command", "at_command", "notification", "cron", "background_task_completed"})
_ROUND = re.compile(r"#(\d+)\Z")


def system(file: File, record: Record) -> Disposition:
    """Takes a record of the system."""
    drafts, payload = file.drafts, record.payload
    match record.subtype:
        case "ui_telemetry":
            return _telemetry(file, record, mapping(payload, "uiEvent"))
        case "chat_compression":
            return _compressed(file, record)
        case "rewind":
            return _rewound(file, record)
        case "custom_title":
            title = text(payload, "customTitle")
            if title is not None:
                is_agents = payload.get("titleSource") == "auto"
                drafts.emit(name(record), SessionTitled(title=title, by="agent" if is_agents else "user"))
        case "parent_session":
            parent = text(payload, "parentSessionId")
            if parent is not None:
                drafts.kind, drafts.parent = "subagent", ids.session_id(AGENT, parent)
                drafts.tell_header()
        case "session_approval_mode":
            mode = text(payload, "mode")
            if mode is not None:
                drafts.emit(name(record), ModeChanged(mode=mode))
        case "session_model":
            model = text(payload, "modelId")
            if model is not None:
                drafts.emit(name(record), ModelSwitched(model=model))
        case subtype if subtype in _QUIET:
            return "metadata"
        case subtype if subtype in _TOLD:
            drafts.emit(name(record), Custom(name=f"qwen.{subtype}", data=payload))
        case _:
            return unknown(file, record)
    return "metadata"


def unknown(file: File, record: Record) -> Disposition:
    """Keeps a record of a kind that we do not know, whole, and counts it."""
    kind = f"{record.type or '(no type)'}/{record.subtype}" if record.subtype else record.type or "(no type)"
    file.drafts.unknown.append(kind)
    file.drafts.emit(name(record), Unknown(name=kind, raw=record.raw))
    return "events"


# -- notices of answers -----------------------------------------------------------------------


def _telemetry(file: File, record: Record, event: dict[str, Any]) -> Disposition:
    kind = (text(event, "event.name") or "").removeprefix("qwen-code.")
    agent = _agent(file, event)
    if kind == "tool_call":
        call, lasted = text(event, "call_id"), integer(event, "duration_ms")
        if call is not None and lasted is not None and agent is None:
            file.durations[call] = lasted
        return "joined"
    if kind == "api_error":
        body = ModelFailed(
            status=integer(event, "status_code"),
            error=text(event, "error_message"),
            category=text(event, "error_type"),
        )
        drafts = file.drafts if agent is None else file.child(agent, text(event, "subagent_name"))
        drafts.ts = record.ts
        drafts.emit(name(record), body)
        return "events"
    if kind != "api_response":
        return "metadata"
    tokens = logged(event)
    if tokens is None:
        return "metadata"
    if agent is not None:
        return _of_sub_agent(file, record, event, agent)
    file.settle()
    file.notice = Notice(uuid=name(record), tokens=tokens, model=text(event, "model"), ts=record.ts)
    return "joined"


def _agent(file: File, event: dict[str, Any]) -> str | None:
    """Gives the sub-agent that a notice is about, by the id that its prompts carry."""
    if text(event, "subagent_name") is None:
        return None
    named = text(event, "subagent_id")
    if named is not None:
        return named
    prompt = (text(event, "prompt_id") or "").removeprefix(f"{file.drafts.native}#")
    return _ROUND.sub("", prompt) or text(event, "subagent_name")


def _of_sub_agent(file: File, record: Record, event: dict[str, Any], agent: str) -> Disposition:
    """Books a sub-agent's answer: of some (all before 0.24) no other record tells."""
    tokens = logged(event)
    found = _ROUND.search(text(event, "prompt_id") or "")
    round_ = int(found[1][:9]) if found is not None else file.agents[agent]
    file.agents[agent] = round_ + 1
    if tokens is None:
        return "metadata"
    child = file.child(agent, text(event, "subagent_name"))
    body = UsageRecorded(
        key=key_of(file.main or file.drafts.native, agent, round_),
        tokens=tokens,
        model=text(event, "model"),
        inherited=record.forked_from is not None,
    )
    child.emit(f"usage:{body.key}", body, ts=record.ts, completeness="metadata_only")
    return "events"


# -- the context ------------------------------------------------------------------------------


def _compressed(file: File, record: Record) -> Disposition:
    """Takes a compression: what stands in place of the talk from here on."""
    file.settle()
    info = mapping(record.payload, "info")
    history = items(record.payload, "compressedHistory")
    told = [each for each in history if isinstance(each, dict)]
    summary = content.plain(told[0].get("parts")) if told else ""
    body = CompactionFinished(
        strategy="summary",
        trigger=text(info, "triggerReason"),
        before=integer(info, "originalTokenCount"),
        after=integer(info, "newTokenCount"),
        summary=summary or None,
    )
    file.anchor = file.drafts.emit(name(record), body)
    for each in told[1:]:  # what the talk goes on with beside the summary: files read last, reminders
        blocks = tuple(block for block in content.blocks(each.get("parts")) if isinstance(block, Text))
        if blocks:
            role = "assistant" if each.get("role") == "model" else "user"
            injected = ContextInjected(blocks=blocks, role=role, origin="compaction")
            file.anchor = file.drafts.emit(f"{name(record)}:kept", injected)
    return "events"


def _rewound(file: File, record: Record) -> Disposition:
    """Takes a rewind: the talk goes on from the record that this one hangs on."""
    file.drafts.end_loop()
    target = file.anchors.get(record.parent) if record.parent is not None else None
    if target is None:
        file.drafts.emit(name(record), Custom(name="qwen.rewind", data=record.payload))
        return "events"
    body = ContextReverted(to=file.drafts.event(target), reason="rewind")
    file.drafts.emit(name(record), body)
    file.anchor = target
    return "events"

"""Events and completed items: what people saw, and what happened around the model."""

from __future__ import annotations

from typing import Any

from reenact import ids
from reenact.events import content_hash
from reenact.events.blocks import Text
from reenact.events.bodies import (
    AgentStatus,
    CompactionFinished,
    ContextInjected,
    ContextReverted,
    Custom,
    ModeChanged,
    PlanUpdated,
    SessionTitled,
    Unknown,
)
from reenact.sources.codex import outputs, patches
from reenact.sources.codex.memory import Execution, Memory
from reenact.sources.codex.parse_texts import agent_status, answer, shown_item, shown_prompt, thought
from reenact.sources.codex.parse_tools import changes, completed, searched, spawned
from reenact.sources.codex.parse_turns import settings, task_complete, task_started, turn_aborted
from reenact.sources.codex.parse_usage import token_count
from reenact.sources.codex.records import Row, texts
from reenact.sources.codex.thread import AGENT, Thread
from reenact.sources.members import integer, mapping, mappings, text
from reenact.sources.names import name_of
from reenact.sources.protocol import Disposition


def event(thread: Thread, memory: Memory, row: Row) -> Disposition:
    """An `event_msg` row."""
    payload = row.payload
    match row.kind:
        case "token_count":
            return token_count(thread, memory, payload)
        case "item_completed":
            return item(thread, memory, row)
        case "agent_message":
            said = text(payload, "message") or ""
            return answer(thread, memory, said, (Text(text=said),), is_item=False)
        case "user_message":
            return shown_prompt(thread, memory, payload)
        case "agent_reasoning":
            return thought(thread, memory, [text(payload, "text") or ""])
        case "agent_reasoning_raw_content":
            return "joined"
        case "task_started" | "turn_started":
            return task_started(thread, memory, payload)
        case "task_complete" | "turn_complete":
            return task_complete(thread, memory, payload)
        case "turn_aborted":
            return turn_aborted(thread, memory, payload)
        case "thread_settings_applied":
            return settings(thread, memory, mapping(payload, "thread_settings"))
        case _:
            return _other_event(thread, memory, row)


def _other_event(thread: Thread, memory: Memory, row: Row) -> Disposition:
    payload = row.payload
    match row.kind:
        case "patch_apply_end":
            return _patch(thread, memory, text(payload, "call_id"), payload)
        case "mcp_tool_call_end" | "exec_command_end" | "dynamic_tool_call_response":
            return completed(thread, memory, text(payload, "call_id") or "", _execution(row.kind, payload))
        case "view_image_tool_call":
            return "joined"
        case "web_search_end":
            return searched(thread, memory, payload)
        case "image_generation_end":
            return "joined"
        case "sub_agent_activity":
            return _activity(thread, memory, payload)
        case "thread_rolled_back":
            turns = integer(payload, "num_turns")
            thread.emit(
                name_of("back", content_hash(payload)), ContextReverted(turns=turns, reason="rollback")
            )
            return "events"
        case "context_compacted":
            return _compacted(thread, memory)
        case "entered_review_mode" | "exited_review_mode":
            return _review(thread, memory, is_entered=row.kind.startswith("entered"))
        case "thread_name_updated" if (name := text(payload, "thread_name")) is not None:
            thread.emit(name_of("title", name), SessionTitled(title=name, by="user"))
            return "events"
        case "thread_goal_updated":
            thread.emit(name_of("goal", content_hash(payload)), Custom(name="codex.goal", data=payload))
            return "events"
        case _:
            return unknown_kind(thread, row, f"event_msg/{row.kind}")


def item(thread: Thread, memory: Memory, row: Row) -> Disposition:
    """A completed item (paginated files)."""
    found = mapping(row.payload, "item")
    kind = text(found, "type") or ""
    call = text(found, "id") or ""
    match kind:
        case "UserMessage" | "AgentMessage":
            return shown_item(thread, memory, found)
        case "Reasoning":
            return thought(thread, memory, texts(found, "summary_text"))
        case "CommandExecution" | "McpToolCall" | "DynamicToolCall" | "ImageView":
            if kind == "ImageView" and not thread.has_call(call):
                return "joined"
            return completed(thread, memory, call, _execution(kind, found))
        case "FileChange":
            return _patch(thread, memory, call, found)
        case "CollabAgentToolCall":
            return _collab(thread, memory, call, found)
        case "SubAgentActivity":
            return _activity(thread, memory, found)
        case "WebSearch":
            return searched(thread, memory, found)
        case "ImageGeneration":
            return "joined"
        case "ContextCompaction":
            return _compacted(thread, memory)
        case "Plan":
            thread.emit(name_of("plan", text(found, "text") or ""), PlanUpdated(text=text(found, "text")))
            return "events"
        case "HookPrompt":
            said = "\n".join(text(part, "text") or "" for part in mappings(found, "fragments"))
            body = ContextInjected(blocks=(Text(text=said),), origin="hook", data=found)
            thread.emit(name_of("hook", content_hash(found)), body)
            return "events"
        case "EnteredReviewMode" | "ExitedReviewMode":
            return _review(thread, memory, is_entered=kind.startswith("Entered"))
        case "Extension":
            thread.emit(name_of("ext", content_hash(found)), Custom(name="codex.extension", data=found))
            return "events"
        case _:
            return unknown_kind(thread, row, f"item_completed/{kind}")


def _execution(kind: str, found: dict[str, Any]) -> Execution:
    invocation = mapping(found, "invocation") or found
    status = text(found, "status")
    code = integer(found, "exit_code")
    ok = found.get("success")
    if not isinstance(ok, bool):
        ok = None if status is None else {"completed": True, "failed": False, "declined": False}.get(status)
    if ok is None and code is not None:
        ok = code == 0
    result = found.get("result")
    if ok is None and isinstance(result, dict):
        ok = "Err" not in result and not mapping(result, "Ok").get("is_error", False)
    server, tool = text(invocation, "server"), text(invocation, "tool")
    name = tool or ("exec_command" if "command" in found else kind)
    data: dict[str, Any] = {"server": server, "tool": tool, "result": result} if result is not None else {}
    data.update({key: found[key] for key in ("command", "cwd", "source") if found.get(key) is not None})
    return Execution(
        name=f"mcp__{server}__{tool}" if server and tool else name,
        input=invocation.get("arguments", found.get("command")),
        ok=ok,
        exit_code=code,
        duration=outputs.duration(found.get("duration")),
        output=text(found, "aggregated_output") or text(found, "stdout"),
        error=outputs.failure(found) or text(found, "stderr"),
        executor="user" if found.get("source") == "user_shell" else None,
        category="denied" if status == "declined" else None,
        data=data or None,
    )


def _patch(thread: Thread, memory: Memory, call: str | None, found: dict[str, Any]) -> Disposition:
    execution = _execution("apply_patch", found)
    call = call or name_of("call", content_hash(found))
    listed = list(patches.listed(mapping(found, "changes"), call))
    if not thread.has_call(call):
        completed(thread, memory, call, execution.__replace__(name="apply_patch"))
    elif call not in memory.finished:
        memory.executions[call] = execution
    if execution.ok is False or call in memory.filed:
        return "joined"
    changes(thread, memory, call, listed)
    return "joined"


def _collab(thread: Thread, memory: Memory, call: str, found: dict[str, Any]) -> Disposition:
    children = texts(found, "receiver_thread_ids")
    names = {
        text(agent, "thread_id"): text(agent, "agent_nickname")
        for agent in mappings(found, "receiver_agents")
    }
    if text(found, "tool") in {"spawn_agent", "spawn", "spawnAgent"}:
        for child in children:
            spawned(thread, memory, child, call, name=names.get(child), task=text(found, "prompt"))
    for child, status in mapping(found, "agents_states").items():
        agent_status(thread, child, status)
    return "joined"


def _activity(thread: Thread, memory: Memory, found: dict[str, Any]) -> Disposition:
    child, path = text(found, "agent_thread_id"), text(found, "agent_path")
    if child is None:
        return "joined"
    if path is not None:
        memory.paths[path] = child
    match found.get("kind"):
        case "started":
            spawned(thread, memory, child, text(found, "id"), name=path, task=None)
        case kind:
            body = AgentStatus(child=ids.session_id(AGENT, child), status=str(kind))
            thread.emit(f"agent-status:{child}:{kind}", body)
    return "joined"


def _compacted(thread: Thread, memory: Memory) -> Disposition:
    if memory.compactions > 0:
        memory.compactions -= 1
        return "joined"
    thread.emit("compacted", CompactionFinished(strategy="provider"))
    return "events"


def _review(thread: Thread, memory: Memory, *, is_entered: bool) -> Disposition:
    if memory.review == is_entered:
        return "repeat"
    memory.review = is_entered
    mode, previous = ("review", "default") if is_entered else ("default", "review")
    thread.emit("review", ModeChanged(mode=mode, previous=previous, what="autonomy"))
    return "events"


def unknown_kind(thread: Thread, row: Row, name: str) -> Disposition:
    """Keeps a row of a kind we do not know, whole, and counts it."""
    thread.unknown.append(name)
    thread.emit(name_of("unknown", content_hash(row.payload)), Unknown(name=name, raw=row.raw))
    return "events"

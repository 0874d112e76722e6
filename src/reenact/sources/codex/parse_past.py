"""Rows copied from another thread: history that this thread was given, not what happened in it.

A fork keeps its past readable: messages stay messages, tool calls and results become blocks of
messages, file changes and rollbacks stay. For a sub-agent all of it is injected context. Neither makes loops,
turns or tool calls, so that a session's counts are its own. Usage is recorded under the key that
the first writer's row has, so that the ledger counts it once, whichever files are there.
"""

from __future__ import annotations

from typing import Any

from reenact.events import AnyBlock, content_hash
from reenact.events.blocks import Text, ToolCall, ToolResult
from reenact.events.bodies import AssistantMessage, ContextInjected, SystemMessage, UserMessage
from reenact.sources.codex import content, outputs, patches
from reenact.sources.codex.memory import Memory
from reenact.sources.codex.parse_tools import CALLS, OUTPUTS, SERVER_CALLS, identity, request
from reenact.sources.codex.parse_usage import token_count, token_record
from reenact.sources.codex.records import Row
from reenact.sources.codex.thread import Thread
from reenact.sources.members import mapping, text
from reenact.sources.names import name_of
from reenact.sources.protocol import Disposition

INHERITED = "inherited"
_QUIET = frozenset(
    {
        "task_complete", "turn_aborted", "thread_settings_applied", "agent_reasoning", "context_compacted",
        "agent_reasoning_raw_content", "sub_agent_activity", "web_search_end", "mcp_tool_call_end",
        "image_generation_end", "entered_review_mode", "exited_review_mode", "thread_goal_updated",
    }
)  # fmt: skip


def copied(thread: Thread, memory: Memory, row: Row) -> Disposition | None:
    """A copied row; None for a row of a kind that is treated alike wherever it stands."""
    thread.lane = INHERITED
    match row.type:
        case "response_item":
            return _item(thread, memory, row)
        case "event_msg":
            return _event(thread, memory, row)
        case "turn_context":
            thread.task = content.turn_of(row.payload) or thread.task
            thread.model = text(row.payload, "model") or thread.model
            thread.cwd = text(row.payload, "cwd") or thread.cwd
            return "metadata"
        case "token_usage_record":
            return token_record(thread, row.payload, inherited=True)
        case _:
            return None


def _item(thread: Thread, memory: Memory, row: Row) -> Disposition | None:
    payload = row.payload
    if row.kind == "message":
        blocks = content.blocks(payload)
        role = text(payload, "role") or "user"
        said = content.plain(blocks)
        return _message(thread, memory, role, said, blocks, kinds=content.kinds_of(payload), is_item=True)
    if row.kind == "reasoning":
        block = content.reasoning(payload)
        return _give(thread, "assistant", (block,), name_of("rs", block.text or block.encrypted or ""))
    if row.kind in CALLS or row.kind in SERVER_CALLS:
        name, given = request(row)
        call = identity(payload)
        if name == "spawn_agent":
            thread.open_spawn = call
        block_call = ToolCall(call=call, name=name, input=given, server=row.kind in SERVER_CALLS)
        return _give(thread, "assistant", (block_call,), f"call:{call}")
    if row.kind in OUTPUTS:
        call = identity(payload)
        if call == thread.open_spawn:
            thread.open_spawn = None
        told = outputs.shown(payload.get("output"))
        result = ToolResult(call=call, output=told.output, is_error=told.ok is False)
        return _give(thread, "tool", (result,), f"out:{call}", origin="tool_result")
    return None


def _event(thread: Thread, memory: Memory, row: Row) -> Disposition | None:
    payload = row.payload
    item = mapping(payload, "item")
    match row.kind:
        case "token_count":
            return token_count(thread, memory, payload, inherited=True)
        case "task_started":
            thread.task = content.turn_of(payload) or thread.task
            return "metadata"
        case "user_message" | "agent_message":
            said = text(payload, "message") or ""
            role = "user" if row.kind == "user_message" else "assistant"
            return _message(thread, memory, role, said, (Text(text=said),), kinds=[], is_item=False)
        case "item_completed" if text(item, "type") in {"UserMessage", "AgentMessage"}:
            blocks = content.blocks(item)
            role = "user" if item.get("type") == "UserMessage" else "assistant"
            return _message(thread, memory, role, content.plain(blocks), blocks, kinds=[], is_item=False)
        case "item_completed" if item.get("type") == "FileChange":
            return _files(thread, text(item, "id"), item)
        case "item_completed":
            return "joined"
        case "patch_apply_end":
            return _files(thread, text(payload, "call_id"), payload)
        case kind if kind in _QUIET or (kind == "thread_rolled_back" and thread.kind == "subagent"):
            return "metadata"
        case _:
            return None


def _message(
    thread: Thread,
    memory: Memory,
    role: str,
    said: str,
    blocks: tuple[AnyBlock, ...],
    *,
    kinds: list[str],
    is_item: bool,
) -> Disposition:
    if role == "user":
        origin = content.origin(said, kinds) if is_item else "prompt"
        if origin == "prompt":
            if memory.prompts.give(said) if is_item else memory.prompts.show(said):
                return "joined"
            thread.meter.prompt(said)
        return _give(thread, role, blocks, name_of("um", said), origin=origin)
    if role == "assistant":
        if memory.answers.give(said) if is_item else memory.answers.show(said):
            return "joined"
        return _give(thread, role, blocks, name_of("am", said))
    return _give(thread, role, blocks, name_of("sys", said), origin=kinds[0] if kinds else None)


def _give(
    thread: Thread, role: str, blocks: tuple[AnyBlock, ...], record: str, *, origin: str | None = None
) -> Disposition:
    body: ContextInjected | UserMessage | AssistantMessage | SystemMessage
    if thread.kind == "subagent":
        body = ContextInjected(blocks=blocks, role=role, origin=INHERITED)
    elif role in {"user", "tool"}:
        body = UserMessage(blocks=blocks, human=origin == "prompt", origin=origin)
    elif role == "assistant":
        body = AssistantMessage(blocks=blocks, model=thread.model)
    else:
        body = SystemMessage(blocks=blocks, origin=origin)
    thread.last_inherited = thread.emit(record, body)
    return "events"


def _files(thread: Thread, call: str | None, found: dict[str, Any]) -> Disposition:
    if (
        thread.kind == "subagent"
        or text(found, "status") in {"failed", "declined"}
        or found.get("success") is False
    ):
        return "joined"
    name = call or name_of("call", content_hash(found))
    for change in patches.listed(mapping(found, "changes"), call):
        thread.emit(f"file:{name}:{change.path}", change)
    return "joined"

"""Pi's messages to drafts: prompts, answers with their usage, tool results, what people ran themselves."""

from __future__ import annotations

import re
from typing import Any

from reenact.events.blocks import ToolCall, ToolKind, ToolResult
from reenact.events.bodies import (
    AssistantMessage,
    ContextInjected,
    FileChanged,
    ModelFailed,
    ToolCalled,
    ToolFinished,
    Unknown,
    UsageRecorded,
    UserMessage,
)
from reenact.sources.members import integer, mapping, mappings, number, text
from reenact.sources.pi import prompting, records
from reenact.sources.pi.records import Entry
from reenact.sources.pi.tree import INHERITED, Tree
from reenact.sources.protocol import Disposition

_KINDS: dict[str, ToolKind] = {
    "bash": "shell", "read": "file_read", "write": "file_write", "edit": "file_edit",
    "grep": "search", "find": "search", "ls": "search", "glob": "search",
    "task": "sub_agent", "subagent": "sub_agent", "web_search": "web", "web_fetch": "web",
}  # fmt: skip
_ABORTED = re.compile(r"(?i)\A(?:this operation|request) was aborted")
_STOPPED = re.compile(r"(?:\A|\n)Command aborted\s*\Z")
_BROKEN = frozenset({"error", "aborted"})
"""How answers end whose usage is what had been told until then: a lower bound."""
_EXIT_CODE = re.compile(r"Command exited with code (\d{1,10})\s*\Z")


def take(tree: Tree, entry: Entry) -> Disposition:
    """Takes a message entry."""
    message = entry.message
    match entry.role:
        case "system":
            return prompting.system(tree, entry.name, message)
        case "user":
            return _prompt(tree, entry)
        case "assistant":
            return _answer(tree, entry)
        case "toolResult":
            return _result(tree, entry)
        case "bashExecution":
            return _ran(tree, entry)
        case "custom":
            body = ContextInjected(
                blocks=records.blocks(message.get("content")), origin=text(message, "customType")
            )
        case "branchSummary" | "compactionSummary" as kind:
            body = ContextInjected(blocks=records.blocks(message.get("summary")), origin=kind)
        case kind:
            tree.drafts.unknown.append(f"message/{kind or '(no role)'}")
            tree.drafts.emit(entry.name, Unknown(name=f"message/{kind}", raw=entry.raw))
            return "events"
    tree.tell(entry.name, body, parent=tree.hang())
    return "events"


def _prompt(tree: Tree, entry: Entry) -> Disposition:
    drafts = tree.drafts
    name = entry.name
    if drafts.lane != INHERITED:
        drafts.start_loop(name, is_branch=tree.is_branch)
    body = UserMessage(blocks=records.blocks(entry.message.get("content")), origin="prompt", message=entry.id)
    tree.tell(name, body, parent=tree.hang())
    tree.is_branch = False
    return "events"


def _answer(tree: Tree, entry: Entry) -> Disposition:
    drafts, message = tree.drafts, entry.message
    name = entry.name
    is_copied = drafts.lane == INHERITED
    if not is_copied:
        drafts.open_turn(name)
    found = records.blocks(message.get("content"))
    said = found if is_copied else tuple(block for block in found if not isinstance(block, ToolCall))
    reason = _reason(message)
    parent = tree.hang()
    if said:
        body = AssistantMessage(
            blocks=said,
            message=text(message, "responseId") or entry.id,
            model=text(message, "model"),
            stop_reason=reason,
        )
        tree.tell(name, body, parent=parent)
        parent = None
        tree.is_branch = False
    spent(tree, message, name, model=tree.model)
    calls = [block for block in found if isinstance(block, ToolCall)]
    for block in () if is_copied else calls:
        tree.tell(f"{name}:call:{block.call}", _called(block, entry), parent=parent)
        parent = None
        tree.calls[block.call] = drafts.spot
        tree.inputs[block.call] = (block.name, block.input)
        tree.is_branch = False
    if reason in _BROKEN:
        failed = ModelFailed(error=text(message, "errorMessage") or reason, category=reason)
        drafts.emit(f"{name}:failed", failed)
    if reason == "aborted" and not is_copied:
        drafts.end_loop("aborted", reason="interrupted")
    return "events"


def _reason(message: dict[str, Any]) -> str | None:
    """Gives why an answer ended. Between two answers an abort is told as an error (0.87)."""
    reason = text(message, "stopReason")
    is_abort = reason == "error" and _ABORTED.search(text(message, "errorMessage") or "")
    return "aborted" if is_abort else reason


def _called(block: ToolCall, entry: Entry) -> ToolCalled:
    return ToolCalled(
        call=block.call,
        name=block.name,
        tool_kind=_KINDS.get(block.name, "other"),
        input=block.input,
        message=entry.id,
    )


def spent(tree: Tree, message: dict[str, Any], name: str, *, model: str | None = None) -> None:
    """Books what an answer cost, under a key that its copies have too; `model` where it names none."""
    told = records.tokens(message)
    if told is None:
        return
    cost = number(mapping(mapping(message, "usage"), "cost"), "total")
    is_broken = text(message, "stopReason") in _BROKEN
    has_moment = integer(message, "timestamp") is not None
    body = UsageRecorded(
        key=records.key(message, told) if has_moment else f"pi:{tree.drafts.id}:{name}",
        tokens=told,
        model=text(message, "model") or model,
        quality="partial" if is_broken else "measured",
        final=not is_broken,
        cost=format(cost, ".10f").rstrip("0").rstrip(".") if cost else None,
        inherited=tree.drafts.lane == INHERITED,
        provider=text(message, "provider"),
    )
    tree.drafts.emit(f"{name}:usage", body)


def _result(tree: Tree, entry: Entry) -> Disposition:
    drafts, message = tree.drafts, entry.message
    call = text(message, "toolCallId") or ""
    said = records.plain(message.get("content"))
    is_error = message.get("isError") is True
    if drafts.lane == INHERITED:
        block = ToolResult(call=call, output=said, is_error=is_error)
        tree.tell(entry.name, UserMessage(blocks=(block,), human=False, origin="tool_result"))
        spent(tree, message, entry.name)
        return "events"
    has_more = any(item.get("type") != "text" for item in mappings(message, "content"))
    code = _EXIT_CODE.search(said)
    details = message.get("details")
    body = ToolFinished(
        call=call,
        ok=not is_error,
        output=message.get("content") if has_more else said,
        error=said if is_error else None,
        category=_category(said) if is_error else None,
        exit_code=int(code[1]) if code is not None else None,
        data=details if isinstance(details, dict) and details else None,
    )
    tree.tell(entry.name, body, spot=tree.calls.get(call))
    if entry.id is not None:
        tree.answered[entry.id] = call
    spent(tree, message, entry.name)  # what the tool itself asked of a model
    if not is_error:
        _changed(tree, call, details, entry.name)
    return "events"


def _category(said: str) -> str:
    return "cancelled" if _STOPPED.search(said) else "error"


def _changed(tree: Tree, call: str, details: Any, name: str) -> None:
    tool, given = tree.inputs.get(call, ("", None))
    path = text(given, "path") or text(given, "file_path") if isinstance(given, dict) else None
    if path is None or tool not in {"write", "edit"} or not isinstance(given, dict):
        return
    content = given.get("content")
    is_whole = tool == "write" and isinstance(content, str)
    told = details if isinstance(details, dict) else {}
    diff, patch = text(told, "diff"), text(told, "patch")
    start = patch.find("@@") if patch is not None else -1
    body = FileChanged(
        path=path,
        after=content if is_whole else None,
        after_known=is_whole,
        patch=patch[start:] if patch is not None and start >= 0 else None,
        plus=_lines(diff, "+"),
        minus=_lines(diff, "-"),
        call=call,
    )
    tree.drafts.emit(f"{name}:file", body, spot=tree.calls.get(call))


def _lines(diff: str | None, sign: str) -> int | None:
    return None if diff is None else sum(line.startswith(sign) for line in diff.split("\n"))


def _ran(tree: Tree, entry: Entry) -> Disposition:
    """Takes a command that a person ran; the model is given it with the next prompt unless it is excluded."""
    message = entry.message
    command, output = text(message, "command") or "", text(message, "output") or ""
    code = integer(message, "exitCode")
    said = f"$ {command}\n{output}" + ("" if code in {None, 0} else f"\nexit code {code}")
    body = UserMessage(
        blocks=records.blocks(said),
        human=False,
        origin="command" if message.get("excludeFromContext") is not True else "command_hidden",
    )
    tree.tell(entry.name, body, parent=tree.hang())
    return "events"

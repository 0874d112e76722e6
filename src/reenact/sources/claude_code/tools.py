"""What Claude Code's tools are, and what became of their calls."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from reenact.events.blocks import ToolKind
from reenact.sources.claude_code.records import Row, number, table, text

_KINDS: dict[str, ToolKind] = {
    "Bash": "shell", "BashOutput": "shell", "KillBash": "shell", "KillShell": "shell",
    "PowerShell": "shell", "Monitor": "shell", "TaskOutput": "shell", "TaskStop": "shell",
    "Read": "file_read", "NotebookRead": "file_read",
    "Write": "file_write", "Edit": "file_edit", "MultiEdit": "file_edit",
    "NotebookEdit": "notebook",
    "Grep": "search", "Glob": "search", "LS": "search", "ToolSearch": "search", "LSP": "search",
    "Task": "sub_agent", "Agent": "sub_agent",
    "WebFetch": "web", "WebSearch": "web", "web_search": "web", "web_fetch": "web",
    "bash": "shell", "code_execution": "shell", "bash_code_execution": "shell",
    "str_replace_based_edit_tool": "file_edit", "text_editor_code_execution": "file_edit",
}  # fmt: skip

_EXIT_CODE = re.compile(r"\AExit code (\d{1,5})\b")
_SPILL = re.compile(r"<persisted-output>.{0,200}?saved to: *(\S[^\n]*)", re.DOTALL)
_AGENT_ID = re.compile(r"(?m)^\s*agentId: *([A-Za-z0-9_-]{6,80})")
_DENIALS = (
    "The user doesn't want to proceed with this tool use",
    "The user doesn't want to take this action right now",
    "Claude requested permissions to ",
    "Permission to use ",
    "User rejected",
)
_COPIES = frozenset({
    "originalFile", "content", "oldString", "newString", "structuredPatch", "prompt", "usage",
    "stdout", "stderr", "base64", "edits", "oldTodos", "newTodos", "file", "plan", "output",
})  # fmt: skip
"""Fields of a structured result that other fields of the events hold already."""
_LONGEST = 16_384


class Call(msgspec.Struct, kw_only=True):
    """A tool call that waits for its result."""

    identity: str
    name: str
    kind: ToolKind
    turn: str | None
    record: str
    owner: str
    """The native id of the main session whose sub-agents this call may have started."""
    input: Any = None
    child: str | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a call ended."""

    ok: bool
    category: str | None = None
    error: str | None = None
    exit_code: int | None = None
    is_denied: bool = False


def tool_kind(name: str) -> ToolKind:
    """Gives the kind of a tool by its name."""
    return _KINDS.get(name, "other")


def mcp_server(name: str) -> str | None:
    """Gives the server of a tool that came over MCP (`mcp__server__tool`)."""
    if not name.startswith("mcp__"):
        return None
    server, separator, _ = name.removeprefix("mcp__").partition("__")
    return server if server and separator else None


def outcome(row: Row, block: dict[str, Any], said: str, call: Call | None) -> Outcome:
    """Tells how the call of a result ended."""
    is_error = block.get("is_error") is True
    decision = table(row.permission_decision)
    result = row.tool_use_result
    denied = is_error and (
        bool(text(row.tool_denial_kind))
        or text(decision.get("decision")) in {"reject", "deny"}
        or said.startswith(_DENIALS)
        or (isinstance(result, str) and result.startswith("User rejected"))
    )
    if denied:
        return Outcome(ok=False, category="denied", error=said, is_denied=True)
    interrupted = table(result).get("interrupted") is True or table(result).get("wasInterrupted") is True
    if interrupted or "[Request interrupted by user" in said[:4096]:
        return Outcome(ok=False, category="interrupted", error=said if is_error else None)
    code = _exit_code(result, said, call, is_error=is_error)
    if is_error:
        return Outcome(ok=False, category="error", error=said, exit_code=code)
    return Outcome(ok=True, exit_code=code)


def _exit_code(result: Any, said: str, call: Call | None, *, is_error: bool) -> int | None:
    stated = table(result).get("exitCode")
    if isinstance(stated, int) and not isinstance(stated, bool):
        return stated
    if is_error:
        found = _EXIT_CODE.match(said)
        return int(found.group(1)) if found else None
    ran = call is not None and call.name == "Bash" and "stdout" in table(result)
    return 0 if ran and not table(result).get("backgroundTaskId") else None


def duration(result: Any) -> int | None:
    """Gives how long a call took, in microseconds, where its result tells."""
    for name in ("totalDurationMs", "durationMs"):
        if (found := number(table(result).get(name))) is not None:
            return found * 1000
    return None


def agent_id(result: Any, said: str, call: Call | None) -> str | None:
    """Gives the id of the sub-agent that did the work; rows of sub-agents tell it in text only."""
    if found := text(table(result).get("agentId")):
        return found
    if call is not None and call.kind == "sub_agent" and result is None:
        match = _AGENT_ID.search(said)
        return match.group(1) if match else None
    return None


def spill(result: Any, said: str) -> str | None:
    """Gives the path of the file that holds the whole output, where it was spilled to one."""
    if path := text(table(result).get("persistedOutputPath")):
        return path
    match = _SPILL.search(said[:4096]) if said.startswith("<persisted-output>") else None
    return match.group(1).strip() if match else None


def slim(result: Any) -> Any:
    """Gives the structured result without the copies of what other fields hold."""
    if not isinstance(result, dict):
        return None
    kept = {key: value for key, value in result.items() if key not in _COPIES and not _is_long(value)}
    if isinstance(file := result.get("file"), dict):
        kept["file"] = {key: value for key, value in file.items() if key not in {"content", "base64"}}
    return kept or None


def _is_long(value: Any) -> bool:
    if isinstance(value, (str, list, dict)) and len(value) > _LONGEST:
        return True
    try:
        return isinstance(value, (list, dict)) and len(msgspec.json.encode(value)) > _LONGEST
    except UnicodeEncodeError:  # lone surrogates; rare enough to be let through
        return False

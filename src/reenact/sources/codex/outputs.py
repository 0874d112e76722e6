"""What a tool's output text says: exit code, duration, and whether it went well.

Formats: a JSON text `{"output", "metadata": {"exit_code", "duration_seconds"}}` (0.42, 0.58); a head
of lines ending in `Output:` (later); short sentences for calls that never ran.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from reenact.events.blocks import ToolKind
from reenact.sources.members import mapping, mappings, number, text

_HEAD = 600
_EXIT = re.compile(r"^(?:Process exited with code|Exit code:) (-?\d+)", re.MULTILINE)
_WALL = re.compile(r"^Wall time: ([\d.]+) seconds?", re.MULTILINE)
_TRUNCATED = re.compile(r"\[\.\.\. omitted|…\d+ (?:tokens|chars|lines)? ?truncated…|tokens truncated")

Category = Literal["unsupported", "aborted", "denied", "failed"]
_SENTENCES: tuple[tuple[str, bool, Category | None], ...] = (
    ("unsupported call", False, "unsupported"),
    ("unsupported custom tool call", False, "unsupported"),
    ("aborted", False, "aborted"),
    ("exec command rejected", False, "denied"),
    ("patch rejected", False, "denied"),
    ("rejected by user", False, "denied"),
    ("failed to ", False, "failed"),
    ("execution error", False, "failed"),
    ("exec_command failed", False, "failed"),
    ("apply_patch verification failed", False, "failed"),
    ("err: ", False, "failed"),
    ("Plan updated", True, None),
)


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """An output as the model was shown it, with what it tells."""

    output: Any
    ok: bool | None = None
    exit_code: int | None = None
    duration: int | None = None
    """Microseconds."""
    category: Category | None = None
    truncated: bool = False


def shown(output: Any) -> Shown:
    """Reads the `output` of an output item: a text, or a list of content parts, or an object."""
    if isinstance(output, str):
        return _envelope(output) if output.startswith("{") else _text(output)
    if isinstance(output, dict):
        content = output.get("content")
        success = output.get("success")
        told = _text(content) if isinstance(content, str) else Shown(output=output)
        return told.__replace__(ok=success) if isinstance(success, bool) else told
    if isinstance(output, list):
        parts = mappings({"parts": output}, "parts")
        told = _text("\n".join(part["text"] for part in parts if isinstance(part.get("text"), str)))
        return told.__replace__(output=output)
    return Shown(output=output)


def _envelope(output: str) -> Shown:
    try:
        value = msgspec.json.decode(output)
    except (msgspec.DecodeError, RecursionError):
        return _text(output)
    if not isinstance(value, dict):
        return _text(output)
    metadata = mapping(value, "metadata")
    code = metadata.get("exit_code")
    if type(code) is not int or not isinstance(value.get("output"), str):
        return Shown(output=value)
    seconds = number(metadata, "duration_seconds")
    return Shown(
        output=value["output"],
        ok=code == 0,
        exit_code=code,
        duration=None if seconds is None else round(seconds * 1_000_000),
        truncated=bool(_TRUNCATED.search(value["output"])),
    )


def _text(output: str) -> Shown:
    head = output[:_HEAD]
    for start, ok, category in _SENTENCES:
        if head.startswith(start):
            return Shown(output=output, ok=ok, category=category)
    head = head.partition("\nOutput:")[0]
    code, wall = _EXIT.search(head), _WALL.search(head)
    if code is None:
        return Shown(output=output, ok=None)
    return Shown(
        output=output,
        ok=int(code[1]) == 0,
        exit_code=int(code[1]),
        duration=None if wall is None else round(float(wall[1]) * 1_000_000),
        truncated=bool(_TRUNCATED.search(output)),
    )


def duration(value: Any) -> int | None:
    """Gives microseconds of a duration: `{secs, nanos}`, or a text like `1.5s` or `20ms`."""
    if isinstance(value, dict):
        seconds, nanos = number(value, "secs"), number(value, "nanos")
        return None if seconds is None else round(seconds * 1_000_000 + (nanos or 0) / 1000)
    if isinstance(value, str):
        found = re.fullmatch(r"([\d.]+)\s*(s|ms|µs|us)", value)
        if found:
            return round(float(found[1]) * {"s": 1_000_000, "ms": 1000}.get(found[2], 1))
    return None


_KINDS: dict[str, ToolKind] = {
    "shell": "shell", "shell_command": "shell", "exec_command": "shell", "local_shell": "shell",
    "write_stdin": "shell", "container.exec": "shell", "exec": "shell", "bash": "shell",
    "apply_patch": "file_edit", "read_file": "file_read", "list_dir": "file_read",
    "view_image": "file_read", "grep_files": "search", "tool_search": "search",
    "web_search": "web", "web_fetch": "web", "spawn_agent": "sub_agent", "wait": "sub_agent",
    "wait_agent": "sub_agent", "send_input": "sub_agent", "send_message": "sub_agent",
    "resume_agent": "sub_agent", "close_agent": "sub_agent", "followup_task": "sub_agent",
    "assign_task": "sub_agent", "list_agents": "sub_agent", "interrupt_agent": "sub_agent",
}  # fmt: skip


def tool_kind(name: str) -> ToolKind:
    """Gives what a tool of Codex does."""
    return _KINDS.get(name, "other")


def mcp_server(name: str, namespace: str | None) -> str | None:
    """Gives the MCP server of a tool whose name or namespace carries it (`mcp__server__tool`)."""
    for told in (namespace, name):
        if told is not None and told.startswith("mcp__"):
            return told.removeprefix("mcp__").split("__")[0] or None
    return None


def parsed_arguments(payload: dict[str, Any], name: str = "arguments") -> Any:
    """Gives a call's arguments as JSON where they are JSON, else the text that they are."""
    found = payload.get(name)
    if not isinstance(found, str):
        return found
    try:
        return msgspec.json.decode(found)
    except (msgspec.DecodeError, RecursionError):
        return found or None


def failure(payload: dict[str, Any]) -> str | None:
    """Gives the error text of a result object, where it has one."""
    error = payload.get("error")
    if isinstance(error, dict):
        return text(error, "message") or str(error)
    return error if isinstance(error, str) and error else None

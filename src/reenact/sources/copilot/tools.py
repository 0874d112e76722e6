"""What Copilot's tools are, what became of their calls, and what they changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from reenact.events.blocks import ToolKind
from reenact.events.bodies import FileChanged
from reenact.sources.members import flag, integer, mapping, mappings, number, text

_KINDS: dict[str, ToolKind] = {
    "bash": "shell", "powershell": "shell", "shell": "shell", "local_shell": "shell", "read_bash": "shell",
    "write_bash": "shell", "stop_bash": "shell", "list_bash": "shell", "read_powershell": "shell",
    "write_powershell": "shell", "stop_powershell": "shell",
    "view": "file_read", "show_file": "file_read",
    "create": "file_write", "write": "file_write",
    "edit": "file_edit", "str_replace": "file_edit", "str_replace_editor": "file_edit", "insert": "file_edit",
    "apply_patch": "file_edit",
    "grep": "search", "rg": "search", "glob": "search", "tool_search_tool": "search", "lsp": "search",
    "session_store_sql": "search",
    "task": "sub_agent", "read_agent": "sub_agent", "write_agent": "sub_agent", "list_agents": "sub_agent",
    "web_fetch": "web", "web_search": "web", "fetch_copilot_cli_documentation": "web",
}  # fmt: skip
_DENIED = frozenset({"denied", "rejected", "permission_denied"})
_OPS: dict[str, Literal["create", "modify", "delete", "move"]] = {
    "create": "create", "delete": "delete", "rename": "move", "move": "move",
}  # fmt: skip


def tool_kind(name: str) -> ToolKind:
    """Gives the kind of a tool by its name."""
    return _KINDS.get(name, "other")


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a call ended."""

    ok: bool | None
    output: Any = None
    error: str | None = None
    category: str | None = None
    exit_code: int | None = None


def outcome(data: dict[str, Any]) -> Outcome:
    """Reads a `tool.execution_complete`: a command that ends with another code than 0 failed."""
    result, error = mapping(data, "result"), mapping(data, "error")
    success = flag(data, "success")
    code = integer(mapping(data, "shellExecution"), "exitCode")
    if code is None:
        told = number(mapping(mapping(data, "toolTelemetry"), "metrics"), "exit_code")
        code = None if told is None else round(told)
    output: Any = text(result, "content")
    if output is None:
        output = mappings(result, "contents") or text(error, "message")
    if success is not False and not code:
        return Outcome(ok=success, output=output, exit_code=code)
    word = text(error, "code") or ("failed" if success is False else "exit_code")
    category = "denied" if word in _DENIED else "failed" if word == "failure" else word
    return Outcome(ok=False, output=output, error=text(error, "message"), category=category, exit_code=code)


def changes(data: dict[str, Any], given: Any, call: str) -> Iterator[FileChanged]:
    """Yields the files that a finished call changed: those that it lists, else the one it was asked to."""
    if flag(data, "success") is False:
        return
    arguments = given if isinstance(given, dict) else {}
    patch = text(mapping(data, "result"), "detailedContent")
    edits = mappings(data, "fileEdits")
    for edit in edits:
        path = text(edit, "path")
        if path is not None:
            only = patch if len(edits) == 1 else None
            yield _changed(path, text(edit, "kind") or "", arguments if len(edits) == 1 else {}, only, call)


def asked(name: str, given: Any) -> str | None:
    """Gives the kind of change that a tool is for, for logs that list no changed files (before 1.0)."""
    if name in {"create", "write"}:
        return "create"
    if name in {"edit", "str_replace", "insert"}:
        return "edit"
    if name == "str_replace_editor" and isinstance(given, dict):
        return {"create": "create", "str_replace": "edit", "insert": "edit"}.get(str(given.get("command")))
    return None


def asked_change(name: str, data: dict[str, Any], given: Any, call: str) -> FileChanged | None:
    """Gives the change of a call that its log does not list, by what it was asked."""
    kind, path = asked(name, given), text(given, "path") if isinstance(given, dict) else None
    if kind is None or path is None or flag(data, "success") is not True or mappings(data, "fileEdits"):
        return None
    return _changed(path, kind, given, text(mapping(data, "result"), "detailedContent"), call)


def _changed(path: str, kind: str, given: dict[str, Any], patch: str | None, call: str) -> FileChanged:
    hunks = _hunks(patch)
    after = given.get("file_text")
    created = kind == "create"
    return FileChanged(
        path=path,
        op=_OPS.get(kind, "modify"),
        before_known=created,
        after=after if created and isinstance(after, str) else None,
        after_known=created and isinstance(after, str),
        patch=hunks,
        plus=None if hunks is None else _lines(hunks, "+"),
        minus=None if hunks is None else _lines(hunks, "-"),
        call=call,
    )


def _hunks(patch: str | None) -> str | None:
    """Gives the hunks of a unified diff, without the lines before them."""
    if not patch or "diff --git" not in patch[:40]:
        return None
    start = patch.find("\n@@ ")
    return None if start < 0 else patch[start + 1 :]


def _lines(hunks: str, sign: str) -> int:
    return sum(line.startswith(sign) for line in hunks.split("\n"))

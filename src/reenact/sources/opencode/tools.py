"""What OpenCode's tools are, what became of their calls, and what they changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from reenact.events.blocks import PlanItem, ToolKind
from reenact.events.bodies import FileChanged
from reenact.sources.members import flag, integer, mapping, mappings, text

_KINDS: dict[str, ToolKind] = {
    "bash": "shell", "shell": "shell",
    "read": "file_read",
    "write": "file_write",
    "edit": "file_edit", "multiedit": "file_edit", "patch": "file_edit", "apply_patch": "file_edit",
    "grep": "search", "glob": "search", "list": "search", "ls": "search", "codesearch": "search",
    "lsp": "search",
    "task": "sub_agent", "subagent": "sub_agent",
    "webfetch": "web", "websearch": "web",
}  # fmt: skip
_DENIALS = (
    "The user rejected permission",
    "The user has specified a rule which prevents",
    "Permission denied",
)
_ABORTS = ("Tool execution aborted", "Tool execution was interrupted")


def tool_kind(name: str) -> ToolKind:
    """Gives the kind of a tool by its name."""
    return _KINDS.get(name, "other")


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a call ended."""

    ok: bool
    output: Any = None
    error: str | None = None
    category: str | None = None
    exit_code: int | None = None
    truncated: bool = False
    full_output: str | None = None


def outcome(name: str, state: dict[str, Any]) -> Outcome:
    """Reads the state of a call that ended.

    OpenCode calls it completed when a command ends with another code than 0, and when there is no such
    tool (`invalid`): both failed.
    """
    metadata = mapping(state, "metadata")
    if state.get("status") == "error":
        error = text(state, "error") or ""
        category = "failed"
        if error.startswith(_DENIALS):
            category = "denied"
        elif error.startswith(_ABORTS):
            category = "aborted"
        return Outcome(ok=False, output=error, error=error, category=category)
    code = integer(metadata, "exit")
    output = state.get("output")
    truncated = flag(metadata, "truncated") is True
    if name == "invalid":
        said = text(mapping(state, "input"), "error")
        return Outcome(ok=False, output=output, error=said, category="invalid")
    return Outcome(
        ok=not code,
        output=output,
        category="exit_code" if code else None,
        exit_code=code,
        truncated=truncated,
        full_output=text(metadata, "outputPath") if truncated else None,
    )


def changes(name: str, state: dict[str, Any], call: str) -> Iterator[FileChanged]:
    """Yields the files that a completed call changed."""
    if state.get("status") != "completed" or tool_kind(name) not in {"file_write", "file_edit"}:
        return
    metadata, given = mapping(state, "metadata"), mapping(state, "input")
    listed = mappings(metadata, "files")
    if listed:
        for each in listed:
            path = text(each, "filePath", "file", "path", "relativePath")
            if path is not None:
                yield _changed(path, text(each, "patch", "diff"), {}, call, text(each, "type") == "add")
        return
    diff = mapping(metadata, "filediff")
    path = text(given, "filePath") or text(diff, "file") or text(metadata, "filepath")
    if path is not None:
        patch = text(metadata, "diff") or text(diff, "patch")
        created = flag(metadata, "exists") is False and name == "write"
        yield _changed(path, patch, given, call, created)


def _changed(
    path: str,
    patch: str | None,
    given: dict[str, Any],
    call: str,
    created: bool,  # noqa: FBT001 - a fact, not a switch
) -> FileChanged:
    after = given.get("content")
    start = -1 if patch is None else patch.find("@@ ")
    hunks = None if patch is None or start < 0 else patch[start:]
    return FileChanged(
        path=path,
        op="create" if created else "modify",
        before_known=created,
        after=after if isinstance(after, str) else None,
        after_known=isinstance(after, str),
        patch=hunks,
        plus=None if hunks is None else sum(line.startswith("+") for line in hunks.split("\n")),
        minus=None if hunks is None else sum(line.startswith("-") for line in hunks.split("\n")),
        call=call,
    )


def todos(state: dict[str, Any]) -> tuple[PlanItem, ...]:
    """Gives the to-dos that a call set."""
    listed = mappings(mapping(state, "input"), "todos")
    return tuple(
        PlanItem(
            text=text(item, "content") or "", status=text(item, "status") or "pending", id=text(item, "id")
        )
        for item in listed
    )

"""What Gemini CLI's tools are, how their calls ended, and what they changed."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from reenact.events.blocks import PlanItem, ToolKind
from reenact.events.bodies import FileChanged
from reenact.sources.gemini.records import Call, parts_of, responses
from reenact.sources.members import mapping, mappings, text

_KINDS: dict[str, ToolKind] = {
    "run_shell_command": "shell", "shell": "shell",
    "read_file": "file_read", "read_many_files": "file_read", "get_internal_docs": "file_read",
    "write_file": "file_write", "replace": "file_edit", "edit": "file_edit",
    "glob": "search", "grep_search": "search", "search_file_content": "search", "list_directory": "search",
    "grep_search_ripgrep": "search",
    "google_web_search": "web", "web_fetch": "web", "web_search": "web",
    "invoke_agent": "sub_agent", "delegate_to_agent": "sub_agent", "codebase_investigator": "sub_agent",
    "task": "sub_agent", "agent": "sub_agent", "notebook_edit": "notebook",
}  # fmt: skip
_EXIT_CODE = re.compile(r"(?m)^Exit Code: (-?\d{1,10})\s*$")
_SUB_AGENT = re.compile(r"\s*Subagent '?[\w.-]{1,100}'? finished", re.IGNORECASE)
_SPILL = re.compile(r"tool-outputs[/\\]((?:session-[^/\\\s<>\"']+[/\\])?[^/\\\s<>\"']+)")
_DECLINED = re.compile(r"(?i)did not allow|user rejected|not allowed by the user|denied by policy")
_STOPPED = re.compile(r"\A(?:<untrusted_context>)?\s*Command was cancelled by user before it could complete")
_MASKED = ("<tool_output_masked>", "Output too large.")
_COPIES = frozenset({"fileDiff", "originalContent", "newContent", "ansiOutput", "result"})
_LONGEST = 16_384


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a call ended."""

    output: Any = None
    ok: bool | None = None
    error: str | None = None
    category: str | None = None
    exit_code: int | None = None
    spill: str | None = None
    """The file below `tool-outputs` that holds the whole output."""


def kind_of(call: Call) -> ToolKind:
    """Gives the kind of a call; whatever tool was answered by a sub-agent is one."""
    if call.agent is not None or (isinstance(call.display, dict) and call.display.get("isSubagentProgress")):
        return "sub_agent"
    known = _KINDS.get(call.name)
    if known is None and any(_SUB_AGENT.match(text(part, "output") or "") for part in _told(call.result)):
        return "sub_agent"  # up to 0.37 each agent was a tool of its own name
    return known or "other"


def _told(result: Any) -> list[dict[str, Any]]:
    return [mapping(found, "response") for found in responses(result)]


def mcp_server(name: str) -> str | None:
    """Gives the server of a tool that came over MCP (`mcp_<server>_<tool>`, earlier `<server>__<tool>`)."""
    if name.startswith("mcp_"):
        server, separator, tool = name.removeprefix("mcp_").lstrip("_").partition("_")
    else:
        server, separator, tool = name.partition("__")
    return server if server and separator and tool else None


def is_over(call: Call) -> bool:
    """Tells whether a call's end is told."""
    return call.result is not None or call.status in {"success", "error", "cancelled"}


def outcome(result: Any, status: str | None) -> Outcome:
    """Gives how a call ended, by its result as the model was given it and by its status."""
    output, error = _said(result)
    said = output if isinstance(output, str) else error or ""
    code = _exit_code(said)
    spilled = _SPILL.search(said) if any(mark in said for mark in _MASKED) else None
    category = None
    ok: bool | None = None
    if status == "cancelled":
        ok, category = False, "denied" if _DECLINED.search(error or said) else "cancelled"
    elif status == "error" or error is not None:
        ok, category = False, "error"
    elif _STOPPED.match(said):  # told as a success
        ok, category = False, "cancelled"
    elif status == "success" or result is not None:
        ok = code in {None, 0}
        category = None if ok else "error"
    return Outcome(
        output=output if output is not None else error,
        ok=ok,
        error=error,
        category=category,
        exit_code=code,
        spill=spilled[1].replace("\\", "/") if spilled is not None else None,
    )


def _said(result: Any) -> tuple[Any, str | None]:
    """Gives output and error of a result."""
    found = responses(result)
    if not found:
        parts = parts_of(result)
        texts = [part["text"] for part in parts if isinstance(part.get("text"), str)]
        return ("".join(texts) if len(texts) == len(parts) else parts) if parts else None, None
    response = found[0].get("response")
    if not isinstance(response, dict):
        return response, None
    error = text(response, "error")
    rest = [part for part in parts_of(result) if "functionResponse" not in part]
    output = response.get("output") if set(response) <= {"output", "error"} else response
    if rest:  # images and files come as parts beside the response
        return [output, *rest] if output is not None else rest, error
    return output, error


def _exit_code(said: str) -> int | None:
    found = _EXIT_CODE.search(said)
    return int(found[1]) if found is not None else None


def slim(display: Any) -> Any:
    """Gives what was shown of a result without the copies of what other fields hold."""
    if not isinstance(display, dict):
        return None
    kept = {name: value for name, value in display.items() if name not in _COPIES}
    try:
        return kept if kept and len(msgspec.json.encode(kept)) <= _LONGEST else None
    except (TypeError, ValueError):
        return None


def changed(call: Call, ended: Outcome) -> FileChanged | None:
    """Gives the change of a file that a call made, if it made one."""
    if ended.ok is not True:
        return None
    display = mapping({"display": call.display}, "display")
    if text(display, "fileDiff") is not None or "newContent" in display:
        return _shown(call, display, ended)
    if call.name not in {"write_file", "replace", "edit"} or not isinstance(call.args, dict):
        return None
    path = text(call.args, "file_path") or text(call.args, "absolute_path") or text(call.args, "path")
    if path is None:
        return None
    content = call.args.get("content")
    is_new = _says_created(ended)
    is_whole = call.name == "write_file" and isinstance(content, str)
    return FileChanged(
        path=path,
        op="create" if is_new else "modify",
        after=content if is_whole else None,
        after_known=is_whole,
        before_known=is_new,
        call=call.id,
    )


def _says_created(ended: Outcome) -> bool:
    return isinstance(ended.output, str) and "created" in ended.output[:60]


def _shown(call: Call, display: dict[str, Any], ended: Outcome) -> FileChanged | None:
    args = call.args if isinstance(call.args, dict) else {}
    path = text(display, "filePath") or text(args, "file_path") or text(display, "fileName")
    if path is None:
        return None
    before, after = display.get("originalContent"), display.get("newContent")
    is_new = display.get("isNewFile") is True or before is None or (before == "" and _says_created(ended))
    op: Literal["create", "modify"] = "create" if is_new else "modify"
    is_cut = display.get("truncatedForSession") is True
    patch = text(display, "fileDiff")
    return FileChanged(
        path=path,
        op=op,
        before=before if isinstance(before, str) and not is_new and not is_cut else None,
        after=after if isinstance(after, str) and not is_cut else None,
        before_known=is_new or (isinstance(before, str) and not is_cut),
        after_known=isinstance(after, str) and not is_cut,
        patch=_hunks(patch),
        plus=_lines(patch, "+"),
        minus=_lines(patch, "-"),
        call=call.id,
    )


def _hunks(patch: str | None) -> str | None:
    start = patch.find("@@") if patch is not None else -1
    return patch[start:] if patch is not None and start >= 0 else None


def _lines(patch: str | None, sign: str) -> int | None:
    hunks = _hunks(patch)
    return None if hunks is None else sum(line.startswith(sign) for line in hunks.split("\n"))


def plan(call: Call) -> tuple[PlanItem, ...] | None:
    """Gives the plan that a call wrote, if it wrote one."""
    if call.name not in {"write_todos", "todo_write"} or not isinstance(call.args, dict):
        return None
    return tuple(
        PlanItem(
            text=text(item, "description") or text(item, "content") or "",
            status=text(item, "status") or "pending",
            id=text(item, "id"),
        )
        for item in mappings(call.args, "todos")
    )

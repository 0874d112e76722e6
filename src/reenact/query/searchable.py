"""What can be searched of an event: the text that the index and the matcher share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from reenact.events import AnyBlock, AnyBody, Event, blocks, bodies

LONGEST = 64 * 1024
"""Characters of an event's text that are indexed; `--scan` sees all of it."""
_FILES = ("file_path", "path", "notebook_path", "filename", "file")
_COMMANDS = ("command", "cmd", "script")
_PARTS = 10_000
"""Values of one payload that are looked at."""
_SAID = (
    "text", "title", "task", "name", "message", "error", "result", "reason", "summary", "description",
    "output", "tag", "add", "strategy", "value",
)  # fmt: skip
"""Members of other bodies that people would search for."""
_SILENT = {
    bodies.UsageRecorded, bodies.ModelRequested, bodies.TurnStarted, bodies.TurnEnded, bodies.Heartbeat,
}  # fmt: skip
"""Bodies that say nothing in words."""
_ROLES: dict[type, str] = {
    bodies.UserMessage: "user",
    bodies.AssistantMessage: "assistant",
    bodies.ModelResponded: "assistant",
    bodies.ReasoningBody: "assistant",
    bodies.SystemMessage: "system",
    bodies.ToolCalled: "tool",
    bodies.ToolFinished: "tool",
    bodies.ToolProgress: "tool",
}
_OF_TOOLS = {bodies.ToolCalled, bodies.PermissionAsked, bodies.PermissionAnswered}
_FAILING = {
    bodies.ToolFinished, bodies.ModelFailed, bodies.ErrorBody, bodies.LimitHit, bodies.SessionEnded,
    bodies.AssistantMessage, bodies.UserMessage,
}  # fmt: skip


class Searchable(msgspec.Struct, frozen=True, kw_only=True):
    """What one event says; `text`, `files` and `command` hold different things, nothing twice."""

    text: str = ""
    kind: str
    tool: str | None = None
    role: str | None = None
    files: str = ""
    """Paths, one a line."""
    command: str = ""
    is_error: bool = False

    @property
    def is_silent(self) -> bool:
        """True of events that say nothing in words and tell of no error: nobody looks for them."""
        return not (self.text or self.files or self.command or self.is_error)


def searchable(event: Event, *, longest: int | None = LONGEST) -> Searchable:
    """Gives what can be searched of an event; at most `longest` characters of each of its texts."""
    body = event.body
    what = type(body)
    role = body.role if isinstance(body, bodies.ContextInjected) else _ROLES.get(what)
    if what in _SILENT:
        return Searchable(kind=body.kind, role=role)
    files: list[str] = []
    commands: list[str] = []
    text = "\n".join([part for part in _texts(body, files, commands) if part])
    return Searchable(
        text=text[:longest],
        kind=body.kind,
        tool=_tool(body) if what in _OF_TOOLS else None,
        role=role,
        files="\n".join(files)[:longest] if files else "",
        command="\n".join(commands)[:longest] if commands else "",
        is_error=what in _FAILING and _is_error(body),
    )


def _texts(body: AnyBody, files: list[str], commands: list[str]) -> Iterator[str]:
    match body:
        case bodies.ToolCalled(name=name, input=value):
            yield name
            yield from _of_input(value, files, commands)
        case bodies.ToolFinished():
            shown = list(_strings(body.output))
            yield from shown
            yield from (more for more in (body.error, body.full_output) if more and more not in shown)
        case (
            bodies.UserMessage(blocks=content)
            | bodies.AssistantMessage(blocks=content)
            | bodies.SystemMessage(blocks=content)
            | bodies.ContextInjected(blocks=content)
            | bodies.ModelResponded(blocks=content)
        ):
            yield from _of_blocks(content, files, commands)
            if isinstance(body, bodies.AssistantMessage) and body.error:
                yield body.error
        case bodies.FileChanged() | bodies.FileProposed():
            files.append(body.path)
            if isinstance(body, bodies.FileChanged) and body.moved_to:
                files.append(body.moved_to)
        case bodies.SessionStarted():
            commands.extend([" ".join(body.command)] if body.command else [])
            yield body.task or ""
        case bodies.PlanUpdated():
            yield body.text or ""
            yield from (item.text for item in body.items)
        case bodies.CompactionFinished():
            yield body.summary or ""
        case bodies.ParseWarning():
            yield body.message
            yield body.raw or ""
        case bodies.Unknown(name=name, raw=raw):
            yield name
            yield from _strings(raw)
        case bodies.Custom(name=name, data=data):
            yield name
            yield from _strings(data)
        case _:
            yield from _said(body)


def _said(body: AnyBody) -> Iterator[str]:
    for name in _SAID:
        yield from _strings(getattr(body, name, None))


def _of_blocks(content: Iterable[AnyBlock], files: list[str], commands: list[str]) -> Iterator[str]:
    for block in content:
        match block:
            case blocks.Text(text=text):
                yield text
            case blocks.Reasoning():
                yield block.text
                yield block.summary or ""
            case blocks.ToolCall(name=name, input=value):
                yield name
                yield from _of_input(value, files, commands)
            case blocks.ToolResult(output=output):
                yield from _strings(output)
            case blocks.File():
                if block.name:
                    files.append(block.name)
                yield block.text or ""
            case blocks.Image() | blocks.Audio():
                yield block.url or ""
            case blocks.Other(raw=raw):
                yield from _strings(raw)


def _of_input(value: Any, files: list[str], commands: list[str]) -> Iterator[str]:
    """Yields a tool's input, without the paths and the command that it names."""
    if not isinstance(value, dict):
        yield from _strings(value)
        return
    rest = []
    for name, member in value.items():
        if name in _FILES and isinstance(member, str):
            files.append(member)
        elif name in _COMMANDS and isinstance(member, str):
            commands.append(member)
        elif name in _COMMANDS and isinstance(member, list | tuple):
            commands.append(" ".join(str(word) for word in member))
        else:
            rest.append(member)
    yield from _strings(rest)


def _strings(value: Any) -> Iterator[str]:
    """Yields the texts in a JSON value, in order; what an image holds is no text."""
    waiting = [value]
    seen = 0
    while waiting and seen < _PARTS:
        seen += 1
        match waiting.pop():
            case str() as text:
                yield text
            case bool() | None:
                pass
            case int() | float() as number:
                yield str(number)
            case dict() as members:
                waiting.extend(
                    member
                    for name, member in reversed(members.items())
                    if not (name in {"data", "signature"} and isinstance(member, str))
                    and not (name == "type" and isinstance(member, str))
                )
            case list() | tuple() as items:
                waiting.extend(reversed(items))


def _tool(body: AnyBody) -> str | None:
    match body:
        case bodies.ToolCalled(name=name):
            return name
        case bodies.PermissionAsked(tool=tool) | bodies.PermissionAnswered(tool=tool):
            return tool
    return None


def _is_error(body: AnyBody) -> bool:
    match body:
        case bodies.ToolFinished(ok=False) | bodies.ModelFailed() | bodies.ErrorBody() | bodies.LimitHit():
            return True
        case bodies.SessionEnded(status="failed") | bodies.AssistantMessage(error=str()):
            return True
        case bodies.UserMessage(blocks=content):
            return any(isinstance(block, blocks.ToolResult) and block.is_error for block in content)
    return False

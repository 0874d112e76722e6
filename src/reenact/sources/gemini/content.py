"""Content of messages: blocks, plain text, and what a text in the user's name really is."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from reenact.events import AnyBlock
from reenact.events.blocks import File, Image, Other, Reasoning, Text, ToolCall
from reenact.sources.gemini.records import parts_of
from reenact.sources.members import mapping, text

CONTEXT_MESSAGE = "d04923d38bb0f6017037e74183378ef4"
"""The id that 0.61 gives the message which sets up the context; always this one."""
_CONTEXT = ("<session_context>", "This is the Gemini CLI.")
_SNAPSHOT = "<state_snapshot>"
_FOLDER = re.compile(
    r"(?m)^\s*-\s+(/[^\n]+|[A-Za-z]:\\[^\n]+)$|working (?:in the )?directory: ?(/[^\n]+|[A-Za-z]:\\[^\n]+)"
)
_FIRST = 4096


def blocks(content: Any) -> tuple[AnyBlock, ...]:
    """Gives the content as blocks, without function responses (those are the results of tools)."""
    return tuple(_block(part) for part in parts_of(content) if "functionResponse" not in part)


def _block(part: dict[str, Any]) -> AnyBlock:
    said = part.get("text")
    if isinstance(said, str):
        if part.get("thought") is True:
            return Reasoning(text=said, signature=text(part, "thoughtSignature"))
        return Text(text=said)
    called = mapping(part, "functionCall")
    if called:
        name = text(called, "name") or ""
        return ToolCall(call=text(called, "id") or name, name=name, input=called.get("args"))
    for member in ("inlineData", "fileData"):
        data = mapping(part, member)
        if data:
            return _data(data)
    return Other(raw=part)


def _data(data: dict[str, Any]) -> Image | File:
    kind, inline, uri = text(data, "mimeType"), text(data, "data"), text(data, "fileUri")
    if kind is not None and kind.startswith("image/"):
        return Image(media_type=kind, data=inline, url=uri)
    return File(name=text(data, "displayName"), media_type=kind, data=inline, url=uri)


def plain(content: Any) -> str:
    """Gives the text that a model or a person said in a content."""
    return "".join(
        part["text"]
        for part in parts_of(content)
        if isinstance(part.get("text"), str) and part.get("thought") is not True
    )


def is_context(identity: str, said: str) -> bool:
    """Tells whether a message in the user's name is the set-up that the CLI puts first."""
    return identity == CONTEXT_MESSAGE or said.lstrip().startswith(_CONTEXT)


def is_summary(said: str) -> bool:
    """Tells whether a text is what a compression left of the conversation."""
    return _SNAPSHOT in said[:_FIRST]


def root_in(said: str, project: str | None) -> str | None:
    """Gives the project's root where the set-up names it; the hash in the header proves it."""
    named = [(found[1] or found[2]).strip() for found in _FOLDER.finditer(said[: 4 * _FIRST])]
    for folder in named:
        if hashlib.sha256(folder.encode("utf-8", "surrogatepass")).hexdigest() == project:
            return folder
    return named[0] if named and project is None else None

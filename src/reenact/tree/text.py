"""First words: what an event says, short enough to stand on one line. Payloads stay in the events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from reenact.events import AnyBlock, blocks

LONGEST = 240
_LOOKED_AT = 2_000
"""Characters of a payload that are looked at to find its first words."""
_TELLING = (
    "command", "cmd", "file_path", "path", "notebook_path", "pattern", "query", "url", "description",
    "prompt", "message", "task", "name", "input",
)  # fmt: skip
"""Members of a tool's input that say most about the call, best first."""


def first_words(text: str, limit: int = LONGEST) -> str:
    """Gives the beginning of a text on one line: runs of white space are one space."""
    words = " ".join(text[:_LOOKED_AT].split())
    if not words.isascii():
        words = words.encode("utf-8", "replace").decode()  # lone surrogates fit into no document
    return words if len(words) <= limit else words[: limit - 1] + "…"


def words_of(content: Iterable[AnyBlock]) -> str:
    """Gives the first words of a message: its text, else what else it holds by name."""
    others = []
    for block in content:
        if isinstance(block, blocks.Text):
            if block.text.strip():
                return first_words(block.text)
        else:
            others.append(_named(block))
    return first_words(" ".join(filter(None, others)))


def plain(value: Any) -> str:
    """Gives a tool's output as text: text as it is, content blocks joined, anything else as JSON."""
    match value:
        case None:
            return ""
        case str():
            return value
        case list() | tuple():
            if value and all(_is_block(item) for item in value):
                return "\n".join(_block_text(item) for item in value)
        case dict() if _is_block(value):
            return _block_text(value)
        case dict() if isinstance(value.get("output"), str):
            return str(value["output"])
    return json_text(value)


def json_text(value: Any) -> str:
    """Gives a value as one line of JSON; what JSON cannot hold, as Python shows it."""
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        return repr(value)


def argument(value: Any) -> str:
    """Gives the first words of a tool's input: the member that says most, else all of it."""
    if isinstance(value, dict):
        for name in _TELLING:
            member = value.get(name)
            if isinstance(member, str) and member:
                return first_words(member)
            if isinstance(member, list) and member and all(isinstance(item, str) for item in member):
                return first_words(" ".join(member[:20]))
        for member in value.values():
            if isinstance(member, str) and member:
                return first_words(member)
    if not value and value != 0:
        return ""
    return first_words(plain(_shallow(value)))


def failure(output: Any, error: str | None) -> str:
    """Gives why a tool call failed, in first words: what it says itself, else its output."""
    if error:
        return first_words(error)
    if isinstance(output, dict):
        errors = output.get("errors")
        hint = output.get("hint")
        if isinstance(errors, list) and errors:
            return first_words("; ".join(str(item) for item in errors) + (f" | hint: {hint}" if hint else ""))
        for name in ("message", "error", "stderr"):
            if isinstance(output.get(name), str) and output[name]:
                return first_words(output[name])
    return first_words(plain(_shallow(output))) if output else ""


def _shallow(value: Any) -> Any:
    """Gives a value cut so that turning it into text is cheap whatever its size."""
    if isinstance(value, str):
        return value[:_LOOKED_AT]
    if isinstance(value, list | tuple):
        return [_shallow(item) if isinstance(item, str) else _cut(item) for item in value[:20]]
    return _cut(value)


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: item[:_LOOKED_AT]
            if isinstance(item, str)
            else ("…" if isinstance(item, dict | list) else item)
            for key, item in list(value.items())[:20]
        }
    return "…" if isinstance(value, list) else value


def _is_block(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("type"), str)
        and ("text" in value or "source" in value)
    )


def _block_text(block: dict[str, Any]) -> str:
    return block["text"] if isinstance(block.get("text"), str) else f"[{block['type']}]"


def _named(block: AnyBlock) -> str:
    match block:
        case blocks.Reasoning():
            return block.summary or block.text[:_LOOKED_AT]
        case blocks.ToolCall():
            return f"[{block.name}]"
        case blocks.ToolResult():
            return plain(_shallow(block.output))
        case blocks.File():
            return f"[file {block.name or block.media_type or ''}]".replace(" ]", "]")
        case blocks.Text():
            return ""
        case blocks.Image():
            return "[image]"
        case blocks.Audio():
            return "[audio]"
        case blocks.Other():
            return "[other]"

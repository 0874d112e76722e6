"""Content blocks of an Anthropic message as our own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reenact.events import blocks
from reenact.events.blocks import AnyBlock


def blocks_of(message: Mapping[str, Any]) -> Iterator[AnyBlock]:
    """Gives the blocks of a message; what we do not know stays as it is."""
    content = message.get("content")
    if isinstance(content, str):
        yield blocks.Text(text=content)
    elif isinstance(content, list):
        yield from map(_block, content)


def _block(raw: Any) -> AnyBlock:
    match raw:
        case {"type": "text", "text": str(text)}:
            return blocks.Text(text=text)
        case {"type": "thinking", "thinking": str(text)}:
            return blocks.Reasoning(text=text, signature=raw.get("signature"))
        case {"type": "redacted_thinking", "data": str(data)}:
            return blocks.Reasoning(encrypted=data)
        case {"type": "tool_use" | "server_tool_use" as kind, "id": str(call), "name": str(name)}:
            return blocks.ToolCall(call=call, name=name, input=raw.get("input"), server=kind != "tool_use")
        case _:
            return blocks.Other(raw=raw)

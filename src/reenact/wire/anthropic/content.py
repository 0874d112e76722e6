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
        return iter((blocks.Text(text=content),))
    return map(_block, content) if isinstance(content, list) else iter(())


def _block(raw: Any) -> AnyBlock:
    """Gives one block; by `get`, not `match`, as every answer that is recorded passes here."""
    kind = raw.get("type") if isinstance(raw, dict) else None
    if kind == "text" and isinstance(text := raw.get("text"), str):
        return blocks.Text(text=text)
    if kind in ("tool_use", "server_tool_use"):  # what is compared may be no word
        call, name = raw.get("id"), raw.get("name")
        if isinstance(call, str) and isinstance(name, str):
            return blocks.ToolCall(call=call, name=name, input=raw.get("input"), server=kind != "tool_use")
    if kind == "thinking" and isinstance(text := raw.get("thinking"), str):
        return blocks.Reasoning(text=text, signature=raw.get("signature"))
    if kind == "redacted_thinking" and isinstance(data := raw.get("data"), str):
        return blocks.Reasoning(encrypted=data)
    return blocks.Other(raw=raw)

"""Provider content blocks as our own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reenact.events import Tokens, blocks
from reenact.events.blocks import AnyBlock
from reenact.events.bodies import UsageRecorded
from reenact.wire import anthropic


def blocks_of(message: Mapping[str, Any]) -> tuple[AnyBlock, ...]:
    """Gives the blocks of an Anthropic message; what we do not know stays as it is."""
    content = message.get("content")
    if isinstance(content, str):
        return (blocks.Text(text=content),)
    if not isinstance(content, list):
        return ()
    return tuple(_block(raw) for raw in content)


def usage_of(message: Mapping[str, Any]) -> UsageRecorded | None:
    """Gives what a whole Anthropic message says that it cost, under the key that logs of it have, too."""
    tokens = anthropic.tokens(message)
    identity = message.get("id")
    if tokens is None or not isinstance(identity, str):
        return None
    model = message.get("model")
    return spent(
        identity,
        tokens,
        model=model if isinstance(model, str) else None,
        is_final=message.get("stop_reason") is not None,
    )


def spent(message: str, tokens: Tokens, *, model: str | None, is_final: bool) -> UsageRecorded:
    """Gives the ledger's record of one answer; one that was not heard to its end is a lower bound."""
    return UsageRecorded(
        key=f"msg:{message}",
        tokens=tokens,
        model=model,
        final=is_final,
        quality="measured" if is_final else "partial",
    )


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

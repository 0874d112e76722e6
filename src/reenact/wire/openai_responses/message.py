"""A response that came in one piece, or as the last event of a stream: what it says, what it cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from reenact.events import blocks
from reenact.wire.openai import read_reply, read_tokens
from reenact.wire.openai_chat.message import arguments_of
from reenact.wire.reply import Failure, Outline, Reply, failure_of, text_of

if TYPE_CHECKING:
    from reenact.events import Tokens
    from reenact.events.blocks import AnyBlock
    from reenact.wire.canonical import Json, Object


def parse_reply(body: bytes, *, status: int = 200) -> Reply:
    """Reads an answer that is no stream. Unknown fields stay in the message."""
    reply = read_reply(body, status=status, holds="output")
    return reply if reply.message is None else Reply(message=reply.message, failure=failure_in(reply.message))


def failure_in(message: Mapping[str, Json]) -> Failure | None:
    """Gives the failure that a response tells of itself."""
    return failure_of(dict(message)) if message.get("error") else None


def tokens(message: Mapping[str, Json]) -> Tokens | None:
    """Gives the tokens a response says it cost; None where it has no usage."""
    return read_tokens(message, given="input", made="output")


def outline(message: Mapping[str, Json]) -> Outline:
    """Gives the id, the model and how it ended (why, where it is incomplete)."""
    fields = dict(message)
    status = text_of(fields, "status")
    is_final = status in ("completed", "incomplete", "failed", "cancelled")
    reason = text_of(fields.get("incomplete_details"), "reason") or status
    return Outline(
        id=text_of(fields, "id"),
        model=text_of(fields, "model"),
        stop_reason=reason if is_final else None,
        is_final=is_final,
    )


def blocks_of(message: Mapping[str, Json]) -> Iterator[AnyBlock]:
    """Gives the items of a response as our own blocks; what we do not know stays as it is."""
    output = message.get("output")
    for item in output if isinstance(output, list) else ():
        yield from _item(item)


def _item(item: Json) -> Iterator[AnyBlock]:
    if isinstance(item, dict) and item.get("type") == "reasoning":
        yield _reasoning(item)
        return
    match item:
        case {"type": "message", "content": list(parts)}:
            for part in parts:
                text = text_of(part, "text")
                yield blocks.Text(text=text) if text is not None else blocks.Other(raw=part)
        case {"type": "function_call", "call_id": str(call), "name": str(name), "arguments": str(text)}:
            yield blocks.ToolCall(call=call, name=name, input=arguments_of(text))
        case {"type": "custom_tool_call", "call_id": str(call), "name": str(name), "input": str(text)}:
            yield blocks.ToolCall(call=call, name=name, input=text)
        case {"type": "local_shell_call", "call_id": str(call), "action": action}:
            yield blocks.ToolCall(call=call, name="local_shell", input=action)
        case _:
            yield blocks.Other(raw=item)


def _reasoning(item: Object) -> AnyBlock:
    return blocks.Reasoning(
        text=_joined(item.get("content")),
        summary=_joined(item.get("summary")) or None,
        encrypted=text_of(item, "encrypted_content"),
        id=text_of(item, "id"),
    )


def _joined(parts: Json) -> str:
    listed = parts if isinstance(parts, list) else []
    return "\n\n".join(text for part in listed if (text := text_of(part, "text")))


def items_of(message: Mapping[str, Json]) -> list[Object]:
    """Gives the output items of a response."""
    output = message.get("output")
    return [item for item in output if isinstance(item, dict)] if isinstance(output, list) else []

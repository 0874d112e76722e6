"""A chat completion that came in one piece: what it says, what it cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from reenact.events import blocks
from reenact.wire import canonical
from reenact.wire.openai import read_reply, read_tokens
from reenact.wire.reply import Outline, Reply, text_of

if TYPE_CHECKING:
    from reenact.events import Tokens
    from reenact.events.blocks import AnyBlock
    from reenact.wire.canonical import Json, Object

REASONING = ("reasoning_content", "reasoning")
"""Where servers put reasoning; OpenAI itself does not give it here."""


def parse_reply(body: bytes, *, status: int = 200) -> Reply:
    """Reads an answer that is no stream. Unknown fields stay in the message."""
    return read_reply(body, status=status, holds="choices")


def tokens(message: Mapping[str, Json]) -> Tokens | None:
    """Gives the tokens a completion says it cost; None where it has no usage."""
    return read_tokens(message, given="prompt", made="completion")


def outline(message: Mapping[str, Json]) -> Outline:
    """Gives the id, the model and why the first choice ended."""
    reasons = [text_of(choice, "finish_reason") for choice in choices_of(message)]
    return Outline(
        id=text_of(dict(message), "id"),
        model=text_of(dict(message), "model"),
        stop_reason=reasons[0] if reasons else None,
        is_final=bool(reasons) and None not in reasons,
    )


def choices_of(message: Mapping[str, Json]) -> list[Object]:
    """Gives the choices of a completion."""
    choices = message.get("choices")
    return [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []


def blocks_of(message: Mapping[str, Json]) -> Iterator[AnyBlock]:
    """Gives what the choices say as our own blocks; what we do not know stays as it is."""
    for choice in choices_of(message):
        said = choice.get("message")
        if isinstance(said, dict):
            yield from _said(said)


def _said(said: Object) -> Iterator[AnyBlock]:
    reasoning = next((text for name in REASONING if (text := text_of(said, name))), None)
    if reasoning is not None:
        yield blocks.Reasoning(text=reasoning)
    content = said.get("content")
    if isinstance(content, str) and content:
        yield blocks.Text(text=content)
    elif isinstance(content, list):
        for part in content:
            text = text_of(part, "text")
            yield blocks.Text(text=text) if text is not None else blocks.Other(raw=part)
    for name in ("refusal", "audio", "function_call"):
        if said.get(name):
            yield blocks.Other(raw={name: said[name]})
    calls = said.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        yield _call(call)


def _call(call: Json) -> AnyBlock:
    match call:
        case {"id": str(name), "function": {"name": str(tool), "arguments": str(arguments)}}:
            return blocks.ToolCall(call=name, name=tool, input=arguments_of(arguments))
        case {"id": str(name), "custom": {"name": str(tool), "input": str(text)}}:
            return blocks.ToolCall(call=name, name=tool, input=text)
    return blocks.Other(raw=call)


def arguments_of(text: str) -> Json:
    """Decodes a call's arguments; text that is no JSON stays text."""
    try:
        return canonical.decode(text) if text else {}
    except ValueError:
        return text

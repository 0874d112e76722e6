"""Finds out where each message of a request came from: which earlier event said the same.

What a message holds is known by the hash of its texts and by the ids of its tool calls and results,
in whatever dialect it is written. A message of several parts may come from several events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from reenact.events import Event, blocks, bodies
from reenact.events.blocks import AnyBlock

Key = tuple[str, int | str]

_SAID = {"user": "user", "assistant": "assistant", "model": "assistant", "system": "system"}
_ROLES = {**_SAID, "developer": "system", "tool": "tool"}


class Origins:
    """What the events of a session said so far."""

    def __init__(self) -> None:
        self._events: dict[Key, str] = {}

    def learn(self, event: Event) -> None:
        """Takes note of what an event said."""
        for key in _keys_of_event(event.body):
            self._events[key] = event.id

    def of(self, raw: bytes) -> str:
        """Gives the ids of the events that a message came from, in its order; empty where none is known."""
        try:
            message = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""
        found = dict.fromkeys(self._events.get(key) for key in keys_of_message(message))
        return " ".join(event for event in found if event is not None)


def _keys_of_event(body: bodies.Body) -> Iterator[Key]:
    match body:
        case bodies.UserMessage(blocks=content) | bodies.ContextInjected(blocks=content):
            yield from _keys_of_blocks("user", content)
        case bodies.AssistantMessage(blocks=content) | bodies.ModelResponded(blocks=content):
            yield from _keys_of_blocks("assistant", content)
        case bodies.SystemMessage(blocks=content):
            yield from _keys_of_blocks("system", content)
        case bodies.ToolFinished(call=call):
            yield "result", call
        case bodies.CompactionFinished(summary=str(summary)):
            yield "user", hash(summary)
        case _:
            pass


def _keys_of_blocks(role: str, content: tuple[AnyBlock, ...]) -> Iterator[Key]:
    for block in content:
        match block:
            case blocks.Text(text=text):
                yield role, hash(text)
            case blocks.ToolCall(call=call):
                yield "call", call
            case blocks.ToolResult(call=call):
                yield "result", call
            case _:
                pass


def keys_of_message(message: Any) -> Iterator[Key]:
    """Yields what a message of any dialect says."""
    if not isinstance(message, dict):
        return
    match message:
        case {"type": "function_call_output", "call_id": str(call)} | {"tool_call_id": str(call)}:
            yield "result", call
            return
        case {"type": "function_call", "call_id": str(call)}:
            yield "call", call
            return
        case _:
            pass
    role = _ROLES.get(str(message.get("role")), "user")
    content = message.get("content", message.get("parts"))
    if isinstance(content, str):
        yield role, hash(content)
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, dict):
                yield from _keys_of_part(role, part)
    for call in message.get("tool_calls") or ():
        if isinstance(call, dict) and isinstance(call.get("id"), str):
            yield "call", call["id"]


def _keys_of_part(role: str, part: Mapping[str, Any]) -> Iterator[Key]:
    match part:
        case {"type": "tool_result", "tool_use_id": str(call)}:
            yield "result", call
        case {"type": "tool_use", "id": str(call)}:
            yield "call", call
        case {"functionCall": {"id": str(call)}}:
            yield "call", call
        case {"functionResponse": {"id": str(call)}}:
            yield "result", call
        case {"text": str(text)}:
            yield role, hash(text)
        case _:
            pass

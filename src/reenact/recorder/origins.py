"""Finds out where each message of a request came from: which earlier event said the same.

What a message holds is known by the hash of its texts and by the ids of its tool calls and results,
in whatever dialect it is written. A message of several parts may come from several events.
"""

from __future__ import annotations

from typing import Any

import msgspec

from reenact.events import AnyBody, Event, blocks, bodies
from reenact.events.blocks import AnyBlock

Key = tuple[str, int | str]

_SPEAKERS = {
    bodies.UserMessage: "user", bodies.ContextInjected: "user", bodies.AssistantMessage: "assistant",
    bodies.ModelResponded: "assistant", bodies.SystemMessage: "system",
}  # fmt: skip
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
        found = dict.fromkeys(map(self._events.get, keys_of_message(message)))
        return " ".join([event for event in found if event is not None])


def _keys_of_event(body: AnyBody) -> list[Key]:
    role = _SPEAKERS.get(type(body))
    if role is not None:
        content: tuple[AnyBlock, ...] = body.blocks  # type: ignore[union-attr]  # all speakers have them
        return [key for block in content if (key := _key_of_block(role, block)) is not None]
    match body:
        case bodies.ToolFinished():
            return [("result", body.call)]
        case bodies.CompactionFinished(summary=str(summary)):
            return [("user", hash(summary))]
        case _:
            return []


def _key_of_block(role: str, block: AnyBlock) -> Key | None:
    match block:
        case blocks.Text():
            return role, hash(block.text)
        case blocks.ToolCall():
            return "call", block.call
        case blocks.ToolResult():
            return "result", block.call
        case _:
            return None


def keys_of_message(message: Any) -> list[Key]:
    """Gives what a message of any dialect says; by `get`, not `match`, as every message passes here."""
    if not isinstance(message, dict):
        return []
    call = message.get("call_id")
    kind = message.get("type")
    if kind == "function_call_output" and isinstance(call, str):
        return [("result", call)]
    answered = message.get("tool_call_id")
    if isinstance(answered, str):
        return [("result", answered)]
    if kind == "function_call" and isinstance(call, str):
        return [("call", call)]
    role = _ROLES.get(str(message.get("role")), "user")
    content = message.get("content", message.get("parts"))
    keys: list[Key] = []
    if isinstance(content, str):
        keys.append((role, hash(content)))
    elif isinstance(content, list):
        keys += [key for part in content if (key := _key_of_part(role, part)) is not None]
    for each in message.get("tool_calls") or ():
        if isinstance(each, dict) and isinstance(each.get("id"), str):
            keys.append(("call", each["id"]))
    return keys


def _key_of_part(role: str, part: Any) -> Key | None:
    if not isinstance(part, dict):
        return None
    kind = part.get("type")
    if kind == "tool_result" and isinstance(call := part.get("tool_use_id"), str):
        return "result", call
    if kind == "tool_use" and isinstance(call := part.get("id"), str):
        return "call", call
    if isinstance(call := _id_of(part.get("functionCall")), str):
        return "call", call
    if isinstance(call := _id_of(part.get("functionResponse")), str):
        return "result", call
    text = part.get("text")
    return (role, hash(text)) if isinstance(text, str) else None


def _id_of(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else None

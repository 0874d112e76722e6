"""How the places of a chat request are named in a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from reenact.wire.diff import Words
from reenact.wire.openai_chat.fingerprint import prepare
from reenact.wire.reply import text_of

if TYPE_CHECKING:
    from reenact.wire.canonical import Json


def _tool_name(tool: Json) -> str | None:
    for kind in ("function", "custom"):
        inner = tool.get(kind) if isinstance(tool, dict) else None
        if (name := text_of(inner, "name")) is not None:
            return name
    return text_of(tool, "name")


def _calls(message: Json) -> Iterator[tuple[str, str]]:
    calls = message.get("tool_calls") if isinstance(message, dict) else None
    for call in calls if isinstance(calls, list) else ():
        name, tool = text_of(call, "id"), _tool_name(call)
        if name is not None and tool is not None:
            yield name, tool


def _block(message: Json, place: int, tools: Mapping[str, str]) -> tuple[str | None, str | None]:
    if not isinstance(message, dict):
        return None, None
    if message.get("role") in ("tool", "function"):
        return "tool_result", tools.get(str(message.get("tool_call_id"))) or text_of(message, "name")
    content = message.get("content")
    part = content[place] if isinstance(content, list) and place < len(content) else None
    return text_of(part, "type"), None


WORDS = Words(prepare, tool_name=_tool_name, calls=_calls, block=_block)

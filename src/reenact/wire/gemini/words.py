"""How the places of a Gemini request are named in a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from reenact.wire.diff import Words
from reenact.wire.gemini.fingerprint import prepare
from reenact.wire.reply import text_of

if TYPE_CHECKING:
    from reenact.wire.canonical import Json

_INNER = ("functionCall", "functionResponse")


def _role(content: Json) -> str | None:
    role = text_of(content, "role")
    return "assistant" if role == "model" else role


def _parts(content: Json) -> list[Json]:
    parts = content.get("parts") if isinstance(content, dict) else None
    return parts if isinstance(parts, list) else []


def _calls(content: Json) -> Iterator[tuple[str, str]]:
    for part in _parts(content):
        call = part.get("functionCall") if isinstance(part, dict) else None
        identity, name = text_of(call, "id"), text_of(call, "name")
        if identity is not None and name is not None:
            yield identity, name


def _block(content: Json, place: int, tools: Mapping[str, str]) -> tuple[str | None, str | None]:
    del tools  # what a tool gave back names the tool
    parts = _parts(content)
    part = parts[place] if place < len(parts) else None
    if not isinstance(part, dict):
        return None, None
    kind = next((name for name in part if name != "thought"), None)
    return kind, next((name for one in _INNER if (name := text_of(part.get(one), "name"))), None)


def _tool_name(tool: Json) -> str | None:
    name = text_of(tool, "name")
    return name or (next(iter(tool), None) if isinstance(tool, dict) else None)


WORDS = Words(
    prepare,
    container="parts",
    tool_name=_tool_name,
    role=_role,
    calls=_calls,
    block=_block,
    is_output=lambda kind: kind == "functionResponse",
)

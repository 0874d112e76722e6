"""How the places of a Responses request are named in a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from reenact.wire.diff import Words
from reenact.wire.openai_responses.fingerprint import is_output, prepare
from reenact.wire.reply import text_of

if TYPE_CHECKING:
    from reenact.wire.canonical import Json


def _role(item: Json) -> str | None:
    kind = text_of(item, "type")
    if is_output(kind):
        return "tool"
    return text_of(item, "role") or (None if kind is None else "assistant")


def _calls(item: Json) -> Iterator[tuple[str, str]]:
    call, name = text_of(item, "call_id"), text_of(item, "name")
    if call is not None and name is not None:
        yield call, name


def _block(item: Json, place: int, tools: Mapping[str, str]) -> tuple[str | None, str | None]:
    del place
    kind = text_of(item, "type")
    call = text_of(item, "call_id")
    return kind, text_of(item, "name") or tools.get(call or "")


def _tool_name(tool: Json) -> str | None:
    return text_of(tool, "name") or text_of(tool, "type")


WORDS = Words(
    prepare,
    container=None,
    tool_name=_tool_name,
    role=_role,
    calls=_calls,
    block=_block,
    is_output=is_output,
)

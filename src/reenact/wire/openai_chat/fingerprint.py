"""What of a chat request counts when two requests are compared.

Left out of fp1: how the answer is sent, what names an account or a cache, cache marks, sealed
reasoning, and nulls. A content that is text counts as one text part. The skeleton leaves out what
tools gave back; this dialect does not tell errors apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenact.wire.counted import TOOL_OUTPUT, each, prepare_params, value_of, without
from reenact.wire.fingerprint import Part, Prepared
from reenact.wire.normalise import Id
from reenact.wire.openai import DROPPED, SEALED
from reenact.wire.request import Layout

if TYPE_CHECKING:
    from reenact.wire.canonical import Json, Object

LAYOUT = Layout(heads=("tools",))
"""Instructions are messages here."""
TRANSPORT = frozenset({"stream"})
_MARKS = SEALED | {"cache_control"}


def prepare(part: Part) -> Prepared:
    """Reads a part: the value as sent, and what of it counts."""
    value = value_of(part)
    match part.kind:
        case "params":
            return prepare_params(value, transport=TRANSPORT, dropped=DROPPED)
        case "tools":
            return Prepared(exact=value, value=each(value, lambda tool: without(tool, _MARKS)))
        case "message" if isinstance(value, dict):
            counted = _message(value)
            is_result = value.get("role") in ("tool", "function")
            masked: Json = {**counted, "content": TOOL_OUTPUT} if is_result else None
            return Prepared(exact=value, value=counted, skeleton=masked)
    return Prepared(exact=value, value=value)


def _message(message: Object) -> Object:
    counted = without(message, _MARKS | {"content", "tool_calls", "tool_call_id"})
    content = message.get("content")
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    if content is not None:
        counted["content"] = each(content, lambda part: without(part, _MARKS))
    if isinstance(call := message.get("tool_call_id"), str):
        counted["tool_call_id"] = Id(call)
    if message.get("tool_calls"):
        counted["tool_calls"] = each(message["tool_calls"], _call)
    return counted


def _call(call: Object) -> Json:
    counted = without(call, _MARKS | {"index"})
    if isinstance(name := counted.get("id"), str):
        counted["id"] = Id(name)
    return counted

"""What of a Responses request counts when two requests are compared.

Left out of fp1: how the answer is sent, what names an account, a run or a cache, ids and states of
items, sealed reasoning, and nulls. `previous_response_id` counts literally: the history is not in
the request, and the id, which replay serves as recorded, names the answer it continues.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from reenact.wire import canonical
from reenact.wire.counted import TOOL_OUTPUT, each, prepare_params, value_of, without
from reenact.wire.fingerprint import Part, Prepared
from reenact.wire.normalise import Id
from reenact.wire.openai import DROPPED, RULES, SEALED
from reenact.wire.request import Layout
from reenact.wire.rules import IdShape, Rule

if TYPE_CHECKING:
    from reenact.wire.canonical import Json, Object
    from reenact.wire.mapping import Mapper

LAYOUT = Layout(messages="input", heads=("instructions", "tools"), takes_text=True)
"""A text as input is one message of the user."""
TRANSPORT = frozenset({"stream", "type", "background"})
"""`type` is what a WebSocket frame says beside the request."""
MARKS = SEALED | {
    "annotations", "cache_control", "id", "internal_chat_message_metadata_passthrough", "logprobs", "status",
}  # fmt: skip
"""Members of items and of their parts that say nothing of what was said."""
SESSION_FIELD = "session_id"
"""The argument in which Codex hands back the number that a running process was told it has."""
_SESSION = re.compile(rf'("{SESSION_FIELD}"\s*:\s*)(\d+)\b')
_ITEM_IDS = ("call_id", "approval_request_id")

CODEX = msgspec.structs.replace(
    RULES,
    shapes=(
        *RULES.shapes,
        IdShape(name="item-id", pattern="(?:msg|fc|rs|ctc|ws|mcp|at|ig|ci|cu|fs)_[A-Za-z0-9]{8,}", hint="_"),
    ),
    rules=(
        *RULES.rules,
        Rule(name="chunk-id", pattern=r"(?m)^Chunk ID: (\S+)", hint="Chunk ID"),
        Rule(name="wall-time", pattern=r"(?m)^Wall time: ([\d.]+) seconds", hint="Wall time"),
        Rule(name="token-count", pattern=r"(?m)^Original token count: (\d+)", hint="Original token count"),
        Rule(name="process-session", pattern=r"\bwith session ID (\d+)", does="id", hint="session ID"),
        Rule(name="today", pattern=r"<current_date>([^<]+)</current_date>", hint="<current_date>"),
        Rule(name="time-zone", pattern=r"<timezone>([^<]+)</timezone>", hint="<timezone>"),
    ),
)
"""Further rules for Codex, each needed in a run at another place (version 0.169)."""


def prepare(part: Part) -> Prepared:
    """Reads a part: the value as sent, and what of it counts."""
    value = value_of(part)
    match part.kind:
        case "params":
            return prepare_params(value, transport=TRANSPORT, dropped=DROPPED)
        case "tools":
            return Prepared(exact=value, value=each(value, lambda tool: without(tool, frozenset())))
        case "message" if isinstance(value, (str, dict)):
            counted = _item(value)
            return Prepared(exact=value, value=counted, skeleton=_skeleton(counted))
    return Prepared(exact=value, value=value)


def _item(item: str | Object) -> Object:
    if isinstance(item, str):
        item = {"role": "user", "content": item}
    counted = without(item, MARKS)
    if "role" in item and "type" not in item:
        counted["type"] = "message"
    if item.get("type") == "item_reference" and isinstance(name := item.get("id"), str):
        counted["id"] = name
    if isinstance(text := item.get("content"), str):
        kind = "output_text" if item.get("role") == "assistant" else "input_text"
        counted["content"] = [{"type": kind, "text": text}]
    elif "content" in counted:
        counted["content"] = each(item.get("content"), lambda part: without(part, MARKS))
    if isinstance(text := counted.get("arguments"), str) and _SESSION.search(text):
        counted["arguments"] = _arguments(text)
    for field in _ITEM_IDS:
        if isinstance(name := counted.get(field), str):
            counted[field] = Id(name)
    return counted


def _arguments(text: str) -> Json:
    """Gives arguments with the number of a running process as the id that it is."""
    try:
        value = canonical.decode(text)
    except ValueError:
        return text
    number = value.get(SESSION_FIELD) if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(number, int):
        return text
    return {**value, SESSION_FIELD: Id(str(number))}


def with_sessions(text: str, mapper: Mapper) -> str:
    """Maps the number of a running process in the arguments of a call."""
    return _SESSION.sub(lambda found: found.group(1) + mapper.text(found.group(2)), text)


def _skeleton(item: Object) -> Json:
    return {**item, "output": TOOL_OUTPUT} if is_output(item.get("type")) else None


def is_output(kind: Json) -> bool:
    """Tells whether an item of this kind is what a tool gave back."""
    return isinstance(kind, str) and kind.endswith("_output")

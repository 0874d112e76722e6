"""A response as the events of a stream; read back, they are the same response."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from reenact.wire import canonical, sse
from reenact.wire.openai_responses.message import items_of
from reenact.wire.recut import DEFAULT_FRAGMENT, fragments
from reenact.wire.reply import text_of

if TYPE_CHECKING:
    from reenact.wire.canonical import Json, Object

_LAST = {"incomplete": "response.incomplete", "failed": "response.failed", "cancelled": "response.cancelled"}
_PARTS = {"output_text": ("output_text", "text"), "refusal": ("refusal", "refusal"),
          "reasoning_text": ("reasoning_text", "text")}  # fmt: skip
"""Kind of part → the word of its events, its text."""
_SUMMARY = ("reasoning_summary_part", "reasoning_summary_text", "text")
_CALLS = {
    "function_call": ("function_call_arguments", "arguments"),
    "mcp_call": ("mcp_call_arguments", "arguments"),
    "custom_tool_call": ("custom_tool_call_input", "input"),
}
"""Kind of item → the word of its events, its text."""


def render_stream(message: Mapping[str, Json], *, fragment: int = DEFAULT_FRAGMENT) -> tuple[bytes, ...]:
    """Gives a response as the events of a stream, one bytes value each."""
    out: list[bytes] = []
    for number, (kind, data) in enumerate(events_of(message, fragment)):
        event: Object = {"type": kind, "sequence_number": number, **data}
        out.append(sse.encode(sse.Frame(event=kind, data=canonical.dump(event).decode())))
    return tuple(out)


def events_of(message: Mapping[str, Json], size: int) -> Iterator[tuple[str, Object]]:
    """Gives the events that tell a response, the whole of it last."""
    begun: Object = {**message, "status": "in_progress", "output": []}
    for name in ("usage", "error", "incomplete_details"):
        if name in begun:
            begun[name] = None
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    for place, item in enumerate(items_of(message)):
        at: Object = {"item_id": item.get("id"), "output_index": place}
        yield "response.output_item.added", {"output_index": place, "item": _emptied(item)}
        yield from _item(item, at, size)
        yield "response.output_item.done", {"output_index": place, "item": item}
    last = _LAST.get(str(message.get("status")), "response.completed")
    yield last, {"response": dict(message)}


def _emptied(item: Object) -> Object:
    empty = dict(item)
    if "status" in item:
        empty["status"] = "in_progress"
    if item.get("type") in ("message", "reasoning"):
        for name in ("content", "summary"):
            if isinstance(item.get(name), list):
                empty[name] = []
    call = _CALLS.get(str(item.get("type")))
    if call is not None and isinstance(item.get(call[1]), str):
        empty[call[1]] = ""
    return empty


def _item(item: Object, at: Object, size: int) -> Iterator[tuple[str, Object]]:
    kind = str(item.get("type"))
    summary, content = item.get("summary"), item.get("content")
    if kind == "reasoning":
        for place, part in enumerate(summary if isinstance(summary, list) else ()):
            there = {**at, "summary_index": place}
            yield from _part(part, there, _SUMMARY, size)
    if kind in ("message", "reasoning"):
        for place, part in enumerate(content if isinstance(content, list) else ()):
            words = ("content_part", *_PARTS.get(str(text_of(part, "type")), ("", "")))
            yield from _part(part, {**at, "content_index": place}, words, size)
    if kind in _CALLS and (text := text_of(item, _CALLS[kind][1])) is not None:
        word, field = _CALLS[kind]
        for piece in fragments(text, size):
            yield f"response.{word}.delta", {**at, "delta": piece}
        yield f"response.{word}.done", {**at, field: text}


def _part(part: Json, at: Object, words: tuple[str, str, str], size: int) -> Iterator[tuple[str, Object]]:
    frame, word, field = words
    text = text_of(part, field)
    begun: Json = part
    if isinstance(part, dict) and text is not None:
        begun = {**part, field: ""}
    yield f"response.{frame}.added", {**at, "part": begun}
    if text is not None:
        told: Object = {"logprobs": []} if word == "output_text" else {}
        for piece in fragments(text, size):
            yield f"response.{word}.delta", {**at, "delta": piece, **told}
        yield f"response.{word}.done", {**at, field: text, **told}
    yield f"response.{frame}.done", {**at, "part": part}

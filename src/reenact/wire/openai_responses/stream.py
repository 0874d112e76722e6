"""A streamed response, put together: the last event holds all of it, else what came is gathered.

The events of a WebSocket are the same. A stream that breaks off gives the items that were finished,
and of the others what had come of their texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from reenact.wire import canonical, sse
from reenact.wire.openai_responses.message import failure_in
from reenact.wire.reply import End, Failure, Stream, count, failure_of, text_of

if TYPE_CHECKING:
    from reenact.wire.canonical import Json, Object

ENDS: dict[str, End] = {
    "response.completed": "complete",
    "response.incomplete": "complete",
    "response.cancelled": "complete",
    "response.failed": "error",
}
"""Kinds of events that hold the whole response, and how it then ended."""
_TEXTS = {
    "response.output_text.delta": ("content", "output_text", "text"),
    "response.refusal.delta": ("content", "refusal", "refusal"),
    "response.reasoning_text.delta": ("content", "reasoning_text", "text"),
    "response.reasoning_summary_text.delta": ("summary", "summary_text", "text"),
}
"""Kind of delta → the list of the item that it grows, the kind of part, its text."""
_FIELDS = {
    "response.function_call_arguments.delta": "arguments",
    "response.mcp_call_arguments.delta": "arguments",
    "response.custom_tool_call_input.delta": "input",
    "response.code_interpreter_call_code.delta": "code",
}
"""Kind of delta → the field of the item that it grows."""


class Assembler:
    """Takes a stream's bytes, or its events, as they come; `close` gives the result."""

    def __init__(self) -> None:
        self._decoder = sse.Decoder()
        self._frames: list[sse.Frame] = []
        self._opening: Object | None = None
        self._items: dict[int, Object] = {}
        self._finished: dict[int, Object] = {}
        self._whole: Object | None = None
        self._end: End = "truncated"
        self._failure: Failure | None = None
        self._defects: list[str] = []

    def feed(self, data: bytes) -> None:
        """Takes the next bytes of the body."""
        for frame in self._decoder.feed(data):
            self.take(frame)

    def take(self, frame: sse.Frame) -> None:
        """Takes one event."""
        self._frames.append(frame)
        if not frame.data.strip() or frame.data.strip() == "[DONE]":
            return
        try:
            data = canonical.decode(frame.data)
        except ValueError:
            self._defects.append("an event's data is no JSON")
            return
        if isinstance(data, dict):
            self._event(data, text_of(data, "type") or frame.event)
        else:
            self._defects.append("an event's data is no object")

    def close(self) -> Stream:
        """Tells that no more bytes come, and gives the result."""
        torn = self._decoder.close()
        if torn is not None:
            self._frames.append(torn)
            self._defects.append("the stream ends inside an event")
        return Stream(
            message=self._message(),
            end=self._end,
            failure=self._failure,
            defects=tuple(self._defects),
            frames=tuple(self._frames),
        )

    def _message(self) -> Object | None:
        if self._whole is not None:
            return self._whole
        if self._opening is None:
            return None
        items = {**self._items, **self._finished}
        output: list[Json] = [items[place] for place in sorted(items)]
        return {**self._opening, "output": output}

    def _event(self, data: Object, kind: str) -> None:
        response = data.get("response")
        if kind in ENDS and isinstance(response, dict):
            self._whole, self._end = response, ENDS[kind]
            self._failure = failure_in(response) if kind == "response.failed" else None
        elif kind == "error" or (not kind and data.get("error")):
            self._failure, self._end = _told(data), "error"
        elif kind.startswith("response.") and isinstance(response, dict):
            self._opening = response
        elif kind in ("response.output_item.added", "response.output_item.done"):
            self._place(data, kind.endswith("done"))
        elif kind in _TEXTS or kind in _FIELDS:
            self._delta(data, kind)

    def _place(self, data: Object, is_done: bool) -> None:  # noqa: FBT001 - an event is one or the other
        item, place = data.get("item"), count(data, "output_index")
        if isinstance(item, dict):
            index = len(self._items) if place is None else place
            (self._finished if is_done else self._items)[index] = dict(item)

    def _delta(self, data: Object, kind: str) -> None:
        place, piece = count(data, "output_index"), text_of(data, "delta")
        item = self._items.get(0 if place is None else place)
        if item is None or piece is None:
            self._defects.append("a delta without its item")
        elif kind in _FIELDS:
            field = _FIELDS[kind]
            item[field] = (text_of(item, field) or "") + piece
        else:
            name, part_kind, field = _TEXTS[kind]
            at = count(data, "content_index" if name == "content" else "summary_index") or 0
            known = item.get(name)
            parts = list(known) if isinstance(known, list) else []
            while len(parts) <= at:
                parts.append({"type": part_kind, field: ""})
            part = parts[at]
            if isinstance(part, dict):
                parts[at] = {**part, field: (text_of(part, field) or "") + piece}
            item[name] = parts


def _told(data: Object) -> Failure:
    """Reads an `error` event: older ones nest the error, newer ones are flat."""
    if isinstance(data.get("error"), dict):
        return failure_of(data)
    flat = {name: value for name, value in data.items() if name != "type"}
    return failure_of({"error": flat, **data})


def assemble(body: bytes | Iterable[bytes]) -> Stream:
    """Puts a whole streamed body together."""
    assembler = Assembler()
    for chunk in (body,) if isinstance(body, bytes) else body:
        assembler.feed(chunk)
    return assembler.close()

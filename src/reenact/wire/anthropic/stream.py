"""A streamed answer of the Messages API, put together: the message, and how it was cut.

Whatever arrives gives a value. A stream that breaks off gives what there was and says so; events,
deltas and blocks of unknown kinds are kept; what contradicts the protocol is a defect in the value.
The rules agree with the official Python client where it has one (later signatures replace earlier
ones, usage of a `message_delta` overrides unless null); `tests/wire` compares them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from reenact.wire import canonical, sse
from reenact.wire.reply import Assembled, End, Failure, failure_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reenact.wire.canonical import Json, Object

TEXT_FIELDS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
"""Kinds of delta that are pieces of a longer text → the field that holds the piece."""

_DELTA_EVENT_FIELDS = frozenset({"type", "delta", "usage"})


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One delta of a block: for a piece of text its length in characters, else all of it."""

    kind: str
    length: int = 0
    rest: Object | None = None
    """A text delta's further fields; every field of another delta."""


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """How one block came: as it was announced, and its deltas in order."""

    index: int
    start: Object
    pieces: tuple[Piece, ...] = ()
    input_json: str | None = None
    """The text of a tool's input as streamed, also where it is not (yet) JSON."""
    is_closed: bool = False


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An event that has no place in the message."""

    event: str
    data: Json
    is_torn: bool = False
    """True for the event in which the stream broke off; its data is text."""


class Stream(Assembled, frozen=True, kw_only=True):
    """A streamed answer, whole or as far as it got.

    `message` has the same shape as the answer to a request without streaming. Where a tool's input
    broke off, `input` stays as announced and the text is in the block's `input_json`.
    """

    opening: Object | None = None
    """The message of `message_start`, as sent."""
    blocks: tuple[Block, ...] = ()
    closings: tuple[Object, ...] = ()
    """Every `message_delta` event, as sent."""
    kept: tuple[Kept, ...] = ()


class _Open:
    """A block while it grows."""

    def __init__(self, index: int, start: Object) -> None:
        self.index = index
        self.start = start
        self.value: Object = dict(start)
        self.pieces: list[Piece] = []
        self.texts: dict[str, list[str]] = {}
        self.is_closed = False

    @property
    def input_json(self) -> str | None:
        parts = self.texts.get("partial_json")
        return None if parts is None else "".join(parts)

    def finish(self) -> str | None:
        """Puts the pieces into the block's value; gives a defect where a tool's input is no JSON."""
        for field, parts in self.texts.items():
            if field != "partial_json":
                head = self.start.get(field)
                self.value[field] = "".join((head if isinstance(head, str) else "", *parts))
        text = self.input_json
        if not text:
            return None
        try:
            self.value["input"] = canonical.decode(text)
        except ValueError:
            return f"the input of block {self.index} is no whole JSON"
        return None


class Assembler:
    """Takes a stream's bytes or events as they come; `stream()` gives what there is so far."""

    def __init__(self) -> None:
        self._decoder = sse.Decoder()
        self._opening: Object | None = None
        self._message: Object = {}
        self._blocks: dict[int, _Open] = {}
        self._closings: list[Object] = []
        self._kept: list[Kept] = []
        self._defects: list[str] = []
        self._end: End = "truncated"
        self._failure: Failure | None = None

    def feed(self, data: bytes) -> None:
        """Takes the next bytes of the body."""
        for frame in self._decoder.feed(data):
            self.take(frame)

    def close(self) -> Stream:
        """Tells that no more bytes come, and gives the result."""
        torn = self._decoder.close()
        if torn is not None:
            self._defects.append("the stream ends inside an event")
            self._kept.append(Kept(event=torn.event, data=torn.data, is_torn=True))
        return self.stream()

    def take(self, frame: sse.Frame) -> None:
        """Takes one event."""
        try:
            data = canonical.decode(frame.data)
        except ValueError:
            self._keep(frame.event, frame.data, "an event's data is no JSON")
            return
        if not isinstance(data, dict):
            self._keep(frame.event, data, "an event's data is no object")
            return
        kind = data.get("type", frame.event)
        match kind:
            case "ping":
                pass
            case "message_start":
                self._start(data)
            case "content_block_start":
                self._open(data)
            case "content_block_delta":
                self._delta(data)
            case "content_block_stop":
                self._stop(data)
            case "message_delta":
                self._closing(data)
            case "message_stop":
                self._end = "complete" if self._failure is None else "error"
            case "error":
                self._failure = failure_of(data)
                self._end = "error"
            case _:
                self._kept.append(Kept(event=frame.event, data=data))

    def stream(self) -> Stream:
        """Gives the answer as far as it came."""
        defects = list(self._defects)
        opens = list(self._blocks.values())
        defects += [defect for block in opens if (defect := block.finish())]
        message: Object | None = None
        if self._opening is not None:
            head = self._opening.get("content")
            message = {**self._message, "content": (head if isinstance(head, list) else []) + _values(opens)}
        return Stream(
            message=message,
            end=self._end,
            failure=self._failure,
            opening=self._opening,
            blocks=tuple(
                Block(
                    index=block.index,
                    start=block.start,
                    pieces=tuple(block.pieces),
                    input_json=block.input_json,
                    is_closed=block.is_closed,
                )
                for block in opens
            ),
            closings=tuple(self._closings),
            kept=tuple(self._kept),
            defects=tuple(defects),
        )

    def _start(self, data: Object) -> None:
        message = data.get("message")
        if self._opening is not None or not isinstance(message, dict):
            self._keep("message_start", data, "a second or empty message_start")
            return
        self._opening = message
        self._message = dict(message)

    def _open(self, data: Object) -> None:
        index, start = data.get("index"), data.get("content_block")
        if not isinstance(index, int) or not isinstance(start, dict) or index in self._blocks:
            self._keep("content_block_start", data, "a content_block_start without place or block")
            return
        self._blocks[index] = _Open(index, start)
        match start:
            case {"type": "fallback", "to": {"model": str(model)}}:
                self._message["model"] = model  # another model went on; the client relabels as well

    def _delta(self, data: Object) -> None:
        index, delta = data.get("index"), data.get("delta")
        block = self._blocks.get(index) if isinstance(index, int) else None
        if block is None or not isinstance(delta, dict):
            self._keep("content_block_delta", data, "a content_block_delta without block")
            return
        kind = delta.get("type")
        field = TEXT_FIELDS.get(kind) if isinstance(kind, str) else None
        piece = delta.get(field) if field else None
        if field is None or not isinstance(piece, str):
            block.pieces.append(Piece(kind=kind if isinstance(kind, str) else "", rest=delta))
            _apply(block.value, delta)
            return
        rest = {name: value for name, value in delta.items() if name not in ("type", field)}
        block.pieces.append(Piece(kind=str(kind), length=len(piece), rest=rest or None))
        block.texts.setdefault(field, []).append(piece)

    def _stop(self, data: Object) -> None:
        index = data.get("index")
        block = self._blocks.get(index) if isinstance(index, int) else None
        if block is None:
            self._keep("content_block_stop", data, "a content_block_stop without block")
            return
        block.is_closed = True

    def _closing(self, data: Object) -> None:
        self._closings.append(data)
        delta, usage = data.get("delta"), data.get("usage")
        if isinstance(delta, dict):
            self._message.update(_told(delta, nulls=("stop_reason", "stop_sequence", "stop_details")))
        before = self._message.get("usage")
        if isinstance(usage, dict):
            self._message["usage"] = {**(before if isinstance(before, dict) else {}), **_told(usage)}
        self._message.update(_told({k: v for k, v in data.items() if k not in _DELTA_EVENT_FIELDS}))

    def _keep(self, event: str, data: Json, defect: str) -> None:
        self._kept.append(Kept(event=event, data=data))
        self._defects.append(defect)


def assemble(body: bytes | Iterable[bytes]) -> Stream:
    """Puts a whole streamed body together."""
    assembler = Assembler()
    for chunk in (body,) if isinstance(body, bytes) else body:
        assembler.feed(chunk)
    return assembler.close()


def _apply(block: Object, delta: Object) -> None:
    """Applies a delta that replaces or adds a value; unknown kinds change nothing (the piece keeps them)."""
    match delta:
        case {"type": "signature_delta", "signature": signature}:
            block["signature"] = signature
        case {"type": "citations_delta", "citation": citation}:
            known = block.get("citations")
            block["citations"] = [*(known if isinstance(known, list) else []), citation]
        case {"type": "compaction_delta"}:
            block["content"] = delta.get("content")
            if "encrypted_content" in delta:
                block["encrypted_content"] = delta["encrypted_content"]


def _told(values: Object, *, nulls: tuple[str, ...] = ()) -> Object:
    """Gives what an event says; null says nothing, save for the fields named."""
    return {name: value for name, value in values.items() if value is not None or name in nulls}


def _values(blocks: list[_Open]) -> list[Json]:
    return [block.value for block in blocks]

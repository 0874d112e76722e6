"""Server-sent events, both ways, one piece at a time.

Decoding follows the WHATWG rules and does not care where the bytes were cut: in a character, in a
CRLF, in a field name. Unlike a browser it tells when a stream ended inside an event.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

_LINE_END = re.compile(rb"\r\n|\n|\r")
_TEXT_LINE_END = re.compile(r"\r\n|\n|\r")


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One event. `event` is empty where the stream named none (the reader's default is `message`)."""

    event: str = ""
    data: str = ""
    id: str | None = None
    retry: int | None = None
    comments: tuple[str, ...] = ()
    """Comment lines before or inside the event; keep-alives stand before the next event."""
    is_torn: bool = False
    """True where the stream ended before the empty line that closes an event."""


class Decoder:
    """Turns bytes into events, incrementally.

    `feed` gives the events that became complete; `close` gives what was left, marked torn.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._skip_line_feed = False
        self._at_start = True
        self._reset()

    def feed(self, data: bytes) -> list[Frame]:
        """Takes the next bytes, however cut, and gives the events they complete."""
        frames: list[Frame] = []
        if not data:
            return frames
        if self._skip_line_feed and data.startswith(b"\n"):
            data = data[1:]
        self._skip_line_feed = data.endswith(b"\r") if data else False
        if b"\n" not in data and b"\r" not in data:
            self._pieces.append(data)
            return frames
        lines = _LINE_END.split(b"".join((*self._pieces, data)))
        self._pieces = [lines.pop()]
        for line in lines:
            if self._at_start:
                line = line.removeprefix(codecs.BOM_UTF8)  # noqa: PLW2901  # only the first line can have it
                self._at_start = False
            if line:
                self._take(line)
            elif self._is_dirty:
                frames.append(self._frame())
        return frames

    def close(self) -> Frame | None:
        """Gives the event that the end of the stream left unfinished, if there is one."""
        rest = b"".join(self._pieces)
        self._pieces = []
        if rest:
            self._take(rest.removeprefix(codecs.BOM_UTF8) if self._at_start else rest)
        return msgspec.structs.replace(self._frame(), is_torn=True) if self._is_dirty else None

    def _reset(self) -> None:
        self._event = ""
        self._data: list[str] = []
        self._id: str | None = None
        self._retry: int | None = None
        self._comments: list[str] = []
        self._is_dirty = False

    def _take(self, line: bytes) -> None:
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        match name:
            case "data":
                self._data.append(value)
                self._is_dirty = True
            case "event":
                self._event = value
                self._is_dirty = True
            case "id":
                self._id = value
                self._is_dirty = True
            case "retry":
                self._retry = int(value) if value.isascii() and value.isdigit() else None
                self._is_dirty = True
            case "":
                self._comments.append(value)
            case _:
                pass  # the rules say: other fields are ignored

    def _frame(self) -> Frame:
        frame = Frame(
            event=self._event,
            data="\n".join(self._data),
            id=self._id,
            retry=self._retry,
            comments=tuple(self._comments),
        )
        self._reset()
        return frame


def decode(chunks: bytes | Iterable[bytes]) -> list[Frame]:
    """Gives all events of a whole body; a torn last one is marked."""
    decoder = Decoder()
    frames: list[Frame] = []
    for chunk in (chunks,) if isinstance(chunks, bytes) else chunks:
        frames += decoder.feed(chunk)
    rest = decoder.close()
    return [*frames, rest] if rest else frames


def encode(frame: Frame) -> bytes:
    """Gives the bytes of an event, closed by an empty line unless it is torn.

    A carriage return inside `data` cannot be written; it becomes a line break, as readers see it.
    """
    lines = [f": {comment}" if comment else ":" for comment in frame.comments]
    if frame.event:
        lines.append(f"event: {frame.event}")
    if frame.id is not None:
        lines.append(f"id: {frame.id}")
    if frame.retry is not None:
        lines.append(f"retry: {frame.retry}")
    if frame.data or not (frame.event or frame.id is not None or frame.retry is not None):
        lines += [f"data: {line}" for line in _TEXT_LINE_END.split(frame.data)]
    if not frame.is_torn:
        lines.append("\n")
    return "\n".join(lines).encode("utf-8", "replace")


def boundaries(body: bytes) -> tuple[int, ...]:
    """Gives the offsets where events end in a recorded body, the end of the body last.

    The pieces between them join to the body; each but a torn last one is one whole event (with
    the comments and empty lines before it).
    """
    ends: list[int] = []
    previous = 0
    for line_end in _LINE_END.finditer(body):
        if line_end.start() == previous and previous:
            if ends and ends[-1] == previous:
                ends.pop()  # further empty lines belong to the event before them
            ends.append(line_end.end())
        previous = line_end.end()
    if body and (not ends or ends[-1] != len(body)):
        ends.append(len(body))
    return tuple(ends)

"""How a part's events lie in the index: packed in frames, or as pointers into a recorded segment."""

from __future__ import annotations

import zlib
from typing import Protocol

import apsw

from reenact.errors import CorruptRecordError
from reenact.events import Event, Origin, encode
from reenact.store.packing import Range, ReadOriginal, pack, unpack
from reenact.store.sql import fetch_one

FRAME = 256 * 1024
"""Bytes of a segment to which one row points."""
PACKED = 64 * 1024
"""Bytes of events in one frame: packed against their original they need no more to pack well."""


class Shelf(Protocol):
    """Takes events in order; what it took is in the index after `flush`."""

    def add(self, event: Event) -> None: ...

    def flush(self) -> None: ...


def mark(event: str) -> bytes:
    """Gives the four bytes by which a frame is found that may hold an event."""
    return zlib.crc32(event.encode("utf-8", "surrogatepass")).to_bytes(4, "big")


class Packed:
    """Frames of events, for what is derived from an original that can be read."""

    def __init__(self, connection: apsw.Connection, part: int, original: str, read: ReadOriginal) -> None:
        self._connection = connection
        self._part = part
        self._original = original
        self._read = read
        self._range = Range()
        self._lines: list[bytes] = []
        self._ids: list[bytes] = []
        self._count = 0
        self._length = 0
        self._first = 0

    def add(self, event: Event) -> None:
        if self._count and not self._range.takes(event.origin):
            self.flush()
        if not self._count:
            self._begin(event.seq, event.origin)
        self._range.add(event.origin)
        line = encode(event)
        self._lines.append(line)
        self._ids.append(mark(event.id))
        self._count += 1
        self._length += len(line) + 1
        if self._length >= PACKED:
            self.flush()

    def _begin(self, seq: int, origin: Origin | None) -> None:
        """Begins a frame; goes on in the last one where that is small."""
        self._first = seq
        row = fetch_one(
            self._connection,
            "SELECT n, first_seq, count, length, ids, generation, base, span, data FROM frame "
            "WHERE part=? AND first_seq+count=? AND length<?",
            (self._part, seq, PACKED // 2),
        )
        if row is None:
            return
        number, first, count, length, ids, generation, base, span, data = row
        if generation != (0 if origin is None else origin.generation):
            return
        try:
            lines = unpack(data, self._beside(generation, base, span))[:-1]
        except CorruptRecordError:
            return  # `verify` tells
        self._first, self._count, self._length = first, count, length
        self._lines, self._ids = [lines], [bytes(ids)]
        self._range.set(generation, base, span)
        self._connection.execute("DELETE FROM frame WHERE n=?", (number,))

    def _beside(self, generation: int, base: int, span: int) -> bytes:
        return self._read(self._original, generation, base, span) if span else b""

    def flush(self) -> None:
        if not self._count:
            return
        kept, span = self._range, self._range.length
        try:
            beside = self._beside(kept.generation, kept.begin, span)
        except CorruptRecordError:
            beside, span = b"", 0
        data = pack(b"\n".join((*self._lines, b"")), beside)
        self._connection.execute(
            "INSERT INTO frame(part, first_seq, count, length, ids, generation, base, span, data) "
            "VALUES (?,?,?,?,?,?,?,?,?)",
            (
                self._part,
                self._first,
                self._count,
                self._length,
                b"".join(self._ids),
                kept.generation,
                kept.begin,
                span,
                data,
            ),
        )
        self._lines, self._ids, self._count, self._length = [], [], 0, 0
        kept.clear()


class Pointed:
    """Places of events in a segment, for what this archive recorded: nothing is stored twice."""

    def __init__(self, connection: apsw.Connection, part: int, segment: str) -> None:
        self._connection = connection
        self._part = part
        self._segment = segment
        self._ids: list[bytes] = []
        self._first = self._last = 0
        self._begin = self._end = 0
        self.at = (0, 0)
        """Offsets of the beginning and the end of the line that is added next."""

    def add(self, event: Event) -> None:
        if not self._ids:
            self._first, self._begin = event.seq, self.at[0]
        self._last, self._end = event.seq, self.at[1]
        self._ids.append(mark(event.id))
        if self._end - self._begin >= FRAME:
            self.flush()

    def flush(self) -> None:
        if not self._ids:
            return
        row = fetch_one(
            self._connection,
            "SELECT n, first_seq, offset, ids FROM frame WHERE part=? AND segment=? AND offset+length=? "
            "AND length<? ORDER BY first_seq DESC LIMIT 1",
            (self._part, self._segment, self._begin, FRAME // 2),
        )
        if row is not None:  # the last frame is small: it grows
            number, self._first, self._begin, ids = row
            self._ids.insert(0, bytes(ids))
            self._connection.execute("DELETE FROM frame WHERE n=?", (number,))
        self._connection.execute(
            "INSERT INTO frame(part, first_seq, count, length, ids, segment, offset) VALUES (?,?,?,?,?,?,?)",
            (
                self._part,
                self._first,
                self._last - self._first + 1,
                self._end - self._begin,
                b"".join(self._ids),
                self._segment,
                self._begin,
            ),
        )
        self._ids = []

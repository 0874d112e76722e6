"""How a part's events lie in the index: packed in frames, or as pointers into a recorded segment."""

from __future__ import annotations

import zlib
from typing import Protocol

import apsw
import zstandard

from reenact.events import Event, encode
from reenact.store.sql import fetch_one

FRAME = 256 * 1024
"""Bytes of events in one frame."""
_LEVEL = 3


class Shelf(Protocol):
    """Takes events in order; what it took is in the index after `flush`."""

    def add(self, event: Event) -> None: ...

    def flush(self) -> None: ...


def mark(event: str) -> bytes:
    """Gives the four bytes by which a frame is found that may hold an event."""
    return zlib.crc32(event.encode("utf-8", "surrogatepass")).to_bytes(4, "big")


class Packed:
    """Frames of events, for what is derived from originals."""

    def __init__(self, connection: apsw.Connection, part: int) -> None:
        self._connection = connection
        self._part = part
        self._lines: list[bytes] = []
        self._ids: list[bytes] = []
        self._count = 0
        self._length = 0
        self._first = 0
        self._packer = zstandard.ZstdCompressor(level=_LEVEL)

    def add(self, event: Event) -> None:
        if not self._count:
            self._begin(event.seq)
        line = encode(event)
        self._lines.append(line)
        self._ids.append(mark(event.id))
        self._count += 1
        self._length += len(line) + 1
        if self._length >= FRAME:
            self.flush()

    def _begin(self, seq: int) -> None:
        """Begins a frame; goes on in the last one where that is small."""
        self._first = seq
        row = fetch_one(
            self._connection,
            "SELECT n, first_seq, count, length, ids, data FROM frame "
            "WHERE part=? AND first_seq+count=? AND length<?",
            (self._part, seq, FRAME // 2),
        )
        if row is None:
            return
        number, self._first, self._count, self._length, ids, data = row
        self._lines = [zstandard.ZstdDecompressor().decompress(data)[:-1]]
        self._ids = [bytes(ids)]
        self._connection.execute("DELETE FROM frame WHERE n=?", (number,))

    def flush(self) -> None:
        if not self._count:
            return
        data = self._packer.compress(b"\n".join((*self._lines, b"")))
        self._connection.execute(
            "INSERT INTO frame(part, first_seq, count, length, ids, data) VALUES (?,?,?,?,?,?)",
            (self._part, self._first, self._count, self._length, b"".join(self._ids), data),
        )
        self._lines, self._ids, self._count, self._length = [], [], 0, 0


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

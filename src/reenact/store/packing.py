"""How derived events are packed: against the transcript's own bytes, of which they hardly differ.

A frame names the range of the original that its events were made from. Packed against those bytes it
takes a quarter of what it takes alone; to be read it needs them again. What does not name a range (the
events of several transcripts joined, a very wide range) is packed by itself.
"""

from __future__ import annotations

from collections.abc import Callable

import apsw
import zstandard

from reenact import zstd
from reenact.errors import CorruptRecordError
from reenact.events import Origin
from reenact.store.sql import fetch_one

LEVEL = 3
WIDEST = 4 << 20
"""Bytes of an original that a frame may need at most."""

ReadOriginal = Callable[[str, int, int, int], bytes]
"""(original, generation, offset, length) → these bytes of it."""


class Range:
    """The bytes of an original from which events were made."""

    def __init__(self) -> None:
        self.generation = self.begin = self.end = 0

    def clear(self) -> None:
        self.generation = self.begin = self.end = 0

    def set(self, generation: int, begin: int, length: int) -> None:
        self.generation, self.begin, self.end = generation, begin, begin + length

    def takes(self, origin: Origin | None) -> bool:
        """Tells whether an event from there belongs to the same generation."""
        return (0 if origin is None else origin.generation) == self.generation

    def add(self, origin: Origin | None) -> None:
        if origin is None:
            return
        end = origin.offset + origin.length
        if self.end == self.begin:
            self.generation, self.begin, self.end = origin.generation, origin.offset, end
        else:
            self.begin, self.end = min(self.begin, origin.offset), max(self.end, end)

    @property
    def length(self) -> int:
        """How many bytes a frame is packed against; 0 where it is packed by itself."""
        return self.end - self.begin if self.generation and self.end - self.begin <= WIDEST else 0


def pack(data: bytes, beside: bytes) -> bytes:
    """Packs events against the bytes that they were made from."""
    if not beside:
        return zstandard.ZstdCompressor(level=LEVEL).compress(data)
    packer = zstandard.ZstdCompressor(level=LEVEL, dict_data=_dictionary(beside), write_checksum=True)
    return packer.compress(data)


def unpack(data: bytes, beside: bytes) -> bytes:
    """Gives back what was packed.

    Raises:
        CorruptRecordError: it is damaged, or other bytes lie beside it than when it was packed.
    """
    try:
        return zstd.unpack(data, dictionary=_dictionary(beside) if beside else None)
    except zstandard.ZstdError as error:
        raise CorruptRecordError("packed events", str(error)) from error


def _dictionary(beside: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(beside, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


class Unpacker:
    """Unpacks frames of parts."""

    def __init__(self, connection: apsw.Connection, read: ReadOriginal) -> None:
        self._connection = connection
        self._read = read
        self._part = 0
        self._original = ""

    def frame(self, part: int, data: bytes, generation: int, base: int, span: int) -> bytes:
        """Gives a frame's events as lines.

        Raises:
            CorruptRecordError: it cannot be read, or not what it was packed against.
        """
        if not span:
            return unpack(data, b"")
        if part != self._part:
            row = fetch_one(self._connection, "SELECT original FROM part WHERE n=?", (part,))
            self._part, self._original = part, str(row[0]) if row else ""
        return unpack(data, self._read(self._original, generation, base, span))


def unread(original: str, generation: int, offset: int, length: int) -> bytes:
    """Stands where no original can be read."""
    raise CorruptRecordError(original, f"{length} bytes at {offset} of generation {generation} are not here")

"""Segments of recorded sessions: a header line, then one checksummed line an event, only ever appended.

A live segment is a plain file; a sealed one has the same bytes in zstd frames with a table at its
end. Places in a segment are offsets of the plain bytes, and so they hold before and after sealing.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import zstandard

from reenact import zstd
from reenact.errors import CorruptRecordError
from reenact.events import Event, Header, decode_record
from reenact.store.layout import Layout, safe, write_file
from reenact.store.record import from_line, to_line

FRAME = 256 * 1024
"""Plain bytes of one frame of a sealed segment."""
_BLOCK = 1024 * 1024
_LEVEL = 3
_SKIPPABLE = 0x184D2A5E
"""Marks a part of a zstd file that other readers pass over."""
_END = struct.Struct("<I4s")
_MAGIC = b"rnt1"


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a segment."""

    v: int = 1
    header: Header
    segment: int = 1
    """Its number within the session: a sealed session that goes on opens the next."""
    first: int = 1
    """The seq of its first event."""


class Sealed(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One frame of a sealed segment: plain offset and length, packed offset and length, crc32."""

    offset: int
    length: int
    at: int
    packed: int
    crc: int


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """The table at the end of a sealed segment."""

    last: int
    """The seq of the last event up to here."""
    frames: tuple[Sealed, ...]

    @property
    def length(self) -> int:
        return sum(frame.length for frame in self.frames)


def sealed_path(layout: Layout, session: str, number: int) -> Path:
    return layout.sealed / f"{safe(session)}-{number}.jsonl.zst"


def opening(line: bytes) -> Opening | None:
    """Reads the first line of a segment; None where it is none."""
    data = from_line(line)
    try:
        return None if data is None else msgspec.json.decode(data, type=Opening)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def opening_line(header: Header, *, number: int, first: int) -> bytes:
    return to_line(Opening(header=header, segment=number, first=first))


def event_of(line: bytes) -> Event | None:
    """Reads a line of a segment; None where it is damaged (or no event)."""
    try:
        return decode_record(line)
    except CorruptRecordError:
        return None


def lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yields whole lines with their ends; what follows the last end is left out."""
    rest = b""
    for block in blocks:
        pieces = (rest + block if rest else block).split(b"\n")
        rest = pieces.pop()
        for piece in pieces:
            yield piece + b"\n"


def blocks_of(handle: int, offset: int) -> Iterator[bytes]:
    """Yields the bytes of an open file from an offset on."""
    while block := os.pread(handle, _BLOCK, offset):
        yield block
        offset += len(block)


def last_line_end(handle: int) -> int:
    """Gives where the last whole line of a file ends; 0 where there is none."""
    position = os.fstat(handle).st_size
    while position > 0:
        begin = max(0, position - _BLOCK)
        found = os.pread(handle, position - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        position = begin
    return 0


def lines_backwards(handle: int, end: int) -> Iterator[bytes]:
    """Yields the whole lines before a place that ends one, last first."""
    rest = b""
    position = end
    while position > 0:
        begin = max(0, position - _BLOCK)
        pieces = (os.pread(handle, position - begin, begin) + rest).split(b"\n")
        position = begin
        rest = pieces[0]
        for piece in reversed(pieces[1:]):
            if piece:
                yield piece
    if rest:
        yield rest


# -- sealed -------------------------------------------------------------------------------------


def write_sealed(path: Path, content: Iterable[bytes], *, last: int) -> None:
    """Writes the lines of a segment packed; the file is there whole or not at all."""
    packer = zstandard.ZstdCompressor(level=_LEVEL)
    packed: list[bytes] = []
    frames: list[Sealed] = []
    offset = at = 0
    for plain in _grouped(content):
        data = packer.compress(plain)
        frames.append(
            Sealed(offset=offset, length=len(plain), at=at, packed=len(data), crc=zlib.crc32(plain))
        )
        packed.append(data)
        offset += len(plain)
        at += len(data)
    table = msgspec.json.encode(Table(last=last, frames=tuple(frames)))
    end = table + _END.pack(len(table), _MAGIC)
    write_file(path, b"".join((*packed, struct.pack("<II", _SKIPPABLE, len(end)), end)), durable=True)


def _grouped(content: Iterable[bytes]) -> Iterator[bytes]:
    pending: list[bytes] = []
    length = 0
    for line in content:
        pending.append(line)
        length += len(line)
        if length >= FRAME:
            yield b"".join(pending)
            pending, length = [], 0
    if pending:
        yield b"".join(pending)


def read_table(path: Path) -> Table:
    """Gives the table of a sealed segment.

    Raises:
        CorruptRecordError: there is none that can be read.
        FileNotFoundError: there is no such segment.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(handle).st_size
        if size < _END.size:
            raise CorruptRecordError(str(path), "it is too short")
        length, magic = _END.unpack(os.pread(handle, _END.size, size - _END.size))
        if magic != _MAGIC or length > size - _END.size:
            raise CorruptRecordError(str(path), "its table is missing")
        data = os.pread(handle, length, size - _END.size - length)
    finally:
        os.close(handle)
    try:
        table = msgspec.json.decode(data, type=Table)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptRecordError(str(path), str(error)) from error
    most = size * zstd.DENSEST
    if not all(0 <= frame.length <= frame.packed * zstd.DENSEST <= most for frame in table.frames):
        raise CorruptRecordError(str(path), "its table cannot be right")
    return table


def read_sealed(path: Path, table: Table, *, start: int = 0, strict: bool = False) -> Iterator[bytes]:
    """Yields the plain bytes of each frame from the one on that holds `start` (from `start` on).

    A damaged frame becomes one damaged line of its length, so that what follows keeps its place.

    Raises:
        CorruptRecordError: `strict`, and a frame is not what was sealed.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        for frame in table.frames:
            if frame.offset + frame.length > start:
                try:
                    plain = _sealed_frame(handle, frame, path)
                except CorruptRecordError:
                    if strict:
                        raise
                    plain = b"\0" * (frame.length - 1) + b"\n"
                yield plain[max(0, start - frame.offset) :]
    finally:
        os.close(handle)


def _sealed_frame(handle: int, frame: Sealed, path: Path) -> bytes:
    try:
        plain = zstd.unpack(os.pread(handle, frame.packed, frame.at), most=frame.length)
    except zstandard.ZstdError as error:
        raise CorruptRecordError(f"{path} at {frame.at}", str(error)) from error
    if len(plain) != frame.length or zlib.crc32(plain) != frame.crc:
        raise CorruptRecordError(f"{path} at {frame.at}", "the content is not what was sealed")
    return plain

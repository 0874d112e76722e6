"""Cuts a stream into lines without ever holding more than one record of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from reenact.sources import Line
from reenact.sources.lines import MAX_RECORD, RAW_HEAD

_CHUNK = 1 << 20


def cut(
    stream: BinaryIO, *, max_record: int = MAX_RECORD, number: int = 0, offset: int = 0
) -> Iterator[Line]:
    """Yields the lines of a stream, in order; their lengths and line ends add up to the stream.

    A line longer than `max_record` comes with its first 4 KB only and is marked oversized. `number` and
    `offset` say how many lines and bytes lie before the stream.
    """
    pending: list[bytes] = []
    held = 0  # bytes in `pending`
    skipped = 0  # bytes of an oversized line that were let go
    while chunk := stream.read(_CHUNK):
        begin = 0
        while (end := chunk.find(b"\n", begin)) >= 0:
            piece = chunk[begin:end]
            begin = end + 1
            number += 1
            line = _line(number, offset, pending, piece, held=held, skipped=skipped, limit=max_record)
            pending, held, skipped = [], 0, 0
            offset += line.length + 1
            yield line
        rest = chunk[begin:]
        if rest:
            pending.append(rest)
            held += len(rest)
        if held > max_record:
            head = b"".join(pending)[:RAW_HEAD]
            skipped += held - len(head)
            pending, held = [head], len(head)
    if held or skipped:
        yield _line(
            number + 1, offset, pending, b"", held=held, skipped=skipped, limit=max_record, terminated=False
        )


def document(stream: BinaryIO, *, max_record: int = MAX_RECORD) -> Iterator[Line]:
    """Yields the whole stream as one line, for transcripts that are one JSON value."""
    data = stream.read(max_record + 1)
    if not data:
        return
    if len(data) <= max_record:
        yield Line(number=1, offset=0, length=len(data), data=data)
        return
    length = len(data)
    while chunk := stream.read(_CHUNK):
        length += len(chunk)
    yield Line(number=1, offset=0, length=length, data=data[:RAW_HEAD], oversized=True)


def _line(
    number: int,
    offset: int,
    pending: list[bytes],
    piece: bytes,
    *,
    held: int,
    skipped: int,
    limit: int,
    terminated: bool = True,
) -> Line:
    length = held + skipped + len(piece)
    oversized = length > limit
    data = b"".join((*pending, piece)) if pending else piece
    return Line(
        number=number,
        offset=offset,
        length=length,
        data=data[:RAW_HEAD] if oversized else data,
        terminated=terminated,
        oversized=oversized,
    )

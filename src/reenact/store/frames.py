"""Reads events back from the index: packed frames, or pointers into recorded segments."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import apsw
import zstandard

from reenact.events import Event, decode
from reenact.store.shelf import mark
from reenact.store.sql import fetch, fetch_one
from reenact.store.values import Found

ReadSegment = Callable[[str, int, int], list[Event]]
"""(segment, offset, length) → the events in these bytes."""


def _no_segments(segment: str, offset: int, length: int) -> list[Event]:
    raise LookupError(f"{segment} at {offset}+{length} is no part of an import")


def events(
    connection: apsw.Connection,
    part: int,
    *,
    start: int = 1,
    stop: int | None = None,
    read_segment: ReadSegment = _no_segments,
) -> Iterator[Event]:
    """Yields a part's events with `start` <= seq < `stop`, from one state of the index."""
    rows = connection.execute(
        "SELECT length, segment, offset, data FROM frame WHERE part=? AND first_seq+count>? AND first_seq<? "
        "ORDER BY first_seq",
        (part, start, 2**62 if stop is None else stop),
    )
    unpacker = zstandard.ZstdDecompressor()
    last = start - 1
    for length, segment, offset, data in rows:
        if segment is not None:
            found = read_segment(segment, offset, length)
        else:
            found = [decode(line) for line in unpacker.decompress(data).split(b"\n")[:-1]]
        for event in found:
            if event.seq > last and (stop is None or event.seq < stop):
                last = event.seq  # a segment may hold a line twice
                yield event


def candidates(connection: apsw.Connection, event: str, part: int | None) -> Iterator[tuple[int, int, int]]:
    """Yields (part, seq from, seq to) of frames that may hold an event."""
    wanted = mark(event)
    rows = fetch(
        connection,
        "SELECT part, first_seq, count, ids FROM frame WHERE instr(ids, ?)" + (" AND part=?" if part else ""),
        (wanted, part) if part else (wanted,),
    )
    for number, first, count, ids in rows:
        marks = bytes(ids)
        if any(marks[at : at + 4] == wanted for at in range(0, len(marks), 4)):
            yield number, first, first + count


def find(
    connection: apsw.Connection, event: str, part: int | None, *, read_segment: ReadSegment
) -> Found | None:
    """Tells where an event is: in one part, or in any that is shown."""
    for number, start, stop in candidates(connection, event, part):
        if fetch_one(connection, "SELECT id FROM session WHERE part=?", (number,)) is None:
            continue
        for found in events(connection, number, start=start, stop=stop, read_segment=read_segment):
            if found.id == event:
                return Found(session=found.session, seq=found.seq)
    return None

"""Reads events back from the index: packed frames, or pointers into recorded segments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import apsw

from reenact.events import Event, decode
from reenact.store.packing import ReadOriginal, Unpacker, unread
from reenact.store.shelf import mark
from reenact.store.sql import fetch, fetch_one
from reenact.store.values import Found

ReadSegment = Callable[[str, int, int], list[Event]]
"""(segment, offset, length) → the events in these bytes."""


def _no_segments(segment: str, offset: int, length: int) -> list[Event]:
    raise LookupError(f"{segment} at {offset}+{length} is no part of an import")


class Reads(NamedTuple):
    """How what lies outside of the index is read."""

    segment: ReadSegment = _no_segments
    original: ReadOriginal = unread


_NOTHING = Reads()


def events(
    connection: apsw.Connection,
    part: int,
    *,
    start: int = 1,
    stop: int | None = None,
    reads: Reads = _NOTHING,
) -> Iterator[Event]:
    """Yields a part's events with `start` <= seq < `stop`, from one state of the index."""
    rows = connection.execute(
        "SELECT first_seq, length, segment, offset, generation, base, span, data FROM frame "
        "WHERE part=? AND first_seq+count>? AND first_seq<? ORDER BY first_seq",
        (part, start, 2**62 if stop is None else stop),
    )
    unpacker = Unpacker(connection, reads.original)
    last = start - 1
    for first, length, segment, offset, generation, base, span, data in rows:
        if segment is not None:
            found = iter(reads.segment(segment, offset, length))
        else:
            lines = unpacker.frame(part, data, generation, base, span).split(b"\n")[:-1]
            found = _decoded(lines, first, last + 1, stop)
        for event in found:
            if event.seq > last and (stop is None or event.seq < stop):
                last = event.seq  # a segment may hold a line twice
                yield event


def _decoded(lines: list[bytes], first: int, start: int, stop: int | None) -> Iterator[Event]:
    """Yields the events of a frame that are asked for, and maybe some before and behind them."""
    begin = max(0, start - first)
    if begin and (begin >= len(lines) or decode(lines[begin]).seq != first + begin):
        begin = 0  # the numbers have gaps
    return map(decode, lines[begin : None if stop is None else max(0, stop - first)])


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


def find(connection: apsw.Connection, event: str, part: int | None, *, reads: Reads) -> Found | None:
    """Tells where an event is: in one part, or in any that is shown."""
    for number, start, stop in candidates(connection, event, part):
        if fetch_one(connection, "SELECT id FROM session WHERE part=?", (number,)) is None:
            continue
        for found in events(connection, number, start=start, stop=stop, reads=reads):
            if found.id == event:
                return Found(session=found.session, seq=found.seq)
    return None

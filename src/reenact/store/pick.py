"""Single events out of frames: one frame is unpacked, and only the lines asked for are read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

import apsw

from reenact.errors import CorruptRecordError
from reenact.events import Event, decode
from reenact.store.frames import Reads
from reenact.store.packing import Unpacker
from reenact.store.sql import fetch_one


def pick(
    connection: apsw.Connection, wanted: Iterable[tuple[int, int]], *, reads: Reads
) -> dict[tuple[int, int], Event]:
    """Gives the events at (part, seq), as far as they are there."""
    found: dict[tuple[int, int], Event] = {}
    frame = _Frame(connection, reads)
    for part, seq in sorted(set(wanted)):
        event = frame.event(part, seq)
        if event is not None:
            found[part, seq] = event
    return found


class _Frame:
    """The frame that was looked at last."""

    def __init__(self, connection: apsw.Connection, reads: Reads) -> None:
        self._connection = connection
        self._reads = reads
        self._unpacker = Unpacker(connection, reads.original)
        self._part = self._first = self._end = 0
        self._data = b""
        self._events: dict[int, Event] = {}

    def event(self, part: int, seq: int) -> Event | None:
        if part != self._part or not self._first <= seq < self._end:
            self._load(part, seq)
        if seq in self._events:
            return self._events[seq]
        if not self._data:
            return None
        at = seq - self._first
        lines = self._data.split(b"\n", at + 1)  # what lies behind the line is left in one piece
        event = decode(lines[at]) if at < len(lines) and lines[at] else None
        return event if event is not None and event.seq == seq else self._search(seq)

    def _load(self, part: int, seq: int) -> None:
        row = fetch_one(
            self._connection,
            "SELECT first_seq, count, length, segment, offset, generation, base, span, data FROM frame "
            "WHERE part=? AND first_seq<=? ORDER BY first_seq DESC LIMIT 1",
            (part, seq),
        )
        self._part, self._first, self._end, self._data, self._events = part, 0, 0, b"", {}
        if row is None:
            return
        self._first, count, length, segment, offset, generation, base, span, data = row
        self._end = self._first + count
        if segment is None:
            with contextlib.suppress(CorruptRecordError):  # then it is not there; `verify` tells
                self._data = self._unpacker.frame(part, data, generation, base, span)
        else:
            self._events = {event.seq: event for event in self._reads.segment(segment, offset, length)}

    def _search(self, seq: int) -> Event | None:
        """Finds an event where the numbers of a frame have gaps."""
        events = map(decode, self._data.split(b"\n")[:-1])
        return next((event for event in events if event.seq == seq), None)

"""The one writer of a recorded session, and what it does with what a killed writer left behind.

It holds the segment's lock as long as it lives: by that others know that the session runs, and that
nothing is to be recovered or sealed. Who wants to add a note meanwhile gets `ArchiveBusyError`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from reenact.errors import ArchiveBusyError, ArchiveError, CorruptRecordError
from reenact.events import Event, Header, encode_record, record_of
from reenact.store import segment
from reenact.store.layout import Layout, make_directory, sync_directory, write_all
from reenact.store.lock import acquire

_WAIT = 0.5
"""Seconds; readers hold the lock for an instant to see whether somebody writes."""


class LocalWriter:
    """See `store.protocol.Writer`."""

    def __init__(self, layout: Layout, header: Header, *, before_sync: Callable[[], None]) -> None:
        self._path = layout.live_segment(header.id)
        self._session = header.id
        self._before_sync = before_sync
        make_directory(layout.live)
        self._handle = open_locked(self._path)
        try:
            self.last = self._begin(layout, header)
        except BaseException:
            os.close(self._handle)
            raise
        self._size = os.fstat(self._handle).st_size

    def _begin(self, layout: Layout, header: Header) -> int:
        """Recovers the segment or opens a new one; gives the last seq."""
        recover(self._handle, self._path)
        number, last = sealed_end(layout, header.id)
        drop_if_sealed(self._handle, layout, header.id)
        if os.fstat(self._handle).st_size == 0:
            write_all(self._handle, segment.opening_line(header, number=number + 1, first=last + 1))
            sync_directory(layout.live)
            return last
        found = last_seq(self._handle)
        return last if found is None else found

    def append(self, *events: Event, encoded: Sequence[bytes] | None = None) -> None:
        """Writes events with one `write`.

        Raises:
            ArchiveError: the disk is full, or an event is not of this session; nothing was written.
        """
        last = self.last
        for event in events:
            if event.session != self._session or event.seq <= last:
                raise ArchiveError(f"event {event.id} cannot follow {last} of {self._session}")
            last = event.seq
        if len(events) == 1:  # nearly always; joining would cost a tenth
            line = encode_record(events[0]) if encoded is None else record_of(encoded[0])
        else:
            line = b"".join(map(encode_record, events) if encoded is None else map(record_of, encoded))
        try:
            written = os.write(self._handle, line)
        except OSError as error:
            os.ftruncate(self._handle, self._size)
            raise ArchiveError(f"{self._path} cannot be written: {error.strerror}") from error
        if written != len(line):
            os.ftruncate(self._handle, self._size)
            raise ArchiveError(
                f"{self._path} took {written} of {len(line)} bytes: no space is left for it",
                hint="make room; what comes then is kept",
            )
        self._size += written
        self.last = last

    def sync(self) -> None:
        self._before_sync()
        os.fdatasync(self._handle)

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def open_locked(path: Path, *, wait: float = _WAIT, create: bool = True) -> int:
    """Opens a live segment for appending, locked.

    Raises:
        ArchiveBusyError: somebody is writing to it.
        FileNotFoundError: there is none, and none is to be made.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | (os.O_CREAT if create else 0)
    while True:
        handle = os.open(path, flags, 0o600)
        try:
            acquire(handle, path, wait=wait)
            if path.exists() and os.path.samestat(path.stat(), os.fstat(handle)):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # it was sealed while we waited: look again


def is_written_to(path: Path) -> bool:
    """Tells whether a writer holds a live segment."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        acquire(handle, path)
    except ArchiveBusyError:
        return True
    finally:
        os.close(handle)
    return False


def recover(handle: int, path: Path) -> int:
    """Ends a segment at the end of a line again; gives how many bytes went into the `.torn` file.

    An unfinished last line is moved to a file beside the segment. One that lacks nothing but its line
    end gets it.
    """
    size = os.fstat(handle).st_size
    end = segment.last_line_end(handle)
    if end == size:
        return 0
    tail = b"".join(segment.blocks_of(handle, end))
    if segment.event_of(tail) is not None or segment.opening(tail) is not None:
        write_all(handle, b"\n")
        return 0
    torn = os.open(
        path.with_name(path.name + ".torn"), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
    )
    try:
        write_all(torn, tail + b"\n")
        os.fsync(torn)
    finally:
        os.close(torn)
    os.ftruncate(handle, end)
    return len(tail)


def last_seq(handle: int) -> int | None:
    """Gives the seq of the last readable event of a segment, or the one before its first."""
    for line in segment.lines_backwards(handle, os.fstat(handle).st_size):
        event = segment.event_of(line)
        if event is not None:
            return event.seq
        begin = segment.opening(line)
        if begin is not None:
            return begin.first - 1
    return None


def first_opening(handle: int) -> segment.Opening | None:
    """Gives the opening line of a live segment, where it can be read."""
    for line in segment.lines(segment.blocks_of(handle, 0)):
        return segment.opening(line)
    return None


def sealed_end(layout: Layout, session: str) -> tuple[int, int]:
    """Gives how many sealed segments a session has, and the last seq in them."""
    number = last = 0
    while (path := segment.sealed_path(layout, session, number + 1)).exists():
        number += 1
        try:
            last = segment.read_table(path).last
        except CorruptRecordError:
            continue  # `verify` tells; the live segment's own opening line says where it begins
    return number, last


def drop_if_sealed(handle: int, layout: Layout, session: str) -> bool:
    """Empties a live segment whose sealing was cut short after the sealed file was complete."""
    begin = first_opening(handle)
    if begin is None:
        return False
    path = segment.sealed_path(layout, session, begin.segment)
    try:
        table = segment.read_table(path)
    except (FileNotFoundError, CorruptRecordError):
        return False
    if os.fstat(handle).st_size > table.length:
        path.unlink()  # somebody wrote on: the live segment holds all of the sealed one and more
        return False
    os.ftruncate(handle, 0)
    return True

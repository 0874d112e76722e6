"""Recorded sessions in the index: follows the segments, seals them, reads events out of them."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import apsw
import msgspec

from reenact.errors import ArchiveBusyError, CorruptRecordError
from reenact.events import Event, Header, bodies
from reenact.store import ledger, segment, writer
from reenact.store.layout import Layout, make_directory, sync_directory
from reenact.store.part import RECORDED, PartBuilder, drop_part
from reenact.store.pricing import Pricer
from reenact.store.segment import Table
from reenact.store.shelf import Pointed
from reenact.store.sql import fetch, fetch_one

_SEALED = re.compile(r"([A-Za-z0-9_-]+)-([0-9]+)\.jsonl\.zst")
_MICRO = 1000


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One segment as it lies on disk."""

    session: str
    number: int
    """0 for a live one: its opening line tells."""
    path: Path
    inode: int
    size: int
    """Plain bytes; -1 for a sealed one."""

    @property
    def is_live(self) -> bool:
        return self.number == 0


class Segments:
    """The folders `live/` and `sealed/`."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._tables: dict[Path, Table] = {}

    def pieces(self) -> dict[str, list[Piece]]:
        """Gives the segments of every recorded session, in order."""
        found: dict[str, list[Piece]] = {}
        with contextlib.suppress(FileNotFoundError):
            for entry in sorted(os.scandir(self._layout.sealed), key=lambda entry: entry.name):
                named = _SEALED.fullmatch(entry.name)
                if named is not None:
                    piece = Piece(
                        session=named[1], number=int(named[2]), path=Path(entry.path), inode=0, size=-1
                    )
                    found.setdefault(named[1], []).append(piece)
        for pieces in found.values():
            pieces.sort(key=lambda piece: piece.number)
        for path in self.live():
            with contextlib.suppress(FileNotFoundError):
                stat = path.stat()
                piece = Piece(session=path.stem, number=0, path=path, inode=stat.st_ino, size=stat.st_size)
                found.setdefault(path.stem, []).append(piece)
        return found

    def live(self) -> list[Path]:
        """Gives the live segments."""
        return sorted(self._layout.live.glob("*.jsonl"))

    def running(self) -> set[str]:
        """Gives the sessions that somebody writes to now."""
        return {path.stem for path in self.live() if writer.is_written_to(path)}

    # -- reading --------------------------------------------------------------------------------

    def read(self, name: str, offset: int, length: int) -> list[Event]:
        """Gives the events in a range of a segment, wherever it lies by now."""
        session, _, number = name.rpartition("-")
        blocks = self._blocks(session, int(number), offset)
        data = bytearray()
        for block in blocks:
            data += block
            if len(data) >= length:
                break
        found = (segment.event_of(line) for line in bytes(data[:length]).split(b"\n") if line)
        return [event for event in found if event is not None and event.session == session]

    def _blocks(self, session: str, number: int, offset: int) -> Iterator[bytes]:
        path = segment.sealed_path(self._layout, session, number)
        handle = -1
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(self._layout.live_segment(session), os.O_RDONLY | os.O_CLOEXEC)
        try:
            # Looked for after opening: sealing writes the sealed file before the live one goes, so
            # where there is none yet, what was opened is this segment and not the one after it.
            if path.exists():
                yield from segment.read_sealed(path, self._table(path), start=offset)
            elif handle >= 0:  # else it was removed: the index will be told
                yield from segment.blocks_of(handle, offset)
        finally:
            if handle >= 0:
                os.close(handle)

    def _table(self, path: Path) -> Table:
        if path not in self._tables:
            if len(self._tables) > 64:
                self._tables.clear()
            self._tables[path] = segment.read_table(path)
        return self._tables[path]

    # -- sealing --------------------------------------------------------------------------------

    def seal(self, *, idle_before: int) -> int:
        """Packs the live segments of ended and of idle sessions; gives how many."""
        make_directory(self._layout.sealed)
        return sum(self._seal(path, idle_before) for path in self.live())

    def _seal(self, path: Path, idle_before: int) -> bool:
        try:
            handle = writer.open_locked(path, wait=0.0, create=False)
        except (ArchiveBusyError, FileNotFoundError):
            return False
        try:
            writer.recover(handle, path)
            if writer.drop_if_sealed(handle, self._layout, path.stem):
                path.unlink()
                return True
            if not (_is_ended(handle) or os.fstat(handle).st_mtime_ns // _MICRO < idle_before):
                return False
            if not os.fstat(handle).st_size:
                path.unlink()
                return False
            last = writer.last_seq(handle)
            begin = writer.first_opening(handle)
            number = writer.sealed_end(self._layout, path.stem)[0] + 1 if begin is None else begin.segment
            target = segment.sealed_path(self._layout, path.stem, number)
            segment.write_sealed(target, segment.lines(segment.blocks_of(handle, 0)), last=last or 0)
            path.unlink()
            sync_directory(self._layout.live)
        finally:
            os.close(handle)
        return True


def _is_ended(handle: int) -> bool:
    for line in segment.lines_backwards(handle, os.fstat(handle).st_size):
        event = segment.event_of(line)
        if event is not None:
            return isinstance(event.body, bodies.SessionEnded)
    return False


class Follower:
    """Brings the index up to the segments: new lines are added, what is not as it was is read anew."""

    def __init__(self, connection: apsw.Connection, segments: Segments, pricer: Pricer) -> None:
        self._connection = connection
        self._segments = segments
        self._pricer = pricer

    def follow(self, changed: dict[str, list[Piece]]) -> set[str]:
        """Takes in what changed: session → its segments as they are now (none: it is gone)."""
        for session, pieces in changed.items():
            if not self._is_continued(session, pieces):
                self._forget(session)
            if pieces:
                self._session(session, pieces)
        return set(changed)

    def _is_continued(self, session: str, pieces: list[Piece]) -> bool:
        """Tells whether all that was indexed still lies where it lay."""
        rows = fetch(
            self._connection,
            "SELECT name, inode, offset FROM segment WHERE session=? ORDER BY name",
            (session,),
        )
        sealed = {f"{session}-{piece.number}" for piece in pieces if not piece.is_live}
        live = next((piece for piece in pieces if piece.is_live), None)
        return all(
            name in sealed or (live is not None and live.inode == inode and live.size >= offset)
            for name, inode, offset in rows
        )

    def _forget(self, session: str) -> None:
        rows = fetch(
            self._connection, "SELECT n FROM part WHERE session=? AND original=?", (session, RECORDED)
        )
        for (number,) in rows:
            drop_part(self._connection, number, session)
        self._connection.execute("DELETE FROM segment WHERE session=?", (session,))

    def _session(self, session: str, pieces: list[Piece]) -> None:
        begin = _header(pieces)
        if begin is None:
            return  # nothing readable yet
        price = ledger.price_for(self._pricer, begin.agent)
        builder = PartBuilder(self._connection, session, RECORDED, price, resume=True)
        builder.header = builder.header or begin
        for piece in pieces:
            self._piece(builder, piece)
        builder.finish()

    def _piece(self, builder: PartBuilder, piece: Piece) -> None:
        number = piece.number
        try:
            handle = os.open(piece.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return  # sealed or removed since: the next catch-up sees it
        try:
            if piece.is_live:
                begin = writer.first_opening(handle)
                number = begin.segment if begin else 1
            name = f"{builder.session}-{number}"
            row = fetch_one(
                self._connection, "SELECT offset, skipped, events FROM segment WHERE name=?", (name,)
            )
            offset, skipped, events = row or (0, 0, 0)
            if piece.is_live:
                blocks = segment.blocks_of(handle, offset)
            else:
                table = segment.read_table(piece.path)
                blocks = segment.read_sealed(piece.path, table, start=offset)
            offset, skipped, events = self._lines(builder, name, blocks, (offset, skipped, events))
        except CorruptRecordError:  # its table is gone: `verify` tells
            name, offset, skipped, events = f"{piece.session}-{number}", 0, 1, 0
        finally:
            os.close(handle)
        self._connection.execute(
            "INSERT OR REPLACE INTO segment VALUES (?,?,?,?,?,?,?,?)",
            (name, builder.session, piece.inode, 0, piece.size, offset, skipped, events),
        )

    @staticmethod
    def _lines(
        builder: PartBuilder, name: str, blocks: Iterator[bytes], begin: tuple[int, int, int]
    ) -> tuple[int, int, int]:
        """Adds whole lines; gives where they end, how many were damaged, and how many events they hold."""
        offset, skipped, events = begin
        shelf = Pointed(builder.connection, builder.number, name)
        builder.shelf = shelf
        for line in segment.lines(blocks):
            event = segment.event_of(line)
            shelf.at = (offset, offset + len(line))
            offset += len(line)
            if event is not None and event.session == builder.session and event.seq > builder.last:
                builder.add(event)
                events += 1
            elif segment.opening(line) is None:
                skipped += 1
        shelf.flush()
        return offset, skipped, events


def _header(pieces: list[Piece]) -> Header | None:
    """Gives who a session is, from the first of its segments whose opening line can be read."""
    for piece in pieces:
        with contextlib.suppress(CorruptRecordError, FileNotFoundError):
            first = _first_line(piece)
            begin = segment.opening(first)
            if begin is not None:
                return begin.header
            if first:  # the opening line is damaged; the events behind it are still this session's
                return Header(id=piece.session, agent="unknown", native_id=piece.session)
    return None


def _first_line(piece: Piece) -> bytes:
    """Gives the first line of a segment, whole or not."""
    if not piece.is_live:
        table = segment.read_table(piece.path)
        return next(segment.lines(segment.read_sealed(piece.path, table)), b"")
    handle = os.open(piece.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return next(segment.lines(segment.blocks_of(handle, 0)), b"")
    finally:
        os.close(handle)


def changed_pieces(connection: apsw.Connection, segments: Segments) -> dict[str, list[Piece]]:
    """Gives the sessions whose segments are not as the index knows them."""
    known: dict[str, dict[str, tuple[int, int]]] = {}
    for name, session, inode, size in fetch(connection, "SELECT name, session, inode, size FROM segment"):
        known.setdefault(session, {})[name] = (inode, size)
    pieces = segments.pieces()
    changed = {}
    for session in known.keys() | pieces.keys():
        here = pieces.get(session, [])
        sealed = {f"{session}-{piece.number}" for piece in here if not piece.is_live}
        live = {(piece.inode, piece.size) for piece in here if piece.is_live}
        rows = known.get(session, {})
        lives = {mark for name, mark in rows.items() if name not in sealed}
        unread = any(rows.get(name, (0, 0))[1] != -1 for name in sealed)
        if unread or live != lives:
            changed[session] = here
    return changed

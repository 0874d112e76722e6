"""One session's events from one transcript on their way into the index."""

from __future__ import annotations

import zlib

import apsw
import msgspec
import zstandard

from reenact.events import Event, Header, bodies, encode
from reenact.store import ledger
from reenact.store.sql import fetch_one
from reenact.store.summary import Summary

FRAME = 256 * 1024
"""Bytes of events in one frame."""
_LEVEL = 3
_WARNINGS = 1000
"""Warnings of one part that are listed; all are counted."""
_MESSAGE = 500

MERGED = ""
"""In the place of an original: the events of several parts of one session, joined."""


class PartBuilder:
    """Takes a session's events in order; stores those that are not stored yet, sums up all."""

    def __init__(self, connection: apsw.Connection, session: str, original: str, price: ledger.Price) -> None:
        self._connection = connection
        self.session = session
        self.original = original
        self.number, self.held = _part(connection, session, original)
        self._book = ledger.Book(connection, session, price, is_new=self.held == 0)
        self.summary = Summary()
        self.header: Header | None = None
        self.removed = 0
        self._lines: list[bytes] = []
        self._ids: list[bytes] = []
        self._length = 0
        self._first = 0
        self._warned = 0
        self._edges: set[tuple[str, str, str | None]] = set()
        self._packer = zstandard.ZstdCompressor(level=_LEVEL)

    @property
    def count(self) -> int:
        """Events given so far."""
        return self.summary.events

    def add(self, event: Event) -> None:
        """Takes the next event.

        Raises:
            ValueError: it is not the next one.
        """
        if event.seq != self.summary.events + 1:
            raise ValueError(f"event {event.id} of {self.session} has seq {event.seq}, not {self.count + 1}")
        self.summary.add(event)
        self._lineage(event)
        if event.seq <= self.held:
            return
        if not self._lines:
            self._begin(event.seq)
        line = encode(event)
        self._lines.append(line)
        self._ids.append(mark(event.id))
        self._length += len(line) + 1
        match event.body:
            case bodies.UsageRecorded() as body:
                self._book.add(event, body)
            case bodies.ParseWarning() as body:
                self._warn(event, body)
        if self._length >= FRAME:
            self._flush()

    def _begin(self, seq: int) -> None:
        """Begins a frame; goes on in the last one where that is small."""
        self._first = seq
        row = fetch_one(
            self._connection,
            "SELECT n, first_seq, ids, data FROM frame WHERE part=? AND first_seq+count=? AND length<?",
            (self.number, seq, FRAME // 2),
        )
        if row is None:
            return
        number, self._first, ids, data = row
        lines = zstandard.ZstdDecompressor().decompress(data).split(b"\n")[:-1]
        self._lines = lines
        self._ids = [bytes(ids)]
        self._length = sum(len(line) + 1 for line in lines)
        self._connection.execute("DELETE FROM frame WHERE n=?", (number,))

    def _flush(self) -> None:
        if not self._lines:
            return
        data = b"\n".join((*self._lines, b""))
        self._connection.execute(
            "INSERT INTO frame(part, first_seq, count, length, ids, data) VALUES (?,?,?,?,?,?)",
            (
                self.number,
                self._first,
                len(self._lines),
                len(data),
                b"".join(self._ids),
                self._packer.compress(data),
            ),
        )
        self._lines, self._ids, self._length = [], [], 0

    def _warn(self, event: Event, body: bodies.ParseWarning) -> None:
        self._warned += 1
        if self._warned > _WARNINGS:
            return
        self._connection.execute(
            "INSERT INTO warning VALUES (?,?,?,?,?,?)",
            (
                self.number,
                event.seq,
                body.category,
                storable(body.message[:_MESSAGE]),
                event.origin.offset if event.origin else None,
                body.size,
            ),
        )

    def _lineage(self, event: Event) -> None:
        """Takes note of what an event tells about other sessions."""
        match event.body:
            case bodies.AgentSpawned(child=str(child), call=call):
                self._edge(child, call, event, "spawned")
            case bodies.ToolFinished(child=str(child), call=call):
                self._edge(child, call, event, "finished")
            case bodies.SessionForked(parent=parent, at=at):
                self._forked(parent, at)
            case bodies.SessionStarted(forked=str(parent)):
                self._forked(parent, None)

    def _edge(self, child: str, call: str | None, event: Event, source: str) -> None:
        known = (child, source, call)
        if event.seq <= self.held or known in self._edges or child == self.session:
            return
        self._edges.add(known)
        self._connection.execute(
            "INSERT INTO edge VALUES (?,?,?,?,?,?,?)",
            (self.number, child, self.session, call, event.id, source, event.seq),
        )
        self._connection.execute("INSERT OR IGNORE INTO touched_session VALUES (?)", (child,))

    def _forked(self, parent: str, at: str | None) -> None:
        header = self.header
        if header is None or parent == self.session or header.kind == "subagent":
            return
        self.header = msgspec.structs.replace(
            header,
            kind="fork",
            parent=header.parent or parent,
            parent_event=header.parent_event or at,
        )

    def finish(self) -> None:
        """Stores what is left and what the part is now."""
        self._flush()
        self._book.flush()
        self._connection.execute(
            "UPDATE part SET header=?, events=?, removed=?, state=? WHERE n=?",
            (
                msgspec.json.encode(self.header) if self.header else None,
                self.summary.events,
                self.removed,
                msgspec.msgpack.encode(self.summary),
                self.number,
            ),
        )


def mark(event: str) -> bytes:
    """Gives the four bytes by which a frame is found that may hold an event."""
    return zlib.crc32(event.encode("utf-8", "surrogatepass")).to_bytes(4, "big")


def storable(text: str) -> str:
    """Gives a text that a database can hold: lone surrogates become question marks."""
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text


def drop_part(connection: apsw.Connection, number: int, session: str) -> None:
    """Deletes a part's events and what they told; the session's ledger is emptied with it."""
    connection.execute("INSERT OR IGNORE INTO touched_session SELECT child FROM edge WHERE part=?", (number,))
    for table in ("frame", "warning", "edge"):
        connection.execute(f"DELETE FROM {table} WHERE part=?", (number,))
    connection.execute("DELETE FROM part WHERE n=?", (number,))
    ledger.drop_session(connection, session)


def _part(connection: apsw.Connection, session: str, original: str) -> tuple[int, int]:
    """Gives number and held events of a part; makes it where there is none."""
    row = fetch_one(
        connection, "SELECT n, events FROM part WHERE session=? AND original=?", (session, original)
    )
    if row is not None:
        return int(row[0]), int(row[1])
    connection.execute("INSERT INTO part(session, original) VALUES (?,?)", (session, original))
    return connection.last_insert_rowid(), 0

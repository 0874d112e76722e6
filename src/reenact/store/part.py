"""One session's events from one transcript, or from its own segments, on their way into the index."""

from __future__ import annotations

import apsw
import msgspec

from reenact.events import Event, Header, bodies
from reenact.store import feed, ledger
from reenact.store.packing import ReadOriginal, unread
from reenact.store.shelf import Packed, Shelf
from reenact.store.sql import fetch_one
from reenact.store.summary import Summary, storable

_WARNINGS = 1000
"""Warnings of one part that are listed; all are counted."""
_MESSAGE = 500
_RELATED = frozenset({
    bodies.AgentSpawned, bodies.ToolFinished, bodies.SessionForked, bodies.SessionStarted,
})  # fmt: skip
_BOOKED = frozenset({bodies.UsageRecorded, bodies.ParseWarning})

MERGED = ""
"""In the place of an original: the events of several parts of one session, joined."""
RECORDED = "*recorded"
"""In the place of an original: the events that this archive recorded itself."""


class PartBuilder:
    """Takes a session's events in order; stores those that are not stored yet, sums up all.

    With `resume` only new events are given, and the sums go on from where they were.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        session: str,
        original: str,
        price: ledger.Price,
        *,
        resume: bool = False,
        read: ReadOriginal = unread,
    ) -> None:
        self._connection = connection
        self.session = session
        self.original = original
        self._resume = resume
        self.number, self.held, state, header = _part(connection, session, original)
        self._book = ledger.Book(connection, session, price, is_new=self.held == 0)
        self.summary = Summary()
        self.header: Header | None = None
        if resume:
            self.summary, self.header, self.held = state, header, 0
        self.removed = 0
        self.shelf: Shelf = Packed(connection, self.number, original, read)
        self._edges: set[tuple[str, str, str | None]] = set()

    @property
    def connection(self) -> apsw.Connection:
        return self._connection

    @property
    def last(self) -> int:
        """Seq of the last event given."""
        return self.summary.last_seq

    @property
    def count(self) -> int:
        """Events given so far."""
        return self.summary.events

    def add(self, event: Event) -> None:
        """Takes the next event.

        Raises:
            ValueError: it is not the next one.
        """
        last = self.summary.last_seq
        if event.seq <= last or (event.seq != last + 1 and not self._resume):
            raise ValueError(f"event {event.id} of {self.session} has seq {event.seq} after {last}")
        self.summary.add(event)
        kind = type(event.body)
        if kind in _RELATED:
            self._lineage(event)
        if event.seq <= self.held:
            return
        self.shelf.add(event)
        if kind in _BOOKED:
            match event.body:
                case bodies.UsageRecorded() as body:
                    self._book.add(event, body)
                case bodies.ParseWarning() as body if self.summary.warnings <= _WARNINGS:
                    self._warn(event, body)

    def _warn(self, event: Event, body: bodies.ParseWarning) -> None:
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
            (self.number, storable(child), self.session, call, event.id, source, event.seq),
        )
        self._connection.execute("INSERT OR IGNORE INTO touched_session VALUES (?)", (storable(child),))

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
        self.shelf.flush()
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


def drop_part(connection: apsw.Connection, number: int, session: str) -> None:
    """Deletes a part's events and what they told; the session's ledger is emptied with it."""
    connection.execute("INSERT OR IGNORE INTO touched_session SELECT child FROM edge WHERE part=?", (number,))
    feed.remember(connection, session, part=number)
    for table in ("frame", "warning", "edge"):
        connection.execute(f"DELETE FROM {table} WHERE part=?", (number,))
    connection.execute("DELETE FROM part WHERE n=?", (number,))
    ledger.drop_session(connection, session)


def _part(
    connection: apsw.Connection, session: str, original: str
) -> tuple[int, int, Summary, Header | None]:
    """Gives number, held events, sums and header of a part; makes it where there is none."""
    row = fetch_one(
        connection,
        "SELECT n, events, state, header FROM part WHERE session=? AND original=?",
        (session, original),
    )
    if row is None:
        connection.execute("INSERT INTO part(session, original) VALUES (?,?)", (session, original))
        return connection.last_insert_rowid(), 0, Summary(), None
    number, events, state, header = row
    summary = msgspec.msgpack.decode(state, type=Summary) if state else Summary()
    return number, events, summary, msgspec.json.decode(header, type=Header) if header else None

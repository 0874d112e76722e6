"""The text index: shards beside `core.db`, filled after the rest and thrown away with it.

`core.db` notes, in the transaction of each change, which sessions have to be looked at again and which
parts are gone (the tables `text_stale` and `text_gone`, filled by triggers). A run works these notes
off, newest sessions first, and may stop at any time: what a shard holds of a part, and how far, is
told in the same transaction as its rows.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import msgspec

from reenact.errors import ArchiveBusyError, CorruptRecordError
from reenact.events import Event
from reenact.query import EventFacts, Walk
from reenact.store import frames
from reenact.store.index import Index
from reenact.store.lock import locked
from reenact.store.sql import fetch, fetch_one, full_told
from reenact.store.summary import storable
from reenact.store.text_shard import Entry, Holding, Shard, delete

SHARD_ROWS = 2_000_000
"""Rows of one shard; then the next begins."""
BATCH_BYTES = 24 << 20
"""Text gathered before it is written."""
BATCH_ROWS = 20_000
_REMEMBERED = 10_000
"""Combinations of fields that are remembered."""
_MARK = "text"
"""Under this name the index says which shards are made from it."""

Tell = Callable[[int, int], None]
"""(sessions done, sessions in all) → nothing."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A session that has to be looked at, as `core.db` shows it now."""

    session: int
    id: str
    agent: str
    project: str | None
    kind: str
    part: int

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """What every row of the session is found by."""
        found = [("agent", self.agent)]
        if self.project is not None:
            found.append(("project", self.project))
        if self.kind != "main":
            found.append(("is", self.kind))
        return tuple(found)

    @property
    def identity(self) -> str:
        return msgspec.json.encode([self.id, *self.fields]).decode()


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done, and up to which notes that is all."""

    sessions: tuple[int, ...]
    gone: tuple[int, ...]
    last_stale: int
    last_gone: int


class TextIndex:
    """The shards of one archive."""

    def __init__(self, index: Index, reads: frames.Reads) -> None:
        self._index = index
        self._reads = reads
        self._shards: list[Shard] = []
        self._mark: str | None = None

    @property
    def _folder(self) -> Path:
        return self._index.path.parent

    def shards(self) -> list[Shard]:
        """Gives the shards that belong to the index as it is, oldest first."""
        mark = self._read_mark()
        if mark is None:
            return []
        if mark != self._mark or any(not shard.path.exists() for shard in self._shards):
            self.close()
        number = len(self._shards)
        while (path := self._path(number)).exists():
            shard = Shard.open(path, number, mark)
            if shard is None:
                break
            self._shards.append(shard)
            number += 1
        self._mark = mark
        return self._shards

    def catch_up(
        self,
        *,
        seconds: float | None = None,
        tell: Tell | None = None,
        is_over: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Works off what is due; gives whether nothing is left.

        Stops when the `seconds` are over, or when it is told that it is over. Does nothing while
        another process does it, or where the cache cannot be written.

        Raises:
            OSError: the disk is full.
        """
        if not self._index.can_write:
            return False
        until = None if seconds is None else time.monotonic() + seconds
        ends = lambda: is_over() or (until is not None and time.monotonic() >= until)  # noqa: E731
        try:
            with locked(self._lock_path, wait=0), full_told(self._folder):
                self._settle_mark()
                due = self._due()
                if not due.sessions and not due.gone:
                    return True
                count = self._work(due, ends, tell)
                self._done(due, due.sessions[:count])
                for shard in self.shards():
                    shard.settle()
                return count == len(due.sessions)
        except (ArchiveBusyError, apsw.ReadOnlyError, apsw.BusyError):
            return False

    def compact(self) -> None:
        """Writes shards anew from which rows were dropped: until then words of them lie in the file."""
        if not self._index.can_write:
            return
        with contextlib.suppress(ArchiveBusyError, apsw.BusyError), locked(self._lock_path, wait=0):
            for shard in self.shards():
                shard.compact()

    @property
    def _lock_path(self) -> Path:
        return self._folder / "text.lock"

    def clear(self) -> None:
        """Deletes the shards."""
        self.close()
        number = 0
        while (path := self._path(number)).exists():
            delete(path)
            number += 1

    def close(self) -> None:
        for shard in self._shards:
            shard.close()
        self._shards, self._mark = [], None

    # -- what is due ----------------------------------------------------------------------------

    def _path(self, number: int) -> Path:
        return self._folder / f"text-{number}.db"

    def _read_mark(self) -> str | None:
        row = fetch_one(self._index.reader, "SELECT value FROM meta WHERE name=?", (_MARK,))
        return None if row is None else str(row[0])

    def _settle_mark(self) -> None:
        """Sees to it that index and shards know each other; else all texts are due again."""
        shards = self.shards()
        if shards and not self._path(len(shards)).exists():
            return
        self.clear()
        with self._index.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (_MARK, secrets.token_hex(8)))
            connection.execute("DELETE FROM text_gone")
            connection.execute("INSERT INTO text_stale(session) SELECT n FROM session ORDER BY n")

    def _due(self) -> Due:
        reader = self._index.reader
        with self._snapshot():
            stale = fetch(
                reader,
                "SELECT t.session, t.n FROM text_stale t LEFT JOIN session s ON s.n=t.session "
                "ORDER BY s.ended_at DESC, s.n",
            )
            gone = fetch(reader, "SELECT part, n FROM text_gone")
        return Due(
            sessions=tuple(row[0] for row in stale),
            gone=tuple({row[0] for row in gone}),
            last_stale=max((row[1] for row in stale), default=0),
            last_gone=max((row[1] for row in gone), default=0),
        )

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[None]:
        reader = self._index.reader
        reader.execute("BEGIN")
        try:
            yield
        finally:
            reader.execute("COMMIT")

    def _done(self, due: Due, sessions: tuple[int, ...]) -> None:
        """Takes back the notes that were worked off; those written meanwhile stay."""
        with self._index.writing() as connection:
            connection.execute(
                "DELETE FROM text_stale WHERE n<=? AND session IN (SELECT value FROM json_each(?))",
                (due.last_stale, msgspec.json.encode(sessions).decode()),
            )
            connection.execute("DELETE FROM text_gone WHERE n<=?", (due.last_gone,))

    # -- working it off -------------------------------------------------------------------------

    def _work(self, due: Due, ends: Callable[[], bool], tell: Tell | None) -> int:
        """Gives how many of the sessions are done."""
        for part in due.gone:
            self._drop(part)
        batch = _Batch(self._writable_shard)
        for number, session in enumerate(due.sessions):
            if tell is not None:
                tell(number, len(due.sessions))
            target = self._target(session)
            if target is not None:
                self._follow(target, batch)
            for part in {part for shard in self.shards() for part in shard.parts_of(session)}:
                if target is None or part != target.part:
                    self._drop(part)
            if ends():
                batch.flush()
                return number + 1
        batch.flush()
        return len(due.sessions)

    def _target(self, session: int) -> Target | None:
        row = fetch_one(
            self._index.reader,
            "SELECT n, id, agent, project, kind, part FROM session WHERE n=? AND part IS NOT NULL",
            (session,),
        )
        return None if row is None else Target(**dict(zip(Target.__struct_fields__, row, strict=True)))

    def _follow(self, target: Target, batch: _Batch) -> None:
        """Adds what a session has more than its shard knows."""
        known = next(
            (held for shard in reversed(self.shards()) if (held := shard.holding(target.part))), None
        )
        if known is not None and known.identity != target.identity:
            self._drop(target.part)
            known = None
        walk = msgspec.msgpack.decode(known.state, type=Walk) if known else Walk()
        upto = known.upto if known else 0
        with contextlib.suppress(CorruptRecordError):  # what cannot be read is not found; `verify` tells
            for event in frames.events(self._index.reader, target.part, start=upto + 1, reads=self._reads):
                batch.add(target, event, walk)

    def _drop(self, part: int) -> None:
        for shard in self.shards():
            if shard.holds(part):
                with shard.writing():
                    shard.drop(part)

    def _writable_shard(self) -> Shard:
        shards = self.shards()
        if not shards or shards[-1].rows >= SHARD_ROWS:
            mark = self._read_mark()
            assert mark is not None
            number = len(shards)
            shards.append(Shard.create(self._path(number), number, mark))
        return shards[-1]


class _Batch:
    """Gathers rows, and writes them when there are many."""

    def __init__(self, shard: Callable[[], Shard]) -> None:
        self._shard = shard
        self._entries: list[Entry] = []
        self._holdings: dict[int, tuple[Target, Walk, int]] = {}
        self._fields: dict[tuple[object, ...], tuple[tuple[str, str], ...]] = {}
        self._bytes = 0

    def add(self, target: Target, event: Event, walk: Walk) -> None:
        facts = walk.step(event)
        self._holdings[target.part] = (target, walk, event.seq)
        if facts.said.is_silent:
            return
        entry = self._entry(target, event, facts)
        self._entries.append(entry)
        self._bytes += len(entry.text) + len(entry.command)
        if self._bytes >= BATCH_BYTES or len(self._entries) >= BATCH_ROWS:
            self.flush()

    def flush(self) -> None:
        if not self._holdings:
            return
        shard = self._shard()
        with shard.writing():
            shard.add(self._entries)
            for part, (target, walk, upto) in self._holdings.items():
                shard.hold(
                    Holding(
                        part=part,
                        session=target.session,
                        id=target.id,
                        identity=target.identity,
                        upto=upto,
                        state=msgspec.msgpack.encode(walk),
                    )
                )
        self._entries, self._holdings, self._bytes = [], {}, 0

    def _entry(self, target: Target, event: Event, facts: EventFacts) -> Entry:
        said = facts.said
        key = (target.session, said.kind, facts.tool, said.role, facts.model, facts.branch, said.is_error)
        fields = self._fields.get(key)
        if fields is None:
            if len(self._fields) >= _REMEMBERED:
                self._fields.clear()
            fields = self._fields[key] = _fields(target, facts)
        return Entry(
            part=target.part,
            seq=event.seq,
            moment=facts.moment,
            text=storable(said.text),
            file=storable(said.files) if said.files else "",
            command=storable(said.command) if said.command else "",
            fields=fields,
        )


def _fields(target: Target, facts: EventFacts) -> tuple[tuple[str, str], ...]:
    """Gives all fields of an event with their values."""
    said = facts.said
    told = (
        ("kind", said.kind),
        ("tool", facts.tool),
        ("role", said.role),
        ("model", facts.model),
        ("branch", facts.branch),
        ("is", "error" if said.is_error else None),
    )
    return (*target.fields, *((name, storable(value)) for name, value in told if value is not None))

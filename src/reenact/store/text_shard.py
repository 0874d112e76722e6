"""One shard of the text index: words of events, and which event a row is.

A row's number is its event's time in units of about a millisecond (the next free one where that is
taken), so that the newest come first without sorting; finer units would make every entry longer. The
fields of an event are words of its row too, of a kind that no text holds, so that every filter by a
field is one more word to find.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import apsw
import msgspec

from reenact.query import separators
from reenact.store.sql import fetch, fetch_one

VERSION = 5
"""Raised with every change of the tables or of what is put in; shards of another version are dropped."""
EVERY = "\ue0000"
"""The word that every row has."""
NONE = "\ue000x"
"""A word that no row has."""
_PAGE = 8192
_BUSY_MS = 30_000
_PENDING = 16 << 20
"""Bytes of words that are gathered before they are written."""
_LOOSE = 4 << 20
"""Bytes of the log from which on it is emptied after a run."""
_LATEST = 2**62
UNIT = 10
"""Row numbers are microseconds without so many bits."""
_GAP = """
SELECT r.id+1 FROM row r WHERE r.id>=?1 AND EXISTS (SELECT 1 FROM row WHERE id=?1)
AND NOT EXISTS (SELECT 1 FROM row n WHERE n.id=r.id+1) ORDER BY r.id LIMIT 1
"""
"""The first free number from a taken one on; nothing for a free one."""
_REMEMBERED = 10_000
"""Combinations of fields whose words are remembered, and values of parts."""

_TABLES = f"""
CREATE VIRTUAL TABLE words USING fts5(
  text, file, command, fields, content='', contentless_delete=1,
  tokenize="unicode61 remove_diacritics 2 separators '{{separators}}'"
);
INSERT INTO words(words, rank) VALUES('hashsize', {_PENDING});
CREATE TABLE row(id INTEGER PRIMARY KEY, part INT NOT NULL, seq INT NOT NULL, moment INT NOT NULL);
CREATE INDEX row_part ON row(part);
CREATE TABLE value(n INTEGER PRIMARY KEY, field TEXT NOT NULL, text TEXT NOT NULL, UNIQUE(field, text));
CREATE TABLE part_value(value INT, part INT, PRIMARY KEY(value, part)) WITHOUT ROWID;
CREATE INDEX part_value_part ON part_value(part);
CREATE TABLE held(
  part INTEGER PRIMARY KEY, session INT NOT NULL, id TEXT NOT NULL, identity TEXT NOT NULL, upto INT NOT NULL,
  state BLOB NOT NULL
);
CREATE INDEX held_session ON held(session);
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
"""


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One event on its way into a shard."""

    part: int
    seq: int
    moment: int
    text: str
    file: str
    command: str
    fields: tuple[tuple[str, str], ...]


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """How far a part is in the index, and as what."""

    part: int
    session: int
    id: str
    identity: str
    """What its rows say of the session; where that changes, they are made again."""
    upto: int
    """Seq of the last event that is in."""
    state: bytes


class Shard:
    """An open shard. Reads and writes; the writer holds the lock of the whole text index."""

    def __init__(self, path: Path, number: int) -> None:
        self.path = path
        self.number = number
        self.connection = apsw.Connection(str(path))
        self.connection.set_busy_timeout(_BUSY_MS)
        self.connection.execute("PRAGMA synchronous=NORMAL")
        self.connection.execute("PRAGMA cache_size=-32768")
        self._values: dict[tuple[str, str], int] = {}
        self._shown: dict[tuple[int, tuple[tuple[str, str], ...]], str] = {}
        self._pairs: set[tuple[int, int]] = set()
        """Values and parts that `part_value` is known to hold."""
        self._seen: object = None
        """State of the file that the three know; another process may write, too."""

    @classmethod
    def create(cls, path: Path, number: int, index: str) -> Shard:
        """Makes an empty shard for an index; all of it or nothing is there afterwards."""
        delete(path)
        path.touch(mode=0o600)
        connection = apsw.Connection(str(path))
        connection.execute(f"PRAGMA page_size={_PAGE}")
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.execute("PRAGMA journal_mode=WAL")
        with connection:
            connection.execute(_TABLES.format(separators=separators()))
            connection.execute(
                "INSERT INTO meta VALUES ('index', ?), ('rows', 0), ('dropped', 0), ('shift', 0)", (index,)
            )
            connection.execute("INSERT INTO value VALUES (0, '', '')")
            connection.execute(f"PRAGMA user_version={VERSION}")
        connection.close()
        return cls(path, number)

    @classmethod
    def open(cls, path: Path, number: int, index: str) -> Shard | None:
        """Opens a shard that was made from this index, by this version, and can be read."""
        try:
            shard = cls(path, number)
        except apsw.Error:
            return None
        with contextlib.suppress(apsw.Error):
            if (
                fetch_one(shard.connection, "PRAGMA user_version") == (VERSION,)
                and shard.meta("index") == index
            ):
                return shard
        shard.close()
        return None

    def meta(self, name: str) -> object:
        row = fetch_one(self.connection, "SELECT value FROM meta WHERE name=?", (name,))
        return None if row is None else row[0]

    @property
    def rows(self) -> int:
        return int(str(self.meta("rows")))

    @property
    def shift(self) -> int:
        """By how much a row's number may be above that of its moment."""
        return int(str(self.meta("shift")))

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            if (state := fetch_one(self.connection, "PRAGMA data_version")) != self._seen:
                self._forget()
                self._seen = state
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            self._forget()
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def _forget(self) -> None:
        self._values.clear()
        self._shown.clear()
        self._pairs.clear()

    # -- adding and dropping (inside `writing`) -------------------------------------------------

    def add(self, entries: Iterable[Entry]) -> None:
        """Adds rows, oldest first: words are written once and not once for each step back in time."""
        ordered = sorted(entries, key=lambda entry: (entry.moment, entry.part, entry.seq))
        numbers = self._numbers([number_of(entry.moment) for entry in ordered])
        words, rows, shift = [], [], self.shift
        for entry, at in zip(ordered, numbers, strict=True):
            shift = max(shift, at - number_of(entry.moment))
            words.append((at, entry.text, entry.file, entry.command, self._words(entry)))
            rows.append((at, entry.part, entry.seq, entry.moment))
        self.connection.executemany(
            "INSERT INTO words(rowid, text, file, command, fields) VALUES (?,?,?,?,?)", words
        )
        self.connection.executemany("INSERT INTO row VALUES (?,?,?,?)", rows)
        self._count(len(rows), shift)

    def _numbers(self, moments: list[int]) -> list[int]:
        """Gives free row numbers, ascending, for moments in order."""
        numbers: list[int] = []
        last = -1
        for moment in moments:
            last = max(moment, last + 1)
            numbers.append(last)
        asked = msgspec.json.encode(numbers).decode()
        sql = "SELECT id FROM row WHERE id IN (SELECT value FROM json_each(?))"
        taken = {row[0] for row in fetch(self.connection, sql, (asked,))}
        return self._free(moments, numbers, taken) if taken else numbers

    def _free(self, moments: list[int], wanted: list[int], taken: set[int]) -> list[int]:
        """Gives the numbers wanted, and for those that are taken the next free ones."""
        numbers: list[int] = []
        last = -1
        for moment, number in zip(moments, wanted, strict=True):
            last = max(moment, last + 1)
            if last != number or last in taken:  # else it was looked up with all the others
                row = fetch_one(self.connection, _GAP, (last,))
                last = last if row is None else int(row[0])
            numbers.append(last)
        return numbers

    def _words(self, entry: Entry) -> str:
        """Gives the words that stand for an event's fields; most events share theirs with others."""
        known = self._shown.get((entry.part, entry.fields))
        if known is None:
            known = " ".join([EVERY, *(self._word(entry.part, field, text) for field, text in entry.fields)])
            if len(self._shown) >= _REMEMBERED:
                self._shown.clear()
            self._shown[entry.part, entry.fields] = known
        return known

    def _word(self, part: int, field: str, text: str) -> str:
        number = self._values.get((field, text))
        if number is None:
            self.connection.execute("INSERT OR IGNORE INTO value(field, text) VALUES (?,?)", (field, text))
            row = fetch_one(self.connection, "SELECT n FROM value WHERE field=? AND text=?", (field, text))
            assert row is not None
            number = int(row[0])
            self._values[field, text] = number
        if (number, part) not in self._pairs:
            self.connection.execute("INSERT OR IGNORE INTO part_value VALUES (?,?)", (number, part))
            if len(self._pairs) >= _REMEMBERED:
                self._pairs.clear()
            self._pairs.add((number, part))
        return word_of(number)

    def _count(self, added: int, shift: int) -> None:
        self.connection.execute("UPDATE meta SET value=value+? WHERE name='rows'", (added,))
        self.connection.execute("UPDATE meta SET value=? WHERE name='shift'", (shift,))

    def hold(self, holding: Holding) -> None:
        self.connection.execute(
            "INSERT OR REPLACE INTO held VALUES (?,?,?,?,?,?)", msgspec.structs.astuple(holding)
        )

    def drop(self, part: int) -> None:
        """Takes a part's rows out."""
        ids = fetch(self.connection, "SELECT id FROM row WHERE part=?", (part,))
        self.connection.executemany("DELETE FROM words WHERE rowid=?", ids)
        for table in ("row", "part_value", "held"):
            self.connection.execute(f"DELETE FROM {table} WHERE part=?", (part,))
        self._forget()
        self._count(-len(ids), self.shift)
        self.connection.execute("UPDATE meta SET value=value+? WHERE name='dropped'", (len(ids),))

    def compact(self) -> None:
        """Writes the words anew without those of dropped rows, where there are such."""
        if self.meta("dropped"):
            self.connection.execute("INSERT INTO words(words) VALUES ('optimize')")
            self.connection.execute("UPDATE meta SET value=0 WHERE name='dropped'")
            self.connection.execute("VACUUM")
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def settle(self) -> None:
        """Gives back the room that merged words left, and that of the log beside, where it is much."""
        log = self.path.with_name(self.path.name + "-wal")
        if not log.exists() or log.stat().st_size < _LOOSE:
            return
        with contextlib.suppress(apsw.BusyError):
            self.connection.execute("PRAGMA incremental_vacuum").fetchall()
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    # -- looking --------------------------------------------------------------------------------

    def holding(self, part: int) -> Holding | None:
        row = fetch_one(self.connection, "SELECT * FROM held WHERE part=?", (part,))
        return None if row is None else Holding(**dict(zip(Holding.__struct_fields__, row, strict=True)))

    def parts_of(self, session: int) -> list[int]:
        return [row[0] for row in fetch(self.connection, "SELECT part FROM held WHERE session=?", (session,))]

    def holds(self, part: int) -> bool:
        return fetch_one(self.connection, "SELECT 1 FROM held WHERE part=?", (part,)) is not None

    def values(self, field: str) -> list[tuple[int, str]]:
        """Gives the values of a field with their numbers."""
        return [
            (row[0], row[1])
            for row in fetch(self.connection, "SELECT n, text FROM value WHERE field=?", (field,))
        ]

    def counts(self, field: str) -> list[tuple[str, int]]:
        """Gives the values of a field, and how many parts have each."""
        rows = fetch(
            self.connection,
            "SELECT v.text, count(*) FROM value v JOIN part_value p ON p.value=v.n WHERE v.field=? "
            "GROUP BY v.n",
            (field,),
        )
        return [(row[0], row[1]) for row in rows]

    def close(self) -> None:
        self.connection.close(force=True)


def word_of(value: int) -> str:
    """Gives the word that stands for a value of a field."""
    return f"\ue000{value}"


def delete(path: Path) -> None:
    """Deletes a shard and what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def number_of(moment: int) -> int:
    """Gives the row number for a moment, whatever a source says its time is."""
    return min(max(moment, 0), _LATEST) >> UNIT

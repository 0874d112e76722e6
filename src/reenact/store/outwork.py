"""Deriving done elsewhere: a transcript's rows made in another process, taken over by the one that writes.

The worker keeps a new transcript's bytes and runs the same code as the index's writer, over an index
in memory. What lies in it then is the parcel. Taking it over gives new numbers to its rows and settles
what they concern, in one transaction. Whatever is not plainly new is refused and derived as usual.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import apsw
import msgspec

from reenact.events import Tokens
from reenact.store import ledger, schema
from reenact.store.derive import LocalDeriving, settle_all
from reenact.store.journal import Journal
from reenact.store.layout import Layout
from reenact.store.originals import Originals
from reenact.store.packing import ReadOriginal
from reenact.store.places import Places
from reenact.store.pricing import Pricer
from reenact.store.sql import fetch, fetch_one
from reenact.store.summary import storable
from reenact.store.tokens import COLUMNS, from_columns
from reenact.store.values import Derived, Kept, Original, OriginalKey, Place

_PART = ("n", "session", "original", "header", "events", "removed", "state")
_FRAME = ("part", "first_seq", "count", "length", "ids", "generation", "base", "span", "data")
_WARNING = ("part", "seq", "category", "message", "offset", "size")
_EDGE = ("part", "child", "parent", "call", "event", "source", "seq")
_DRIFT = ("original", "name", "version", "count")
_LEDGER = (
    "key", "session", "event", "seq", "ts", "model", *COLUMNS,
    "quality", "final", "inherited", "owned", "cost", "stated_cost", "own",
)  # fmt: skip
_ORIGINAL = ("id", "agent", "path", "parser", "lengths", "sidecars", "dispositions")

Rows = list[tuple[Any, ...]]


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A kept transcript and the rows that it became."""

    kept: Kept
    place: Place
    """How the transcript looked before it was read."""
    made_from: Derived
    events: int
    warnings: int
    agents: dict[str, str]
    """Session → its agent, whose prices are asked."""
    sessions: Rows
    """(number, id) as the ledger's rows name sessions."""
    tables: dict[str, Rows]
    touched: tuple[str, ...]
    """Other sessions that its rows concern."""
    projects: dict[str, str]
    """Working directory → the project that was found for it."""


class Workshop:
    """What a worker works with: the archive's originals, and an index in memory.

    The index is empty before each transcript and after it: what is derived stands in one transaction,
    which `parcel` reads and nobody commits. Making the tables anew each time would cost more.
    """

    def __init__(self, root: Path, cache: Path) -> None:
        self._clock = _Told()
        self._originals = Originals(Layout(root, cache), self._clock)
        self._connection = schema.connect_memory()
        self._deriving: LocalDeriving | None = None
        self._projects: dict[str, str] = {}

    def keep(
        self, key: OriginalKey, content: BinaryIO, *, place: Place, sidecars: Mapping[str, bytes], now: int
    ) -> Kept:
        self._clock.at = now
        return self._originals.keep(key, content, place=place, sidecars=sidecars, before=None)

    # -- what deriving asks of a store ------------------------------------------------------------

    def original(self, original: str) -> Original | None:
        manifest = self._originals.manifest(original)
        return None if manifest is None else manifest.original()

    def open_original(self, original: str, generation: int) -> BinaryIO:
        return self._originals.open(original, generation)

    def sidecars(self, original: str) -> Mapping[str, bytes]:
        return self._originals.sidecars(original)

    def derived(self, original: str) -> Derived | None:
        del original
        return None

    def project_of(self, cwd: str) -> str | None:
        return self._projects.get(storable(cwd))

    def remember_project(self, cwd: str, root: str) -> None:
        self._projects[storable(cwd)] = storable(root)

    @contextlib.contextmanager
    def derive(
        self, original: str, made_from: Derived, *, fresh: bool, since: Derived | None = None
    ) -> Iterator[LocalDeriving]:
        del since  # what is new has nothing to be continued
        _, manifest = self._originals.needed(original)
        self._clear()
        self._connection.execute("BEGIN")
        self._deriving = LocalDeriving(
            self._connection,
            original,
            fresh=fresh,
            pricer=_NoPrices(),
            is_removed={},
            project_of=self.project_of,
            read=self._originals.read,
        )
        yield self._deriving
        path = manifest.places[-1] if manifest.places else None
        self._deriving.close_parts(made_from, manifest.key.agent, path)

    def _clear(self) -> None:
        """Forgets what was derived last, whether or not it came to its end."""
        self._deriving, self._projects = None, {}
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def parcel(self, kept: Kept, place: Place, made_from: Derived, *, events: int, warnings: int) -> Parcel:
        """Gives the rows of what was derived last."""
        assert self._deriving is not None
        rows = {
            table: fetch(self._connection, f"SELECT {', '.join(names)} FROM {table} ORDER BY rowid")
            for table, names in (("part", _PART), ("frame", _FRAME), ("warning", _WARNING))
        }
        rows["edge"] = fetch(self._connection, f"SELECT {', '.join(_EDGE)} FROM edge ORDER BY rowid")
        rows["drift"] = fetch(self._connection, f"SELECT {', '.join(_DRIFT)} FROM drift")
        rows["ledger"] = fetch(self._connection, f"SELECT {', '.join(_LEDGER)} FROM ledger ORDER BY n")
        rows["original"] = fetch(self._connection, f"SELECT {', '.join(_ORIGINAL)} FROM original")
        parcel = Parcel(
            kept=kept,
            place=place,
            made_from=made_from,
            events=events,
            warnings=warnings,
            agents=self._deriving.agents(),
            sessions=fetch(self._connection, "SELECT n, id FROM session"),
            tables=rows,
            touched=tuple(row[0] for row in fetch(self._connection, "SELECT id FROM touched_session")),
            projects=dict(self._projects),
        )
        self._clear()
        return parcel


class _Told:
    """The importer's clock, as it was when it gave the order."""

    at = 0

    def now(self) -> int:
        return self.at


class _NoPrices:
    """Prices are the writer's: it alone knows which list holds."""

    price_version = ""

    def __call__(self, model: str | None, tokens: Tokens, ts: int | None, agent: str, /) -> int | None:
        del model, tokens, ts, agent
        return None


def receive(parcel: Parcel, originals: Originals, places: Places) -> None:
    """Takes note of what a worker kept: of the changed files, and of how the transcript looked."""
    kept = parcel.kept
    folder, manifest = originals.needed(kept.original)
    originals.note_changed(folder)
    file = folder / manifest.generation(kept.generation).file
    places.remember(parcel.place, original=manifest.original(), generation=kept.generation, file=file)
    places.flush()


def take_over(
    connection: apsw.Connection, parcel: Parcel, pricer: Pricer, journal: Journal, read: ReadOriginal
) -> bool:
    """Puts a parcel's rows into the index; False, with nothing done, where they are not plainly new."""
    parts = parcel.tables["part"]
    names = [row[1] for row in parts]
    original = parcel.kept.original
    known = fetch_one(
        connection,
        "SELECT 1 FROM part WHERE session IN (SELECT value FROM json_each(?)) UNION ALL "
        "SELECT 1 FROM original WHERE id=?",
        (msgspec.json.encode(names).decode(), original),
    )
    if known is not None or any(name in journal.removed() for name in names):
        return False
    numbers = {}
    for number, *values in parts:
        connection.execute(_insert("part", _PART[1:]), values)
        numbers[number] = connection.last_insert_rowid()
    for table, columns in (("frame", _FRAME), ("warning", _WARNING), ("edge", _EDGE)):
        rows = [(numbers[row[0]], *row[1:]) for row in parcel.tables[table]]
        connection.executemany(_insert(table, columns), rows)
    connection.executemany(_insert("drift", _DRIFT), parcel.tables["drift"])
    _book(connection, parcel, pricer)
    connection.executemany("INSERT OR IGNORE INTO touched_session VALUES (?)", [(s,) for s in parcel.touched])
    settle_all(connection, set(names), pricer, journal.project, read)
    connection.executemany(_insert("original", _ORIGINAL), parcel.tables["original"])
    return True


def _book(connection: apsw.Connection, parcel: Parcel, pricer: Pricer) -> None:
    """Books a parcel's responses, priced."""
    sessions = {number: (ledger.session_number(connection, name), name) for number, name in parcel.sessions}
    model, cost, stated, first = (
        _LEDGER.index(name) for name in ("model", "cost", "stated_cost", COLUMNS[0])
    )
    rows = []
    for row in parcel.tables["ledger"]:
        number, name = sessions[row[1]]
        tokens = from_columns(row[first : first + len(COLUMNS)])
        price = ledger.price_for(pricer, parcel.agents.get(name, ""))
        priced = price(row[model], tokens, row[4], row[stated])
        rows.append((row[0], number, *row[2:cost], priced, *row[cost + 1 :]))
    connection.executemany(_insert("ledger", _LEDGER), rows)
    connection.executemany("INSERT OR IGNORE INTO touched_key VALUES (?)", [(row[0],) for row in rows])


def _insert(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT OR REPLACE INTO {table}({', '.join(columns)}) VALUES ({','.join('?' * len(columns))})"

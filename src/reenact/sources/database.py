"""Reads databases of agents: read-only, with their WAL, named columns only.

Nothing here copies a database or writes to one. A query names its columns; what a version of the
agent does not have is left out of the query, so that older and newer schemas are read alike.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, Self, cast
from urllib.parse import quote

import apsw
import msgspec

_PATIENCE = 2000
"""Milliseconds to wait for a writer."""
_JSON = ":json"


class Database:
    """An agent's database, open for reading. A context manager; everything that fails is an `OSError`."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._columns: dict[str, frozenset[str]] = {}
        try:
            self._connection = _connect(path)
            self._tables = {
                str(row[0]) for row in self._rows("SELECT name FROM sqlite_master WHERE type='table'")
            }
        except apsw.Error as error:
            raise OSError(f"{path}: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close(True)

    def has(self, table: str) -> bool:
        return table in self._tables

    def columns(self, table: str) -> frozenset[str]:
        """Gives the names of a table's columns; none where there is no such table."""
        if table not in self._columns:
            found = self.query("SELECT name FROM pragma_table_info(?)", (table,)) if self.has(table) else ()
            self._columns[table] = frozenset(str(row[0]) for row in found)
        return self._columns[table]

    def query(self, sql: str, values: Sequence[str | int] = ()) -> Iterator[tuple[Any, ...]]:
        """Yields the rows of a query.

        Raises:
            OSError: the database cannot be read.
        """
        try:
            yield from self._rows(sql, values)
        except (apsw.Error, UnicodeDecodeError) as error:
            raise OSError(f"{self._path}: {error}") from error

    def select(
        self, table: str, wanted: Sequence[str], rest: str = "", values: Sequence[str | int] = ()
    ) -> Iterator[dict[str, Any]]:
        """Yields rows of a table as column → value, of the wanted columns that this version has.

        A column named `data:json` holds JSON text, which is handed on as it is.
        """
        names = [name for name in wanted if name.removesuffix(_JSON) in self.columns(table)]
        if not names:
            return
        terms = ", ".join(
            f"CAST({name.removesuffix(_JSON)} AS BLOB)" if name.endswith(_JSON) else name for name in names
        )
        for row in self.query(f"SELECT {terms} FROM {table} {rest}", values):  # noqa: S608 - our own words only
            yield {
                name.removesuffix(_JSON): _json(value) if name.endswith(_JSON) else value
                for name, value in zip(names, row, strict=True)
            }

    def _rows(self, sql: str, values: Sequence[str | int] = ()) -> Iterator[tuple[Any, ...]]:
        return cast("Iterator[tuple[Any, ...]]", self._connection.cursor().execute(sql, tuple(values)))


def _connect(path: str) -> apsw.Connection:
    """Opens a database read-only.

    In a folder that cannot be written to, the index of a WAL cannot be made; a database that has no
    WAL there is read as the file that it is.
    """
    if not os.path.isfile(path):
        raise OSError(f"{path} is not a regular file")
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    connection = apsw.Connection(f"file:{quote(os.fsencode(path))}?mode=ro", flags=flags)
    connection.set_busy_timeout(_PATIENCE)
    try:
        connection.cursor().execute("SELECT count(*) FROM sqlite_master").fetchall()
    except apsw.CantOpenError:
        connection.close(True)
        if os.path.exists(f"{path}-wal"):
            raise
        return apsw.Connection(f"file:{quote(os.fsencode(path))}?mode=ro&immutable=1", flags=flags)
    return connection


_encoder = msgspec.json.Encoder(order="deterministic")


class LineStream(io.RawIOBase):
    """Rows as JSON lines, made while they are read; closing it closes what they come from."""

    def __init__(self, rows: Iterable[dict[str, Any]], database: Database | None = None) -> None:
        super().__init__()
        self._rows = iter(rows)
        self._database = database
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's buffer type is private
        while not self._rest:
            row = next(self._rows, None)
            if row is None:
                return 0
            self._rest = _encoder.encode(row) + b"\n"
        piece, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        if not self.closed and self._database is not None:
            self._database.close()
        super().close()


def stream(rows: Iterable[dict[str, Any]], database: Database | None = None) -> BinaryIO:
    """Gives rows as a buffered stream of JSON lines."""
    return io.BufferedReader(LineStream(rows, database), 256 * 1024)


def _json(value: Any) -> Any:
    """Gives a column of JSON text for an encoder: as it is, but on one line."""
    if not isinstance(value, bytes):
        return value
    if b"\n" not in value and b"\r" not in value:
        return msgspec.Raw(value)
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return value.decode("utf-8", "replace")

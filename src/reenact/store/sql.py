"""Rows of the index as plain tuples."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import apsw

from reenact.store.summary import storable

Values = Sequence[Any] | Mapping[str, Any]


@contextlib.contextmanager
def full_told(path: Path) -> Iterator[None]:
    """Tells of a full disk as files do: as an `OSError` with its number."""
    try:
        yield
    except apsw.FullError as error:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error


def fetch(connection: apsw.Connection, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
    """Gives all rows of an answer."""
    try:
        return connection.execute(statement, values).fetchall()
    except UnicodeEncodeError:
        return connection.execute(statement, _storable(values)).fetchall()


def fetch_one(connection: apsw.Connection, statement: str, values: Values = ()) -> tuple[Any, ...] | None:
    """Gives the first row of an answer, or None where it is empty."""
    try:
        return connection.execute(statement, values).fetchone()
    except UnicodeEncodeError:
        return connection.execute(statement, _storable(values)).fetchone()


def _storable(values: Values) -> Values:
    """Gives values as they are in tables, where no text holds a lone surrogate."""
    if isinstance(values, Mapping):
        return {name: _storable_one(value) for name, value in values.items()}
    return tuple(map(_storable_one, values))


def _storable_one(value: Any) -> Any:
    return storable(value) if isinstance(value, str) else value

"""Rows of the index as plain tuples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import apsw

Values = Sequence[Any] | Mapping[str, Any]


def fetch(connection: apsw.Connection, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
    """Gives all rows of an answer."""
    return connection.execute(statement, values).fetchall()


def fetch_one(connection: apsw.Connection, statement: str, values: Values = ()) -> tuple[Any, ...] | None:
    """Gives the first row of an answer, or None where it is empty."""
    return connection.execute(statement, values).fetchone()

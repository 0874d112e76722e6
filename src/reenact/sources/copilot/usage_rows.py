"""The usage rows of Copilot's shared database (`session-store.db`, schema 1): one for each request."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from reenact.sources.database import Database, stream
from reenact.sources.protocol import file_of

FILE = "session-store.db"
_HEAD = 512 * 1024
_TABLE = "assistant_usage_events"
_COLUMNS = (
    "id", "turn_index", "agent_id", "parent_tool_call_id", "model", "input_tokens", "output_tokens",
    "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "total_nano_aiu", "request_multiplier",
    "duration_ms", "initiator", "finish_reason", "created_at",
)  # fmt: skip


def marks(path: str) -> Mapping[str, str]:
    """Gives session → a mark that changes with its rows; nothing where the database cannot be read."""
    if not os.path.isfile(path):
        return {}
    sql = f"SELECT session_id, count(*), max(id) FROM {_TABLE} GROUP BY session_id"  # noqa: S608 - our own words only
    try:
        with Database(path) as database:
            if not {"session_id", "id"} <= database.columns(_TABLE):
                return {}
            return {str(row[0]): f"{row[1]}:{row[2]}" for row in database.query(sql)}
    except OSError:
        return {}


def open_rows(path: str) -> BinaryIO:
    """Opens the rows of one session as JSON lines; none where its transcript has records of its own.

    Raises:
        OSError: the database cannot be read.
    """
    file, session = file_of(path)
    if session is None or _has_records(Path(file).parent, session):
        return stream(())
    database = Database(file)
    return stream(_rows(database, session), database)


def _has_records(home: Path, session: str) -> bool:
    """Tells whether a transcript begins with usage records; then its rows change nothing."""
    for place in (
        home / "session-state" / session / "events.jsonl",
        home / "session-state" / f"{session}.jsonl",
    ):
        try:
            with place.open("rb") as log:
                return b'"session.usage_record"' in log.read(_HEAD)
        except OSError:
            continue
    return False


def _rows(database: Database, session: str) -> Iterator[dict[str, object]]:
    yield from database.select(_TABLE, _COLUMNS, "WHERE session_id=? ORDER BY id", (session,))

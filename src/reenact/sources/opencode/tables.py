"""Reads the sessions of OpenCode's database, as lines of named columns.

Three generations of tables lie in one file. The log of changes (`event`, since 2026-03) is preferred
where it has every change of a session: it is only ever added to. Else the rows of `session`, `message`
and `part` are read as they are now; and for sessions that OpenCode 2 knows, its own tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from reenact import clock
from reenact.sources.database import Database, stream

_SESSION = (
    "id", "project_id", "parent_id", "directory", "version", "time_created", "fork_session_id",
)  # fmt: skip
_STATE = (
    "title", "agent", "model:json", "revert:json", "permission:json", "cost", "tokens_input",
    "tokens_output", "tokens_reasoning", "tokens_cache_read", "tokens_cache_write", "time_archived",
)  # fmt: skip
_ROW = ("id", "time_created", "time_updated", "data:json")
_LOGGED = (
    "AND (type LIKE 'session.%' OR type LIKE 'message.%' OR type LIKE 'permission.%') "
    "AND type NOT LIKE '%share%'"
)
_LAST = 253_402_300_800_000  # Unix milliseconds of the year 10000
_COUNTED = re.compile(r"(.*) \(fork #(\d{1,6})\)", re.DOTALL)
_LAST_COPIED = "SELECT max(time_created) FROM message WHERE session_id=? AND time_created<?"
_FORK = (
    "SELECT p.session_id FROM message p JOIN session s ON s.id=p.session_id WHERE p.session_id IN "
    "(SELECT id FROM session WHERE project_id=? AND time_created<? AND id<>?) AND p.time_created=? "
    "ORDER BY s.title<>?, s.time_created, s.id LIMIT 1"
)


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A session of a database, with what tells whether it changed."""

    id: str
    created: int
    updated: int
    rows: int
    size: int
    forked_from: str | None = None


def sessions(database: Database) -> Iterator[Known]:
    """Yields the sessions of a database."""
    logged = _logged(database)
    newer = set()
    for row in database.select("session_v2", ("id", "time_created", "time_updated", "fork_session_id")):
        count, last = _extent(database, "session_message", str(row["id"]))
        if count:
            newer.add(row["id"])
            yield _known(row, count, last, forked_from=row.get("fork_session_id"))
    columns = ("id", "project_id", "parent_id", "title", "time_created", "time_updated")
    for row in list(database.select("session", columns)):
        if row["id"] in newer:
            continue
        session = str(row["id"])
        forked = _forked_from(database, row) if not row.get("parent_id") else None
        if session in logged:
            yield _known(row, logged[session], 0, forked_from=forked)
            continue
        messages, latest = _extent(database, "message", session)
        parts, last = _extent(database, "part", session)
        yield _known(row, messages + parts, max(latest, last), forked_from=forked)


def _known(row: dict[str, Any], rows: int, last: int, *, forked_from: Any) -> Known:
    created, updated = (_whole(row.get(name)) for name in ("time_created", "time_updated"))
    return Known(
        id=str(row["id"]),
        created=created,
        updated=max(updated, last),
        rows=rows,
        size=rows * 1024,
        forked_from=forked_from if isinstance(forked_from, str) else None,
    )


def _whole(value: Any) -> int:
    """Gives a time of a row; one that no calendar has is none."""
    return int(value) if isinstance(value, int | float) and 0 <= value < _LAST else 0


def _logged(database: Database) -> dict[str, int]:
    """Gives session → number of changes, of those sessions whose every change is in the log."""
    if not {"aggregate_id", "seq", "type", "data"} <= database.columns("event"):
        return {}
    counted = database.query(
        "SELECT aggregate_id, count(*), min(seq), max(seq) FROM event GROUP BY aggregate_id"
    )
    whole = {str(row[0]): int(row[1]) for row in counted if row[2] == 0 and row[3] == row[1] - 1}
    created = database.query("SELECT aggregate_id FROM event WHERE seq=0 AND type LIKE 'session.created%'")
    begun = {str(row[0]) for row in created}
    return {session: count for session, count in whole.items() if session in begun}


def _extent(database: Database, table: str, session: str) -> tuple[int, int]:
    """Gives how many rows a session has in a table, and when one of them changed last."""
    if not {"session_id", "time_updated"} <= database.columns(table):
        return 0, 0
    sql = f"SELECT count(*), max(time_updated) FROM {table} WHERE session_id=?"  # noqa: S608 - our own words only
    row = next(database.query(sql, (session,)))
    return int(row[0]), _whole(row[1])


def _forked_from(database: Database, row: dict[str, Any]) -> str | None:
    """Gives the session that a session's messages were copied from: those are older than itself.

    Of several that hold the last of them (a fork of a fork holds those of both) it is the one that the
    title counts on from: `T`, `T (fork #1)`, `T (fork #2)`.
    """
    last = next(database.query(_LAST_COPIED, (str(row["id"]), row["time_created"])), None)
    if last is None or last[0] is None:
        return None
    counted = _COUNTED.fullmatch(str(row.get("title") or ""))
    title = "" if counted is None else counted[1]
    if counted is not None and int(counted[2]) > 1:
        title += f" (fork #{int(counted[2]) - 1})"
    values = (str(row.get("project_id")), row["time_created"], str(row["id"]), last[0], title)
    found = next(database.query(_FORK, values), None)
    return None if found is None else str(found[0])


# -- lines ----------------------------------------------------------------------------------------


def open_rows(file: str, session: str) -> BinaryIO:
    """Opens a session as JSON lines.

    Raises:
        OSError: the database cannot be read.
    """
    database = Database(file)
    try:
        lines = _choose(database, session)
    except OSError:
        database.close()
        raise
    return stream(lines, database)


def _choose(database: Database, session: str) -> Iterator[dict[str, Any]]:
    if database.has("session_v2") and _extent(database, "session_message", session)[0]:
        known = next(database.select("session_v2", ("id",), "WHERE id=?", (session,)), None)
        if known is not None:
            return _newer(database, session)
    if _is_logged(database, session):
        return _changes(database, session)
    return _rows(database, session)


def _is_logged(database: Database, session: str) -> bool:
    if not {"aggregate_id", "seq", "type", "data"} <= database.columns("event"):
        return False
    row = next(
        database.query("SELECT count(*), min(seq), max(seq) FROM event WHERE aggregate_id=?", (session,))
    )
    first = next(database.query("SELECT type FROM event WHERE aggregate_id=? AND seq=0", (session,)), ("",))
    return row[1] == 0 and row[2] == row[0] - 1 and str(first[0]).startswith("session.created")


def _changes(database: Database, session: str) -> Iterator[dict[str, Any]]:
    columns = ("seq", "type", "data:json")
    yield from database.select("event", columns, f"WHERE aggregate_id=? {_LOGGED} ORDER BY seq", (session,))


def _head(database: Database, table: str, session: str) -> Iterator[dict[str, Any]]:
    """Yields what of a session never changes, and then what may: a title comes before all that was said."""
    for row in database.select(table, _SESSION, "WHERE id=?", (session,)):
        yield {"t": "session", **row}
    for row in database.select(table, ("title", "agent", "model:json"), "WHERE id=?", (session,)):
        yield {"t": "state", **row}


def _foot(database: Database, table: str, session: str, *, rows: str) -> Iterator[dict[str, Any]]:
    """Yields what holds at the end: a revert, and sums where no message states tokens.

    The time tells of two states of a session which is the later one.
    """
    has_usage = _has_usage(database, rows, session)
    names = [name for name in _STATE if name.startswith("revert") or not has_usage]
    last = max(_extent(database, each, session)[1] for each in (rows, "part"))
    updated = next(database.select(table, ("time_updated",), "WHERE id=?", (session,)), {})
    moment = clock.to_datetime(max(last, _whole(updated.get("time_updated"))) * 1000).isoformat()
    told = next(database.select(table, names, "WHERE id=?", (session,)), {})
    yield {"t": "end", **told, "timestamp": moment}


def _rows(database: Database, session: str) -> Iterator[dict[str, Any]]:
    yield from _head(database, "session", session)
    where = "WHERE session_id=? ORDER BY time_created, id"
    for message in database.select("message", _ROW, where, (session,)):
        yield {"t": "message", **message}
        for part in database.select("part", _ROW, "WHERE message_id=? ORDER BY id", (str(message["id"]),)):
            yield {"t": "part", "message_id": message["id"], **part}
    yield from _foot(database, "session", session, rows="message")


def _newer(database: Database, session: str) -> Iterator[dict[str, Any]]:
    yield from _head(database, "session_v2", session)
    columns = ("id", "type", "seq", "time_created", "data:json")
    where = "WHERE session_id=? ORDER BY seq"
    for row in database.select("session_message", columns, where, (session,)):
        yield {"t": "session_message", **row}
    yield from _foot(database, "session_v2", session, rows="session_message")


def _has_usage(database: Database, table: str, session: str) -> bool:
    """Tells whether any message states tokens; where none does, the session's own sums are all there is."""
    sql = (
        f"SELECT 1 FROM {table} WHERE session_id=? AND json_valid(data) AND "  # noqa: S608 - our own words only
        "(json_extract(data,'$.tokens.output')>0 OR json_extract(data,'$.tokens.input')>0) LIMIT 1"
    )
    return next(database.query(sql, (session,)), None) is not None

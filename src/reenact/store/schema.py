"""The tables of `core.db`, the index: all of it derived, deleted without loss and built again."""

from __future__ import annotations

import contextlib
from pathlib import Path

import apsw

SCHEMA = 8
"""Raised with every change of the tables; an index of another version is built anew."""
PAGE = 16384
"""Several frames of packed events fit into one page, so that little of it stays empty."""
CHECKPOINT_PAGES = 2048
"""Pages in the log before they go to the database: 32 MB, so that an import seldom waits for it."""
BUSY_MS = 30_000

_TABLES = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;

CREATE TABLE place(
  path TEXT PRIMARY KEY, size INT, mtime_ns INT, inode INT, sidecars TEXT,
  original TEXT, generation INT, file TEXT, file_size INT,
  agent TEXT, key TEXT, lengths TEXT, beside TEXT
) WITHOUT ROWID;

CREATE TABLE original(
  id TEXT PRIMARY KEY, agent TEXT, path TEXT, parser TEXT, lengths TEXT, sidecars TEXT, dispositions TEXT
) WITHOUT ROWID;

CREATE TABLE session(
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, native_id TEXT, agent TEXT, part INT,
  declared TEXT, header TEXT, hidden INT,
  kind TEXT, parent TEXT, parent_call TEXT, parent_event TEXT, root TEXT, shares INT DEFAULT 0,
  title TEXT, cwd TEXT, project TEXT, models TEXT, started_at INT, ended_at INT, status TEXT,
  completeness TEXT, loops INT, turns INT, events INT, tool_calls INT, warnings INT, removed_at_source INT,
  tags TEXT, agent_version TEXT, original TEXT, recorded INT DEFAULT 0, asks TEXT,
  limits TEXT,
  own TEXT, inherited TEXT,
  own_tokens INT AS (
    ifnull(own->>'$.tokens.input', 0) + ifnull(own->>'$.tokens.cache_read', 0)
    + ifnull(own->>'$.tokens.cache_write', 0) + ifnull(own->>'$.tokens.output', 0)
  ) STORED,
  own_cost INT AS (own->>'$.cost') STORED,
  own_known INT AS (own->>'$.cost_known') STORED
);
CREATE INDEX session_native ON session(native_id);
-- The order of every list, with all that a list can be filtered by: rows that do not fit are not read.
CREATE INDEX session_ended ON session(
  ended_at DESC, id, hidden, kind, agent, project, status, own_tokens, own_cost, own_known
);
CREATE INDEX session_agent ON session(agent, ended_at);
CREATE INDEX session_project ON session(project, ended_at);
CREATE INDEX session_status ON session(status, ended_at);
CREATE INDEX session_parent ON session(parent);
CREATE INDEX session_limits ON session(ended_at) WHERE limits IS NOT NULL;
CREATE INDEX session_cwd ON session(cwd);
CREATE TABLE session_model(
  session INT, model TEXT, ended_at INT, PRIMARY KEY(session, model)
) WITHOUT ROWID;
CREATE INDEX session_by_model ON session_model(model, ended_at);

CREATE TABLE part(
  n INTEGER PRIMARY KEY, session TEXT NOT NULL, original TEXT NOT NULL, header BLOB, events INT DEFAULT 0,
  removed INT DEFAULT 0, state BLOB, UNIQUE(session, original)
);
CREATE INDEX part_original ON part(original);

CREATE TABLE frame(
  n INTEGER PRIMARY KEY, part INT NOT NULL, first_seq INT NOT NULL, count INT NOT NULL, length INT NOT NULL,
  ids BLOB NOT NULL, segment TEXT, offset INT,
  generation INT DEFAULT 0, base INT DEFAULT 0, span INT DEFAULT 0, data BLOB
);
CREATE UNIQUE INDEX frame_part ON frame(part, first_seq);

CREATE TABLE ledger(
  n INTEGER PRIMARY KEY, key TEXT NOT NULL, session INT NOT NULL, event TEXT, seq INT, ts INT, model TEXT,
  input INT, cache_read INT, cache_write INT, cache_write_5m INT, cache_write_1h INT,
  output INT, reasoning INT,
  quality INT, final INT, inherited INT, owned INT, cost INT, stated_cost INT, own TEXT,
  UNIQUE(key, session)
);
CREATE INDEX ledger_session ON ledger(session);

CREATE TABLE rollup(
  session INT, bucket INT, model TEXT, responses INT,
  input INT, cache_read INT, cache_write INT, cache_write_5m INT, cache_write_1h INT,
  output INT, reasoning INT,
  quality INT, cost_known INT, unpriced INT
);
CREATE INDEX rollup_session ON rollup(session);
CREATE INDEX rollup_bucket ON rollup(bucket);

CREATE TABLE edge(part INT, child TEXT, parent TEXT, call TEXT, event TEXT, source TEXT, seq INT);
CREATE INDEX edge_child ON edge(child);
CREATE INDEX edge_part ON edge(part);

CREATE TABLE drift(original TEXT, name TEXT, version TEXT, count INT, PRIMARY KEY(original, name, version))
  WITHOUT ROWID;
CREATE TABLE warning(part INT, seq INT, category TEXT, message TEXT, offset INT, size INT);
CREATE INDEX warning_part ON warning(part);

CREATE TABLE segment(
  name TEXT PRIMARY KEY, session TEXT, inode INT, mtime_ns INT, size INT, offset INT, skipped INT, events INT
) WITHOUT ROWID;

-- Which events came to be, in the order in which this index learned of them, whoever wrote it; where what
-- came at once was parted by what came later, several rows have one number.
CREATE TABLE arrival(n INT NOT NULL, session TEXT NOT NULL, first INT, stop INT);
CREATE INDEX arrival_n ON arrival(n);

-- What the text index has still to look at, and the parts that it must not show any more.
CREATE TABLE text_stale(n INTEGER PRIMARY KEY AUTOINCREMENT, session INT NOT NULL UNIQUE ON CONFLICT REPLACE);
CREATE TABLE text_gone(n INTEGER PRIMARY KEY AUTOINCREMENT, part INT NOT NULL);
CREATE TRIGGER session_new AFTER INSERT ON session BEGIN
  INSERT INTO text_stale(session) VALUES (new.n);
END;
CREATE TRIGGER session_changed AFTER UPDATE OF part, events, project, kind, agent ON session BEGIN
  INSERT INTO text_stale(session) VALUES (new.n);
END;
CREATE TRIGGER part_gone AFTER DELETE ON part BEGIN
  INSERT INTO text_gone(part) VALUES (old.n);
END;
"""

_TEMPORARY = """
CREATE TEMP TABLE IF NOT EXISTS touched_key(key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS touched_session(id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS known_marks(session TEXT PRIMARY KEY, marks BLOB) WITHOUT ROWID;
"""


def connect(path: Path) -> apsw.Connection:
    """Opens an index, of whatever version, for reading and writing."""
    path.touch(mode=0o600, exist_ok=True)
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(BUSY_MS)
    connection.execute(f"PRAGMA page_size={PAGE}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA cache_size=-16384")
    connection.execute("PRAGMA temp_store=MEMORY")
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    connection.execute(_TEMPORARY)
    return connection


def connect_memory() -> apsw.Connection:
    """Makes an index in memory."""
    connection = apsw.Connection(":memory:")
    create(connection)
    connection.execute(_TEMPORARY)
    return connection


def connect_immutable(path: Path) -> apsw.Connection:
    """Opens an index that nobody can write, on media where not even SQLite's own files can be made."""
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    return apsw.Connection(f"{path.absolute().as_uri()}?immutable=1", flags=flags)


def version(connection: apsw.Connection) -> int:
    """Gives the version of an index; 0 for one without tables.

    Raises:
        apsw.Error: the file is no database or a damaged one.
    """
    found = connection.execute("PRAGMA user_version").fetchone()
    number = int(found[0]) if found else 0
    if number == SCHEMA:
        connection.execute("SELECT count(*) FROM meta").fetchone()
    return number


def create(connection: apsw.Connection) -> None:
    """Makes the tables, all or none."""
    with connection:
        connection.execute(_TABLES)
        connection.execute(f"PRAGMA user_version={SCHEMA}")


def delete(path: Path) -> None:
    """Deletes an index and what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()

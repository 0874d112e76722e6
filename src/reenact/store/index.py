"""The connections to `core.db`: one that writes under a lock, one that reads per thread."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw

from reenact.errors import ReadOnlyArchiveError
from reenact.store import schema
from reenact.store.layout import make_directory
from reenact.store.lock import SHORT_WAIT, locked
from reenact.store.sql import full_told


class Index:
    """Opens the index in the cache folder; where that cannot be written, one for this process only.

    An index of another schema is cleared, a damaged one is moved aside; both are built again by the
    next catch-up. Readers never wait: they see the last finished transaction.
    """

    def __init__(self, path: Path) -> None:
        self._temporary: str | None = None
        self._immutable = False
        self._local = threading.local()
        self._readers: list[apsw.Connection] = []
        self._guard = threading.RLock()
        self._depth = 0
        self._writer: apsw.Connection | None = None
        self.path = path
        try:
            make_directory(path.parent)
            self._open()
        except (OSError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.IOError, apsw.FullError):
            self._open_elsewhere()

    def _open(self) -> None:
        connection = self._connect()
        if connection is None or schema.version(connection) != schema.SCHEMA:
            if connection is not None:
                connection.close()
            with locked(self._lock_path, wait=SHORT_WAIT):
                connection = self._renew()
        self._writer = connection

    def _connect(self) -> apsw.Connection | None:
        """Opens the file, or gives None after moving it aside because it is damaged."""
        connection = None
        try:
            connection = schema.connect(self.path)
            schema.version(connection)
        except (apsw.NotADBError, apsw.CorruptError, apsw.SQLError):
            if connection is not None:
                connection.close()
            with contextlib.suppress(FileNotFoundError):
                self.path.replace(self.path.with_name("core.db.damaged"))
            schema.delete(self.path)
            return None
        return connection

    def _renew(self) -> apsw.Connection:
        connection = self._connect() or schema.connect(self.path)
        if schema.version(connection) not in {0, schema.SCHEMA}:
            connection.close()
            schema.delete(self.path)
            connection = schema.connect(self.path)
        if schema.version(connection) == 0:
            schema.create(connection)
        return connection

    def _open_elsewhere(self) -> None:
        with contextlib.suppress(apsw.Error):
            connection = schema.connect_immutable(self.path)
            if schema.version(connection) == schema.SCHEMA:
                self._immutable = True
                self._local.reader = connection
                self._readers.append(connection)
                return
            connection.close()
        self._temporary = tempfile.mkdtemp(prefix="reenact-cache-")
        self.path = Path(self._temporary) / "core.db"
        self._open()

    @property
    def _lock_path(self) -> Path:
        return self.path.with_name("lock")

    @property
    def reader(self) -> apsw.Connection:
        """The connection of this thread: sees what is finished, and this thread's own open transaction."""
        if self._depth and self._owner == threading.get_ident() and self._writer is not None:
            return self._writer
        connection: apsw.Connection | None = getattr(self._local, "reader", None)
        if connection is None:
            if self._immutable:
                connection = schema.connect_immutable(self.path)
            else:
                connection = apsw.Connection(str(self.path))
                connection.set_busy_timeout(schema.BUSY_MS)
            self._local.reader = connection
            self._readers.append(connection)
        return connection

    @contextlib.contextmanager
    def writing(self, *, wait: float = SHORT_WAIT) -> Iterator[apsw.Connection]:
        """Opens a transaction under the index's lock, or joins the one that this thread has open.

        Raises:
            ArchiveBusyError: another process is writing.
            ReadOnlyArchiveError: the index cannot be written.
            OSError: the disk is full.
        """
        if self._writer is None:
            raise ReadOnlyArchiveError(str(self.path.parent), "its cache cannot be written")
        with self._guard:
            if self._depth:
                yield self._writer
                return
            with locked(self._lock_path, wait=wait):
                self._writer.execute("BEGIN IMMEDIATE")
                self._depth, self._owner = 1, threading.get_ident()
                try:
                    with full_told(self.path):
                        yield self._writer
                        self._writer.execute("COMMIT")
                finally:
                    self._depth = 0
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")

    def version(self) -> int:
        """Gives a number that changes when anybody, this process included, finished a change."""
        found = self.reader.execute("PRAGMA data_version").fetchone()
        return int(found[0]) if found else 0

    def noted(self, name: str) -> str | None:
        """Gives a note on the index as a whole."""
        found = self.reader.execute("SELECT value FROM meta WHERE name=?", (name,)).fetchone()
        return None if found is None else str(found[0])

    def note(self, name: str, value: str) -> None:
        """Keeps a note for as long as the index's content is kept."""
        with self.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (name, value))

    @property
    def can_write(self) -> bool:
        return self._writer is not None

    def clear(self) -> None:
        """Drops all content; connections of other processes stay usable."""
        with self.writing() as connection:
            tables = [
                row[0]
                for row in connection.execute(
                    "SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%'"
                )
            ]
            for table in tables:
                connection.execute(f'DELETE FROM main."{table}"')
        self.vacuum()

    def vacuum(self) -> None:
        if self._writer is not None:
            with self._guard, contextlib.suppress(apsw.BusyError, apsw.FullError):
                self._writer.execute("VACUUM")
        self.settle()

    def settle(self) -> None:
        """Moves what is noted beside the index into it, unless somebody reads just now."""
        if self._writer is not None:
            with self._guard, contextlib.suppress(apsw.BusyError, apsw.FullError):
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        for connection in self._readers:
            connection.close(force=True)
        if self._writer is not None:
            self._writer.close(force=True)
        self._readers, self._writer = [], None
        self._local = threading.local()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    _owner: int = 0

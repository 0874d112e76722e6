"""Where transcripts lay and how they looked when they were kept, for a cheap 'unchanged'."""

from __future__ import annotations

from pathlib import Path

import msgspec

from reenact.store.index import Index
from reenact.store.layout import Layout
from reenact.store.sql import fetch_one
from reenact.store.summary import storable
from reenact.store.values import Place

_PENDING = 256
"""Places in memory before they are written; a kill before that costs one comparison each."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A place, and what was kept from it."""

    place: Place
    original: str
    generation: int
    file: str
    """The file below `originals/` that holds the bytes."""
    file_size: int


class Places:
    """Remembers places; writes them with the next derivation, or some hundred at once."""

    def __init__(self, layout: Layout, index: Index) -> None:
        self._layout = layout
        self._index = index
        self._pending: dict[str, Seen] = {}

    def get(self, path: str) -> Seen | None:
        """Gives what was seen at a path, as long as the bytes kept from it are on disk."""
        seen = self._pending.get(path) or self._read(path)
        if seen is None:
            return None
        try:
            size = (self._layout.originals / seen.file).stat().st_size
        except OSError:
            return None
        return seen if size >= seen.file_size else None  # the machine died before all was on disk

    def _read(self, path: str) -> Seen | None:
        row = fetch_one(
            self._index.reader,
            "SELECT size, mtime_ns, inode, sidecars, original, generation, file, file_size FROM place "
            "WHERE path=?",
            (storable(path),),
        )
        if row is None:
            return None
        size, mtime_ns, inode, sidecars, original, generation, file, file_size = row
        return Seen(
            place=Place(path=path, size=size, mtime_ns=mtime_ns, inode=inode, sidecars=sidecars),
            original=original,
            generation=generation,
            file=file,
            file_size=file_size,
        )

    def remember(self, place: Place, *, original: str, generation: int, file: Path) -> None:
        """Takes note of a place that was just kept whole."""
        self._pending[place.path] = Seen(
            place=place,
            original=original,
            generation=generation,
            file=str(file.relative_to(self._layout.originals)),
            file_size=file.stat().st_size if generation else 0,
        )
        row = fetch_one(self._index.reader, "SELECT path FROM original WHERE id=?", (original,))
        has_moved = row is not None and row[0] != storable(place.path)
        if has_moved or len(self._pending) >= _PENDING:
            self.flush()

    def flush(self) -> None:
        """Writes what is remembered."""
        if not self._pending:
            return
        with self._index.writing() as connection:
            for path, seen in self._pending.items():
                connection.execute(
                    "INSERT OR REPLACE INTO place VALUES (?,?,?,?,?,?,?,?,?)",
                    (
                        storable(path),
                        seen.place.size,
                        seen.place.mtime_ns,
                        seen.place.inode,
                        seen.place.sidecars,
                        seen.original,
                        seen.generation,
                        seen.file,
                        seen.file_size,
                    ),
                )
                connection.execute("UPDATE original SET path=? WHERE id=?", (storable(path), seen.original))
        self._pending.clear()

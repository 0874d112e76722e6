"""Where transcripts lay and how they looked when they were kept, for a cheap 'unchanged'."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from reenact.store.index import Index
from reenact.store.layout import Layout
from reenact.store.sql import fetch_one
from reenact.store.summary import storable
from reenact.store.values import Original, Place, Settled

_PENDING = 256
"""Places in memory before they are written; a kill before that costs one comparison each."""


def lengths_text(lengths: tuple[int, ...]) -> str:
    """Gives the bytes of generations as the index writes them."""
    return msgspec.json.encode(lengths).decode()


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A place, and what was kept from it."""

    place: Place
    original: str
    generation: int
    file: str
    """The file below `originals/` that holds the bytes."""
    file_size: int
    agent: str = ""
    key: str = ""
    lengths: str = ""
    """Bytes of each generation of the original by then, as the index writes them."""
    beside: str = ""
    """`Original.beside` by then."""


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

    def settled(self) -> dict[str, Settled]:
        """Gives the places from which all was kept and derived, as long as the bytes are on disk."""
        rows = self._index.reader.execute(
            "SELECT p.path, p.size, p.mtime_ns, p.inode, p.sidecars, p.agent, p.key, p.original, o.parser, "
            "p.file, p.file_size FROM place p JOIN original o "
            "ON o.id=p.original AND o.lengths=p.lengths AND o.sidecars=p.beside"
        )
        base = f"{self._layout.originals}/"
        found = {}
        for path, size, mtime_ns, inode, sidecars, agent, key, original, parser, file, file_size in rows:
            try:
                if os.stat(base + file).st_size < file_size:
                    continue
            except OSError:
                continue
            if path not in self._pending:
                found[path] = Settled((size, mtime_ns, inode), sidecars, agent, key, original, parser)
        return found

    def remember(self, place: Place, *, original: Original, generation: int, file: Path) -> None:
        """Takes note of a place that was just kept whole."""
        self._pending[place.path] = Seen(
            place=place,
            original=original.key.id,
            generation=generation,
            file=str(file.relative_to(self._layout.originals)),
            file_size=file.stat().st_size if generation else 0,
            agent=original.key.agent,
            key=original.key.key,
            lengths=lengths_text(tuple(held.length for held in original.generations)),
            beside=original.beside,
        )
        row = fetch_one(self._index.reader, "SELECT path FROM original WHERE id=?", (original.key.id,))
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
                    "INSERT OR REPLACE INTO place VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
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
                        seen.agent,
                        storable(seen.key),
                        seen.lengths,
                        seen.beside,
                    ),
                )
                connection.execute("UPDATE original SET path=? WHERE id=?", (storable(path), seen.original))
        self._pending.clear()

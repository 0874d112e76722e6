"""The archive's own memory, one checksummed JSON line each, only ever appended.

It holds tombstones, projects, and what people noted of sessions, whoever writes those.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from reenact.errors import ReadOnlyArchiveError
from reenact.store.layout import write_all
from reenact.store.record import from_line, to_line
from reenact.store.values import Annotation


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the journal. `remove` and `readmit` name a session or an original by its id."""

    op: Literal["remove", "readmit", "project", "annotate"]
    id: str = ""
    original: str = ""
    """Of a removed session: the original that it came from."""
    others: tuple[tuple[str, str], ...] = ()
    """What is removed or readmitted with it, each with its original: a kill leaves all of it or nothing."""
    cwd: str = ""
    root: str = ""
    text: str = ""
    """What was noted of the session `id`."""
    target: str = ""
    """The event that it was noted of."""
    add: tuple[str, ...] = ()
    """Tags put on; `remove` are taken off."""
    remove: tuple[str, ...] = ()
    at: int = 0


class Journal:
    """Reads the journal when it changed, appends to it under its lock."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self._path = path
        self._read_only = read_only
        self._seen = -1
        self._inode = -1
        self._removed: dict[str, str] = {}
        self._projects: dict[str, str] = {}
        self._annotations: dict[str, list[Annotation]] = {}
        self._damaged = 0

    def count_damaged(self) -> int:
        """Gives how many lines cannot be read (a kill can leave one; what it said was not promised)."""
        self._refresh()
        return self._damaged

    def removed(self) -> dict[str, str]:
        """Gives what has a tombstone: id → id of the original that it came from."""
        self._refresh()
        return self._removed

    def project(self, cwd: str) -> str | None:
        self._refresh()
        return self._projects.get(cwd)

    def annotations(self) -> Mapping[str, list[Annotation]]:
        """Gives what was noted of sessions, in the order in which it was."""
        self._refresh()
        return self._annotations

    def append(self, notes: Iterable[Note]) -> None:
        """Writes notes for good: when this returns, they survive the death of the machine.

        Raises:
            ReadOnlyArchiveError: the archive can only be read.
        """
        if self._read_only:
            raise ReadOnlyArchiveError(str(self._path.parent), "it was opened for reading")
        data = b"".join(to_line(note) for note in notes)
        if not data:
            return
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            size = os.fstat(handle).st_size
            if size and os.pread(handle, 1, size - 1) != b"\n":
                data = b"\n" + data  # ends a line that a kill left torn; readers skip it
            write_all(handle, data)
            os.fdatasync(handle)
        finally:
            os.close(handle)

    def _refresh(self) -> None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            found = None
        size, inode = (found.st_size, found.st_ino) if found else (0, 0)
        if size == self._seen and inode == self._inode:
            return
        self._removed, self._projects, self._annotations, self._damaged = {}, {}, {}, 0
        for line in self._path.read_bytes().split(b"\n") if found else ():
            if line.strip():
                self._take(line)
        self._seen, self._inode = size, inode

    def _take(self, line: bytes) -> None:
        note = _read(line)
        match note:
            case None:
                self._damaged += 1
            case Note(op="remove"):
                self._removed |= {note.id: note.original, **dict(note.others)}
            case Note(op="readmit"):
                for name, _ in ((note.id, ""), *note.others):
                    self._removed.pop(name, None)
            case Note(op="annotate"):
                annotation = Annotation(
                    at=note.at,
                    text=note.text or None,
                    target=note.target or None,
                    add=note.add,
                    remove=note.remove,
                )
                self._annotations.setdefault(note.id, []).append(annotation)
            case _:  # a project
                self._projects.setdefault(note.cwd, note.root)


def together(op: Literal["remove", "readmit"], names: Mapping[str, str], *, at: int) -> list[Note]:
    """Gives the one note (none for nothing) that says this of all names; name → its original."""
    pairs = tuple(names.items())
    return [Note(op=op, id=name, original=original, others=pairs[1:], at=at) for name, original in pairs[:1]]


def _read(line: bytes) -> Note | None:
    data = from_line(line)
    if data is None:
        return None
    try:
        return msgspec.json.decode(data, type=Note)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None

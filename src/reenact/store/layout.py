"""Where everything lies in an archive, and how files are written so that a kill leaves no half one."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

import msgspec

from reenact.errors import ArchiveError, ArchiveTooNewError

ARCHIVE_FORMAT = 1
"""The version of the archive's layout that this code writes."""

_SAFE = re.compile(r"[A-Za-z0-9_-]{1,200}")


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What `archive.json` says."""

    format: int
    id: str
    placeholder_key: str
    """Secret of this archive, from which placeholders of scrubbed values are made."""


class Layout:
    """The paths of one archive."""

    def __init__(self, root: Path, cache: Path) -> None:
        self.root = root
        self.cache = cache
        self.card = root / "archive.json"
        self.journal = root / "journal.jsonl"
        self.live = root / "live"
        self.sealed = root / "sealed"
        self.originals = root / "originals"
        self.blobs = root / "blobs"
        self.incoming = root / "incoming"
        self.core = cache / "core.db"

    def original(self, agent: str, original: str) -> Path:
        return self.originals / safe(agent) / safe(original)[:2] / original

    def live_segment(self, session: str) -> Path:
        return self.live / f"{safe(session)}.jsonl"

    def blob(self, digest: str) -> Path:
        return self.blobs / digest[:2] / f"{digest}.zst"


def is_safe(name: str) -> bool:
    """Tells whether a name can be a file name here."""
    return _SAFE.fullmatch(name) is not None


def safe(name: str) -> str:
    """Gives the name back where it can be a file name.

    Raises:
        ArchiveError: it could lead out of the archive.
    """
    if not is_safe(name):
        raise ArchiveError(f"{name!r} cannot be the name of something in the archive")
    return name


def make_directory(path: Path) -> None:
    """Makes a directory and its parents that only their owner can enter."""
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)


def write_file(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Writes a whole file so that every reader finds the old content or the new, never a part."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(6)}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            write_all(handle, data)
            if durable:
                os.fsync(handle)
        finally:
            os.close(handle)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_directory(path.parent)


def write_all(handle: int, data: bytes) -> None:
    """Writes all bytes, however many calls that takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def sync_directory(path: Path) -> None:
    """Makes renames in a directory survive the death of the machine."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_card(path: Path) -> Card | None:
    """Gives the archive's card, or None where there is none yet.

    Raises:
        ArchiveError: it cannot be read.
        ArchiveTooNewError: a newer reenact wrote the archive.
    """
    try:
        card = msgspec.json.decode(path.read_bytes(), type=Card)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ArchiveError(f"{path} is damaged: {error}", hint="restore it from a backup") from error
    if card.format > ARCHIVE_FORMAT:
        raise ArchiveTooNewError(str(path.parent), card.format, ARCHIVE_FORMAT)
    return card


def new_card() -> Card:
    return Card(format=ARCHIVE_FORMAT, id=secrets.token_hex(12), placeholder_key=secrets.token_hex(32))

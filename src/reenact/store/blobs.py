"""Large payloads of recorded sessions, each kept once under the hash of its content."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import zstandard

from reenact import zstd
from reenact.errors import CorruptRecordError
from reenact.events import blob_hash
from reenact.store.layout import Layout, make_directory, sync_directory, write_file

_NAME = re.compile(r"sha256:([0-9a-f]{64})")
REFERENCE = re.compile(rb"sha256:[0-9a-f]{64}")
"""How a blob is named wherever it is referred to."""
_LEVEL = 3
_ASIDE = ".gone"
_HEAD = 18
"""The longest head of a zstd frame."""


class Blobs:
    """The folder `blobs/`."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._unsynced: set[Path] = set()

    def put(self, data: bytes) -> str:
        """Keeps bytes; gives their name. Durable with the next `sync`, before the event that names them."""
        name = blob_hash(data)
        path = self._layout.blob(name.partition(":")[2])
        try:
            os.utime(path)  # young again: its new reference may not be written yet
        except FileNotFoundError:
            make_directory(path.parent)
            write_file(path, zstandard.ZstdCompressor(level=_LEVEL).compress(data))
            self._unsynced.add(path)
        return name

    def get(self, name: str, *, most: int | None = None) -> bytes | None:
        """Gives a blob, or None where there is none, or none of at most so many bytes.

        Raises:
            CorruptRecordError: it is damaged.
        """
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        try:
            path = self._layout.blob(found[1])
            if most is not None and not 0 <= _size(path) <= most:
                return None
            return read_blob(path)
        except FileNotFoundError:
            return None

    def paths(self) -> Iterator[Path]:
        yield from sorted(self._layout.blobs.glob("??/*.zst"))

    def drop(self, path: Path, *, is_old: Callable[[Path], bool]) -> None:
        """Deletes a blob, unless a writer wants it at this very moment: set aside first, looked at then."""
        aside = path.with_name(path.name + _ASIDE)
        path.replace(aside)  # whoever wants it from now on writes it anew
        if is_old(aside):
            aside.unlink()
        else:
            aside.replace(path)

    def restore(self) -> None:
        """Puts back what a killed `drop` set aside."""
        for aside in sorted(self._layout.blobs.glob(f"??/*.zst{_ASIDE}")):
            aside.replace(aside.with_name(aside.name.removesuffix(_ASIDE)))

    def sync(self) -> None:
        unsynced, self._unsynced = self._unsynced, set()
        for path in sorted(path for path in unsynced if path.exists()):
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        for folder in sorted({path.parent for path in unsynced}):
            sync_directory(folder)


def _size(path: Path) -> int:
    """Gives how large a blob is once it is unpacked, by its head alone; -1 where that does not tell."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    try:
        return zstandard.frame_content_size(head)
    except zstandard.ZstdError:
        return -1


def read_blob(path: Path) -> bytes:
    """Gives the content of a blob's file, checked against its name.

    Raises:
        CorruptRecordError: it is damaged.
        FileNotFoundError: there is none.
    """
    try:
        data = zstd.unpack(path.read_bytes())
    except zstandard.ZstdError as error:
        raise CorruptRecordError(str(path), str(error)) from error
    if hashlib.sha256(data).hexdigest() != path.stem:
        raise CorruptRecordError(str(path), "the content is not what was kept")
    return data

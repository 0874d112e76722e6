"""An evaluation log: a ZIP file of JSON members, whose newer members are packed with zstandard.

Written sample by sample, the directory last; a log that is still being written, or that was cut off,
has none and is not read. Observed: Inspect 0.3.285.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import zstandard

from reenact import zstd

ZSTANDARD = 93
"""The number of zstandard among ZIP's methods; Python's own reader has it from 3.14 on."""
LARGEST = 256 * 1024 * 1024
"""Bytes of a member that is unpacked; a larger one is taken for an attack."""
_HEADER = struct.Struct("<26xHH")


class BadLogError(OSError):
    """Raised where a file is no log that can be read."""


class Log:
    """One log, open for reading."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    def samples(self) -> list[zipfile.ZipInfo]:
        """Gives the members that hold a sample each, in the order of their names."""
        members = [each for each in self._file.infolist() if each.filename.startswith("samples/")]
        return sorted((each for each in members if each.filename.endswith(".json")), key=lambda m: m.filename)

    def head(self) -> dict[str, Any]:
        """Gives what the log says of the evaluation as a whole."""
        names = set(self._file.namelist())
        for name in ("header.json", "_journal/start.json"):
            if name in names:
                return self.read(self._file.getinfo(name))
        raise BadLogError("it holds no header")

    def read(self, member: zipfile.ZipInfo) -> dict[str, Any]:
        """Gives a member's object.

        Raises:
            BadLogError: it cannot be unpacked, or is no JSON object.
        """
        try:
            value: Any = msgspec.json.decode(self._bytes(member))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadLogError(f"{member.filename}: {error}") from error
        if not isinstance(value, dict):
            raise BadLogError(f"{member.filename} holds no object")
        return value

    def _bytes(self, member: zipfile.ZipInfo) -> bytes:
        if member.file_size > LARGEST:
            raise BadLogError(f"{member.filename} is too large: {member.file_size:,} bytes")
        try:
            if member.compress_type == ZSTANDARD:
                return self._unpacked(member)
            with self._file.open(member) as stream:
                data = stream.read(LARGEST + 1)
        except (
            zipfile.BadZipFile,
            zstandard.ZstdError,
            NotImplementedError,  # zipfile's word for a compression that it does not know
            EOFError,
            struct.error,
        ) as error:
            raise BadLogError(f"{member.filename}: {error}") from error
        if len(data) > LARGEST:
            raise BadLogError(f"{member.filename} is too large")
        return data

    def _unpacked(self, member: zipfile.ZipInfo) -> bytes:
        stream = self._file.fp
        assert stream is not None
        stream.seek(member.header_offset)
        name, extra = _HEADER.unpack(stream.read(_HEADER.size))
        stream.seek(name + extra, 1)
        packed = stream.read(member.compress_size)
        return zstd.unpack(packed, most=min(max(member.file_size, 1), LARGEST))


@contextmanager
def opened(path: str) -> Iterator[Log]:
    """Opens a log.

    Raises:
        OSError: it cannot be read, or is none.
    """
    try:
        with zipfile.ZipFile(path) as file:
            yield Log(file)
    except zipfile.BadZipFile as error:
        raise BadLogError(f"it is no ZIP file: {error}") from error

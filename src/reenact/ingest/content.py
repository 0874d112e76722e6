"""Opens what a transcript holds: plain, compressed or rows, and its sidecars, with bounded memory."""

from __future__ import annotations

import codecs
import os
import stat
from contextlib import closing
from typing import BinaryIO, cast

import msgspec
import zstandard

from reenact.sources import Rows, Sidecar, Source, Transcript
from reenact.store import Place

_HEAD = 64 * 1024
_LEADING = b" \t\r\x00"
MAX_SIDECAR = 64 * 1024 * 1024


def place_of(transcript: Transcript) -> Place:
    """Gives how a transcript and its sidecars look on disk now.

    Raises:
        OSError: the transcript cannot be looked at.
    """
    beside = marks_of(transcript.sidecars)
    if transcript.encoding == "rows":
        size, mtime_ns, inode = transcript.size, transcript.mtime_ns, transcript.inode
    else:
        found = os.stat(transcript.path)
        size, mtime_ns, inode = found.st_size, found.st_mtime_ns, found.st_ino
    return Place(path=transcript.path, size=size, mtime_ns=mtime_ns, inode=inode, sidecars=beside)


def marks_of(sidecars: tuple[Sidecar, ...]) -> str:
    """Gives how sidecars look on disk now."""
    marks = []
    for sidecar in sidecars:
        if sidecar.mark:
            marks.append(f"{sidecar.name}:{sidecar.mark}")
            continue
        try:
            beside = os.stat(sidecar.path)
        except OSError:
            continue
        marks.append(f"{sidecar.name}:{beside.st_size}:{beside.st_mtime_ns}")
    return "|".join(sorted(marks))


def open_content(transcript: Transcript, source: Source) -> BinaryIO:
    """Opens a transcript's text as bytes; a compressed one is decompressed on the way, rows are read.

    Raises:
        OSError: it is no regular file or cannot be read.
    """
    if transcript.encoding == "rows":
        return _rows(source, transcript.path)
    handle = os.open(transcript.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(f"{transcript.path} is not a regular file")
    raw = os.fdopen(handle, "rb", closefd=True)
    if transcript.encoding == "plain":
        return raw
    return cast("BinaryIO", _Decompressed(raw))  # it offers read and close, which is what is used


def _rows(source: Source, path: str) -> BinaryIO:
    if not isinstance(source, Rows):
        raise OSError(f"the {source.agent} source reads no rows")
    return source.open_rows(path)


class _Decompressed:
    """A zstd file as plain bytes; damage is an `OSError`, like any other unreadable content."""

    def __init__(self, raw: BinaryIO) -> None:
        self._reader = zstandard.ZstdDecompressor().stream_reader(raw, closefd=True, read_across_frames=True)

    def read(self, size: int = -1) -> bytes:
        try:
            return self._reader.read(size)
        except zstandard.ZstdError as error:
            raise OSError(f"damaged zstd content: {error}") from error

    def close(self) -> None:
        self._reader.close()  # type: ignore[no-untyped-call]  # the library's stub leaves it open


def holds_rows(transcript: Transcript, source: Source) -> bool:
    """Tells whether a file begins like JSON lines, or like the one document that it is said to be.

    Files of other kinds carry such names too (an error page, another agent's log, a binary); they
    are passed over. A file that is only damaged is not: its first whole or last torn line tells.

    Raises:
        OSError: it cannot be read.
    """
    if transcript.encoding == "rows":
        return True
    with closing(open_content(transcript, source)) as stream:
        head = stream.read(_HEAD)
    if transcript.layout == "document" or not head.strip():
        return True
    *whole, last = head.removeprefix(codecs.BOM_UTF8).split(b"\n")
    return last.lstrip(_LEADING).startswith(b'{"') or any(map(_is_row, whole))


def _is_row(line: bytes) -> bool:
    line = line.strip(_LEADING)
    if not line.startswith(b"{"):
        return False
    try:
        msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return b'"sessionId"' in line or b'"payload"' in line  # a row all the same, but a damaged one
    except RecursionError:
        return True
    return True


def read_sidecars(sidecars: tuple[Sidecar, ...], source: Source) -> dict[str, bytes]:
    """Gives the content of the sidecars that can be read, each up to 64 MB."""
    contents = {}
    for sidecar in sidecars:
        try:
            with closing(_rows(source, sidecar.path)) if sidecar.mark else open(sidecar.path, "rb") as handle:
                contents[sidecar.name] = handle.read(MAX_SIDECAR)
        except OSError:
            continue
    return contents

"""Reads kept bytes back: one generation as a seekable stream of a few megabytes of memory."""

from __future__ import annotations

import bisect
import hashlib
import io
import os
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path

import zstandard

from reenact import zstd
from reenact.errors import CorruptRecordError
from reenact.store.manifest import Frame


def read_frame(handle: int, frame: Frame, where: str) -> bytes:
    """Gives the content of one frame, checked.

    Raises:
        CorruptRecordError: the file is short or holds something else.
    """
    data = unpack_frame(handle, frame, where)
    if len(data) != frame.length or hashlib.sha256(data).hexdigest() != frame.sha256:
        raise CorruptRecordError(f"{where} at {frame.offset}", "the content is not what was kept")
    return data


def unpack_frame(handle: int, frame: Frame, where: str) -> bytes:
    """Gives what a frame's place in the file holds, for those who can tell whether it is right.

    Raises:
        CorruptRecordError: it is no frame.
    """
    packed = os.pread(handle, frame.packed, frame.offset)
    try:
        return zstd.unpack(packed, most=frame.length)
    except zstandard.ZstdError as error:
        raise CorruptRecordError(f"{where} at {frame.offset}", str(error)) from error


class KeptStream(io.RawIOBase):
    """The content of a generation."""

    def __init__(
        self, path: Path, frames: Sequence[Frame], *, show: Callable[[Frame, bytes], None] | None = None
    ) -> None:
        super().__init__()
        self._handle = -1  # what `close` finds where there is no such file
        self._show = show
        self._path = path
        self._frames = frames
        self._starts = [0, *accumulate(frame.length for frame in frames)]
        self._position = 0
        self._number = -1
        self._data = b""
        if frames:
            self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._starts[-1]}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's buffer type is private
        if self._position >= self._starts[-1]:
            return 0
        number = bisect.bisect_right(self._starts, self._position) - 1
        if number != self._number:
            self._data = read_frame(self._handle, self._frames[number], str(self._path))
            self._number = number
            if self._show is not None:
                self._show(self._frames[number], self._data)
        begin = self._position - self._starts[number]
        piece = self._data[begin : begin + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        if not self.closed and self._handle >= 0:
            os.close(self._handle)
        super().close()

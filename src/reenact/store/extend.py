"""Adds content to a generation: frames first, then the manifest, so that a kill leaves a valid state.

What a killed writer left behind the last frame that the manifest knows is cut off at the next go.
"""

from __future__ import annotations

import hashlib
import os
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

import msgspec
import zstandard

from reenact.store.compare import Match, read_chunk
from reenact.store.kept import read_frame
from reenact.store.layout import write_all
from reenact.store.manifest import CHUNK, FRAME, Frame, Held, Manifest, save

LEVEL = 3
CHECKPOINT = 256 * 1024 * 1024
"""Bytes of content after which a long keep writes the manifest, so that a kill costs no more."""
_SMALL = FRAME // 4
_MANY_SMALL = 32


class Extension:
    """One generation being written."""

    def __init__(self, folder: Path, manifest: Manifest, held: Held) -> None:
        self._folder = folder
        self._manifest = manifest
        self._held = held
        self._frames = list(held.frames)
        self._chunks = list(held.chunks)
        self._length = held.length
        self._saved = held.length
        self._packer = zstandard.ZstdCompressor(level=LEVEL)
        path = folder / held.file
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._end = held.end
        os.ftruncate(self._handle, self._end)
        os.lseek(self._handle, self._end, os.SEEK_SET)

    def copy(self, source: Path, held: Held, chunks: int) -> None:
        """Takes the first chunks over from another generation, packed as they are."""
        stop = chunks * CHUNK
        handle = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
        try:
            for frame in takewhile(lambda _: self._length < stop, held.frames):
                read_frame(handle, frame, str(source))  # a damaged frame is not taken over
                self._put(os.pread(handle, frame.packed, frame.offset), frame.length, frame.sha256)
        finally:
            os.close(handle)
        self._chunks = list(held.chunks[:chunks])

    def write(self, found: Match, content: BinaryIO) -> None:
        """Writes the chunk at which the comparison ended, as far as it is new, and all that follows.

        A short chunk is the last one: what its agent adds to a file while it is read comes next time.
        """
        chunk = found.chunk
        while chunk:
            self._chunk(chunk)
            if self._length - self._saved >= CHECKPOINT:
                self._save()
            chunk = read_chunk(content) if len(chunk) == CHUNK else b""

    def _chunk(self, chunk: bytes) -> None:
        index = self._length // CHUNK
        new = chunk[self._length - index * CHUNK :]
        new = self._with_small_ones(new)
        digest = hashlib.sha256(chunk).hexdigest()
        for begin in range(0, len(new), FRAME):
            piece = new[begin : begin + FRAME]
            own = digest if len(piece) == len(chunk) else hashlib.sha256(piece).hexdigest()
            self._put(self._packer.compress(piece), len(piece), own)
        self._chunks[index:] = [digest]

    def _with_small_ones(self, new: bytes) -> bytes:
        """Joins a long row of small frames at the end with what is new; their old bytes stay as a gap."""
        begin = self._length - self._length % CHUNK
        small: list[Frame] = []
        position = self._length
        for frame in reversed(self._frames):
            if position <= begin or frame.length > _SMALL:
                break
            small.append(frame)
            position -= frame.length
        if len(small) < _MANY_SMALL:
            return new
        del self._frames[-len(small) :]
        self._length = position
        where = str(self._folder)
        return b"".join(read_frame(self._handle, frame, where) for frame in reversed(small)) + new

    def _put(self, packed: bytes, length: int, sha256: str) -> None:
        write_all(self._handle, packed)
        self._frames.append(Frame(length=length, offset=self._end, packed=len(packed), sha256=sha256))
        self._end += len(packed)
        self._length += length

    def _save(self) -> Manifest:
        held = msgspec.structs.replace(self._held, frames=tuple(self._frames), chunks=tuple(self._chunks))
        self._manifest = self._manifest.with_generation(held)
        save(self._folder, self._manifest)
        self._saved = self._length
        return self._manifest

    def finish(self) -> Manifest:
        """Makes what was written part of the original."""
        return self._save()

    def close(self) -> None:
        os.close(self._handle)

"""Frees what nothing refers to and packs what is loose. Nothing that was kept is lost by it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Container, Iterator
from pathlib import Path

import msgspec
import zstandard

from reenact.errors import ArchiveBusyError, CorruptRecordError
from reenact.store import manifest as manifests
from reenact.store import removal, segment
from reenact.store.blobs import REFERENCE, Blobs, read_blob
from reenact.store.extend import LEVEL
from reenact.store.kept import KeptStream
from reenact.store.layout import Layout, sync_directory, write_all
from reenact.store.lock import locked
from reenact.store.manifest import CHUNK, FRAME, Frame, Held
from reenact.store.originals import Originals
from reenact.store.recorded import Segments

GRACE = 24 * 3600 * 1_000_000
"""Microseconds for which a blob is left alone: the event that names it may still be written."""
_LOOSE = 2
"""A generation is packed anew when it has more than so many times the frames that it needs."""


def originals(layout: Layout, kept: Originals, removed: Container[str], now: int) -> None:
    """Packs generations of many small frames; deletes what a killed process left."""
    for folder in list(kept.folders()):
        if folder.name in removed:
            removal.delete_original(folder)
            continue
        with contextlib.suppress(ArchiveBusyError, CorruptRecordError), locked(folder, wait=0.0):
            _tidy(folder)
    for folder in sorted(layout.originals.glob("*/*/*")):
        if not (folder / manifests.NAME).exists() and _age(folder, now) > GRACE:
            shutil.rmtree(folder, ignore_errors=True)


def _tidy(folder: Path) -> None:
    manifest = manifests.load(folder)
    if manifest is None:
        return
    for held in manifest.generations:
        size = (folder / held.file).stat().st_size
        gap = held.end - sum(frame.packed for frame in held.frames)
        needed = sum(-(-length // FRAME) for length in _lengths(held))
        if len(held.frames) > _LOOSE * needed or gap > size // 2:
            manifest = manifest.with_generation(_packed(folder, held))
            manifests.save(folder, manifest)
    files = {held.file for held in manifest.generations} | {manifests.NAME, "sidecars"}
    for path in sorted(folder.iterdir()):
        if path.name not in files:  # a former packing, or a file that was never finished
            path.unlink()


def _packed(folder: Path, held: Held) -> Held:
    """Writes a generation into a new file, in whole frames; gives what it then is."""
    new = msgspec.structs.replace(held, pack=held.pack + 1, frames=())
    packer = zstandard.ZstdCompressor(level=LEVEL)
    frames: list[Frame] = []
    chunks: list[str] = []
    offset = 0
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    handle = os.open(folder / new.file, flags, 0o600)
    try:
        for chunk in _chunks(folder / held.file, held):
            chunks.append(hashlib.sha256(chunk).hexdigest())
            for begin in range(0, len(chunk), FRAME):
                piece = chunk[begin : begin + FRAME]
                packed = packer.compress(piece)
                write_all(handle, packed)
                digest = hashlib.sha256(piece).hexdigest()
                frames.append(Frame(length=len(piece), offset=offset, packed=len(packed), sha256=digest))
                offset += len(packed)
        os.fsync(handle)
    finally:
        os.close(handle)
    sync_directory(folder)
    if tuple(chunks) != held.chunks:
        raise CorruptRecordError(str(folder / held.file), "the whole is not what was kept")
    return msgspec.structs.replace(new, frames=tuple(frames))


def _lengths(held: Held) -> Iterator[int]:
    """Yields the lengths of a generation's chunks."""
    whole, rest = divmod(held.length, CHUNK)
    yield from (CHUNK for _ in range(whole))
    if rest:
        yield rest


def _chunks(path: Path, held: Held) -> Iterator[bytes]:
    with contextlib.closing(KeptStream(path, held.frames)) as stream:
        while True:
            chunk = bytearray()
            while len(chunk) < CHUNK and (piece := stream.read(CHUNK - len(chunk))):
                chunk += piece
            if not chunk:
                return
            yield bytes(chunk)


def segments(layout: Layout, removed: dict[str, str]) -> None:
    """Deletes what is left of recorded sessions whose removal was cut short."""
    for session in removed:
        removal.delete_segments(layout, session)


def blobs(layout: Layout, kept: Blobs, recorded: Segments, now: int) -> None:
    """Deletes blobs that no recorded event and no other kept blob names, once they are a day old.

    While a segment cannot be read whole, nobody knows what it names, and all of them stay.
    """

    def is_old(path: Path) -> bool:
        return _age(path, now) > GRACE

    kept.restore()
    old = {path for path in kept.paths() if is_old(path)}
    named: set[bytes] = set()
    try:
        for pieces in recorded.pieces().values() if old else ():
            for piece in pieces:
                named |= _references(piece.path, is_live=piece.is_live)
    except (CorruptRecordError, FileNotFoundError):  # damaged, or sealed at this moment
        return
    waiting = set(named)
    while waiting:
        path = layout.blob(waiting.pop().partition(b":")[2].decode())
        with contextlib.suppress(FileNotFoundError, CorruptRecordError):
            found = set(REFERENCE.findall(read_blob(path))) - named
            named |= found
            waiting |= found
    for path in old:
        if f"sha256:{path.stem}".encode() not in named:
            kept.drop(path, is_old=is_old)


def _references(path: Path, *, is_live: bool) -> set[bytes]:
    """Gives the names of blobs anywhere in a segment, its damaged lines included."""
    if is_live:
        return set(REFERENCE.findall(path.read_bytes()))
    found: set[bytes] = set()
    for plain in segment.read_sealed(path, segment.read_table(path), strict=True):
        found.update(REFERENCE.findall(plain))
    return found


def _age(path: Path, now: int) -> int:
    return now - path.stat().st_mtime_ns // 1000

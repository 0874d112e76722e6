"""The kept bytes of transcripts: generations that grow or are followed by the next, never changed."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

import msgspec
import zstandard

from reenact import zstd
from reenact.clock import Clock
from reenact.errors import ArchiveError, CorruptRecordError
from reenact.store import manifest as manifests
from reenact.store.compare import Match, match, match_grown
from reenact.store.extend import LEVEL, Extension
from reenact.store.kept import KeptStream, unpack_frame
from reenact.store.layout import Layout, is_safe, make_directory, sync_directory, write_file
from reenact.store.lock import occupied
from reenact.store.manifest import CHUNK, FRAME, Frame, Held, Manifest, Sidecar
from reenact.store.summary import storable
from reenact.store.values import Change, Kept, OriginalKey, Place

_RECENT = 3
"""Frames kept unpacked."""
_REMEMBERED = 64
"""Manifests kept in memory: one transcript at a time is looked at several times."""
_SYNC_EACH = 64
"""Up to so many changed originals are synced one by one; more are left to one sync of all."""


class Originals:
    """The folder `originals/`."""

    def __init__(self, layout: Layout, clock: Clock) -> None:
        self._layout = layout
        self._clock = clock
        self._changed: set[Path] = set()
        self._recent: dict[tuple[str, int], bytes] = {}
        """The frames that were read last: events that follow each other are made from the same ones."""
        self._manifests: dict[str, tuple[tuple[int, int, int], Manifest]] = {}
        self._last: Path | None = None
        """The folder that was looked for last: one transcript at a time is looked at several times."""

    def keep(
        self,
        key: OriginalKey,
        content: BinaryIO,
        *,
        place: Place,
        sidecars: Mapping[str, bytes],
        before: tuple[Place, int] | None,
    ) -> Kept:
        """Keeps content and sidecars.

        `before` is how the place looked when it was last kept whole, and the generation that it then was.
        """
        key, path = _storable(key), storable(place.path)
        sidecars = {storable(name): data for name, data in sidecars.items()}
        folder = self._layout.original(key.agent, key.id)
        with occupied(folder):
            manifest = self._load(folder)
            known = manifest is not None
            manifest = manifest or Manifest(key=key)
            old = manifest
            manifest = self._with_sidecars(folder, _healed(folder, manifest), sidecars)
            sidecar = manifest.sidecars != old.sidecars
            found = self._match(folder, manifest, content, place, before)
            manifest = _seen_at(manifest, key, path)
            added, held = 0, found.held
            if not found.whole and found.chunk:
                manifest, held, added = self._add(folder, manifest, found, content)
            elif manifest != old and (known or manifest.sidecars):
                manifests.save(folder, manifest)
            if added or sidecar or (known and manifest != old):
                self._changed.add(folder)
            elif not known:  # nothing was there to keep
                folder.rmdir()
        return Kept(
            original=key.id,
            generation=held.number if held else 0,
            change=_change(known=known, added=added, extends=found.extends, sidecar=sidecar),
            added=added,
        )

    def _match(
        self,
        folder: Path,
        manifest: Manifest,
        content: BinaryIO,
        place: Place,
        before: tuple[Place, int] | None,
    ) -> Match:
        if before is not None:
            was, number = before
            held = next((held for held in manifest.generations if held.number == number), None)
            grown = held is not None and was.inode == place.inode and was.size == held.length < place.size
            if held is not None and grown and content.seekable():
                found = match_grown(content, held)
                if found is not None:
                    return found
                content.seek(0)

        def chunk_of(held: Held, index: int) -> bytes:
            try:
                with closing(self._stream(folder, held)) as stream:
                    stream.seek(index * CHUNK)
                    return stream.read(CHUNK)
            except (CorruptRecordError, OSError):
                return b""  # what is damaged equals nothing; the content is kept once more

        return match(content, manifest.generations, chunk_of)

    def _add(
        self, folder: Path, manifest: Manifest, found: Match, content: BinaryIO
    ) -> tuple[Manifest, Held, int]:
        if found.extends and found.held is not None:
            held = found.held
        else:
            number = max((held.number for held in manifest.generations), default=0) + 1
            held = Held(number=number, kept_at=self._clock.now())
        length = held.length
        extension = Extension(folder, manifest, held)
        try:
            if found.held is not None and not found.extends and found.index:
                extension.copy(folder / found.held.file, found.held, found.index)
            extension.write(found, content)
            manifest = extension.finish()
        finally:
            extension.close()
        held = manifest.generation(held.number)
        return manifest, held, held.length - length

    def _with_sidecars(self, folder: Path, manifest: Manifest, sidecars: Mapping[str, bytes]) -> Manifest:
        newest = manifest.newest_sidecars()
        new: list[Sidecar] = []
        for name, data in sorted(sidecars.items()):
            digest = hashlib.sha256(data).hexdigest()
            if newest.get(name) == digest:
                continue
            path = folder / "sidecars" / f"{digest}.zst"
            make_directory(path.parent)
            if not path.exists():
                write_file(path, zstandard.ZstdCompressor(level=LEVEL).compress(data))
            new.append(Sidecar(name=name, sha256=digest, kept_at=self._clock.now()))
        if not new:
            return manifest
        names = {sidecar.name for sidecar in new}
        kept = sorted(manifest.sidecars, key=lambda sidecar: sidecar.name in names)
        return msgspec.structs.replace(manifest, sidecars=(*kept, *new))

    # -- reading --------------------------------------------------------------------------------

    def folders(self) -> Iterator[Path]:
        """Yields the folder of every original that has a manifest, in a fixed order."""
        for path in sorted(self._layout.originals.glob(f"*/*/*/{manifests.NAME}")):
            yield path.parent

    def folder(self, original: str) -> Path | None:
        """Gives the folder of an original, whichever agent it is of."""
        last = self._last
        if last is not None and last.name == original and os.access(f"{last}/{manifests.NAME}", os.F_OK):
            return last
        if not is_safe(original):
            return None
        try:
            agents = sorted(entry.path for entry in os.scandir(self._layout.originals))
        except FileNotFoundError:
            return None
        for agent in agents:
            path = f"{agent}/{original[:2]}/{original}"
            if os.access(f"{path}/{manifests.NAME}", os.F_OK):
                self._last = Path(path)
                return self._last
        return None

    def manifest(self, original: str) -> Manifest | None:
        folder = self.folder(original)
        return self._load(folder) if folder else None

    def _load(self, folder: Path) -> Manifest | None:
        """Gives a manifest, from memory where its file is the one that was read last time."""
        try:
            found = os.stat(f"{folder}/{manifests.NAME}")
        except FileNotFoundError:
            return None
        state = (found.st_ino, found.st_mtime_ns, found.st_size)
        known = self._manifests.get(folder.name)
        if known is not None and known[0] == state:
            return known[1]
        manifest = manifests.load(folder)
        if manifest is not None:
            if len(self._manifests) >= _REMEMBERED:
                self._manifests.clear()
            self._manifests[folder.name] = (state, manifest)
        return manifest

    def needed(self, original: str) -> tuple[Path, Manifest]:
        """Gives folder and manifest.

        Raises:
            ArchiveError: there is no such original.
        """
        folder = self.folder(original)
        manifest = self._load(folder) if folder else None
        if folder is None or manifest is None:
            raise ArchiveError(f"no original {original!r} is kept")
        return folder, manifest

    def open(self, original: str, generation: int) -> BinaryIO:
        folder, manifest = self.needed(original)
        try:
            return self._stream(folder, manifest.generation(generation))
        except FileNotFoundError:  # packed anew between the two
            folder, manifest = self.needed(original)
            return self._stream(folder, manifest.generation(generation))

    def read(self, original: str, generation: int, offset: int, length: int) -> bytes:
        """Gives a piece of a generation, for those who can tell whether it is right.

        Raises:
            CorruptRecordError: it is not there, or damaged.
        """
        try:
            folder, manifest = self.needed(original)
            try:
                return self._piece(folder, manifest.generation(generation), offset, length)
            except FileNotFoundError:  # packed anew between the two
                folder, manifest = self.needed(original)
                return self._piece(folder, manifest.generation(generation), offset, length)
        except (OSError, ArchiveError) as error:
            raise CorruptRecordError(f"original {original}", str(error)) from error

    def _piece(self, folder: Path, held: Held, offset: int, length: int) -> bytes:
        found: list[bytes] = []
        begin, stop = 0, offset + length
        path = str(folder / held.file)
        handle = -1
        try:
            for frame in held.frames:
                if begin >= stop:
                    break
                if begin + frame.length > offset:
                    data = self._recent.get((path, frame.offset))
                    if data is None:
                        if handle < 0:
                            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                        data = unpack_frame(handle, frame, path)
                        self._remember(path, frame, data)
                    found.append(data[max(0, offset - begin) : stop - begin])
                begin += frame.length
        finally:
            if handle >= 0:
                os.close(handle)
        return b"".join(found)

    def _remember(self, path: str, frame: Frame, data: bytes) -> None:
        """Keeps a frame of the usual size at hand; threads may each put theirs."""
        if len(data) <= FRAME:
            recent = dict(list(self._recent.items())[1 - _RECENT :])
            recent[path, frame.offset] = data
            self._recent = recent

    def _stream(self, folder: Path, held: Held) -> BinaryIO:
        path = folder / held.file
        stream = KeptStream(
            path, held.frames, show=lambda frame, data: self._remember(str(path), frame, data)
        )
        return io.BufferedReader(stream, 256 * 1024)

    def sidecars(self, original: str) -> dict[str, bytes]:
        folder, manifest = self.needed(original)
        contents = {}
        for name, digest in manifest.newest_sidecars().items():
            contents[name] = read_sidecar(folder, digest)
        return contents

    def note_changed(self, folder: Path) -> None:
        """Takes note of what another process changed for this one, for the next `sync`."""
        self._changed.add(folder)

    # -- durability -----------------------------------------------------------------------------

    def sync(self) -> None:
        """Makes all that was kept survive the death of the machine."""
        changed, self._changed = self._changed, set()
        if len(changed) > _SYNC_EACH:
            os.sync()
            return
        for folder in changed:
            for path in folder.iterdir() if folder.exists() else ():
                if path.is_file():
                    _sync_file(path)
            if folder.exists():
                sync_directory(folder)


def read_sidecar(folder: Path, digest: str) -> bytes:
    """Gives a sidecar's content, checked.

    Raises:
        CorruptRecordError: it is missing or not what was kept.
    """
    path = folder / "sidecars" / f"{digest}.zst"
    try:
        data = zstd.unpack(path.read_bytes())
    except (OSError, zstandard.ZstdError) as error:
        raise CorruptRecordError(str(path), str(error)) from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise CorruptRecordError(str(path), "the content is not what was kept")
    return data


def _healed(folder: Path, manifest: Manifest) -> Manifest:
    """Gives the manifest without frames that a crash of the machine took from the end of their file."""
    generations = []
    for held in manifest.generations:
        path = folder / held.file
        size = path.stat().st_size if path.exists() else 0
        if size >= held.end:
            generations.append(held)
            continue
        frames = list(_on_disk(held, size))
        whole = sum(frame.length for frame in frames) // CHUNK
        while sum(frame.length for frame in frames) > whole * CHUNK:
            frames.pop()
        generations.append(msgspec.structs.replace(held, frames=tuple(frames), chunks=held.chunks[:whole]))
    return msgspec.structs.replace(manifest, generations=tuple(generations))


def _on_disk(held: Held, size: int) -> Iterator[Frame]:
    """Yields the frames before the first one that a file of this size does not hold."""
    return takewhile(lambda frame: frame.offset + frame.packed <= size, held.frames)


def _storable(key: OriginalKey) -> OriginalKey:
    """Gives a key without lone surrogates: file names may hold bytes that are no UTF-8."""
    hints = {storable(name): storable(value) for name, value in key.hints.items()}
    return msgspec.structs.replace(key, key=storable(key.key), hints=hints)


def _seen_at(manifest: Manifest, key: OriginalKey, path: str) -> Manifest:
    if manifest.places[-1:] == (path,) and manifest.key == key:
        return manifest
    places = (*(place for place in manifest.places if place != path), path)
    return msgspec.structs.replace(manifest, key=key, places=places)


def _change(*, known: bool, added: int, extends: bool, sidecar: bool) -> Change:
    if not known:
        return "new" if added or sidecar else "unchanged"
    if added:
        return "appended" if extends else "rewritten"
    return "sidecar" if sidecar else "unchanged"


def _sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

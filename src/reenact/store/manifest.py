"""What is kept of one original: generations of frames, where the transcript was seen, its sidecars.

A frame is an independent zstd frame of 512 KB inside one aligned chunk of 4 MB of the content (older
keeps have one for each chunk). Chunks carry
the digests by which content is compared, so that comparing never decompresses, and by which a
generation is named, so that its name depends on nothing but its content.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from reenact.errors import CorruptRecordError
from reenact.store.layout import write_file
from reenact.store.values import Generation, Original, OriginalKey

CHUNK = 4 * 1024 * 1024
FRAME = 512 * 1024
"""Bytes of content in one frame: so much is unpacked to read one event."""
NAME = "manifest.json"


class Frame(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One zstd frame: bytes of content, place in the file, and the content's sha256."""

    length: int
    offset: int
    packed: int
    sha256: str


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One generation as it is kept in its file."""

    number: int
    kept_at: int
    frames: tuple[Frame, ...] = ()
    pack: int = 0
    """How often its file was packed anew; each time under another name."""
    chunks: tuple[str, ...] = ()
    """sha256 of each 4 MB of content; the last one may be shorter."""

    @property
    def file(self) -> str:
        """The name of its file beside the manifest."""
        return f"{self.number}-{self.pack}.zst" if self.pack else f"{self.number}.zst"

    @property
    def length(self) -> int:
        return sum(frame.length for frame in self.frames)

    @property
    def end(self) -> int:
        """Where the file's used part ends; bytes behind it were never finished."""
        return max((frame.offset + frame.packed for frame in self.frames), default=0)

    @property
    def digest(self) -> str:
        """Tagged hash of the whole content; see `values.Generation.digest`."""
        if len(self.chunks) == 1:
            return f"sha256:{self.chunks[0]}"
        joined = "".join(self.chunks).encode()
        return f"sha256-4m:{hashlib.sha256(joined).hexdigest()}"


class Sidecar(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One state of a sidecar; the last of its name is the newest."""

    name: str
    sha256: str
    kept_at: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """All that is kept of one original."""

    format: int = 1
    key: OriginalKey
    generations: tuple[Held, ...] = ()
    places: tuple[str, ...] = ()
    sidecars: tuple[Sidecar, ...] = ()

    def newest_sidecars(self) -> dict[str, str]:
        """Gives name → sha256."""
        return {sidecar.name: sidecar.sha256 for sidecar in self.sidecars}

    def generation(self, number: int) -> Held:
        """Gives one generation.

        Raises:
            CorruptRecordError: there is none of this number.
        """
        for held in self.generations:
            if held.number == number:
                return held
        raise CorruptRecordError(self.key.id, f"it has no generation {number}")

    def with_generation(self, held: Held) -> Manifest:
        """Gives the manifest with this generation new or in the place of its former state."""
        others = tuple(other for other in self.generations if other.number != held.number)
        ordered = sorted((*others, held), key=lambda generation: generation.number)
        return msgspec.structs.replace(self, generations=tuple(ordered))

    def original(self) -> Original:
        return Original(
            key=self.key,
            generations=tuple(
                Generation(number=held.number, length=held.length, kept_at=held.kept_at, digest=held.digest)
                for held in self.generations
            ),
            places=self.places,
            sidecars={name: f"sha256:{digest}" for name, digest in self.newest_sidecars().items()},
        )


_decoder = msgspec.json.Decoder(Manifest)
_encoder = msgspec.json.Encoder()


def load(folder: Path) -> Manifest | None:
    """Gives the manifest of an original's folder, or None where nothing was kept whole yet.

    Raises:
        CorruptRecordError: it is damaged.
    """
    path = folder / NAME
    try:
        return _decoder.decode(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptRecordError(str(path), str(error)) from error


def save(folder: Path, manifest: Manifest) -> None:
    """Replaces the manifest; whoever reads meanwhile gets the former one."""
    write_file(folder / NAME, _encoder.encode(manifest))

"""Originals in memory: whole contents, compared as they are."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from reenact.clock import Clock
from reenact.errors import ArchiveError, CorruptRecordError
from reenact.events import blob_hash
from reenact.store.manifest import CHUNK, Held
from reenact.store.values import Change, Generation, Kept, Original, OriginalKey, Place


class Item(msgspec.Struct, kw_only=True):
    key: OriginalKey
    contents: list[bytes] = []
    kept_at: list[int] = []
    places: list[str] = []
    sidecars: dict[str, bytes] = {}


class MemoryOriginals:
    """Originals by id."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.items: dict[str, Item] = {}
        self.places: dict[str, Place] = {}

    def keep(self, key: OriginalKey, content: bytes, *, place: Place, sidecars: Mapping[str, bytes]) -> Kept:
        known = key.id in self.items
        if not content and not sidecars and not known:
            return Kept(original=key.id, generation=0, change="unchanged")
        item = self.items.setdefault(key.id, Item(key=key))
        item.key = key
        item.places = [*(path for path in item.places if path != place.path), place.path]
        is_new_sidecar = any(item.sidecars.get(name) != data for name, data in sidecars.items())
        item.sidecars.update(sidecars)
        number, change, added = self._content(item, content)
        self.places[place.path] = place
        if change == "unchanged" and is_new_sidecar:
            change = "sidecar"
        if not known:
            change = "new"
        return Kept(original=key.id, generation=number, change=change, added=added)

    def _content(self, item: Item, content: bytes) -> tuple[int, Change, int]:
        for number, held in reversed(list(enumerate(item.contents, 1))):
            if held.startswith(content):
                return number, "unchanged", 0
            if content.startswith(held):
                item.contents[number - 1] = content
                return number, "appended", len(content) - len(held)
        if not content:
            return 0, "unchanged", 0
        item.contents.append(content)
        item.kept_at.append(self._clock.now())
        return len(item.contents), "rewritten", len(content)

    def original(self, original: str) -> Original | None:
        item = self.items.get(original)
        if item is None:
            return None
        return Original(
            key=item.key,
            generations=tuple(
                Generation(number=number, length=len(content), kept_at=kept_at, digest=_digest(content))
                for number, (content, kept_at) in enumerate(
                    zip(item.contents, item.kept_at, strict=True), start=1
                )
            ),
            places=tuple(item.places),
            sidecars={name: blob_hash(data) for name, data in item.sidecars.items()},
        )

    def content(self, original: str, generation: int) -> bytes:
        item = self.items.get(original)
        if item is None:
            raise ArchiveError(f"no original {original!r} is kept")
        if not 1 <= generation <= len(item.contents):
            raise CorruptRecordError(original, f"it has no generation {generation}")
        return item.contents[generation - 1]

    def sidecars(self, original: str) -> dict[str, bytes]:
        if original not in self.items:
            raise ArchiveError(f"no original {original!r} is kept")
        return dict(self.items[original].sidecars)

    def path(self, original: str | None) -> str | None:
        """Gives where an original was seen last."""
        item = self.items.get(original or "")
        return item.places[-1] if item and item.places else None

    def delete(self, original: str) -> int:
        item = self.items.pop(original)
        self.places = {path: place for path, place in self.places.items() if path not in item.places}
        return sum(len(content) for content in item.contents)

    def size(self) -> int:
        return sum(len(content) for item in self.items.values() for content in item.contents)


def _digest(content: bytes) -> str:
    chunks = [content[at : at + CHUNK] for at in range(0, len(content), CHUNK)]
    hashes = tuple(blob_hash(chunk).removeprefix("sha256:") for chunk in chunks)
    return Held(number=1, kept_at=0, chunks=hashes).digest

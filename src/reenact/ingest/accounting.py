"""Proves that every source line was accounted for: counts lines anew and compares the sums."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import BinaryIO, Literal

import msgspec

from reenact.sources import Rows, Source, file_of
from reenact.store import Original, Store

_CHUNK = 1 << 20


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One transcript's books: `lines` counted in the kept bytes against what they were booked as."""

    original: str
    agent: str
    key: str
    path: str
    lines: int
    booked: Mapping[str, int]
    source: Literal["same", "longer", "shorter", "other", "gone"]
    """The source file against the newest kept generation; only `longer` and `other` can hold more."""

    @property
    def balances(self) -> bool:
        return self.lines == sum(self.booked.values())


def accounts(store: Store, sources: Iterable[Source] = ()) -> Iterator[Account]:
    """Yields the books of every imported transcript; `sources` read anew what lies in databases."""
    readers = {source.agent: source for source in sources if isinstance(source, Rows)}
    for original in store.originals():
        lines = sum(_count(store, original, generation.number) for generation in original.generations)
        path = original.places[-1] if original.places else ""
        yield Account(
            original=original.key.id,
            agent=original.key.agent,
            key=original.key.key,
            path=path,
            lines=lines,
            booked=store.dispositions(original.key.id),
            source=_compare(store, original, readers.get(original.key.agent)),
        )


def _count(store: Store, original: Original, generation: int) -> int:
    if original.key.layout == "document":
        return 1
    lines, last = 0, b"\n"
    with closing(store.open_original(original.key.id, generation)) as stream:
        while chunk := stream.read(_CHUNK):
            lines += chunk.count(b"\n")
            last = chunk[-1:]
    return lines + (last != b"\n")


def _compare(
    store: Store, original: Original, reader: Rows | None
) -> Literal["same", "longer", "shorter", "other", "gone"]:
    """Compares the newest place that still exists with the newest generation, byte by byte."""
    path = next((place for place in reversed(original.places) if os.path.isfile(file_of(place)[0])), None)
    if path is None or path.endswith(".zst"):
        return "gone" if path is None else "same"
    newest = original.generations[-1]
    is_rows = reader is not None and reader.is_rows(path)
    try:
        opened = reader.open_rows(path) if reader is not None and is_rows else open(path, "rb")  # noqa: SIM115 - closed below
    except OSError:
        return "gone"
    with closing(store.open_original(original.key.id, newest.number)) as kept, closing(opened) as source:
        return _difference(kept, source)


def _difference(kept: BinaryIO, source: BinaryIO) -> Literal["same", "longer", "shorter", "other"]:
    while True:
        ours, theirs = kept.read(_CHUNK), source.read(_CHUNK)
        shared = min(len(ours), len(theirs))
        if ours[:shared] != theirs[:shared]:
            return "other"
        if len(ours) != len(theirs):
            return "longer" if len(theirs) > len(ours) else "shorter"
        if not ours:
            return "same"

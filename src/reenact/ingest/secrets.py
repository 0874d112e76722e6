"""Looks through kept transcripts for what looks like a secret; tells where, never what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing

import msgspec

from reenact.store import Original, Store

_CHUNK = 4 << 20


class Leak(msgspec.Struct, frozen=True, kw_only=True):
    """Secrets of one kind in one transcript."""

    agent: str
    path: str
    rule: str
    count: int


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    leaks: tuple[Leak, ...]
    scanned: int
    """Bytes looked at."""
    left: int
    """Bytes not looked at because of the limit."""


def scan(store: Store, find: Callable[[str], Iterator[str]], *, limit: int | None = None) -> Scan:
    """Looks through the newest generation of each transcript, newest transcripts first.

    Args:
        store: where the transcripts are kept.
        find: yields the rule of every secret in a text.
        limit: stops before the transcript that would exceed so many bytes.
    """
    originals = sorted(store.originals(), key=lambda o: o.generations[-1].kept_at, reverse=True)
    leaks: list[Leak] = []
    scanned = left = 0
    for original in originals:
        length = original.generations[-1].length
        if limit is not None and scanned + length > limit:
            left += length
            continue
        scanned += length
        counts = _count(store, original, find)
        path = original.places[-1] if original.places else original.key.key
        leaks += [
            Leak(agent=original.key.agent, path=path, rule=rule, count=count)
            for rule, count in sorted(counts.items())
        ]
    return Scan(leaks=tuple(leaks), scanned=scanned, left=left)


def _count(store: Store, original: Original, find: Callable[[str], Iterator[str]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    with closing(store.open_original(original.key.id, original.generations[-1].number)) as stream:
        rest = b""
        while chunk := stream.read(_CHUNK):
            text = rest + chunk
            end = text.rfind(b"\n") + 1 or len(text)
            counts.update(find(text[:end].decode("utf-8", "replace")))
            rest = text[end:]
        counts.update(find(rest.decode("utf-8", "replace")))
    return counts

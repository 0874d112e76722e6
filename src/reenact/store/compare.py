"""Tells what new content of a transcript is to the generations held: equal, longer, or another.

Content is read once, in chunks of 4 MB, and compared by digest with every generation that still
fits. No generation is the beginning of another (it would have been extended instead), so at most one
can end while the content goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import BinaryIO

import msgspec

from reenact.store.manifest import CHUNK, Held


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """How far content agrees with what is held, and the chunk at which that was decided."""

    held: Held | None = None
    """The generation that it equals or begins (`whole`), extends, or shares its first chunks with."""
    whole: bool = False
    """True where there is nothing to add."""
    extends: bool = False
    chunk: bytes = b""
    """The first chunk that is not held in full."""
    index: int = 0
    """Its number."""


def read_chunk(content: BinaryIO) -> bytes:
    """Gives the next 4 MB, less only at the end."""
    pieces: list[bytes] = []
    missing = CHUNK
    while missing and (piece := content.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def match(content: BinaryIO, generations: tuple[Held, ...], chunk_of: Callable[[Held, int], bytes]) -> Match:
    """Reads content up to where it leaves what is held; `chunk_of` gives a held chunk's bytes."""
    alive = sorted(generations, key=lambda held: -held.number)
    index = 0
    last: Held | None = None
    while True:
        chunk = read_chunk(content)
        if not chunk and alive:
            return Match(held=alive[0], whole=True, index=index)
        ended = next((held for held in alive if _ends_at(held, index, chunk)), None)
        if ended is not None:
            whole = ended.length == index * CHUNK + len(chunk)
            return Match(held=ended, whole=whole, extends=not whole, chunk=chunk, index=index)
        if len(chunk) < CHUNK:
            fits = next((held for held in alive if chunk_of(held, index).startswith(chunk)), None)
            if fits is not None:
                return Match(held=fits, whole=True, index=index)
            alive = []
        else:
            digest = hashlib.sha256(chunk).hexdigest()
            alive = [held for held in alive if index < len(held.chunks) and held.chunks[index] == digest]
        if not alive:
            return Match(held=last, chunk=chunk, index=index)
        last = alive[0]
        index += 1


def _ends_at(held: Held, index: int, chunk: bytes) -> bool:
    """Tells whether a generation, equal so far, ends within this chunk and agrees to its end."""
    left = held.length - index * CHUNK
    if left > len(chunk) or (left == CHUNK):
        return False
    return left == 0 or hashlib.sha256(chunk[:left]).hexdigest() == held.chunks[index]


def match_grown(content: BinaryIO, held: Held) -> Match | None:
    """Tells by the first and the last held chunk that a file which only grew extends what is held.

    None where that is not so; the content's position is then anywhere.
    """
    index = max(0, (held.length - 1) // CHUNK)
    if index:
        content.seek(0)
        if hashlib.sha256(read_chunk(content)).hexdigest() != held.chunks[0]:
            return None
    content.seek(index * CHUNK)
    chunk = read_chunk(content)
    left = held.length - index * CHUNK
    if len(chunk) < left or hashlib.sha256(chunk[:left]).hexdigest() != held.chunks[index]:
        return None
    if left == CHUNK:  # the held part ends with a chunk: what is new begins with the next one
        index += 1
        chunk = read_chunk(content)
    whole = held.length == index * CHUNK + len(chunk)
    return Match(held=held, whole=whole, extends=not whole, chunk=chunk, index=index)

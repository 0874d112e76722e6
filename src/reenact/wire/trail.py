"""What requests have in common with those before them, found without looking at it again.

An agent repeats its whole history with every request. Comparing bytes with those of the request
before costs next to nothing; hashing them again, or walking through them, costs the length of the
history.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import msgspec

_LANES = 64
"""So many conversations are followed at a time."""
_Known = TypeVar("_Known")


def agreeing(one: Sequence[object], other: Sequence[object]) -> int:
    """Gives how many items both begin with."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def follow(known: dict[bytes, _Known], name: bytes, value: _Known) -> None:
    """Remembers the latest of a conversation; the one that was not heard of for longest is forgotten."""
    known.pop(name, None)
    if len(known) >= _LANES:
        known.pop(next(iter(known)), None)
    known[name] = value


class Trail:
    """Digests of messages, computed once along a conversation. Results do not depend on it."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[tuple[msgspec.Raw, ...], tuple[bytes, ...]]] = {}

    def digests(self, messages: tuple[msgspec.Raw, ...]) -> tuple[bytes, ...]:
        """Gives the SHA-256 of each message's bytes."""
        if not messages:
            return ()
        name = bytes(messages[0])
        before, known = self._known.get(name, ((), ()))
        same = agreeing(before, messages)
        sha256 = hashlib.sha256
        digests = (*known[:same], *[sha256(raw).digest() for raw in messages[same:]])
        follow(self._known, name, (messages, digests))
        return digests

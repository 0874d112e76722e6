"""Identifiers: opaque, safe as file names, minted or derived, never parsed.

Derived ids are what makes an import repeatable: the same record always gets the same id,
whatever file it was found in and whenever it was read.
"""

from __future__ import annotations

import hashlib
import os
import weakref
from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from typing import Protocol

_LENGTH = 24
_SEPARATOR = "\x1f"


class Minter(Protocol):
    """Gives new identifiers."""

    def mint(self) -> str: ...


class RandomMinter:
    """Random identifiers (128 bits), drawn many at a time; safe for threads and forks."""

    def __init__(self) -> None:
        self._drawn: list[str] = []
        _minters.add(self)

    def mint(self) -> str:
        try:
            return self._drawn.pop()
        except IndexError:
            many = os.urandom(_BYTES * _AT_ONCE).hex()
            width = 2 * _BYTES
            fresh = [many[place : place + width] for place in range(0, len(many), width)]
            last = fresh.pop()
            self._drawn += fresh
            return last

    def forget(self) -> None:
        """Throws away what was drawn; a fork would mint the same as its parent."""
        self._drawn = []


_BYTES = 16
_AT_ONCE = 128
_minters: weakref.WeakSet[RandomMinter] = weakref.WeakSet()


def _after_fork() -> None:
    for minter in _minters:
        minter.forget()


os.register_at_fork(after_in_child=_after_fork)


class CountingMinter:
    """Predictable identifiers for tests."""

    def __init__(self, prefix: str = "id") -> None:
        self._prefix = prefix
        self._numbers: Iterator[int] = count(1)

    def mint(self) -> str:
        return f"{self._prefix}{next(self._numbers):04d}"


def derive(*parts: str) -> str:
    """Gives the 24 hex digits that stand for these parts, in this order (96 bits of SHA-256)."""
    text = _SEPARATOR.join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:_LENGTH]


def session_id(agent: str, native_id: str) -> str:
    """Gives the archive's id of an agent's session; the same for every copy of its transcript."""
    return derive("session", agent, native_id)


def original_id(agent: str, key: str) -> str:
    """Gives the archive's id of a transcript, from what identifies it for its agent (never its path)."""
    return derive("original", agent, key)


@lru_cache(maxsize=1024)  # most events hang on one made shortly before
def event_id(session: str, record: str) -> str:
    """Gives the id of the event that a source record became; `record` is unique within the session."""
    return derive("event", session, record)

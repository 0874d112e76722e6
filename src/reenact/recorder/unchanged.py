"""Remembers the JSON of values that are handed over again and again, and notices where one was changed.

An agent hands over its whole history with every call, mostly the same objects. What was encoded is kept
beside a copy of its containers; where that still equals the object, nothing needs to be encoded. Texts
are the same objects in both, so comparing costs next to nothing. Values with numbers are encoded each
time: 1, 1.0 and True are equal and not the same JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

_UNSURE: Any = object()
"""Stands for a value that is to be encoded each time; equals nothing."""


class _Known(msgspec.Struct):
    value: Any
    copy: Any
    data: bytes


class Unchanged:
    """The values of one lane, by their places."""

    def __init__(self, encode: Callable[[Any], bytes]) -> None:
        self._encode = encode
        self._known: list[_Known] = []

    def encoded(self, values: Sequence[Any]) -> list[bytes]:
        """Gives the JSON of each value."""
        known = self._known
        fresh: list[_Known] = []
        for place, value in enumerate(values):
            if place < len(known):
                old = known[place]
                if old.value is value and old.copy == value:
                    fresh.append(old)
                    continue
            fresh.append(_Known(value, _copied(value), self._encode(value)))
        self._known = fresh
        return [each.data for each in fresh]


def _copied(value: Any) -> Any:
    """Gives a copy with containers of its own; a value that is only surely the same when encoded, if not."""
    if value is None or type(value) is str:
        return value
    if type(value) is dict:
        copy = {key: _copied(item) for key, item in value.items()}
        return _UNSURE if _UNSURE in copy.values() else copy
    if type(value) is list:
        items = [_copied(item) for item in value]
        return _UNSURE if _UNSURE in items else items
    return _UNSURE

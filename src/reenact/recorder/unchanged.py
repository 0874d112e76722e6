"""Remembers the JSON of values that are handed over again and again, and notices where one was changed.

An agent hands over its whole history with every call. What was encoded is kept beside a copy of its
containers; where that still equals the value, nothing needs to be encoded. Texts are mostly the same
objects in both, so comparing costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any


class Unchanged:
    """The values of one lane, by their places."""

    def __init__(self, encode: Callable[[Any], bytes]) -> None:
        self._encode = encode
        self._copies: list[Any] = []
        self._encoded: list[bytes] = []

    def encoded(self, values: Sequence[Any]) -> list[bytes]:
        """Gives the JSON of each value."""
        copies, encoded = self._copies, self._encoded
        count = len(copies)
        if not isinstance(values, list):
            values = list(values)
        if copies == values[:count]:
            more = values[count:]
            copies += map(_copied, more)
            encoded += map(self._encode, more)
            return encoded.copy()
        self._copies, self._encoded = [], []
        for place, value in enumerate(values):
            if place < count and copies[place] == value:
                self._copies.append(copies[place])
                self._encoded.append(encoded[place])
            else:
                self._copies.append(_copied(value))
                self._encoded.append(self._encode(value))
        return self._encoded.copy()


class UnchangedMembers:
    """The members of one object; its JSON is the same bytes, hashed or not, until one of them changes."""

    def __init__(self, encode: Callable[[Any], bytes]) -> None:
        self._encode = encode
        self._values = Unchanged(encode)
        self._names: list[Any] = []
        self._members: list[bytes] = []
        self._whole = b"{}"

    def encoded(self, fields: Mapping[str, Any]) -> bytes:
        """Gives the JSON of the object."""
        # Member by member: system prompt and tools are large, and the same each time.
        names, members = list(fields), self._values.encoded(list(fields.values()))
        if names != self._names or members != self._members:
            self._names, self._members = names, members
            told = (
                b"%b:%b" % (self._encode(str(name)), member)
                for name, member in zip(names, members, strict=True)
            )
            self._whole = b"{%b}" % b",".join(told)
        return self._whole


class _Exactly:
    """Equals only what is written as the same JSON: 1, 1.0 and True are equal and are not."""

    __slots__ = ("_kind", "_shown")

    def __init__(self, value: Any) -> None:
        self._kind = type(value)
        self._shown = repr(value)

    def __eq__(self, other: object) -> bool:
        return type(other) is self._kind and repr(other) == self._shown

    __hash__ = None  # type: ignore[assignment]  # it is only compared


class _Never:
    """Equals nothing: what is neither text, number nor container is encoded each time."""

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]  # it is only compared


def _copied(value: Any) -> Any:
    """Gives a copy with containers of its own."""
    kind = type(value)
    if value is None or kind is str:
        return value
    if kind is dict:
        return {key: item if type(item) is str else _copied(item) for key, item in value.items()}
    if kind is list:
        return [item if type(item) is str else _copied(item) for item in value]
    if kind in {bool, int, float}:
        return _Exactly(value)
    return _Never()

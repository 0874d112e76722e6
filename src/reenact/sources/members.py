"""Members of foreign objects, read permissively: what is missing or of another type reads as absent."""

from __future__ import annotations

from typing import Any

import msgspec

_MOST = 2**53  # beyond it not every JSON reader has whole numbers, and no count is that large


def object_in(data: bytes | str) -> dict[str, Any] | None:
    """Gives the JSON object that this is, else None."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def text(value: dict[str, Any], *names: str) -> str | None:
    """Gives the first of these members that is a non-empty text, else None."""
    for name in names:
        found = value.get(name)
        if isinstance(found, str) and found:
            return found
    return None


def integer(value: dict[str, Any], name: str) -> int | None:
    """Gives a whole number member, else None."""
    found = value.get(name)
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    return found if type(found) is int and abs(found) <= _MOST else None


def count(value: dict[str, Any], name: str) -> int:
    """Gives a count; nothing, and what is no count, is 0."""
    return max(integer(value, name) or 0, 0)


def number(value: dict[str, Any], name: str) -> float | None:
    """Gives a number member, else None."""
    found = value.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float) or not abs(found) <= _MOST:
        return None
    return float(found)


def mapping(value: dict[str, Any], name: str) -> dict[str, Any]:
    """Gives an object member, else an empty one."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def items(value: dict[str, Any], name: str) -> list[Any]:
    """Gives a list member, else an empty one."""
    found = value.get(name)
    return found if isinstance(found, list) else []


def mappings(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Gives the objects of a list member, else none."""
    return [item for item in items(value, name) if isinstance(item, dict)]


def flag(value: dict[str, Any], name: str) -> bool | None:
    """Gives a truth value, else None."""
    found = value.get(name)
    return found if isinstance(found, bool) else None


def milliseconds(value: dict[str, Any], name: str) -> int | None:
    """Gives the microseconds of a member that counts milliseconds (a time or a duration), else None."""
    found = number(value, name)
    return None if found is None or abs(found) > _MOST / 1000 else round(found * 1000)

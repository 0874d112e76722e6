"""Makes of any value one that can be written down: what an agent hands over is never refused.

Values that JSON knows stay as they are. Others give what they say of themselves: pydantic models and
dataclasses their fields, everything else its `repr`. Circles and endless depth are cut.
"""

from __future__ import annotations

from typing import Any

import msgspec

_DEEPEST = 60
_WIDEST = 2000
"""Characters of a `repr` that are kept."""


def plain(value: Any) -> Any:
    """Gives the value as JSON knows it."""
    return _plain(value, 0, set())


def plain_body(body: msgspec.Struct) -> msgspec.Struct:
    """Gives a body whose values can all be written; its shape stays."""
    fields = {name: plain(getattr(body, name)) for name in body.__struct_fields__}
    tagged = {"kind": body.__struct_config__.tag, **fields}
    return msgspec.convert(tagged, type(body))


def _plain(value: Any, depth: int, above: set[int]) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return value
    if depth > _DEEPEST or id(value) in above:
        return "…"
    above.add(id(value))
    try:
        return _composed(value, depth + 1, above)
    finally:
        above.discard(id(value))


def _composed(value: Any, depth: int, above: set[int]) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item, depth, above) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item, depth, above) for item in value]
    if isinstance(value, msgspec.Struct):
        tag = value.__struct_config__.tag
        told = {value.__struct_config__.tag_field or "type": tag} if tag is not None else {}
        fields = {name: _plain(getattr(value, name), depth, above) for name in value.__struct_fields__}
        return {**told, **fields}
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        try:
            return _plain(dump(mode="json"), depth, above)
        except Exception:  # noqa: BLE001 - foreign code; its name is in the repr that is kept instead
            return _shown(value)
    try:
        return msgspec.to_builtins(value)
    except (TypeError, ValueError, RecursionError):
        return _shown(value)


def _shown(value: Any) -> str:
    try:
        return repr(value)[:_WIDEST]
    except Exception:  # noqa: BLE001 - foreign code
        return f"<{type(value).__name__}>"

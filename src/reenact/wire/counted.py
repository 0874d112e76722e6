"""What of a request's values counts, where dialects agree: no transport, no nulls, no marks.

A client may write a field with null or leave it out; either says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from reenact.wire import canonical
from reenact.wire.fingerprint import Part, Prepared

if TYPE_CHECKING:
    from reenact.wire.canonical import Json, Object

TOOL_OUTPUT = "⟦tool output⟧"
"""Stands in a skeleton for what a tool gave back."""


def value_of(part: Part) -> Json:
    """Decodes a part."""
    return canonical.decode_raw(part.raw if isinstance(part.raw, msgspec.Raw) else msgspec.Raw(part.raw))


def prepare_params(value: Json, *, transport: frozenset[str], dropped: frozenset[str]) -> Prepared:
    """Reads parameters: `transport` never counts, `dropped` not in fp1 and fp2."""
    fields = value if isinstance(value, dict) else {}
    sent: Object = {name: item for name, item in fields.items() if name not in transport}
    return Prepared(
        exact=sent,
        value={name: item for name, item in sent.items() if name not in dropped and item is not None},
    )


def without(fields: Mapping[str, Json], names: frozenset[str]) -> Object:
    """Gives an object without these fields and without those that are null."""
    return {name: item for name, item in fields.items() if name not in names and item is not None}


def each(value: Json, read: Callable[[Object], Json]) -> Json:
    """Reads every object of a list."""
    if not isinstance(value, list):
        return value
    return [read(item) if isinstance(item, dict) else item for item in value]

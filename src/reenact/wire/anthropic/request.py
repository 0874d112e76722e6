"""A request of the Messages API: read from bytes, every field kept, decoded only where looked at.

The parts stay bytes until somebody asks for their values, because a recorder and a matcher see the
same history again with every request and know most of it by its bytes alone.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from reenact.wire import canonical
from reenact.wire.trail import Trail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reenact.wire.canonical import Json, Object

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_items = msgspec.json.Decoder(list[msgspec.Raw])
_trail = Trail()

MAIN_FIELDS = ("model", "system", "tools", "messages")
"""What a request is made of; everything else is a parameter."""


class Request(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One request body. `fields` are its members as bytes in their order, `defect` why there are none."""

    body: bytes
    fields: dict[str, msgspec.Raw]
    raw_messages: tuple[msgspec.Raw, ...]
    defect: str | None = None

    @cached_property
    def model(self) -> str | None:
        """The model that was asked for."""
        value = self._value("model")
        return value if isinstance(value, str) else None

    @cached_property
    def digests(self) -> tuple[bytes, ...]:
        """The digest of each message's bytes: what memories of messages go by."""
        return _trail.digests(self.raw_messages)

    @cached_property
    def is_stream(self) -> bool:
        """True when the answer was asked for as a stream."""
        return self._value("stream") is True

    @cached_property
    def system(self) -> tuple[Object, ...]:
        """The blocks of the system prompt; a prompt that is text is one text block."""
        return as_blocks(self._value("system"))

    @cached_property
    def tools(self) -> tuple[Object, ...]:
        """The tools on offer."""
        value = self._value("tools")
        return tuple(item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()

    @cached_property
    def params(self) -> Object:
        """Every field that is not model, system, tools or messages."""
        return {name: self._value(name) for name in self.fields if name not in MAIN_FIELDS}

    @cached_property
    def messages(self) -> tuple[Json, ...]:
        """The messages as sent (objects, unless the sender erred)."""
        return tuple(map(canonical.decode_raw, self.raw_messages))

    @cached_property
    def value(self) -> Json:
        """The whole body, decoded."""
        return {name: self._value(name) for name in self.fields} if self.defect is None else None

    def _value(self, name: str) -> Json:
        raw = self.fields.get(name)
        return None if raw is None else canonical.decode_raw(raw)


def parse_request(body: bytes) -> Request:
    """Reads a request body. What cannot be read gives a request without fields, and its `defect`."""
    try:
        fields = _fields.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _parse_tolerantly(body)
    return _request(body, fields)


def request_of(value: Mapping[str, Json]) -> Request:
    """Makes a request of its decoded body, for example of one rebuilt from a log."""
    return parse_request(canonical.dump(dict(value)))


def as_blocks(content: Json) -> tuple[Object, ...]:
    """Gives content as blocks: a text is one text block, what is no block is left out."""
    if isinstance(content, str):
        return ({"type": "text", "text": content},)
    if isinstance(content, list):
        return tuple(block for block in content if isinstance(block, dict))
    return ()


def _request(body: bytes, fields: dict[str, msgspec.Raw]) -> Request:
    messages = _messages(fields["messages"]) if "messages" in fields else ()
    return Request(body=body, fields=fields, raw_messages=messages)


def _messages(raw: msgspec.Raw) -> tuple[msgspec.Raw, ...]:
    """Cuts the messages apart; what is no list stays a field like any other."""
    try:
        return tuple(_items.decode(raw))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        value = canonical.decode_raw(raw)
        items = value if isinstance(value, list) else []
        return tuple(msgspec.Raw(canonical.dump(item)) for item in items)


def _parse_tolerantly(body: bytes) -> Request:
    try:
        value = canonical.decode(body)
    except ValueError as error:
        return Request(body=body, fields={}, raw_messages=(), defect=f"the request is no JSON: {error}")
    if not isinstance(value, dict):
        return Request(body=body, fields={}, raw_messages=(), defect="the request is no JSON object")
    return _request(body, {name: msgspec.Raw(canonical.dump(item)) for name, item in value.items()})

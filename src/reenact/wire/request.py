"""A request to a model: read from bytes, every field kept, decoded only where looked at.

The parts stay bytes until somebody asks for their values, because a recorder and a matcher see the
same history again with every request and know most of it by its bytes alone. Where a dialect keeps
what is told by its layout; what its address says (a model, a stream) counts like a field.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from reenact.wire import canonical
from reenact.wire.fingerprint import Part, Parts
from reenact.wire.trail import Trail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reenact.wire.canonical import Json, Object

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_items = msgspec.json.Decoder(list[msgspec.Raw])
_trail = Trail()

Form = Literal["json", "sse", "array"]
"""How an answer comes: in one piece, as server-sent events, or as a JSON array that grows."""


class Layout(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Which fields of a dialect's requests hold what; all others are parameters."""

    messages: str = "messages"
    heads: tuple[str, ...] = ("system", "tools")
    """What counts before the messages, in this order."""
    takes_text: bool = False
    """True where a text may stand for a list of one message."""

    @cached_property
    def main(self) -> frozenset[str]:
        """The fields that are no parameters."""
        return frozenset(("model", self.messages, *self.heads))


class Request(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One request body. `fields` are its members as bytes in their order, `defect` why there are none."""

    body: bytes
    fields: dict[str, msgspec.Raw]
    raw_messages: tuple[msgspec.Raw, ...]
    defect: str | None = None
    layout: Layout = Layout()
    told: dict[str, Json] = {}
    """What the address says in place of fields."""
    is_listed: bool = True
    """False where the messages are no list: then they are kept with the other fields."""
    form: Form | None = None
    """The form of the answer where the address tells it."""

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
    def wanted(self) -> Form:
        """The form in which the answer is wanted."""
        return self.form or ("sse" if self.is_stream else "json")

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
        main = self.layout.main
        return {name: self._value(name) for name in self.fields if name not in main}

    @cached_property
    def messages(self) -> tuple[Json, ...]:
        """The messages as sent (objects, unless the sender erred)."""
        return tuple(map(canonical.decode_raw, self.raw_messages))

    @cached_property
    def value(self) -> Json:
        """The whole body, decoded."""
        if self.defect is not None:
            return None
        return {name: canonical.decode_raw(raw) for name, raw in self.fields.items()}

    @property
    def rest(self) -> dict[str, msgspec.Raw]:
        """The fields that a recording keeps as one, apart from the messages."""
        listed = self.layout.messages if self.is_listed else None
        return {name: raw for name, raw in self.fields.items() if name != listed}

    @property
    def apart(self) -> tuple[msgspec.Raw, ...]:
        """The messages that a recording keeps one by one."""
        return self.raw_messages if self.is_listed else ()

    def _value(self, name: str) -> Json:
        raw = self.fields.get(name)
        return self.told.get(name) if raw is None else canonical.decode_raw(raw)


def read_request(
    body: bytes, layout: Layout, *, told: Mapping[str, Json] | None = None, form: Form | None = None
) -> Request:
    """Reads a request body. What cannot be read gives a request without fields, and its `defect`."""
    try:
        fields = _fields.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        fields, defect = _tolerantly(body)
        if defect is not None:
            return Request(
                body=body, fields={}, raw_messages=(), defect=defect, layout=layout, told=dict(told or {})
            )
    raw = fields.get(layout.messages)
    messages, is_listed = _messages(raw, layout) if raw is not None else ((), True)
    return Request(
        body=body,
        fields=fields,
        raw_messages=messages,
        layout=layout,
        told=dict(told) if told else {},
        is_listed=is_listed,
        form=form,
    )


def as_blocks(content: Json) -> tuple[Object, ...]:
    """Gives content as blocks: a text is one text block, what is no block is left out."""
    if isinstance(content, str):
        return ({"type": "text", "text": content},)
    if isinstance(content, list):
        return tuple(block for block in content if isinstance(block, dict))
    return ()


def parts_of(request: Request) -> Parts:
    """Takes a request apart for its fingerprints, without decoding it."""
    fields, layout = request.fields, request.layout
    heads = [Part(kind=name, raw=fields.get(name, b"null")) for name in layout.heads]
    main = layout.main
    rest = [
        msgspec.json.encode(name) + b":" + bytes(fields[name])
        for name in sorted(fields)
        if (name == "model" or name not in main) or (name == layout.messages and not request.raw_messages)
    ]
    rest += [
        msgspec.json.encode(name) + b":" + canonical.dump(value)
        for name, value in request.told.items()
        if name not in fields
    ]
    return Parts(
        heads=tuple(heads),
        messages=tuple(
            [
                Part(kind="message", raw=raw, digest=digest)
                for raw, digest in zip(request.raw_messages, request.digests, strict=True)
            ]
        ),
        params=Part(kind="params", raw=b"{" + b",".join(rest) + b"}"),
    )


def _messages(raw: msgspec.Raw, layout: Layout) -> tuple[tuple[msgspec.Raw, ...], bool]:
    """Cuts the messages apart; what is no list stays a field like any other."""
    try:
        return tuple(_items.decode(raw)), True
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        value = canonical.decode_raw(raw)
        if isinstance(value, str) and layout.takes_text:
            return (raw,), False
        if not isinstance(value, list):
            return (), False
        return tuple(msgspec.Raw(canonical.dump(item)) for item in value), True


def _tolerantly(body: bytes) -> tuple[dict[str, msgspec.Raw], str | None]:
    try:
        value = canonical.decode(body)
    except ValueError as error:
        return {}, f"the request is no JSON: {error}"
    if not isinstance(value, dict):
        return {}, "the request is no JSON object"
    return {name: msgspec.Raw(canonical.dump(item)) for name, item in value.items()}, None

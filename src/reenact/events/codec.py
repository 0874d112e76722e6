"""Events to bytes and back: one JSON line an event, the crc32 of all before it as last member.

The fast path decodes straight into typed values and refuses whatever it does not know; what it
refuses goes through the tolerant path, which keeps unknown fields in `extra` and unknown kinds
whole, so that reading and writing an event of a newer version changes nothing in it. Text with
lone surrogates, which UTF-8 cannot hold but some transcripts do, is written with JSON escapes.
"""

from __future__ import annotations

import json
import zlib
from typing import Any, get_args

import msgspec

from reenact.errors import CorruptRecordError, FormatTooNewError
from reenact.events.bodies import AnyBody, Body, Unknown
from reenact.events.envelope import FORMAT, Event
from reenact.events.upgrade import upgrade

KINDS: dict[str, type[Body]] = {cls.__struct_config__.tag: cls for cls in get_args(AnyBody)}
"""Every kind this version knows → its class."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)
_UNREADABLE = (ValueError, RecursionError)  # what msgspec and json raise at their worst
_CRC_PREFIX = b',"c":"'
_TAIL = _CRC_PREFIX + b'%08x"}\n'
_CRC_LENGTH = len(_CRC_PREFIX) + 8 + 2  # ,"c":"xxxxxxxx"}


def encode(event: Event) -> bytes:
    """Gives the event as compact JSON, without line end or checksum."""
    body = event.body
    value: Any = event
    if event.extra is not None or body.extra is not None or (type(body) is Unknown and body.foreign):
        value = _to_builtins(event)
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":")).encode()


def encode_record(event: Event) -> bytes:
    """Gives the line that is appended to a segment: JSON, checksum, line end."""
    return record_of(encode(event))


def record_of(encoded: bytes) -> bytes:
    """Gives the line of an event that is encoded already."""
    data = encoded[:-1]
    return data + _TAIL % zlib.crc32(data)


def decode(data: bytes) -> Event:
    """Reads what `encode` gave, of this format version or any other.

    Raises:
        CorruptRecordError: the bytes are no event.
    """
    try:
        event = _decoder.decode(data)
    except _UNREADABLE:
        return _decode_tolerantly(data)
    if event.v == FORMAT and event.extra is None and event.body.extra is None:
        return event
    return _decode_tolerantly(data)


def decode_record(line: bytes) -> Event:
    """Reads one line of a segment, with or without its line end, and checks the checksum.

    Raises:
        CorruptRecordError: the checksum or the event is wrong.
    """
    line = line.rstrip(b"\n")
    data, tail = line[:-_CRC_LENGTH], line[-_CRC_LENGTH:]
    if not (tail.startswith(_CRC_PREFIX) and tail.endswith(b'"}')):
        raise CorruptRecordError("record", "it has no checksum")
    if b"%08x" % zlib.crc32(data) != tail[len(_CRC_PREFIX) : -2]:
        raise CorruptRecordError("record", "its checksum does not fit")
    return decode(data + b"}")


def _to_builtins(event: Event) -> dict[str, Any]:
    """Gives the event as plain values, with kept fields back where they stood."""
    raw: dict[str, Any] = msgspec.to_builtins(event)
    raw.update(raw.pop("extra", None) or {})
    if isinstance(event.body, Unknown) and event.body.foreign:
        raw["body"] = event.body.raw
    else:
        raw["body"].update(raw["body"].pop("extra", None) or {})
    return raw


def _read(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except _UNREADABLE as error:
        if b"\\ud" not in data.lower():
            raise CorruptRecordError("record", str(error)) from error
    try:
        return json.loads(data.decode())
    except _UNREADABLE as error:
        raise CorruptRecordError("record", str(error)) from error


def _decode_tolerantly(data: bytes) -> Event:
    raw = _read(data)
    if not isinstance(raw, dict):
        raise CorruptRecordError("record", "it is not an object")
    raw = upgrade(raw)
    if "body" not in raw:
        raise CorruptRecordError("record", "it has no body")
    body = raw.pop("body")
    known, extra = _split(Event, raw)
    if raw["v"] > FORMAT:
        extra |= _take_unfit(known)
    try:
        envelope = msgspec.convert({**known, "body": Unknown(name="")}, Event, from_attributes=True)
    except _UNREADABLE as error:
        cause = FormatTooNewError if raw["v"] > FORMAT else CorruptRecordError
        raise cause("record", str(error)) from error
    return envelope.__replace__(body=_body(body), extra=extra or None)


def _take_unfit(known: dict[str, Any]) -> dict[str, Any]:
    """Takes out the optional fields whose values we cannot read; a newer format may know new words."""
    unfit = {}
    for field in msgspec.structs.fields(Event):
        if field.name in known and not field.required:
            try:
                msgspec.convert(known[field.name], field.type)
            except _UNREADABLE:
                unfit[field.name] = known.pop(field.name)
    return unfit


def _body(raw: Any) -> AnyBody:
    if not isinstance(raw, dict):
        return Unknown(name="", raw=raw, foreign=True)
    kind = raw.get("kind")
    cls = KINDS.get(kind) if isinstance(kind, str) else None
    if cls is not None:
        known, extra = _split(cls, raw)
        if extra:
            known["extra"] = extra
        try:
            return msgspec.convert(known, cls)  # type: ignore[return-value]  # cls is a member of AnyBody
        except _UNREADABLE:  # besides a wrong value: lone surrogates where a word of ours should stand
            pass
    return Unknown(name=str(kind), raw=raw, foreign=True)


def _split(cls: type[msgspec.Struct], raw: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parts an object into the fields that a class knows and those that it does not."""
    fields = set(cls.__struct_encode_fields__) | {"kind"}
    fields.discard("extra")
    known = {name: value for name, value in raw.items() if name in fields}
    return known, {name: value for name, value in raw.items() if name not in fields}

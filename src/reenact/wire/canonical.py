"""Canonical JSON of wire values: equal values have equal bytes, in Python and in an agent's JavaScript.

Claude Code hashes its messages with what `JSON.stringify` gives for a value whose keys were
sorted. So numbers are written as ECMAScript writes them (`1`, not `1.0`; `1e+21`), keys are
sorted by UTF-16 code units, lone surrogates stay as escapes, and nothing else is escaped that
JSON does not ask for. `events.canonical` is a different thing: it serves our own records.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import math
from typing import TypeAlias, Union

import msgspec

Json: TypeAlias = Union[bool, int, float, str, "list[Json]", "dict[str, Json]", None]
"""A decoded JSON value."""
Object: TypeAlias = "dict[str, Json]"
"""A decoded JSON object."""

ALGORITHM = "sha256"

_fast = msgspec.json.Encoder(order="sorted")
_LARGEST_PLAIN = 1e21
"""ECMAScript writes whole numbers below this without an exponent."""


def decode(data: bytes | str) -> Json:
    """Reads JSON, also what strict readers refuse: a byte order mark, lone surrogates, NaN, bad UTF-8.

    Bytes that are not UTF-8 become U+FFFD.

    Raises:
        ValueError: the data is no JSON, or is nested deeper than this machine can follow.
    """
    try:
        value: Json = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError):
        pass
    except RecursionError as error:
        raise ValueError("JSON is nested too deep") from error
    else:
        return value
    text = data if isinstance(data, str) else data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
    try:
        tolerant: Json = json.loads(text)
    except RecursionError as error:
        raise ValueError("JSON is nested too deep") from error
    return tolerant


def decode_raw(raw: msgspec.Raw) -> Json:
    """Reads a part that was cut out of JSON as it stood. What cannot be read after all is None."""
    try:
        value: Json = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        try:
            return decode(bytes(raw))
        except ValueError:
            return None
    return value


def dump(value: Json) -> bytes:
    """Gives compact JSON of a value with its keys in their own order."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "backslashreplace")


def encode(value: Json) -> bytes:
    """Gives the canonical JSON of a value: sorted keys, no spaces, UTF-8."""
    if _is_plain(value):
        try:
            return _fast.encode(value)
        except UnicodeEncodeError:
            pass
    parts: list[str] = []
    _write(value, parts)
    # JSON can hold lone surrogates, UTF-8 cannot: they alone become `\udxxx`, as in ECMAScript.
    return "".join(parts).encode("utf-8", "backslashreplace")


def content_hash(value: Json) -> str:
    """Gives the tagged hash of a value's canonical JSON: `sha256:<64 hex digits>`."""
    return f"{ALGORITHM}:{hashlib.sha256(encode(value)).hexdigest()}"


def _is_plain(value: Json) -> bool:
    """Tells whether the fast encoder writes this value as ECMAScript would."""
    if isinstance(value, dict):
        return all(key.isascii() for key in value) and all(
            map(_is_plain, [v for v in value.values() if isinstance(v, (dict, list, float))])
        )
    if isinstance(value, list):
        return all(map(_is_plain, [v for v in value if isinstance(v, (dict, list, float))]))
    return not isinstance(value, float)


def _write(value: Json, parts: list[str]) -> None:
    match value:
        case dict():
            separator = "{"
            for key in sorted(value, key=_utf16):
                parts.append(f"{separator}{_string(key)}:")
                _write(value[key], parts)
                separator = ","
            parts.append("}" if value else "{}")
        case list():
            separator = "["
            for item in value:
                parts.append(separator)
                _write(item, parts)
                separator = ","
            parts.append("]" if value else "[]")
        case str():
            parts.append(_string(value))
        case float():
            parts.append(_number(value))
        case _:
            parts.append(json.dumps(value))


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _number(number: float) -> str:
    """Writes a float as ECMAScript's Number::toString (what it cannot write in JSON is null)."""
    if not math.isfinite(number):
        return "null"
    if number.is_integer() and abs(number) < _LARGEST_PLAIN:
        return str(int(number))
    mantissa, _, exponent = repr(number).partition("e")
    if not exponent:
        return mantissa
    power = int(exponent)
    if power < -6:
        return f"{mantissa}e-{-power}"
    if power >= 21:
        return f"{mantissa}e+{power}"
    sign, digits = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    return f"{sign}0.{'0' * (-power - 1)}{digits.replace('.', '')}"

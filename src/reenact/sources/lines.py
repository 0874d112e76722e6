"""Lines that hold JSON, whatever happened to them: decoded, salvaged, or a warning.

Torn tails, spliced rows (`}{`), NUL runs before a row, byte order marks, lone surrogates and NaN
have all been seen in genuine transcripts. Nothing here raises for bad data.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from reenact.events.bodies import ParseWarning
from reenact.sources.protocol import Line

MAX_RECORD = 32 * 1024 * 1024
RAW_HEAD = 4096

_decoder = msgspec.json.Decoder()
_json = json.JSONDecoder()


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """The objects found in one line (usually one) and, where there were defects, a warning."""

    values: tuple[dict[str, Any], ...] = ()
    warning: ParseWarning | None = None
    held: bool = False
    """True for an unterminated line that is not whole yet."""


def decode(line: Line) -> Decoded:
    """Gives the JSON objects that a line holds."""
    if line.oversized:
        return Decoded(warning=warn(line, "the line is too long to be decoded", category="oversized"))
    value = _whole(line.data)
    if isinstance(value, dict):
        return Decoded(values=(value,))
    if not line.terminated:
        return Decoded(held=True)
    if value is not _NOTHING:
        return Decoded(warning=warn(line, "the line is JSON but not an object", category="not_an_object"))
    return _salvage(line)


def warn(line: Line, message: str, *, category: str = "malformed") -> ParseWarning:
    """Gives the warning for a line, with its beginning and its size."""
    head = line.data[:RAW_HEAD].decode("utf-8", "replace")
    return ParseWarning(message=message, category=category, raw=head, size=line.length)


_NOTHING = object()


def _whole(data: bytes) -> Any:
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    except RecursionError:
        return _NOTHING
    try:
        return json.loads(data.decode("utf-8-sig", "surrogatepass"))
    except (ValueError, RecursionError):
        return _NOTHING


def _salvage(line: Line) -> Decoded:
    """Finds whole objects in a damaged line: after NULs, between garbage, spliced together."""
    data = line.data.strip(b"\x00 \t\r")
    if not data:
        category = "nul" if b"\x00" in line.data else "blank"
        return Decoded(warning=warn(line, "the line holds no record", category=category))
    text = data.decode("utf-8", "replace").replace("\x00", "")
    values: list[dict[str, Any]] = []
    lost = "�" in text
    position = 0
    while (start := text.find("{", position)) >= 0:
        lost = lost or bool(text[position:start].strip())
        try:
            value, position = _json.raw_decode(text, start)
        except (ValueError, RecursionError):
            lost = True
            following = text.find('{"', start + 1)
            if following < 0 or len(values) > 1000:
                break
            position = following
            continue
        if isinstance(value, dict) and value:
            values.append(value)
    category = _category(line.data, values=len(values), lost=lost)
    message = (
        f"the line is damaged; {len(values)} record(s) were saved from it"
        if values
        else "the line is not JSON"
    )
    return Decoded(values=tuple(values), warning=warn(line, message, category=category))


def _category(data: bytes, *, values: int, lost: bool) -> str:
    if not values:
        return "malformed"
    if data.startswith(b"\x00") and not lost:
        return "nul"
    return "spliced"

"""Lines that hold JSON, whatever happened to them: decoded, salvaged, or a warning.

Torn tails, spliced rows (`}{`), NUL runs before a row, byte order marks, lone surrogates, NaN and
bytes that are no UTF-8 have all been seen in genuine transcripts. Nothing here raises for bad data,
and no line costs more than a few passes over it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec

from reenact.events.bodies import ParseWarning
from reenact.sources.protocol import Line

MAX_RECORD = 32 * 1024 * 1024
RAW_HEAD = 4096

LooksLikeRow = Callable[[dict[str, Any]], bool]
"""Tells a row from a fragment of one, in the debris of a torn row."""

_decoder = msgspec.json.Decoder()
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_json = json.JSONDecoder()
_NOTHING = object()
_TOO_DEEP = object()
_START = re.compile(
    rb'\{\s*"(?:parentUuid|type|timestamp|sessionId|uuid|isSidechain|record_type|ordinal|messageId|leafUuid|id)"\s*:'
)
"""How the rows that we know begin; after a failure only such places are tried."""
_MAX_FAILURES = 64
_MAX_RECORDS = 10_000
_MAX_FRAGMENTS = 20_000
_SURROGATE = re.compile("[\ud800-\udfff]")


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """The objects found in one line (usually one) and, where there were defects, a warning."""

    values: tuple[dict[str, Any], ...] = ()
    warning: ParseWarning | None = None
    held: bool = False
    """True for an unterminated line that is not whole yet."""


def looks_like_row(value: dict[str, Any]) -> bool:
    """Tells whether an object is a row of its own: it says its session, or it is an envelope."""
    if "record_type" in value:
        return True
    if not isinstance(value.get("type"), str):
        return False
    return bool(value.keys() & {"sessionId", "leafUuid"}) or (
        value.keys() >= {"payload", "timestamp"} or value.keys() >= {"messageId", "snapshot"}
    )


def strange_fields(line: Line, known: frozenset[str]) -> tuple[str, ...]:
    """Gives the names of a row's own fields that are not among those known; none for what is no sound row."""
    try:
        fields = _fields.decode(line.data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()
    return () if known.issuperset(fields) else tuple(name for name in fields if name not in known)


def decode(line: Line, *, is_row: LooksLikeRow = looks_like_row) -> Decoded:
    """Gives the JSON objects that a line holds."""
    if line.oversized:
        return Decoded(warning=warn(line, "the line is too long to be decoded", category="oversized"))
    value = _whole(line.data)
    if isinstance(value, dict):
        return Decoded(values=(value,))
    if not line.terminated:
        return Decoded(held=True)
    if not line.data.strip():
        return Decoded()
    if value is _TOO_DEEP:
        return Decoded(warning=warn(line, "the line is nested too deep to be decoded", category="too_deep"))
    if value is not _NOTHING:
        return Decoded(warning=warn(line, "the line is JSON but not an object", category="not_an_object"))
    return _repaired(line) or _salvage(line, is_row)


def warn(line: Line, message: str, *, category: str = "malformed") -> ParseWarning:
    """Gives the warning for a line, with its beginning and its size."""
    head = line.data[:RAW_HEAD].decode("utf-8", "replace")
    return ParseWarning(message=message, category=category, raw=head, size=line.length)


def _whole(data: bytes) -> Any:
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    except RecursionError:
        return _TOO_DEEP
    try:
        return clean(json.loads(data.decode("utf-8-sig", "surrogatepass")))
    except (ValueError, RecursionError):
        return _NOTHING


def clean(value: Any) -> Any:
    """Gives a value that can be written as UTF-8: a lone surrogate becomes U+FFFD."""
    if isinstance(value, str):
        if _SURROGATE.search(value) is None:
            return value
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    return value


def _repaired(line: Line) -> Decoded | None:
    """Reads a line that is whole but for bytes around or inside it: NUL runs, bytes that are no UTF-8."""
    data = line.data.strip(b"\x00 \t\r\xef\xbb\xbf")
    if not data:
        category = "nul" if b"\x00" in line.data else "blank"
        return Decoded(warning=warn(line, "the line holds no record", category=category))
    if not (data.startswith(b"{") and data.endswith(b"}")):
        return None
    value = _whole(data)
    if isinstance(value, dict):
        message = "NUL bytes stood around the record"
        return Decoded(values=(value,), warning=warn(line, message, category="nul"))
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        value = _whole(data.decode("utf-8", "replace").encode())
    if isinstance(value, dict):
        message = "the record holds bytes that are not UTF-8"
        return Decoded(values=(value,), warning=warn(line, message, category="encoding"))
    return None


def _salvage(line: Line, is_row: LooksLikeRow) -> Decoded:
    """Finds whole rows in a damaged line: between garbage, spliced together, behind a torn one.

    Objects at the beginning, and those that follow another at once, are rows whatever they hold.
    Behind a failure we may be inside of a torn row, where only what looks like a row counts.
    """
    data = line.data.replace(b"\x00", b"").strip()
    values = _rows(data, is_row)
    if not values:
        return Decoded(warning=warn(line, "the line is not JSON"))
    message = f"the line is damaged; {len(values)} record(s) were saved from it"
    return Decoded(values=tuple(values), warning=warn(line, message, category="spliced"))


def _rows(data: bytes, is_row: LooksLikeRow) -> list[dict[str, Any]]:
    if not data.startswith(b"{") and _START.search(data) is None:
        return []
    scanner = _Scanner(data.decode("utf-8", "replace"))
    starts = _Starts(scanner.text)
    values: list[dict[str, Any]] = []
    position, is_top = 0, True
    while len(values) < _MAX_RECORDS:
        start = starts.top(position) if is_top else starts.following(position)
        if start < 0 and is_top:
            is_top = False
            continue
        if start < 0:
            break
        value, end = scanner.read(start)
        if value is None:
            if scanner.is_spent:
                values.extend(_from_the_end(scanner, starts, start + 1, is_row))
                break
            position, is_top = start + 1, False
            continue
        position = end
        if value and (is_top or is_row(value)):
            values.append(value)
            is_top = True
        elif scanner.skip():
            values.extend(_from_the_end(scanner, starts, end, is_row))
            break
    return values


def _from_the_end(
    scanner: _Scanner, starts: _Starts, floor: int, is_row: LooksLikeRow
) -> list[dict[str, Any]]:
    """Gives the last row of a line that was too broken to be read forwards; a splice ends with one."""
    scanner.renew()
    ceiling = len(scanner.text)
    while not scanner.is_spent and (start := starts.before(ceiling, floor)) >= 0:
        value, end = scanner.read(start)
        if value is not None and is_row(value) and not scanner.text[end:].strip():
            return [value]
        if value is not None:
            scanner.charge(end - start)
        ceiling = start
    return []


class _Scanner:
    """Reads objects out of a text, as long as failures stay affordable."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._failures = 0
        self._wasted = 0
        self._fragments = 0

    @property
    def is_spent(self) -> bool:
        return self._failures >= _MAX_FAILURES or self._wasted > 2 * len(self.text) + RAW_HEAD

    def renew(self) -> None:
        self._failures = self._wasted = 0

    def skip(self) -> bool:
        """Counts an object that is no row; True when there were too many of them."""
        self._fragments += 1
        return self._fragments >= _MAX_FRAGMENTS

    def charge(self, length: int) -> None:
        self._failures += 1
        self._wasted += length

    def read(self, start: int) -> tuple[dict[str, Any] | None, int]:
        try:
            value, end = _json.raw_decode(self.text, start)
            return (clean(value), end) if isinstance(value, dict) else (None, end)
        except json.JSONDecodeError as error:
            self.charge(max(error.pos - start, 1))
        except (ValueError, RecursionError):
            self.charge(RAW_HEAD)
        return None, start


class _Starts:
    """Where rows may begin in a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._pattern = re.compile(_START.pattern.decode())
        self._before = '{"'

    def top(self, position: int) -> int:
        """Gives the place right here (white space aside), or -1."""
        match = re.compile(r"\s*\{").match(self._text, position)
        return match.end() - 1 if match else -1

    def following(self, position: int) -> int:
        """Gives the next place where a row that we know may begin, or -1."""
        match = self._pattern.search(self._text, position)
        return match.start() if match else -1

    def before(self, ceiling: int, floor: int) -> int:
        """Gives the last such place before another, or -1."""
        while (start := self._text.rfind(self._before, floor, ceiling)) >= 0:
            if self._pattern.match(self._text, start):
                return start
            ceiling = start
        return -1

"""Checksummed JSON lines of what is no event: the same form, the crc32 of all before it as last member."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec

_PREFIX = b',"c":"'
_TAIL = len(_PREFIX) + 8 + 2


def to_line(value: Any) -> bytes:
    """Gives a value (a Struct or a dict, not empty) as a line with its checksum and line end."""
    data = msgspec.json.encode(value)[:-1]
    return b'%b%b%08x"}\n' % (data, _PREFIX, zlib.crc32(data))


def from_line(line: bytes) -> bytes | None:
    """Gives the JSON of a line without its checksum, or None where that does not fit."""
    line = line.rstrip(b"\n")
    data = line[:-_TAIL]
    if line[-_TAIL:] != b'%b%08x"}' % (_PREFIX, zlib.crc32(data)):
        return None
    return data + b"}"

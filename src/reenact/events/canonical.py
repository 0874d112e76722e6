"""Canonical JSON and tagged content hashes: equal values have equal bytes, whoever wrote them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(order="sorted")
ALGORITHM = "sha256"


def canonical(value: Any) -> bytes:
    """Gives the compact UTF-8 JSON of a value with object keys sorted by code point."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:  # lone surrogates: JSON can hold them, UTF-8 cannot
        plain = msgspec.to_builtins(value)
        text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "surrogatepass")


def content_hash(value: Any) -> str:
    """Gives the tagged hash of a value's canonical JSON: `sha256:<64 hex digits>`."""
    return f"{ALGORITHM}:{hashlib.sha256(canonical(value)).hexdigest()}"


def blob_hash(data: bytes) -> str:
    """Gives the tagged hash of bytes: `sha256:<64 hex digits>`."""
    return f"{ALGORITHM}:{hashlib.sha256(data).hexdigest()}"

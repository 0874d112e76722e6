"""The words and the small values that all others are made of."""

from __future__ import annotations

from typing import Literal

import msgspec

Quality = Literal["measured", "partial", "estimated"]
SessionKind = Literal["main", "subagent", "fork"]
LiveStatus = Literal[
    "working", "waiting", "completed", "failed", "interrupted", "aborted", "stale", "unknown"
]
Effect = Literal["none", "look", "change", "run", "reach", "spawn", "other"]
Act = Literal["other", "human", "model", "tool", "system"]
Known = Literal["full", "partial", "none"]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen value of the API."""


class Problem(View, frozen=True, kw_only=True):
    """Why a request could not be answered."""

    message: str
    hint: str | None = None


class Failure(View, frozen=True, kw_only=True):
    error: Problem


class Usage(View, frozen=True, kw_only=True):
    input: int
    cache_read: int
    cache_write: int
    cache_write_5m: int | None
    cache_write_1h: int | None
    output: int
    reasoning: int | None
    total: int
    quality: Quality


class Text(View, frozen=True, kw_only=True):
    """A piece of recorded text; `part` asks `/body` for what is left where `more`."""

    text: str
    size: int
    """Characters of the whole."""
    more: bool = False
    part: str | None = None
    lines: int = 0
    """Lines of the whole."""

"""The words and the small values that all others are made of."""

from __future__ import annotations

from typing import Literal

import msgspec

Quality = Literal["measured", "partial", "estimated"]
"""How far a number is to be trusted."""
SessionKind = Literal["main", "subagent", "fork"]
"""Whether a session stands for itself."""
LiveStatus = Literal[
    "working", "waiting", "idle", "completed", "failed", "interrupted", "aborted", "stale", "unknown"
]
"""How a session stands, as the page's signs say it."""
Effect = Literal["none", "look", "change", "run", "reach", "spawn", "other"]
"""What a tool did to the world."""
Act = Literal["other", "human", "model", "tool", "system"]
"""Who acted."""
Known = Literal["full", "partial", "none"]
"""How much is known of a text."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen value of the API."""


class Problem(View, frozen=True, kw_only=True):
    """Why a request could not be answered."""

    message: str
    hint: str | None = None


class Failure(View, frozen=True, kw_only=True):
    """An answer that is none: what went wrong."""

    error: Problem


class Usage(View, frozen=True, kw_only=True):
    """Tokens by how they are billed, as `usage --json` tells them."""

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

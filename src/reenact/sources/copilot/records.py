"""Rows of a Copilot transcript, decoded permissively: what is missing or of another type reads as absent.

One envelope for all: `{type, data, id, timestamp, parentId, agentId?, ephemeral?}`; `parentId` is the
row before, whosever it is, and no cause. Observed: 1.0.102; older members after the MIT copilot-sdk.
"""

from __future__ import annotations

from typing import Any

import msgspec

from reenact import clock
from reenact.events import Tokens
from reenact.sources.members import count, flag, integer, mapping, text


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One event of Copilot's."""

    type: str
    data: dict[str, Any]
    id: str | None = None
    ts: int | None = None
    agent: str | None = None
    """The sub-agent that it concerns; None for the main agent."""
    is_ephemeral: bool = False
    raw: Any = None


def read(value: dict[str, Any]) -> Row:
    """Gives the row that a decoded line holds."""
    return Row(
        type=text(value, "type") or "",
        data=mapping(value, "data"),
        id=text(value, "id"),
        ts=clock.parse_iso(text(value, "timestamp")),
        agent=text(value, "agentId"),
        is_ephemeral=flag(value, "ephemeral") is True,
        raw=value,
    )


def is_row(value: dict[str, Any]) -> bool:
    """Tells a row from a fragment of one: only rows have a type, data and an id."""
    return isinstance(value.get("type"), str) and isinstance(value.get("data"), dict) and "id" in value


def tokens(usage: dict[str, Any]) -> Tokens | None:
    """Gives the counts of a `usage` object; None where it has none.

    `inputTokens` holds what was read from and written to the cache, with every provider (seen 1.0.102).
    """
    if integer(usage, "inputTokens") is None and integer(usage, "outputTokens") is None:
        return None
    whole, read_, written = (
        count(usage, name) for name in ("inputTokens", "cacheReadTokens", "cacheWriteTokens")
    )
    reasoning = integer(usage, "reasoningTokens")
    return Tokens(
        input=max(whole - read_ - written, 0),
        cache_read=read_,
        cache_write=written,
        output=count(usage, "outputTokens"),
        reasoning=None if reasoning is None else max(reasoning, 0),
    )

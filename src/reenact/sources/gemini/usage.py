"""Tokens of a message, as billed.

`input` includes what was cached, `output` excludes the thoughts, and `total` is the sum of input,
output, thoughts and tool (held for all 1,514 records of 17 genuine sessions, 0.6 to 0.61).
"""

from __future__ import annotations

import re
from typing import Any

from reenact.events.blocks import Tokens
from reenact.sources.members import count, integer

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_NAMES = ("input", "output", "cached", "thoughts", "tool", "total")


def tokens(told: dict[str, Any] | None) -> Tokens | None:
    """Gives the tokens of a response; None where nothing is told of them."""
    if told is None or all(integer(told, name) is None for name in _NAMES):
        return None
    given, cached = count(told, "input"), count(told, "cached")
    said, thoughts, tool = count(told, "output"), count(told, "thoughts"), count(told, "tool")
    cached = min(cached, given)
    total = integer(told, "total")
    # a producer whose output held the thoughts would say so by its total
    holds_thoughts = bool(thoughts) and thoughts <= said and total == given + said + tool
    found = Tokens(
        input=given - cached + tool,
        cache_read=cached,
        output=said if holds_thoughts else said + thoughts,
        reasoning=thoughts,
    )
    return found if found.total else None


def key(session: str, message: str) -> str:
    """Gives the ledger's key of a message: its id is kept wherever the message is copied to."""
    if _UUID.fullmatch(message):
        return f"gemini:{message.lower()}"
    return f"gemini:{session}:{message}"

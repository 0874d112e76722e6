"""Ledger entries for tests."""

from __future__ import annotations

from datetime import datetime

import msgspec
from hypothesis import strategies as st

from reenact.clock import from_datetime
from reenact.events.blocks import Quality, Tokens


class Item(msgspec.Struct, frozen=True, kw_only=True):
    agent: str = "claude_code"
    project: str | None = "/home/me/app"
    model: str | None = "claude-sonnet-4-5"
    ts: int | None = None
    tokens: Tokens = Tokens(input=1)
    quality: Quality = "measured"
    cost: int | None = 0
    main_session: str = "s1"


def at(text: str) -> int:
    """UTC microseconds of an ISO time."""
    return from_datetime(datetime.fromisoformat(text))


counts = st.integers(min_value=0, max_value=10**7)
tokens = st.builds(
    Tokens,
    input=counts,
    cache_read=counts,
    cache_write=counts,
    cache_write_5m=st.none() | counts,
    cache_write_1h=st.none() | counts,
    output=counts,
    reasoning=st.none() | counts,
)
qualities: st.SearchStrategy[Quality] = st.sampled_from(["measured", "partial", "estimated"])
items = st.builds(
    Item,
    agent=st.sampled_from(["claude_code", "codex"]),
    project=st.none() | st.sampled_from(["/a", "/b"]),
    model=st.none() | st.sampled_from(["claude-sonnet-4-5", "gpt-5", "nobody-knows-1"]),
    ts=st.none() | st.integers(min_value=at("2025-12-27T00:00:00"), max_value=at("2026-01-08T00:00:00")),
    tokens=tokens,
    quality=qualities,
    cost=st.none() | st.integers(min_value=0, max_value=10**13),
    main_session=st.sampled_from(["s1", "s2", "s3"]),
)

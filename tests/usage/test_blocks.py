from __future__ import annotations

import itertools
from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st
from tests.usage.builders import Item, at, items

from reenact.events.blocks import Tokens
from reenact.usage import Block, Row, rollup, total

HOUR = 3_600_000_000


def blocks(*entries: Item, now: str | None = None) -> tuple[Row, ...]:
    return rollup(entries, by="blocks", timezone=UTC, now=None if now is None else at(now)).rows


def item(time: str, *, output: int = 1, cost: int | None = 0) -> Item:
    return Item(ts=at(time), tokens=Tokens(output=output), cost=cost)


def block(row: Row) -> Block:
    assert row.block is not None
    return row.block


def test_a_window_begins_at_the_full_hour_of_its_first_response() -> None:
    (row,) = blocks(item("2026-11-20T10:59:59"), item("2026-11-20T14:59:59.999999"))
    assert row.key == "2026-11-20T10:00:00Z"
    assert (block(row).start, block(row).end) == (at("2026-11-20T10:00:00"), at("2026-11-20T15:00:00"))
    assert (block(row).first, block(row).last) == (
        at("2026-11-20T10:59:59"),
        at("2026-11-20T14:59:59.999999"),
    )


def test_the_first_response_after_its_end_opens_the_next() -> None:
    rows = blocks(item("2026-11-20T15:00:00"), item("2026-11-20T10:30:00"), item("2026-11-20T23:59:00"))
    assert [row.key for row in rows] == [
        "2026-11-20T10:00:00Z",
        "2026-11-20T15:00:00Z",
        "2026-11-20T23:00:00Z",
    ]


def test_the_running_window_tells_its_pace_and_where_that_leads() -> None:
    old, running = blocks(
        item("2026-11-20T04:00:00", output=9),
        item("2026-11-20T10:30:00", output=600, cost=6 * 10**12),
        item("2026-11-20T11:00:00", output=600, cost=6 * 10**12),
        now="2026-11-20T12:30:00",
    )
    assert not block(old).is_active
    assert block(old).burn is None
    assert block(running).is_active
    burn = block(running).burn
    assert burn is not None
    assert burn.tokens_per_minute == 10
    assert burn.cost_per_hour == 6 * 10**12
    assert burn.remaining == 2.5 * HOUR
    assert burn.projected_tokens == 1200 + 1500
    assert burn.projected_cost == 12 * 10**12 + 15 * 10**12


def test_an_unknown_cost_has_no_pace() -> None:
    (row,) = blocks(item("2026-11-20T10:30:00", cost=None), now="2026-11-20T10:30:00")
    burn = block(row).burn
    assert burn is not None
    assert (burn.cost_per_hour, burn.projected_cost) == (None, None)
    assert burn.tokens_per_minute == 1


def test_a_window_is_over_at_its_end_and_not_begun_before_its_start() -> None:
    for now, is_active in [
        ("2026-11-20T09:59:59", False),
        ("2026-11-20T10:00:00", True),
        ("2026-11-20T14:59:59", True),
        ("2026-11-20T15:00:00", False),
    ]:
        (row,) = blocks(item("2026-11-20T10:30:00"), now=now)
        assert block(row).is_active is is_active


@given(st.lists(items))
def test_windows_hold_every_response_once_and_do_not_overlap(entries: list[Item]) -> None:
    report = rollup(entries, by="blocks", timezone=UTC)
    timed = [row for row in report.rows if row.block is not None]
    for row in timed:
        start, end = block(row).start, block(row).end
        inside = [entry for entry in entries if entry.ts is not None and start <= entry.ts < end]
        assert row.sum.tokens == total(entry.tokens for entry in inside)
        assert row.sum.responses == len(inside)
        assert min(entry.ts or 0 for entry in inside) - start < HOUR
    for earlier, later in itertools.pairwise(timed):
        assert block(earlier).end <= block(later).start
    timeless = [row for row in report.rows if row.block is None]
    assert sum(row.sum.responses for row in timeless) == sum(entry.ts is None for entry in entries)
    assert report.totals.sum.responses == len(entries)
    assert report.totals.sum.tokens == total(entry.tokens for entry in entries)

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.usage.builders import Item, at, items

from reenact.events.blocks import Tokens
from reenact.usage import By, Override, Prices, Row, rollup, total, worst

BERLIN = ZoneInfo("Europe/Berlin")


def local(ts: int) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ts)).astimezone(BERLIN)


def naive_key(item: Item, by: By) -> str | None:
    if by in {"day", "week", "month"} and item.ts is None:
        return None
    when = local(item.ts or 0)
    year, number, _ = when.isocalendar()
    keys: dict[str, Callable[[], str | None]] = {
        "day": lambda: when.strftime("%Y-%m-%d"),
        "week": lambda: datetime.fromisocalendar(year, number, 1).strftime("%Y-%m-%d"),
        "month": lambda: when.strftime("%Y-%m"),
        "session": lambda: item.main_session,
        "project": lambda: item.project,
        "model": lambda: item.model,
        "agent": lambda: item.agent,
    }
    return keys[by]()


def check(row: Row, expected: list[Item]) -> None:
    assert row.sum.tokens == total(item.tokens for item in expected)
    assert row.sum.quality == worst(item.quality for item in expected)
    costs = [item.cost for item in expected]
    known = [cost for cost in costs if cost is not None]
    assert row.sum.cost_known == sum(known)
    assert row.sum.cost == (None if None in costs else sum(known))
    assert row.sum.responses == len(expected)
    assert row.sessions == len({item.main_session for item in expected})


GROUPS: list[By] = ["day", "week", "month", "session", "project", "model", "agent"]


@given(st.sampled_from(GROUPS), st.lists(items))
def test_each_row_sums_exactly_its_entries(by: By, entries: list[Item]) -> None:
    report = rollup(entries, by=by, timezone=BERLIN)
    groups = defaultdict(list)
    for item in entries:
        groups[naive_key(item, by)].append(item)
    assert [row.key for row in report.rows] == sorted(groups, key=lambda key: (key is None, key or ""))
    for row in report.rows:
        check(row, groups[row.key])
        by_model = defaultdict(list)
        for item in groups[row.key]:
            by_model[item.model].append(item)
        assert {each.model for each in row.models} == set(by_model)
        for each in row.models:
            assert each.sum.tokens == total(item.tokens for item in by_model[each.model])
    check(report.totals, entries)
    assert report.by == by
    assert report.timezone == "Europe/Berlin"


@given(st.lists(items), st.randoms())
def test_the_order_of_entries_does_not_matter(entries: list[Item], random: st.DataObject) -> None:
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random here
    assert rollup(entries, by="day", timezone=UTC) == rollup(shuffled, by="day", timezone=UTC)


def days(*times: str, zone: str = "Europe/Berlin") -> list[str | None]:
    report = rollup([Item(ts=at(time)) for time in times], by="day", timezone=ZoneInfo(zone))
    return [row.key for row in report.rows]


def test_a_day_is_what_the_viewers_clock_shows() -> None:
    assert days("2026-11-19T22:59:59", "2026-11-19T23:00:00") == ["2026-11-19", "2026-11-20"]
    assert days("2026-11-20T04:00:00", zone="America/New_York") == ["2026-11-19"]
    assert days("2026-11-19T18:15:00", zone="Asia/Kathmandu") == ["2026-11-20"]


def test_a_day_of_changing_clocks_is_one_day() -> None:
    assert days("2026-03-28T23:00:00", "2026-03-29T01:30:00", "2026-03-29T21:59:59") == ["2026-03-29"]
    assert days("2026-10-24T22:00:00", "2026-10-25T00:30:00", "2026-10-25T22:59:59") == ["2026-10-25"]


def test_a_week_begins_on_monday_also_across_the_year() -> None:
    entries = [Item(ts=at(day)) for day in ("2025-12-28", "2025-12-29", "2026-01-04", "2026-01-05")]
    keys = [row.key for row in rollup(entries, by="week", timezone=UTC).rows]
    assert keys == ["2025-12-22", "2025-12-29", "2026-01-05"]


@pytest.mark.parametrize("ts", [-(10**18), 10**18, 253_402_300_799_999_999])
@pytest.mark.parametrize("by", ["day", "week", "month", "blocks"])
def test_a_time_beyond_the_calendar_is_a_row_of_no_key(ts: int, by: By) -> None:
    report = rollup([Item(ts=ts)], by=by, timezone=ZoneInfo("Asia/Tokyo"))
    assert [row.key for row in report.rows] == [None]
    assert report.totals.sum.responses == 1


def test_models_with_most_tokens_come_first() -> None:
    entries = [
        Item(model="b", tokens=Tokens(output=5)),
        Item(model=None, tokens=Tokens(output=5)),
        Item(model="a", tokens=Tokens(output=5)),
        Item(model="z", tokens=Tokens(output=9)),
    ]
    assert [each.model for each in rollup(entries, by="agent", timezone=UTC).rows[0].models] == [
        "z",
        "a",
        "b",
        None,
    ]


def test_nothing_used_is_no_row_and_a_total_of_zero() -> None:
    report = rollup([], by="day", timezone=UTC)
    assert report.rows == ()
    assert report.totals.sum.cost == 0
    assert report.totals.sum.tokens == Tokens()


def test_entries_can_be_priced_again() -> None:
    prices = Prices([Override(pattern="own", input=Decimal(2), output=Decimal(0))])
    entries = [
        Item(model="own", tokens=Tokens(input=1_000_000), cost=5, ts=at("2026-11-20")),
        Item(model="nobody-knows-1", tokens=Tokens(input=1_000_000), cost=5, ts=at("2026-11-20")),
    ]
    priced = rollup(entries, by="day", timezone=UTC, prices=prices)
    assert (priced.totals.sum.cost, priced.totals.sum.cost_known) == (None, 2 * 10**12)
    as_own = rollup(entries, by="day", timezone=UTC, prices=prices, as_model="own")
    assert as_own.totals.sum.cost == 4 * 10**12
    assert as_own.as_model == "own"
    assert [each.model for each in as_own.totals.models] == ["nobody-knows-1", "own"]


def test_pricing_as_another_model_needs_prices() -> None:
    with pytest.raises(ValueError, match="prices"):
        rollup([], by="day", timezone=UTC, as_model="own")

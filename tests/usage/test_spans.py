"""Spans of days, weeks and months say of every quarter of an hour what the calendar says of its moments."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.usage import calendar, spans

SECOND = 1_000_000
HOUR = 3600 * SECOND
YEAR_2000 = 946_684_800 * SECOND
YEAR_2040 = 2_208_988_800 * SECOND
ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "America/Sao_Paulo", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Antarctica/Troll",
)  # fmt: skip
KEYS = {"day": calendar.day, "week": calendar.week, "month": calendar.month}
BY = st.sampled_from(("day", "week", "month"))


@given(
    first=st.integers(YEAR_2000, YEAR_2040),
    length=st.integers(0, 400 * 24 * HOUR),
    name=st.sampled_from(ZONES),
    by=BY,
    share=st.floats(0, 1),
)
def test_every_moment_lies_in_the_span_of_its_key(
    first: int, length: int, name: str, by: Literal["day", "week", "month"], share: float
) -> None:
    zone = ZoneInfo(name)
    found = spans(first, first + length, zone, by=by)
    if found is None:  # clocks that change within a quarter: the responses have to be asked
        assert name == "America/St_Johns"
        return
    assert found[0].start <= first
    assert found[-1].stop > first + length
    assert all(a.stop == b.start for a, b in itertools.pairwise(found))
    edges = [edge for span in found for edge in (span.start, span.stop - 1)]
    for moment in (first, first + int(length * share), first + length, *edges):
        (key,) = [span.key for span in found if span.start <= moment < span.stop]
        assert key == KEYS[by](moment, zone)


def test_the_day_that_clocks_skipped_is_no_span() -> None:
    begin = int(datetime(2011, 12, 28, tzinfo=UTC).timestamp()) * SECOND
    found = spans(begin, begin + 96 * HOUR, ZoneInfo("Pacific/Apia"), by="day")
    assert found is not None
    assert [span.key for span in found][:4] == ["2011-12-27", "2011-12-28", "2011-12-29", "2011-12-31"]


@pytest.mark.parametrize("first", [-(2**62), 2**62])
def test_what_lies_outside_the_calendar_has_no_spans(first: int) -> None:
    assert spans(first, first + HOUR, ZoneInfo("Europe/Berlin"), by="day") is None


def test_a_time_too_long_to_be_one_has_no_spans() -> None:
    assert spans(0, 2**61, ZoneInfo("UTC"), by="day") is None


def test_days_that_began_within_a_quarter_have_no_spans() -> None:
    begin = int(datetime(1971, 5, 1, tzinfo=UTC).timestamp()) * SECOND
    assert spans(begin, begin + 48 * HOUR, ZoneInfo("Africa/Monrovia"), by="day") is None

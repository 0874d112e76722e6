from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.clock import (
    EARLIEST,
    LATEST,
    ManualClock,
    SystemClock,
    from_datetime,
    parse_iso,
    to_datetime,
)

YEAR_1, YEAR_9999 = -62_135_596_800_000_000, 253_402_300_799_999_999
DAY = 86_400_000_000


@given(st.integers(YEAR_1 + DAY, YEAR_9999 - DAY))
def test_a_time_survives_the_way_to_a_datetime_and_back(microseconds: int) -> None:
    assert from_datetime(to_datetime(microseconds)) == microseconds
    assert to_datetime(microseconds).tzinfo is UTC


@given(st.integers(EARLIEST, LATEST))
def test_a_time_survives_the_way_to_iso_text_and_back(microseconds: int) -> None:
    assert parse_iso(to_datetime(microseconds).isoformat()) == microseconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:00", 0),
        ("2026-11-20T10:30:00.123Z", 1_795_170_600_123_000),
        ("", None),
        (None, None),
        ("soon", None),
        ("2026-13-01", None),
        ("0000-00-00T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("1969-12-31T23:59:59Z", None),
        ("2200-01-01T00:00:00Z", 7_258_118_400_000_000),
        ("9999-12-31T23:59:59-14:00", None),
        ("99999-01-01T00:00:00Z", None),
    ],
)
def test_iso_text_is_read_as_utc_microseconds_or_not_at_all(text: str | None, expected: int | None) -> None:
    assert parse_iso(text) == expected


@pytest.mark.parametrize("moment", [YEAR_1 - 10**15, YEAR_1, YEAR_9999, 2**53 * 1_000_000, -(2**80)])
@pytest.mark.parametrize("hours", [-14, 0, 14])
def test_any_number_has_a_datetime_in_every_zone(moment: int, hours: int) -> None:
    local = to_datetime(moment).astimezone(timezone(timedelta(hours=hours)))
    assert local.year in {1, 9999}


def test_a_datetime_without_a_zone_counts_as_utc() -> None:
    moment = datetime(2026, 11, 20, 12)  # noqa: DTZ001 - that is the case
    assert from_datetime(moment) == from_datetime(moment.replace(tzinfo=UTC))
    east = moment.replace(tzinfo=timezone(timedelta(hours=2)))
    assert from_datetime(east) == from_datetime(moment) - 2 * 3_600_000_000


def test_a_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock(100)
    assert (clock.now(), clock.now()) == (100, 100)
    clock.advance(5)
    assert clock.now() == 105


def test_a_manual_clock_may_step_at_every_look() -> None:
    clock = ManualClock(100, step=2)
    assert (clock.now(), clock.now()) == (102, 104)


def test_the_system_clock_tells_this_century() -> None:
    year_2000, year_2100 = 946_684_800_000_000, 4_102_444_800_000_000
    assert year_2000 < SystemClock().now() < year_2100

"""Times as people say them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from reenact.cli import dates
from reenact.clock import from_datetime
from reenact.errors import UsageError

NOW = from_datetime(datetime(2026, 3, 29, 12, 0, tzinfo=UTC))  # the day Berlin's clocks went forward


def berlin(*parts: int) -> int:
    return from_datetime(datetime(*parts, tzinfo=ZoneInfo("Europe/Berlin")))  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "end", "expected"),
    [
        ("now", False, NOW),
        ("today", False, berlin(2026, 3, 29)),
        ("Yesterday", False, berlin(2026, 3, 28)),
        ("yesterday", True, berlin(2026, 3, 29)),
        ("today", True, berlin(2026, 3, 30)),
        ("2 hours ago", False, NOW - 2 * 3_600_000_000),
        ("an hour ago", False, NOW - 3_600_000_000),
        ("30min", False, NOW - 1_800_000_000),
        ("2026-01-02", False, berlin(2026, 1, 2)),
        ("2026-01-02", True, berlin(2026, 1, 3)),
        ("2026-01-02 14:30", True, berlin(2026, 1, 2, 14, 30)),
        ("2026-01-02T14:30:00Z", False, from_datetime(datetime(2026, 1, 2, 14, 30, tzinfo=UTC))),
    ],
)
def test_a_time_is_understood_in_the_viewers_zone(text: str, end: bool, expected: int) -> None:
    assert dates.parse(text, now=NOW, timezone="Europe/Berlin", end=end) == expected


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "3 fortnights ago"])
def test_what_is_no_time_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        dates.parse(text, now=NOW, timezone="UTC")
    assert "2 hours ago" in (caught.value.hint or "")

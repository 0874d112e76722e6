"""Days, weeks and months of the viewer's time zone, and five-hour windows of everybody's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal

import msgspec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = 3_600_000_000
BLOCK = 5 * HOUR
"""The length of a limit window, in microseconds."""
QUARTER = HOUR // 4
"""The grain of sums: every zone's days have begun at full quarters of an hour for decades."""
_DAY = 24 * HOUR
_MOST = 40_000


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """From `start` up to `stop` (UTC microseconds, full quarters of an hour) the key is one and the same."""

    start: int
    stop: int
    key: str


def day(ts: int, zone: tzinfo) -> str | None:
    """Gives the date (`2026-11-20`) that a zone's clocks show at a time; None outside the calendar."""
    at = _local(ts, zone)
    return None if at is None else at.isoformat()


def week(ts: int, zone: tzinfo) -> str | None:
    """Gives the date of the Monday that begins the ISO week."""
    at = _local(ts, zone)
    return None if at is None else (at - timedelta(days=at.weekday())).isoformat()


def month(ts: int, zone: tzinfo) -> str | None:
    """Gives the month (`2026-11`)."""
    at = _local(ts, zone)
    return None if at is None else at.isoformat()[:7]


def spans(first: int, last: int, zone: tzinfo, *, by: Literal["day", "week", "month"]) -> list[Span] | None:
    """Gives the days, weeks or months that cover a time, each as one span or several.

    None where sums of quarters of an hour cannot tell them apart: outside the calendar, or where a
    zone's day began within a quarter (in the days of local mean time).
    """
    key_of = {"day": day, "week": week, "month": month}[by]
    found: list[Span] = []
    at, stop = first - first % QUARTER, last + 1
    if (stop - at) // _DAY > _MOST:
        return None
    while at < stop:
        key, following = key_of(at, zone), _day_end(at, zone)
        if key is None or following is None or key_of(following - 1, zone) != key:
            return None
        start = found.pop().start if found and found[-1].key == key else at
        found.append(Span(start=start, stop=following, key=key))
        at = following
    return found


def _day_end(at: int, zone: tzinfo) -> int | None:
    """Gives where a day that holds this time ends; the end of the quarter where clocks change on that day."""
    today = day(at, zone)
    try:
        local = (_EPOCH + timedelta(microseconds=at)).astimezone(zone)
        offset = local.utcoffset()
        begun = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
        ahead = (local + timedelta(days=2)).utcoffset()
    except (OverflowError, ValueError):
        return None
    end = at - at % 1_000_000 - begun // timedelta(microseconds=1) + _DAY
    before = _EPOCH + timedelta(microseconds=at - _DAY)
    steady = offset == ahead == before.astimezone(zone).utcoffset()
    if steady and end % QUARTER == 0 and day(end - 1, zone) == today != day(end, zone):
        return end
    return at + QUARTER if day(at + QUARTER - 1, zone) == today else None


def block_start(ts: int) -> int:
    """Gives the start of the window that a first response at this time opens: its full hour (UTC)."""
    return ts - ts % HOUR


def _local(ts: int, zone: tzinfo) -> date | None:
    try:
        return (_EPOCH + timedelta(microseconds=ts)).astimezone(zone).date()
    except (OverflowError, ValueError):
        return None

"""Time, behind a protocol, so that tests and replays own it. Nothing else asks the system for the time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RESOLUTION = datetime.resolution
_DAY = 86_400_000_000
EARLIEST, LATEST = 0, 7_258_118_400_000_000
"""No record is from before 1970 or from after 2199: what says so is damaged, and calendars end somewhere."""


class Clock(Protocol):
    """Tells the time in UTC microseconds since the epoch."""

    def now(self) -> int: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        return time.time_ns() // 1000


class ManualClock:
    """A clock that stands still until told otherwise, for tests."""

    def __init__(self, now: int = 1_700_000_000_000_000, *, step: int = 0) -> None:
        self._now = now
        self._step = step

    def now(self) -> int:
        self._now += self._step
        return self._now

    def advance(self, microseconds: int) -> None:
        self._now += microseconds


def to_datetime(microseconds: int) -> datetime:
    """Gives the aware UTC datetime of a time in microseconds; the nearest that a calendar of any zone has."""
    return _EPOCH + timedelta(microseconds=min(max(microseconds, _FIRST), _LAST))


def from_datetime(moment: datetime) -> int:
    """Gives UTC microseconds; a naive datetime counts as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _RESOLUTION


def parse_iso(text: str | None) -> int | None:
    """Gives UTC microseconds of an ISO 8601 text, or None where it is missing or no time of a record."""
    if not text:
        return None
    try:
        return plausible(from_datetime(datetime.fromisoformat(text)))
    except (ValueError, OverflowError):
        return None


def plausible(microseconds: int | None) -> int | None:
    """Gives a time that a record can have, or None."""
    return microseconds if microseconds is not None and EARLIEST <= microseconds <= LATEST else None


_FIRST = from_datetime(datetime.min.replace(tzinfo=UTC)) + _DAY
_LAST = from_datetime(datetime.max.replace(tzinfo=UTC)) - _DAY

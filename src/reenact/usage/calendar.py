"""Days, weeks and months of the viewer's time zone, and five-hour windows of everybody's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = 3_600_000_000
BLOCK = 5 * HOUR
"""The length of a limit window, in microseconds."""


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


def block_start(ts: int) -> int:
    """Gives the start of the window that a first response at this time opens: its full hour (UTC)."""
    return ts - ts % HOUR


def _local(ts: int, zone: tzinfo) -> date | None:
    try:
        return (_EPOCH + timedelta(microseconds=ts)).astimezone(zone).date()
    except (OverflowError, ValueError):
        return None

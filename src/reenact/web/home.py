"""The first page: what today and this week cost, what is at risk, how large the archive is."""

from __future__ import annotations

import threading
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from reenact.archive import zone
from reenact.clock import from_datetime, to_datetime
from reenact.store import Filter
from reenact.usage import dollars
from reenact.web import days
from reenact.web.sessions import ms
from reenact.web.totals import grouped, mains, shares, summed, totals
from reenact.web.views import ArchiveSize, Cards, Home, Money, Risk

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from reenact.store import Total
    from reenact.web.desk import Reading

WEEKS = 26
RISK_DAYS = 7
_DAY = 86_400_000_000
SOON = RISK_DAYS * _DAY
"""Microseconds within which a deletion is one to be warned of."""
_HOUR = 3_600_000_000


class Care:
    """What is costly to count: transcripts at risk and sizes on disk; counted once in a while."""

    def __init__(self, *, lasting: int = 600_000_000) -> None:
        self._lasting = lasting
        self._lock = threading.Lock()
        self._at = 0
        self._found: tuple[Risk, ArchiveSize] | None = None

    def at_hand(self, now: int) -> tuple[Risk, ArchiveSize] | None:
        """Gives what was counted last, unless that is too old."""
        return self._found if now - self._at < self._lasting else None

    def forget(self) -> None:
        """Has all counted again when somebody asks next."""
        self._at = 0

    def count(self, reading: Reading) -> None:
        """Counts, unless somebody does so already."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            now = reading.archive.clock.now()
            if self.at_hand(now) is None:
                self._found, self._at = (_risk(reading, now), _size(reading)), now
        finally:
            self._lock.release()


def home(reading: Reading, care: Care) -> Home:
    """Gives cards and calendar; what is still being counted is null."""
    now = reading.archive.clock.now()
    place = zone(reading.archive.timezone)
    today = to_datetime(now).astimezone(place).date()
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(weeks=WEEKS - 1)
    lately = _begin(monday - timedelta(weeks=1), place)
    found = totals(reading, Filter(since=lately), "day")
    by_day = grouped(found, lambda item: item.key)
    calendar = {**days.days(reading, lately), **days.by_day(found)}
    counted = care.at_hand(now)
    return Home(
        cards=Cards(
            today=_today(reading, by_day, today, place, now),
            week=_week(by_day, monday, today),
            risk=counted[0] if counted else None,
            archive=counted[1] if counted else None,
        ),
        heatmap=tuple(day for key, day in calendar.items() if key >= first.isoformat()),
        today=today.isoformat(),
    )


def _begin(day: date, place: ZoneInfo) -> int:
    return from_datetime(datetime.combine(day, time(), tzinfo=place))


def _today(
    reading: Reading, by_day: dict[str | None, list[Total]], today: date, place: ZoneInfo, now: int
) -> Money:
    begin = _begin(today, place)
    bars = [0.0] * (max(now - begin, 0) // _HOUR + 1)
    for item in reading.archive.store.rollups(Filter(since=begin)):
        if item.bucket is not None and 0 <= (hour := (item.bucket - begin) // _HOUR) < len(bars):
            bars[hour] += item.cost_known / 10**12
    yesterday = by_day.get((today - timedelta(days=1)).isoformat(), [])
    return _money(by_day.get(today.isoformat(), []), bars, yesterday)


def _week(by_day: dict[str | None, list[Total]], monday: date, today: date) -> Money:
    def days(start: date, stop: date) -> list[list[Total]]:
        count = (stop - start).days + 1
        return [by_day.get((start + timedelta(days=number)).isoformat(), []) for number in range(count)]

    this = days(monday, today)
    last = days(monday - timedelta(weeks=1), today - timedelta(weeks=1))
    bars = [sum(item.cost_known for item in day) / 10**12 for day in this]
    return _money([item for day in this for item in day], bars, [item for day in last for item in day])


def _money(items: list[Total], bars: list[float], before: list[Total]) -> Money:
    whole, sure = summed(items), shares(items)
    return Money(
        cost=whole.cost_usd,
        cost_known=whole.cost_known_usd,
        tokens=whole.usage.total,
        quality=whole.usage.quality,
        sessions=mains(items),
        measured=sure.measured,
        partial=sure.partial,
        estimated=sure.estimated,
        bars=tuple(round(bar, 6) for bar in bars),
        before=dollars(sum(item.cost_known for item in before)) if before else None,
    )


def _risk(reading: Reading, now: int) -> Risk:
    soon = [risk for risk in reading.archive.risks() if risk.retention.deletes_at <= now + SOON]
    return Risk(
        count=len(soon),
        unkept=sum(not risk.kept for risk in soon),
        days=RISK_DAYS,
        soonest=ms(soon[0].retention.deletes_at) if soon else None,
    )


def _size(reading: Reading) -> ArchiveSize:
    archive = reading.archive
    sized: Callable[[], int] = archive.source_bytes
    return ArchiveSize(
        bytes=sum(part.on_disk for part in archive.sizes()),
        source_bytes=sized(),
        warnings=len(archive.store.warnings(limit=1_000)),
    )

"""The heads between the rows of the list: today, yesterday, the days of this week, then weeks."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import msgspec

from reenact.archive import zone
from reenact.clock import from_datetime, to_datetime
from reenact.store import Filter
from reenact.usage import worst
from reenact.web import lists
from reenact.web.days import by_day, days
from reenact.web.totals import totals
from reenact.web.views import Day, Group, Groups

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from reenact.web.desk import Reading

_WEEKS = 520


def groups(reading: Reading, text: str) -> Groups:
    """Gives the groups of the list in its usual order; their cost where nothing is filtered."""
    query, _ = lists.understood(reading, text)
    where = Filter(query=lists.people(query), hidden=False)
    is_all = query is None
    place = zone(reading.archive.timezone)
    today = to_datetime(reading.archive.clock.now()).astimezone(place).date()
    costs = _costs(reading, place, today) if is_all else []
    found: list[Group] = []
    first = 0
    left = reading.archive.store.count(where)
    for key, title, begin, end in _spans(today):
        if not left:
            break
        since = from_datetime(datetime.combine(begin, time(), tzinfo=place))
        until = None if end is None else from_datetime(datetime.combine(end, time(), tzinfo=place))
        count = reading.archive.store.count(msgspec.structs.replace(where, since=since, until=until))
        if count:
            spent = [day for day in costs if day.day >= begin.isoformat()] if is_all else None
            if spent is not None and end is not None:
                spent = [day for day in spent if day.day < end.isoformat()]
            found.append(_group(key, title, first, count, spent))
        first, left = first + count, left - count
    if left:
        found.append(_group("earlier", "Earlier", first, left, None))
    return Groups(groups=tuple(found))


def _costs(reading: Reading, place: ZoneInfo, today: date) -> list[Day]:
    """Gives what every day cost, the latest first."""
    begin = from_datetime(datetime.combine(today - timedelta(days=1), time(), tzinfo=place))
    lately = by_day(totals(reading, Filter(since=begin), "day"))
    return sorted({**days(reading, begin), **lately}.values(), key=lambda day: day.day, reverse=True)


def _spans(today: date) -> list[tuple[str, str, date, date | None]]:
    """Gives key, title, first day and the day after the last of each group."""
    yesterday = today - timedelta(days=1)
    monday = today - timedelta(days=today.weekday())
    found: list[tuple[str, str, date, date | None]] = [
        ("today", "Today", today, None),
        ("yesterday", "Yesterday", yesterday, today),
    ]
    if monday < yesterday:
        found.append(("week", "Earlier this week", monday, yesterday))
    end = min(monday, yesterday)
    for number in range(1, _WEEKS):
        begin = monday - timedelta(weeks=number)
        title = "Last week" if number == 1 else f"Week of {begin.isoformat()}"
        found.append((begin.isoformat(), title, begin, end))
        end = begin
    return found


def _group(key: str, title: str, first: int, count: int, spent: list[Day] | None) -> Group:
    is_known = spent is not None and all(day.cost is not None for day in spent)
    known = sum(day.cost_known for day in spent or ())
    return Group(
        key=key,
        title=title,
        first=first,
        count=count,
        cost=known if is_known else None,
        cost_known=known,
        quality=worst(day.quality for day in spent or ()),
    )

"""The heads between the rows of the list: today, yesterday, the days of this week, then weeks."""

from __future__ import annotations

import threading
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import msgspec

from reenact.archive import zone
from reenact.clock import from_datetime, to_datetime
from reenact.store import Filter
from reenact.web import lists
from reenact.web.totals import summed, totals
from reenact.web.views import Group, Groups, Sum

if TYPE_CHECKING:
    from reenact.web.desk import Reading

_WEEKS = 520
_FRESH = 60_000_000
_costs: dict[tuple[object, ...], tuple[int, int, Sum]] = {}
_lock = threading.Lock()


def groups(reading: Reading, text: str) -> Groups:
    """Gives the groups of the list in its usual order; their cost where nothing is filtered."""
    query, _ = lists.understood(reading, text)
    where = Filter(query=lists.people(query), hidden=False)
    place = zone(reading.archive.timezone)
    today = to_datetime(reading.archive.clock.now()).astimezone(place).date()
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
            cost = _cost(reading, since, until) if query is None else None
            found.append(_group(key, title, first, count, cost))
        first, left = first + count, left - count
    if left:
        found.append(_group("earlier", "Earlier", first, left, None))
    return Groups(groups=tuple(found))


def _cost(reading: Reading, since: int, until: int | None) -> Sum:
    """Gives what was spent in a span; of one that is over, counted once a minute at most."""
    archive = reading.archive
    feed, now = archive.store.feed(), archive.clock.now()
    key = (archive.path, feed.index, archive.prices.version, since, until)
    with _lock:
        known = _costs.get(key)
    if known is not None and (known[0] == feed.last or (until is not None and now - known[1] < _FRESH)):
        return known[2]
    cost = summed(totals(reading, Filter(since=since, until=until), None))
    with _lock:
        if len(_costs) > _WEEKS * 2:
            _costs.clear()
        _costs[key] = (feed.last, now, cost)
    return cost


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


def _group(key: str, title: str, first: int, count: int, cost: Sum | None) -> Group:
    return Group(
        key=key,
        title=title,
        first=first,
        count=count,
        cost=None if cost is None else cost.cost_usd,
        cost_known=0.0 if cost is None else cost.cost_known_usd,
        quality="measured" if cost is None else cost.usage.quality,
    )

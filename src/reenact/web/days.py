"""What every day cost, for the calendar and for the heads of the list: summed once, kept while it holds.

To sum a large archive takes a second. What is over changes only where something old is imported, so its
sums are asked for once a minute at most; whoever needs today's asks for today.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec

from reenact.store import Filter
from reenact.web.totals import grouped, mains, summed, totals
from reenact.web.views import Day

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reenact.store import Total
    from reenact.web.desk import Reading

FRESH = 60_000_000
_HELD = 4


class _Held(msgspec.Struct, frozen=True, kw_only=True):
    last: int
    """The last arrival that is in it."""
    at: int
    days: dict[str, Day]


_cache: dict[tuple[object, ...], _Held] = {}
_lock = threading.Lock()
_summing = threading.Lock()


def days(reading: Reading, until: int) -> dict[str, Day]:
    """Gives every day with use that was over at `until`, in order; one thread sums, others wait for it."""
    archive = reading.archive
    feed, now = archive.store.feed(), archive.clock.now()
    key = (archive.path, feed.index, archive.prices.version, archive.timezone, until)
    found = _held(key, feed.last, now)
    if found is None:
        with _summing:
            found = _held(key, feed.last, now)
            if found is None:
                found = by_day(totals(reading, Filter(until=until), "day"))
                with _lock:
                    while len(_cache) >= _HELD:
                        del _cache[next(iter(_cache))]
                    _cache[key] = _Held(last=feed.last, at=now, days=found)
    return found


def _held(key: tuple[object, ...], last: int, now: int) -> dict[str, Day] | None:
    with _lock:
        held = _cache.get(key)
    return held.days if held is not None and (held.last == last or 0 <= now - held.at < FRESH) else None


def by_day(found: Iterable[Total]) -> dict[str, Day]:
    """Gives sums by day, in order."""
    parted = grouped(found, lambda item: item.key)
    return {key: _day(key, parted[key]) for key in sorted(key for key in parted if key is not None)}


def _day(key: str, items: list[Total]) -> Day:
    whole = summed(items)
    return Day(
        day=key,
        sessions=mains(items),
        tokens=whole.usage.total,
        cost=whole.cost_usd,
        cost_known=whole.cost_known_usd,
        quality=whole.usage.quality,
    )

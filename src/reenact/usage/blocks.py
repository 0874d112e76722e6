"""Five-hour windows, as Claude's subscriptions meter them.

The first response opens a window at its full hour; the first response after its end opens the
next. So a pause of five hours always ends a window, and windows never overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from reenact.usage.calendar import BLOCK, HOUR, block_start
from reenact.usage.report import Block, Burn, Row, Sum
from reenact.usage.tally import Counted, Tally

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = 60_000_000
_LATEST = 253_402_300_800_000_000 - 2 * BLOCK
"""Near the end of the year 9999, where the calendar ends."""


class Timed(Counted, Protocol):
    @property
    def ts(self) -> int | None: ...


TimedT = TypeVar("TimedT", bound=Timed)


def windows(
    entries: Iterable[TimedT], *, cost: Callable[[TimedT], int | None], now: int | None
) -> tuple[list[Row], Tally]:
    """Gives one row a window, keyed by its start (UTC), and the sum of all entries.

    Entries without a usable time are in no window; they make one more row, with no key and no block.
    """
    timed: list[tuple[int, TimedT]] = []
    timeless = Tally()
    has_timeless = False
    for entry in entries:
        if entry.ts is None or not 0 <= entry.ts < _LATEST:
            has_timeless = True
            timeless.add(entry, cost(entry))
        else:
            timed.append((entry.ts, entry))
    timed.sort(key=lambda pair: pair[0])
    tallies = [timeless]
    rows = []
    for first, last, window in _cut(timed):
        tally = Tally()
        for entry in window:
            tally.add(entry, cost(entry))
        tallies.append(tally)
        rows.append(_row(tally, first, last, now))
    if has_timeless:
        rows.append(timeless.row(None))
    return rows, Tally.of(tallies)


def _cut(timed: list[tuple[int, TimedT]]) -> Iterable[tuple[int, int, list[TimedT]]]:
    """Yields first time, last time and entries of each window."""
    begin = 0
    while begin < len(timed):
        first = timed[begin][0]
        end = block_start(first) + BLOCK
        stop = begin
        while stop < len(timed) and timed[stop][0] < end:
            stop += 1
        yield first, timed[stop - 1][0], [entry for _, entry in timed[begin:stop]]
        begin = stop


def _row(tally: Tally, first: int, last: int, now: int | None) -> Row:
    start = block_start(first)
    end = start + BLOCK
    burn = None if now is None or not start <= now < end else _burn(tally.sum(), first, end, now)
    block = Block(start=start, end=end, first=first, last=last, is_active=burn is not None, burn=burn)
    key = (_EPOCH + timedelta(microseconds=start)).isoformat().replace("+00:00", "Z")
    return tally.row(key, block=block)


def _burn(used: Sum, first: int, end: int, now: int) -> Burn:
    """Gives the pace from the first response until now, over a minute at least."""
    elapsed = max(now - first, _MINUTE)
    remaining = end - now
    tokens, cost = used.tokens.total, used.cost
    return Burn(
        tokens_per_minute=tokens * _MINUTE / elapsed,
        cost_per_hour=None if cost is None else cost * HOUR // elapsed,
        remaining=remaining,
        projected_tokens=tokens + tokens * remaining // elapsed,
        projected_cost=None if cost is None else cost + cost * remaining // elapsed,
    )

"""Usage over time: bars by period or thing, split by model, project or agent; five-hour blocks; limits."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal

from reenact import usage
from reenact.archive import zone
from reenact.archive.limits import limits
from reenact.clock import from_datetime
from reenact.errors import UsageError
from reenact.store import Filter, Total
from reenact.usage import dollars
from reenact.web.sessions import ms, usage_of
from reenact.web.totals import Period, grouped, mains, shares, summed, totals
from reenact.web.views import BlockView, Burn, Sum, UsageLimit, UsagePart, UsageRow, UsageView

if TYPE_CHECKING:
    from collections.abc import Callable

    from reenact.web.desk import Reading

By = Literal["day", "week", "month", "project", "model", "session", "agent"]
Split = Literal["model", "project", "agent", "none"]
MOST = 1_000
_BLOCK_DAYS = 3
_DAY = 86_400_000_000
_WORDS: dict[By, str] = {
    "day": "daily", "week": "weekly", "month": "monthly", "session": "session", "project": "project",
    "model": "model", "agent": "agent",
}  # fmt: skip
_KEYS: dict[str, Callable[[Total], str | None]] = {
    "model": lambda item: item.model,
    "project": lambda item: item.project,
    "agent": lambda item: item.agent,
    "session": lambda item: item.main_session,
    "none": lambda _: None,
}
_PERIODS: dict[By, Period] = {"day": "day", "week": "week", "month": "month"}


def spent(
    reading: Reading, *, by: By = "day", split: Split = "model", since: str = "", until: str = ""
) -> UsageView:
    """Gives what was used, rows by ascending key; of many sessions or projects the dearest."""
    where = _between(reading, since, until)
    period = _PERIODS.get(by)
    found = totals(reading, where, period)
    key = (lambda item: item.key) if period is not None else _KEYS[by]
    groups = grouped(found, key)
    titles = _titles(reading, groups) if by == "session" else {}
    rows = [_row(reading, name, titles.get(name or ""), items, split) for name, items in groups.items()]
    if period is not None:
        rows.sort(key=lambda row: row.key or "")
    else:
        rows.sort(key=lambda row: -row.sum.cost_known_usd)
    command = f"reenact usage {_WORDS[by]}"
    command += f" --since {since}" if since else ""
    command += f" --until {until}" if until else ""
    return UsageView(
        by=by,
        split=split,
        timezone=reading.archive.timezone,
        rows=tuple(rows[-MOST:] if period is not None else rows[:MOST]),
        totals=_row(reading, None, None, found, split),
        blocks=tuple(_blocks(reading)),
        limits=tuple(_limits(reading)),
        command=command,
    )


def _between(reading: Reading, since: str, until: str) -> Filter:
    """Gives the days from one to another, the last one included, as the viewer's zone has them."""
    place = zone(reading.archive.timezone)

    def begin(text: str, *, after: int = 0) -> int | None:
        if not text:
            return None
        try:
            day = date.fromisoformat(text) + timedelta(days=after)
        except (ValueError, OverflowError) as error:
            raise UsageError(f"{text[:20]!r} is no day", hint="2026-11-20") from error
        return from_datetime(datetime.combine(day, time(), tzinfo=place))

    return Filter(since=begin(since), until=begin(until, after=1))


def _row(reading: Reading, key: str | None, title: str | None, items: list[Total], split: Split) -> UsageRow:
    scrub = reading.archive.guard.text
    sure = shares(items)
    parts = grouped(items, _KEYS[split]) if split != "none" else {}
    views = [
        UsagePart(key=None if name is None else scrub(name), sum=summed(some)) for name, some in parts.items()
    ]
    views.sort(key=lambda part: -part.sum.cost_known_usd)
    return UsageRow(
        key=None if key is None else scrub(key),
        title=title,
        sessions=mains(items),
        sum=summed(items),
        parts=tuple(views),
        measured=sure.measured,
        partial=sure.partial,
        estimated=sure.estimated,
        unpriced=sure.unpriced,
    )


def _titles(reading: Reading, groups: dict[str | None, list[Total]]) -> dict[str, str]:
    dear = sorted(groups, key=lambda name: -sum(item.cost_known for item in groups[name]))[:MOST]
    rows = reading.archive.sessions(Filter(sessions=tuple(name for name in dear if name)))
    return {row.id: reading.archive.guard.text(row.title or row.native_id)[:200] for row in rows}


def _blocks(reading: Reading) -> list[BlockView]:
    """Gives the five-hour windows of the last days; of the running one also its course."""
    archive = reading.archive
    where = Filter(since=archive.clock.now() - _BLOCK_DAYS * _DAY)
    found = []
    for row in archive.usage("blocks", where=where).rows:
        block = row.block
        if block is None:
            continue
        burn = block.burn
        found.append(
            BlockView(
                start=block.start // 1000,
                end=block.end // 1000,
                active=block.is_active,
                sum=_sum(row.sum),
                burn=None if burn is None else _burn(burn),
                points=_points(reading, block.start) if block.is_active else (),
            )
        )
    return found


def _burn(burn: usage.Burn) -> Burn:
    return Burn(
        tokens_per_minute=burn.tokens_per_minute,
        cost_per_hour=dollars(burn.cost_per_hour),
        remaining_ms=burn.remaining // 1000,
        projected_tokens=burn.projected_tokens,
        projected_cost=dollars(burn.projected_cost),
    )


def _sum(value: usage.Sum) -> Sum:
    return Sum(
        usage=usage_of(value.tokens, value.quality),
        cost_usd=dollars(value.cost),
        cost_known_usd=dollars(value.cost_known),
        responses=value.responses,
    )


def _points(reading: Reading, start: int) -> tuple[tuple[int, int, float], ...]:
    tokens, cost = 0, 0
    found = []
    for entry in reading.archive.store.entries(Filter(since=start)):
        tokens, cost = tokens + entry.tokens.total, cost + (entry.cost or 0)
        found.append(((entry.ts or start) // 1000, tokens, cost / 10**12))
    step = max(len(found) // 300, 1)
    return (*found[::step], *found[-1:])


def _limits(reading: Reading) -> list[UsageLimit]:
    """Gives what agents last said of their limits."""
    return [
        UsageLimit(
            agent=item.agent,
            scope=item.scope,
            used_percent=item.used_percent,
            resets_at=ms(item.resets_at),
            seen_at=ms(item.as_of),
            state=item.state,
            stated=True,
        )
        for item in limits(reading.archive)
    ]

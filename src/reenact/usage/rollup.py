"""Sums of ledger entries by day, session, model … or five-hour block.

Every entry is one response at the session that owns it, so nothing counts twice. Costs are those
the entries carry unless prices are given; with a model as well, the same tokens are priced as if
that model had been used on the same day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import tzinfo
from operator import attrgetter
from typing import Protocol

from reenact.events.blocks import Quality, Tokens
from reenact.usage import calendar
from reenact.usage.blocks import windows
from reenact.usage.prices import Prices
from reenact.usage.report import By, Report, Row
from reenact.usage.tally import Tally


class Entry(Protocol):
    """What a rollup must know of one response; `store.values.Entry` is one."""

    @property
    def agent(self) -> str: ...
    @property
    def project(self) -> str | None: ...
    @property
    def model(self) -> str | None: ...
    @property
    def ts(self) -> int | None: ...
    @property
    def tokens(self) -> Tokens: ...
    @property
    def quality(self) -> Quality: ...
    @property
    def cost(self) -> int | None: ...
    @property
    def main_session(self) -> str: ...


_Cost = Callable[[Entry], int | None]
_Key = Callable[[Entry], str | None]


def rollup(
    entries: Iterable[Entry],
    *,
    by: By,
    timezone: tzinfo,
    prices: Prices | None = None,
    as_model: str | None = None,
    now: int | None = None,
) -> Report:
    """Sums entries up, one row a key; rows ascend by key, the row of no known key comes last.

    Args:
        entries: the ledger, in any order.
        by: what a row stands for. `session` is the main session, with its sub-agents.
        timezone: whose days, weeks (from Monday) and months are meant.
        prices: prices the entries again instead of taking the costs that they carry.
        as_model: prices all entries as this model's (needs `prices`).
        now: UTC microseconds; tells which block is running.
    """
    cost = _costing(prices, as_model)
    if by == "blocks":
        rows, all_of_them = windows(entries, cost=cost, now=now)
    else:
        rows, all_of_them = _rows(entries, key=_key(by, timezone), cost=cost)
    return Report(
        by=by,
        timezone=str(timezone),
        rows=tuple(rows),
        totals=all_of_them.row(None),
        as_model=as_model,
    )


def _rows(entries: Iterable[Entry], *, key: _Key, cost: _Cost) -> tuple[list[Row], Tally]:
    tallies: dict[str | None, Tally] = {}
    for entry in entries:
        name = key(entry)
        tally = tallies.get(name)
        if tally is None:
            tally = tallies[name] = Tally()
        tally.add(entry, cost(entry))
    names = sorted(tallies, key=lambda name: (name is None, name or ""))
    return [tallies[name].row(name) for name in names], Tally.of(tallies.values())


def _costing(prices: Prices | None, as_model: str | None) -> _Cost:
    if prices is None:
        if as_model is not None:
            raise ValueError("as_model needs prices")
        return attrgetter("cost")
    if as_model is None:
        return lambda entry: prices.cost(entry.model, entry.tokens, entry.ts, entry.agent)
    return lambda entry: prices.cost(as_model, entry.tokens, entry.ts)


def _key(by: By, zone: tzinfo) -> _Key:
    period = {"day": calendar.day, "week": calendar.week, "month": calendar.month}.get(by)
    if period is not None:
        return lambda entry: None if entry.ts is None else period(entry.ts, zone)
    return attrgetter("main_session" if by == "session" else by)

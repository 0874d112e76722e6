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

from reenact.usage import calendar
from reenact.usage.blocks import windows
from reenact.usage.prices import Prices
from reenact.usage.report import By, Report, Row, Sum
from reenact.usage.tally import Counted, Tally


class Priced(Counted, Protocol):
    """What is known of one response, and of several summed up."""

    @property
    def agent(self) -> str: ...
    @property
    def project(self) -> str | None: ...
    @property
    def cost(self) -> int | None: ...


class Entry(Priced, Protocol):
    """What a rollup must know of one response; `store.values.Entry` is one."""

    @property
    def ts(self) -> int | None: ...


class Total(Priced, Protocol):
    """Responses of one session and model, summed up; `store.values.Total` is one."""

    @property
    def key(self) -> str | None: ...
    @property
    def cost_known(self) -> int: ...
    @property
    def responses(self) -> int: ...


_Cost = Callable[[Entry], int | None]
_Key = Callable[[Entry], str | None]
_FIELDS: dict[By, str] = {
    "session": "main_session",
    "project": "project",
    "model": "model",
    "agent": "agent",
}
"""What a row stands for → where a response tells it."""


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


def rollup_totals(totals: Iterable[Total], *, by: By, timezone: tzinfo) -> Report:
    """Gives the report that `rollup` gives of the same responses, from sums of them.

    `key` of a total tells its day, week or month; blocks need the responses themselves.
    """
    name_of: Callable[[Total], str | None] = attrgetter(_FIELDS.get(by, "key"))
    tallies: dict[str | None, Tally] = {}
    for total in totals:
        name = name_of(total)
        tally = tallies.get(name)
        if tally is None:
            tally = tallies[name] = Tally()
        part = Sum(
            tokens=total.tokens,
            quality=total.quality,
            cost=total.cost,
            cost_known=total.cost_known,
            responses=total.responses,
        )
        tally.add_sum(total.main_session, total.model, part)
    rows, all_of_them = _in_order(tallies)
    return Report(by=by, timezone=str(timezone), rows=tuple(rows), totals=all_of_them.row(None))


def _rows(entries: Iterable[Entry], *, key: _Key, cost: _Cost) -> tuple[list[Row], Tally]:
    tallies: dict[str | None, Tally] = {}
    for entry in entries:
        name = key(entry)
        tally = tallies.get(name)
        if tally is None:
            tally = tallies[name] = Tally()
        tally.add(entry, cost(entry))
    return _in_order(tallies)


def _in_order(tallies: dict[str | None, Tally]) -> tuple[list[Row], Tally]:
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
    return attrgetter(_FIELDS[by])

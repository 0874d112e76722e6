"""Usage reports of a store: from its sums where those answer exactly, else response by response."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from reenact import usage

if TYPE_CHECKING:
    from reenact.store import Filter, Store, Total


def report(
    store: Store,
    by: usage.By,
    where: Filter,
    *,
    place: tzinfo,
    prices: usage.Prices | None,
    as_model: str | None,
    now: int,
) -> usage.Report:
    """Gives tokens and cost rolled up, as `usage.rollup` gives them of all entries."""
    totals = None if as_model or by == "blocks" else _totals(store, by, where, place)
    if totals is not None:
        return usage.rollup_totals(totals, by=by, timezone=place)
    entries = store.entries(where)
    return usage.rollup(entries, by=by, timezone=place, prices=prices, as_model=as_model, now=now)


def _totals(store: Store, by: usage.By, where: Filter, place: tzinfo) -> list[Total] | None:
    """Gives the ledger's sums; they cost milliseconds where responses cost seconds."""
    match by:
        case "day" | "week" | "month" as period:
            return store.totals(where, spans=lambda first, last: usage.spans(first, last, place, by=period))
        case _:
            return store.totals(where)

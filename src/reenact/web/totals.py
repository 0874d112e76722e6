"""Sums over the ledger, split as somebody asks: one question to the store, kept while nothing is new."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal

import msgspec

from reenact import usage
from reenact.archive import zone
from reenact.events import Tokens
from reenact.store import Filter, Total
from reenact.store.totals import Spans, sum_up
from reenact.usage import dollars, worst
from reenact.web.sessions import usage_of
from reenact.web.views import Sum

if TYPE_CHECKING:
    from reenact.web.desk import Reading

Period = Literal["day", "week", "month"]
_HELD = 16
_MOST_HELD = 20_000
"""Sums of one answer that are still kept for the next time."""


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """How sure the tokens of a sum are, each from 0 to 1."""

    measured: float = 0.0
    partial: float = 0.0
    estimated: float = 0.0
    unpriced: float = 0.0


_cache: OrderedDict[tuple[object, ...], list[Total]] = OrderedDict()
_lock = threading.Lock()


def totals(reading: Reading, where: Filter, period: Period | None) -> list[Total]:
    """Gives the sums by span, main session, project and model."""
    archive = reading.archive
    feed = archive.store.feed()
    key = (archive.path, feed.index, feed.last, archive.prices.version, archive.timezone, where, period)
    with _lock:
        held = _cache.get(key)
    if held is not None:
        return held
    spans: Spans | None = None
    if period is not None:
        place, by = zone(archive.timezone), period
        spans = lambda first, last: usage.spans(first, last, place, by=by)  # noqa: E731
    found = archive.store.totals(where, spans=spans)
    if found is None:
        found = sum_up(archive.store.rollups(where), spans=spans) or []
    if len(found) <= _MOST_HELD:
        with _lock:
            _cache[key] = found
            while len(_cache) > _HELD:
                _cache.popitem(last=False)
    return found


def grouped(found: Iterable[Total], key: Callable[[Total], str | None]) -> dict[str | None, list[Total]]:
    """Gives sums by whatever is asked of each."""
    groups: dict[str | None, list[Total]] = {}
    for item in found:
        groups.setdefault(key(item), []).append(item)
    return groups


def summed(items: Iterable[Total]) -> Sum:
    """Gives several sums as one; the cost is unknown where any part's is."""
    rows = list(items)
    tokens = usage.total(item.tokens for item in rows) if rows else Tokens()
    known = sum(item.cost_known for item in rows)
    cost = None if any(item.cost is None for item in rows) else known
    return Sum(
        usage=usage_of(tokens, worst(item.quality for item in rows)),
        cost_usd=dollars(cost),
        cost_known_usd=dollars(known),
        responses=sum(item.responses for item in rows),
    )


def shares(items: Iterable[Total]) -> Shares:
    """Gives how sure the tokens of some sums are."""
    counts = {"measured": 0, "partial": 0, "estimated": 0}
    unpriced = whole = 0
    for item in items:
        count = item.tokens.total
        counts[item.quality] += count
        whole += count
        unpriced += count if item.cost is None else 0
    if not whole:
        return Shares()
    return Shares(
        measured=counts["measured"] / whole,
        partial=counts["partial"] / whole,
        estimated=counts["estimated"] / whole,
        unpriced=unpriced / whole,
    )


def mains(items: Iterable[Total]) -> int:
    """Gives how many main sessions have a part in some sums."""
    return len({item.main_session for item in items})

"""Sums of the ledger large enough for a report and small enough to be had in milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import apsw
import msgspec

from reenact.store.ledger import QUARTER
from reenact.store.query import Where, of_session
from reenact.store.session_query import Asking
from reenact.store.sql import fetch, fetch_one
from reenact.store.tokens import COLUMNS, QUALITIES, from_columns
from reenact.store.values import Filter, Rollup, Total
from reenact.usage import Span, total, worst

Spans = Callable[[int, int], Sequence[Span] | None]
"""(first, last beginning of a quarter) → the spans that cover them, or None where there is no saying."""

_GROUP = "s.root, s.agent, s.project, r.model"
_SUMS = ", ".join(f"sum(r.{name})" for name in COLUMNS)
_TOLD = f"{_GROUP}, sum(r.responses), max(r.quality), sum(r.cost_known), sum(r.unpriced), {_SUMS}"


def totals(
    connection: apsw.Connection, wanted: Filter, *, spans: Spans | None, asking: Asking | None
) -> list[Total] | None:
    """See `Store.totals`."""
    if not can_tell(wanted):
        return None
    where = Where()
    of_session(connection, wanted, where, asking)
    if wanted.model is not None:
        where.add("r.model=?", wanted.model)
    if wanted.since is not None:
        where.add("r.bucket>=?", wanted.since)
    if wanted.until is not None:
        where.add("r.bucket<?", wanted.until)
    low, high = fetch_one(connection, "SELECT min(bucket), max(bucket) FROM rollup") or (None, None)
    if low is not None and low <= 0:
        return None
    if spans is None:
        rows = fetch(
            connection,
            f"SELECT NULL, {_TOLD} FROM rollup r JOIN session s ON s.n=r.session{where} GROUP BY {_GROUP}",
            where.values,
        )
        return [_total(row) for row in rows]
    cover = [] if low is None else spans(low, high)
    if cover is None:
        return None
    asked = msgspec.json.encode([(span.start, span.stop, span.key) for span in cover]).decode()
    rows = fetch(
        connection,
        "WITH span AS (SELECT value->>0 AS start, value->>1 AS stop, value->>2 AS key FROM json_each(?)) "
        f"SELECT span.key, {_TOLD} FROM span CROSS JOIN rollup r ON r.bucket>=span.start "
        f"AND r.bucket<span.stop CROSS JOIN session s ON s.n=r.session{where} GROUP BY span.key, {_GROUP}",
        [asked, *where.values],
    )
    where.add("r.bucket IS NULL")
    rows += fetch(
        connection,
        f"SELECT NULL, {_TOLD} FROM rollup r JOIN session s ON s.n=r.session{where} GROUP BY {_GROUP}",
        where.values,
    )
    return [_total(row) for row in rows]


def can_tell(wanted: Filter) -> bool:
    """Tells whether sums of quarters answer a filter exactly."""
    edges = (wanted.since, wanted.until)
    return wanted.limit is None and all(edge is None or edge % QUARTER == 0 for edge in edges)


def sum_up(rollups: Iterable[Rollup], *, spans: Spans | None) -> list[Total] | None:
    """Gives the same from rollups one by one."""
    rows = list(rollups)
    times = [row.bucket for row in rows if row.bucket is not None]
    if times and min(times) <= 0:
        return None
    cover = spans(min(times), max(times)) if spans is not None and times else ()
    if cover is None:
        return None
    groups: dict[tuple[Any, ...], list[Rollup]] = {}
    for row in rows:
        at = row.bucket
        key = next((span.key for span in cover if at is not None and span.start <= at < span.stop), None)
        groups.setdefault((key, row.main_session, row.agent, row.project, row.model), []).append(row)
    return [
        Total(
            key=key,
            main_session=main_session,
            agent=agent,
            project=project,
            model=model,
            responses=sum(row.responses for row in group),
            tokens=total(row.tokens for row in group),
            quality=worst(row.quality for row in group),
            cost=None if any(row.cost is None for row in group) else sum(row.cost_known for row in group),
            cost_known=sum(row.cost_known for row in group),
        )
        for (key, main_session, agent, project, model), group in groups.items()
    ]


def _total(row: tuple[Any, ...]) -> Total:
    key, root, agent, project, model, responses, quality, known, unpriced, *tokens = row
    return Total(
        key=key,
        main_session=root,
        agent=agent,
        project=project,
        model=model,
        responses=responses,
        tokens=from_columns(tokens),
        quality=QUALITIES[quality],
        cost=None if unpriced else known,
        cost_known=known,
    )

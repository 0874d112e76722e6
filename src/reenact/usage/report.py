"""The values of a usage report, and the document that `usage --json` prints of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from reenact.clock import to_datetime
from reenact.events.blocks import Quality, Tokens
from reenact.usage.money import dollars

By = Literal["day", "week", "month", "session", "project", "model", "agent", "blocks"]
"""What a row of a report stands for."""


class _Value(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Sum(_Value, frozen=True, kw_only=True):
    """Tokens of some responses, the quality of the worst, and what they cost in pico-USD.

    `cost` is None where the price of any is unknown; `cost_known` is the cost of the others.
    """

    tokens: Tokens = Tokens()
    quality: Quality = "measured"
    cost: int | None = 0
    cost_known: int = 0
    responses: int = 0


class ModelSum(_Value, frozen=True, kw_only=True):
    """What one model had of a row."""

    model: str | None
    sum: Sum


class Burn(_Value, frozen=True, kw_only=True):
    """How fast the running block is used up, and where it ends at that pace."""

    tokens_per_minute: float
    cost_per_hour: int | None
    """Pico-USD."""
    remaining: int
    """Microseconds until the block ends."""
    projected_tokens: int
    projected_cost: int | None
    """Pico-USD."""


class Block(_Value, frozen=True, kw_only=True):
    """A five-hour window; times are UTC microseconds, `first` and `last` those of its responses."""

    start: int
    end: int
    first: int
    last: int
    is_active: bool = False
    burn: Burn | None = None


class Row(_Value, frozen=True, kw_only=True):
    """What was used on one day, in one session, by one model …; `key` is None where that is unknown.

    `sessions` counts main sessions: sub-agents belong to the session that they worked for.
    """

    key: str | None
    sessions: int
    sum: Sum
    models: tuple[ModelSum, ...] = ()
    block: Block | None = None


class Report(_Value, frozen=True, kw_only=True):
    """Rows by ascending key, and the sum of all of them."""

    by: By
    timezone: str
    rows: tuple[Row, ...]
    totals: Row
    as_model: str | None = None


def document(report: Report) -> dict[str, Any]:
    """Gives the report as `usage --json` prints it."""
    result: dict[str, Any] = {"version": 1, "by": report.by, "timezone": report.timezone}
    if report.as_model is not None:
        result["as_model"] = report.as_model
    result["rows"] = [_row(row) for row in report.rows]
    totals = _row(report.totals)
    del totals["key"]
    result["totals"] = totals
    return result


def usage_document(tokens: Tokens, quality: Quality) -> dict[str, Any]:
    """Gives the `usage` object of every JSON document; what no source told is null."""
    return {
        "input": tokens.input,
        "cache_read": tokens.cache_read,
        "cache_write": tokens.cache_write,
        "cache_write_5m": tokens.cache_write_5m,
        "cache_write_1h": tokens.cache_write_1h,
        "output": tokens.output,
        "reasoning": tokens.reasoning,
        "total": tokens.total,
        "quality": quality,
    }


def _row(row: Row) -> dict[str, Any]:
    result = {"key": row.key, "sessions": row.sessions, **_sum(row.sum), "models": _models(row.models)}
    if row.block is not None:
        result["block"] = _block(row.block)
    return result


def _models(models: Iterable[ModelSum]) -> list[dict[str, Any]]:
    return [{"model": each.model, **_sum(each.sum)} for each in models]


def _sum(value: Sum) -> dict[str, Any]:
    return {
        "responses": value.responses,
        "usage": usage_document(value.tokens, value.quality),
        "cost_usd": dollars(value.cost),
        "cost_known_usd": dollars(value.cost_known),
    }


def _block(block: Block) -> dict[str, Any]:
    result: dict[str, Any] = {
        "start": iso(block.start),
        "end": iso(block.end),
        "first": iso(block.first),
        "last": iso(block.last),
        "active": block.is_active,
    }
    if block.burn is not None:
        result["burn"] = {
            "tokens_per_minute": round(block.burn.tokens_per_minute, 3),
            "cost_usd_per_hour": dollars(block.burn.cost_per_hour),
            "remaining_seconds": block.burn.remaining // 1_000_000,
            "projected_tokens": block.burn.projected_tokens,
            "projected_cost_usd": dollars(block.burn.projected_cost),
        }
    return result


def iso(ts: int) -> str:
    """Gives a time as JSON shows it."""
    return to_datetime(ts).isoformat().replace("+00:00", "Z")

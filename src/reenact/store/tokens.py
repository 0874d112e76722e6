"""Token counts and qualities as columns and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from reenact.events import Tokens
from reenact.events.blocks import Quality
from reenact.store.values import Sums
from reenact.usage import add as add_tokens
from reenact.usage import worst

COLUMNS = ("input", "cache_read", "cache_write", "cache_write_5m", "cache_write_1h", "output", "reasoning")
NAMES = ", ".join(COLUMNS)
SUMS = ", ".join(f"sum({name})" for name in COLUMNS)
QUALITIES: tuple[Quality, ...] = ("measured", "partial", "estimated")
PICO = 1_000_000_000_000
_INT64 = 2**63


def to_columns(tokens: Tokens) -> tuple[int | None, ...]:
    return tuple(getattr(tokens, name) for name in COLUMNS)


def from_columns(values: Sequence[Any]) -> Tokens:
    """Reads the columns of one row, or their sums over none."""
    given = dict(zip(COLUMNS, values, strict=True))
    for name in ("input", "cache_read", "cache_write", "output"):
        given[name] = given[name] or 0
    return Tokens(**given)


def stated(cost: str | None) -> int | None:
    """Gives the cost that a source states, in pico-USD, or None where it states none."""
    if not cost:
        return None
    try:
        amount = int(Decimal(cost) * PICO)
    except (InvalidOperation, ValueError, OverflowError):
        return None
    return amount if 0 < amount < _INT64 else None


def add_sums(parts: Iterable[Sums]) -> Sums:
    """Gives the sum of sums."""
    tokens, cost, known = Tokens(), 0, 0
    unknown = False
    qualities: list[Quality] = []
    for part in parts:
        tokens = add_tokens(tokens, part.tokens)
        unknown = unknown or part.cost is None
        cost += part.cost or 0
        known += part.cost_known
        qualities.append(part.quality)
    return Sums(tokens=tokens, quality=worst(qualities), cost=None if unknown else cost, cost_known=known)

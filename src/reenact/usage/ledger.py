"""The rules of the ledger: how tokens add up, which record of a response holds, who owns it.

Every rule is free of order: sums are a commutative monoid with `Tokens()` as its zero, `better` is
the maximum of a total order, `owner` a minimum. So it never matters what was imported first.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Protocol, TypeVar

from reenact.events.blocks import Quality, Tokens

_BADNESS: dict[Quality, int] = {"measured": 0, "partial": 1, "estimated": 2}


class Recorded(Protocol):
    """What the ledger must know of one record of a response; `events.bodies.UsageRecorded` is one."""

    @property
    def tokens(self) -> Tokens: ...
    @property
    def quality(self) -> Quality: ...
    @property
    def final(self) -> bool: ...
    @property
    def model(self) -> str | None: ...


RecordT = TypeVar("RecordT", bound=Recorded)


def add(a: Tokens, b: Tokens) -> Tokens:
    """Gives the sum of two token counts.

    Parts that not every source tells (`cache_write_5m`, `cache_write_1h`, `reasoning`) are the sum
    of what was told, and None where nobody told them; so they may sum to less than their whole.
    """
    return Tokens(
        input=a.input + b.input,
        cache_read=a.cache_read + b.cache_read,
        cache_write=a.cache_write + b.cache_write,
        cache_write_5m=_add_told(a.cache_write_5m, b.cache_write_5m),
        cache_write_1h=_add_told(a.cache_write_1h, b.cache_write_1h),
        output=a.output + b.output,
        reasoning=_add_told(a.reasoning, b.reasoning),
    )


def total(tokens: Iterable[Tokens]) -> Tokens:
    """Gives the sum of all; of none, zero."""
    return reduce(add, tokens, Tokens())


def worst(qualities: Iterable[Quality]) -> Quality:
    """Gives the quality of a sum: that of its worst part; of no parts, measured."""
    return max(qualities, key=_BADNESS.__getitem__, default="measured")


def better(old: RecordT, new: RecordT) -> RecordT:
    """Gives the one of two records of the same response that holds; `old` where they say the same.

    What a source states beats an estimate. Then the larger output wins, since the counts of a
    response only grow while it streams; then the final record; then the fuller one.
    """
    return new if _rank(new) > _rank(old) else old


def owner(holders: Iterable[tuple[int | None, str]]) -> str:
    """Gives the session that owns a response: of all (session start, session id), the earliest.

    A session whose start is unknown comes after all that have one.
    """
    return min(holders, key=lambda holder: (holder[0] is None, holder[0] or 0, holder[1]))[1]


def _add_told(a: int | None, b: int | None) -> int | None:
    if a is None:
        return b
    return a if b is None else a + b


def _rank(record: Recorded) -> tuple[object, ...]:
    tokens = record.tokens
    return (
        record.quality != "estimated",
        tokens.output,
        record.final,
        -_BADNESS[record.quality],
        tokens.total,
        tokens.cache_write,
        tokens.cache_read,
        # ties beyond here differ only in what they leave untold
        -1 if tokens.cache_write_1h is None else tokens.cache_write_1h,
        -1 if tokens.cache_write_5m is None else tokens.cache_write_5m,
        -1 if tokens.reasoning is None else tokens.reasoning,
        record.model or "",
    )

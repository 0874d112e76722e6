"""Prices of tokens as whole numbers, and the one multiplication that makes a cost of them."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from reenact.events.blocks import Tokens

_SCALE = 18
"""Rates are kept in 1e-24 USD a token: dollars per million with this many decimals are exact."""
_TO_PICO = 10**12


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """What one token costs, in 1e-24 USD, by how it was billed."""

    input: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    output: int


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """The rates of responses whose context is longer than `above` tokens."""

    above: int
    rates: Rates


Tariff = tuple[Step, ...]
"""Steps by ascending `above`; the first begins at -1, so that every context has its rates."""


def per_million(usd: Decimal) -> int:
    """Gives the rate of one token from the usual dollars per million tokens."""
    return int(usd.scaleb(_SCALE))


def cost(tariff: Tariff, tokens: Tokens) -> int:
    """Gives what one response costs, in pico-USD, rounded once.

    The length of the whole context chooses the rates for all tokens, as providers bill long
    contexts. Cache writes that the source does not part by lifetime count as 5-minute writes.
    """
    context = tokens.input + tokens.cache_read + tokens.cache_write
    rates = tariff[0].rates
    for step in tariff[1:]:
        if context <= step.above:
            break
        rates = step.rates
    hourly = tokens.cache_write_1h or 0
    exact = (
        tokens.input * rates.input
        + tokens.cache_read * rates.cache_read
        + max(tokens.cache_write - hourly, 0) * rates.cache_write_5m
        + hourly * rates.cache_write_1h
        + tokens.output * rates.output
    )
    whole, rest = divmod(exact, _TO_PICO)
    half = _TO_PICO // 2
    return whole + (rest > half or (rest == half and whole % 2 == 1))

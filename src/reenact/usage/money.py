"""Money as whole pico-dollars (1e-12 USD): sums stay exact, and fit where databases keep integers."""

from __future__ import annotations

from decimal import Decimal
from typing import overload

PICO = 10**12
"""Pico-dollars in one dollar."""
_CENTS_OF_CENTS = Decimal("0.000001")


def pico(usd: Decimal) -> int:
    """Gives whole pico-dollars, rounded half to even.

    >>> pico(Decimal("0.25"))
    250000000000
    """
    return round(usd * PICO)


@overload
def usd(pico: int) -> Decimal: ...
@overload
def usd(pico: None) -> None: ...
def usd(pico: int | None) -> Decimal | None:
    """Gives the exact dollars of an amount in pico-dollars; unknown stays None.

    >>> usd(1_250_000_000_000)
    Decimal('1.250000000000')
    """
    return None if pico is None else Decimal(pico).scaleb(-12)


@overload
def dollars(pico: int) -> float: ...
@overload
def dollars(pico: None) -> None: ...
def dollars(pico: int | None) -> float | None:
    """Gives the number that JSON documents carry: dollars with at most six decimals, None if unknown.

    >>> dollars(1_234_567_890_123)
    1.234568
    """
    return None if pico is None else float(usd(pico).quantize(_CENTS_OF_CENTS))

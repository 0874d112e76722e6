from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from reenact.usage import dollars, pico, usd


@given(st.integers(min_value=0, max_value=10**24))
def test_dollars_and_pico_dollars_tell_the_same_amount(amount: int) -> None:
    assert pico(usd(amount)) == amount


def test_unknown_money_stays_unknown() -> None:
    assert usd(None) is None
    assert dollars(None) is None


def test_a_document_carries_six_decimals() -> None:
    assert dollars(1_250_000_000_000) == 1.25
    assert dollars(123_456_789_012) == 0.123457
    assert dollars(499_999) == 0.0


def test_less_than_a_pico_dollar_is_rounded_half_to_even() -> None:
    assert pico(Decimal("0.0000000000025")) == 2
    assert pico(Decimal("0.0000000000035")) == 4

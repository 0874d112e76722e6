from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.usage.builders import tokens

from reenact.events.blocks import Tokens
from reenact.usage.rates import Rates, Step, Tariff, cost, per_million

prices = st.decimals(min_value=0, max_value=1000, places=15)
price_lists = st.fixed_dictionaries(dict.fromkeys(Rates.__struct_fields__, prices))


def rates(of: dict[str, Decimal]) -> Rates:
    return Rates(**{name: per_million(price) for name, price in of.items()})


def by_hand(of: dict[str, Decimal], used: Tokens) -> Decimal:
    hourly = used.cache_write_1h or 0
    rest = used.cache_write - hourly if used.cache_write > hourly else 0
    return (
        of["input"] * used.input
        + of["cache_read"] * used.cache_read
        + of["cache_write_5m"] * rest
        + of["cache_write_1h"] * hourly
        + of["output"] * used.output
    ) / 1_000_000


@given(price_lists, price_lists, st.integers(min_value=0, max_value=10**7), tokens)
def test_a_cost_is_the_decimal_sum_rounded_once(
    short: dict[str, Decimal], long: dict[str, Decimal], threshold: int, used: Tokens
) -> None:
    tariff: Tariff = (Step(above=-1, rates=rates(short)), Step(above=threshold, rates=rates(long)))
    context = used.input + used.cache_read + used.cache_write
    expected = by_hand(long if context > threshold else short, used) * 10**12
    assert cost(tariff, used) == expected.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)


def test_halves_of_a_pico_dollar_go_to_the_even_neighbour() -> None:
    half = per_million(Decimal("0.0000005"))
    free = Rates(input=half, cache_read=0, cache_write_5m=0, cache_write_1h=0, output=0)
    tariff = (Step(above=-1, rates=free),)
    assert [cost(tariff, Tokens(input=count)) for count in range(6)] == [0, 0, 1, 2, 2, 2]


def test_a_long_context_changes_the_price_of_every_token() -> None:
    base = Rates(input=10**12, cache_read=0, cache_write_5m=0, cache_write_1h=0, output=10**12)
    dear = msgspec.structs.replace(base, input=2 * 10**12, output=3 * 10**12)
    tariff = (Step(above=-1, rates=base), Step(above=200, rates=dear))
    assert cost(tariff, Tokens(input=200, output=1)) == 201
    assert cost(tariff, Tokens(input=1, cache_read=100, cache_write=100, output=1)) == 2 + 3

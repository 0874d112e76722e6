from __future__ import annotations

import socket
from decimal import Decimal
from typing import Any

import genai_prices
import pytest
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ConditionalPrice, ModelPrice, Tier, TieredPrices, TimeOfDateConstraint
from hypothesis import given
from hypothesis import strategies as st
from tests.usage.builders import at, tokens

from reenact.clock import to_datetime
from reenact.events.blocks import Tokens
from reenact.usage import Override, Prices, overrides, usd
from reenact.usage.catalog import Model, find

MILLION = 1_000_000
USED = at("2026-11-20T12:00:00")
SONNET_4 = "claude-sonnet-4-20250514"


def price(model: str | None, used: Tokens, *, ts: int | None = USED, agent: str | None = None) -> str | None:
    cost = Prices().cost(model, used, ts, agent)
    return None if cost is None else format(usd(cost).normalize(), "f")


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        pytest.param(Tokens(input=MILLION), "3", id="input"),
        pytest.param(Tokens(cache_read=MILLION), "0.3", id="cache read"),
        pytest.param(Tokens(cache_write=MILLION), "3.75", id="cache write of untold lifetime"),
        pytest.param(Tokens(cache_write=MILLION, cache_write_5m=MILLION), "3.75", id="5-minute write"),
        pytest.param(Tokens(cache_write=MILLION, cache_write_1h=MILLION), "6", id="1-hour write"),
        pytest.param(
            Tokens(cache_write=MILLION, cache_write_5m=MILLION // 2, cache_write_1h=MILLION // 2),
            "4.875",
            id="both lifetimes",
        ),
        pytest.param(Tokens(output=MILLION, reasoning=MILLION), "15", id="reasoning is part of output"),
    ],
)
def test_every_way_of_billing_has_its_price(used: Tokens, expected: str) -> None:
    assert price(SONNET_4, used) == expected


@pytest.mark.parametrize(
    ("model", "agent", "expected"),
    [
        (SONNET_4, None, "3"),
        ("claude-sonnet-4", None, "3"),
        ("Claude-Sonnet-4", None, "3"),
        (" claude-sonnet-4-20250514 ", None, "3"),
        ("claude-opus-4-1-20250805", None, "15"),
        ("claude-fable-5[1m]", None, "10"),
        ("claude-fable-5@20260101", None, "10"),
        ("claude-fable-5-20260101[1m]", None, "10"),
        ("anthropic/claude-sonnet-4", None, "3"),
        ("openrouter/anthropic/claude-sonnet-4", None, "3"),
        ("some-proxy/anthropic/claude-sonnet-4", None, "3"),
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", None, "3"),
        ("bedrock/us.anthropic.claude-sonnet-4-20250514-v1:0", None, "3"),
        (
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-20250514-v1:0",
            None,
            "3",
        ),
        ("claude-sonnet-4@20250514", None, "3"),
        ("vertex_ai/claude-sonnet-4@20250514", None, "3"),
        ("gpt-5", "codex", "1.25"),
        ("gpt-5-codex", "codex", "1.25"),
        ("gpt-5-2025-08-07", None, "1.25"),
        ("openai/gpt-5", None, "1.25"),
        ("codex-mini-latest", "codex", "1.5"),
    ],
)
def test_a_model_is_known_by_all_its_names(model: str, agent: str | None, expected: str) -> None:
    assert price(model, Tokens(input=100_000), agent=agent) == format(Decimal(expected) / 10, "f")


@pytest.mark.parametrize(
    "model",
    [None, "", "  ", "<synthetic>", "nobody-knows-1", "claude-nobody-knows", "gpt-nobody", "/", "x/", "[1m]"],
)
def test_what_has_no_price_has_no_cost(model: str | None) -> None:
    assert price(model, Tokens(input=1), agent="claude_code") is None


@pytest.mark.parametrize("model", [None, "", "<synthetic>", "nobody-knows-1", SONNET_4])
def test_no_tokens_cost_nothing_whatever_the_model(model: str | None) -> None:
    assert price(model, Tokens()) == "0"


def test_prices_are_those_of_the_day_of_use() -> None:
    used = Tokens(input=300_000)
    assert price("claude-opus-4-6", used, ts=at("2026-03-12T23:59:59.999999")) == "3"
    assert price("claude-opus-4-6", used, ts=at("2026-03-13T00:00:00")) == "1.5"


def test_a_price_does_not_depend_on_what_was_priced_before() -> None:
    prices = Prices()
    days = [at("2026-03-12T00:00:00"), at("2026-03-13T00:00:00"), at("2026-03-12T12:00:00")]
    assert [prices.cost("claude-opus-4-6", Tokens(input=300_000), ts) for ts in days] == [
        3 * 10**12,
        15 * 10**11,
        3 * 10**12,
    ]


def test_a_response_without_a_time_is_priced_only_where_the_price_never_changed() -> None:
    assert price("claude-opus-4-6", Tokens(input=1), ts=None) is None
    assert price(SONNET_4, Tokens(input=MILLION), ts=None) == "3"


def test_a_long_context_is_priced_for_each_response() -> None:
    model = "claude-sonnet-4-5"
    assert price(model, Tokens(input=200_000)) == "0.6"
    assert price(model, Tokens(cache_read=200_001)) == "0.1200006"
    assert price(model, Tokens(input=200_001, output=MILLION)) == "23.700006"


def test_prices_of_a_time_of_day_change_within_the_day() -> None:
    snapshot = get_snapshot()
    model = next(
        m.id
        for provider in snapshot.providers
        if provider.id == "deepseek"
        for m in provider.models
        if isinstance(m.prices, list)
        and any(isinstance(c.constraint, TimeOfDateConstraint) for c in m.prices)
    )
    prices = Prices()
    used = Tokens(input=MILLION, output=MILLION)
    hours = [at("2025-03-01T00:15:00") + hour * 3_600_000_000 for hour in range(24)]
    costs = [prices.cost(model, used, ts) for ts in hours]
    assert costs == [library(model, used, ts) for ts in hours]
    assert len(set(costs)) > 1


def library(model: str, used: Tokens, ts: int) -> int:
    """What the library itself makes of it: an independent path through units and decompositions."""
    usage = genai_prices.Usage(
        input_tokens=used.input + used.cache_read + used.cache_write,
        cache_read_tokens=used.cache_read,
        cache_write_tokens=used.cache_write,
        cache_write_1h_tokens=used.cache_write_1h or 0,
        output_tokens=used.output,
    )
    total = genai_prices.calc_price(usage, model, genai_request_timestamp=to_datetime(ts)).total_price
    return round(total * 10**12)


KNOWN = [
    "claude-sonnet-4-5",
    "claude-opus-4-6",
    "claude-haiku-4-5",
    "gpt-5.5",
    "gpt-5",
    "o3",
    "gemini-2.5-pro",
]


@given(st.sampled_from(KNOWN), tokens, st.integers(at("2025-06-01T00:00:00"), at("2026-11-20T00:00:00")))
def test_costs_equal_those_of_the_price_library(model: str, used: Tokens, ts: int) -> None:
    hourly = min(used.cache_write_1h or 0, used.cache_write)
    used = used.__replace__(cache_write_1h=hourly)
    assert Prices().cost(model, used, ts) == library(model, used, ts)


def test_nothing_is_asked_of_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert price(SONNET_4, Tokens(input=MILLION)) == "3"
    assert price("nobody-knows-1", Tokens(input=1)) is None


def model(prices: Any, name: str = "claude-x") -> Model:
    from genai_prices.types import ClauseEquals, ModelInfo

    return Model(ModelInfo(id=name, match=ClauseEquals(equals=name), prices=prices))


def test_cache_prices_that_the_list_lacks_follow_the_makers_rule() -> None:
    bare = ModelPrice(input_mtok=Decimal(4), output_mtok=Decimal(8))
    claude = model(bare).tariff(USED)
    other = model(bare, "gpt-x").tariff(USED)
    assert claude is not None
    assert other is not None
    assert (claude[0].rates.cache_write_5m, claude[0].rates.cache_write_1h) == (5 * 10**18, 8 * 10**18)
    assert (other[0].rates.cache_write_5m, other[0].rates.cache_write_1h) == (4 * 10**18, 4 * 10**18)
    assert other[0].rates.cache_read == 4 * 10**18


def test_a_price_of_five_minute_writes_comes_before_that_of_all_writes() -> None:
    both = ModelPrice(
        input_mtok=Decimal(4),
        output_mtok=Decimal(8),
        cache_write_mtok=Decimal(6),
        cache_write_5m_mtok=Decimal(5),
    )
    tariff = model(both).tariff(USED)
    assert tariff is not None
    assert tariff[0].rates.cache_write_5m == 5 * 10**18


def test_a_model_on_the_list_without_a_price_has_none() -> None:
    assert model(ModelPrice(input_mtok=Decimal(4))).tariff(USED) is None
    assert model(ModelPrice()).tariff(USED) is None
    tiered = TieredPrices(base=Decimal(1), tiers=[Tier(start=100, price=Decimal(2))])
    dear = model([ConditionalPrice(prices=ModelPrice(input_mtok=tiered, output_mtok=Decimal(1)))]).tariff(
        USED
    )
    assert dear is not None
    assert [(step.above, step.rates.input) for step in dear] == [(-1, 10**18), (100, 2 * 10**18)]


def test_a_users_price_comes_before_the_list() -> None:
    mine = Override(pattern="claude-*", input=Decimal(1), output=Decimal(2))
    prices = Prices([mine, Override(pattern="*", input=Decimal(7), output=Decimal(7))])
    used = Tokens(input=MILLION, cache_read=MILLION, cache_write=MILLION, cache_write_1h=MILLION)
    assert prices.cost("Claude-Sonnet-4", used, USED) == 3 * 10**12
    assert prices.cost("house-model", Tokens(output=MILLION), None) == 7 * 10**12
    assert prices.cost("<synthetic>", used, USED) is None


def test_a_rate_is_for_a_million_and_nothing_costs_nothing() -> None:
    prices = Prices([Override(pattern="*", input=Decimal(3), output=Decimal(15))])
    assert prices.cost("any", Tokens(input=5000, output=1000), None) == 30 * 10**9
    assert prices.cost("any", Tokens(), None) == 0


def test_all_five_prices_of_a_user_are_used() -> None:
    own = overrides(
        {"m": {"input": 1, "cache_read": "0.1", "cache_write_5m": 1.25, "cache_write_1h": 2, "output": 5}}
    )
    used = Tokens(
        input=MILLION, cache_read=MILLION, cache_write=2 * MILLION, cache_write_1h=MILLION, output=MILLION
    )
    assert Prices(own).cost("m", used, USED) == 9_350_000_000_000


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({"m": {"input": 1}}, "output"),
        ({"m": {"input": 1, "output": 1, "cached": 1}}, "cached"),
        ({"m": {"input": "much", "output": 1}}, "much"),
        ({"m": {"input": -1, "output": 1}}, "-1"),
        ({"m": {"input": float("nan"), "output": 1}}, "nan"),
        ({"m": {"input": True, "output": 1}}, "True"),
        ({"m": 3}, "table"),
    ],
)
def test_a_price_that_is_none_is_refused_by_name(table: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        overrides(table)


def test_the_version_changes_with_the_users_prices() -> None:
    one = Override(pattern="a", input=Decimal(1), output=Decimal(1))
    two = Override(pattern="a", input=Decimal(2), output=Decimal(1))
    versions = {Prices().version, Prices([one]).version, Prices([two]).version}
    assert len(versions) == 3
    assert Prices([one]).version == Prices([one]).version
    prices = Prices()
    assert prices.version is prices.version
    assert genai_prices.__version__ in prices.version


def test_the_list_tells_how_much_a_model_takes_in() -> None:
    model = find(SONNET_4, None)
    assert model is not None
    assert (model.window or 0) >= 200_000

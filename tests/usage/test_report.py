from __future__ import annotations

import json
from datetime import UTC
from zoneinfo import ZoneInfo

from tests.usage.builders import Item, at

from reenact.events.blocks import Tokens
from reenact.usage import document, rollup

ENTRY = Item(
    ts=at("2026-11-20T10:30:00"),
    model="claude-sonnet-4-5",
    tokens=Tokens(
        input=10, cache_read=20, cache_write=30, cache_write_5m=25, cache_write_1h=5, output=40, reasoning=3
    ),
    quality="partial",
    cost=1_250_000_400_000,
)
USAGE = {
    "input": 10,
    "cache_read": 20,
    "cache_write": 30,
    "cache_write_5m": 25,
    "cache_write_1h": 5,
    "output": 40,
    "reasoning": 3,
    "total": 100,
    "quality": "partial",
}
SUM = {"responses": 1, "usage": USAGE, "cost_usd": 1.25, "cost_known_usd": 1.25}
MODELS = [{"model": "claude-sonnet-4-5", **SUM}]


def test_the_document_has_the_promised_shape() -> None:
    assert document(rollup([ENTRY], by="day", timezone=ZoneInfo("Europe/Berlin"))) == {
        "version": 1,
        "by": "day",
        "timezone": "Europe/Berlin",
        "rows": [{"key": "2026-11-20", "sessions": 1, **SUM, "models": MODELS}],
        "totals": {"sessions": 1, **SUM, "models": MODELS},
    }


def test_what_no_source_told_is_null() -> None:
    entry = Item(tokens=Tokens(input=1), cost=None, project=None)
    (row,) = document(rollup([entry], by="project", timezone=UTC))["rows"]
    assert row["key"] is None
    assert row["cost_usd"] is None
    assert row["cost_known_usd"] == 0
    assert (row["usage"]["cache_write_5m"], row["usage"]["reasoning"]) == (None, None)


def test_a_block_tells_its_window_in_the_document() -> None:
    other = Item(ts=at("2026-11-20T01:00:00"))
    report = rollup([ENTRY, other], by="blocks", timezone=UTC, now=at("2026-11-20T11:30:00"))
    old, running = document(report)["rows"]
    assert old["block"] == {
        "start": "2026-11-20T01:00:00Z",
        "end": "2026-11-20T06:00:00Z",
        "first": "2026-11-20T01:00:00Z",
        "last": "2026-11-20T01:00:00Z",
        "active": False,
    }
    assert running["block"]["active"] is True
    assert running["block"]["burn"] == {
        "tokens_per_minute": 1.667,
        "cost_usd_per_hour": 1.25,
        "remaining_seconds": 12600,
        "projected_tokens": 450,
        "projected_cost_usd": 5.625002,
    }


def test_the_document_says_which_model_it_prices_as() -> None:
    from reenact.usage import Prices

    report = rollup([ENTRY], by="day", timezone=UTC, prices=Prices(), as_model="gpt-5")
    result = document(report)
    assert result["as_model"] == "gpt-5"
    assert json.loads(json.dumps(result)) == result

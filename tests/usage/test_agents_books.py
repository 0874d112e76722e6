"""What Claude Code says a session cost, in its own words, against what we make of the same tokens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.corpus import CORPUS
from tests.usage.builders import at

from reenact.events.blocks import Tokens
from reenact.usage import Prices, usd

USED = at("2026-11-20T12:00:00")


@pytest.mark.parametrize(
    ("model", "used", "stated"),
    [
        pytest.param(
            "claude-opus-5-5",
            Tokens(
                input=2051,
                cache_read=433,
                cache_write=221,
                cache_write_5m=158,
                cache_write_1h=63,
                output=109,
            ),
            0.0117646,
            id="2.1.329",
        ),
        pytest.param(
            "claude-sonnet-4-5-20250929",
            Tokens(input=1017, cache_read=211, cache_write=107, output=53),
            0.00431055,
            id="2.0.76",
        ),
    ],
)
def test_a_cost_is_what_the_agent_states(model: str, used: Tokens, stated: float) -> None:
    cost = Prices().cost(model, used, USED, "claude_code")
    assert cost is not None
    assert float(usd(cost)) == pytest.approx(stated, abs=1e-9)


def cost_states() -> Iterator[tuple[str, dict[str, Any]]]:
    """Model and figures of every cost that the logs of the corpus state."""
    for path in sorted(CORPUS.rglob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            if b'"cost-state"' in line:
                row = json.loads(line)
                assert not row["hasUnknownModelCost"]
                yield from row["modelUsage"].items()


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus beside the checkout")
def test_every_cost_that_a_log_states_is_ours_too() -> None:
    compared = 0
    for model, told in cost_states():
        used = Tokens(
            input=told["inputTokens"],
            cache_read=told["cacheReadInputTokens"],
            cache_write=told["cacheCreationInputTokens"],
            cache_write_5m=told["cacheCreationEphemeral5mInputTokens"],
            cache_write_1h=told["cacheCreationEphemeral1hInputTokens"],
            output=told["outputTokens"],
        )
        cost = Prices().cost(model, used, USED, "claude_code")
        assert cost is not None
        assert float(usd(cost)) == pytest.approx(told["costUSD"], abs=1e-9)
        compared += 1
    assert compared > 10

"""The price list: which model a name means, and what it costed on a day, out of `genai-prices`.

Only the list that comes with the installed library is read; nothing here asks a network. The
library knows prices by date, by length of context and, for most models, of 1-hour cache writes.
Where a Claude model lacks a cache price, Anthropic's published multiples of the input price hold:
1.25 for 5-minute writes, 2 for 1-hour writes. For other vendors, cache traffic without a price of
its own is billed as input, which is what the library does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from reenact.usage.rates import Rates, Step, Tariff, per_million

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

AGENT_PROVIDERS = {"claude_code": "anthropic", "codex": "openai", "gemini": "google"}
"""Whose models an agent means by names that say nothing of their maker."""

_NOTE = re.compile(r"\[[^\]]*\]$")  # claude-…[1m]
_DATE = re.compile(r"[-@](?:\d{8}|\d{4}-\d\d-\d\d)$")
_BEDROCK = re.compile(r"^(?:[a-z-]+\.)?[a-z0-9]+\.[a-z]")  # us.anthropic.claude-…
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLAUDE_5M = Decimal("1.25")
_CLAUDE_1H = Decimal(2)


class Model:
    """A model of the price list."""

    def __init__(self, info: ModelInfo) -> None:
        from genai_prices.types import TimeOfDateConstraint

        self._info = info
        self._is_claude = "claude" in info.id
        conditions = info.prices if isinstance(info.prices, list) else []
        self.is_constant = len(conditions) < 2
        """True where the price never changed, as far as is known."""
        self.changes_within_a_day = any(isinstance(c.constraint, TimeOfDateConstraint) for c in conditions)

    @property
    def window(self) -> int | None:
        """Gives how many tokens a request to it may hold, where the list tells."""
        return self._info.context_window

    def tariff(self, ts: int) -> Tariff | None:
        """Gives the prices at a time (UTC µs); None where the list has the model but not its price."""
        prices = self._info.get_prices(_EPOCH + timedelta(microseconds=ts))
        starts = sorted({start for value in vars(prices).values() for start in _thresholds(value)})
        steps = []
        for above in (-1, *starts):
            rates = _rates(prices, above, is_claude=self._is_claude)
            if rates is None:
                return None
            steps.append(Step(above=above, rates=rates))
        return tuple(steps)


def list_version() -> str:
    """Names the price list that is installed."""
    from importlib.metadata import version

    return f"genai-prices {version('genai-prices')}"


def find(name: str, agent: str | None) -> Model | None:
    """Gives the model that an agent calls by this name; None if the price list does not know it.

    Provider prefixes (`anthropic/…`), Bedrock ids and ARNs, notes in brackets and dates are
    understood. A name in angle brackets is an agent's own voice, not a model.
    """
    name = name.strip().lower()
    if not name or name.startswith("<"):
        return None
    for spelling in _spellings(name):
        info = _look_up(spelling) or _look_up_at(AGENT_PROVIDERS.get(agent or ""), spelling)
        if info is not None:
            return Model(info)
    return None


def _spellings(name: str) -> Iterator[str]:
    yield name
    plain = _NOTE.sub("", name)
    if plain != name:
        yield plain
    undated = _DATE.sub("", plain)
    if undated != plain:
        yield undated


def _look_up(name: str) -> ModelInfo | None:
    from genai_prices.data_snapshot import get_snapshot

    try:
        return get_snapshot().find_provider_model(name, None, None, None)[1]
    except LookupError:
        pass
    prefix, slash, rest = name.partition("/")
    if slash:
        return _look_up_at(prefix, rest) or _look_up(rest)
    return _look_up_at("aws", name) if _BEDROCK.match(name) else None


def _look_up_at(provider: str | None, name: str) -> ModelInfo | None:
    from genai_prices.data_snapshot import find_provider_by_id, get_snapshot

    if not provider or not name:
        return None
    providers = get_snapshot().providers
    found = find_provider_by_id(providers, provider)
    return None if found is None else found.find_model(name, all_providers=providers)


def _rates(prices: ModelPrice, above: int, *, is_claude: bool) -> Rates | None:
    input_price, output = _price(prices.input_mtok, above), _price(prices.output_mtok, above)
    if input_price is None or output is None:
        return None
    write = _price(prices.cache_write_mtok, above)
    short = _price(prices.cache_write_5m_mtok, above)
    hourly = _price(prices.cache_write_1h_mtok, above)
    read = _price(prices.cache_read_mtok, above)
    if short is None:
        short = write if write is not None else input_price * (_CLAUDE_5M if is_claude else 1)
    if hourly is None:
        hourly = input_price * _CLAUDE_1H if is_claude else short
    return Rates(
        input=per_million(input_price),
        cache_read=per_million(input_price if read is None else read),
        cache_write_5m=per_million(short),
        cache_write_1h=per_million(hourly),
        output=per_million(output),
    )


def _price(value: Any, above: int) -> Decimal | None:
    """Gives dollars per million for a context just longer than `above`."""
    if value is None or isinstance(value, Decimal):
        return value
    reached: list[Decimal] = [tier.price for tier in value.tiers if tier.start <= above]
    return reached[-1] if reached else value.base


def _thresholds(value: Any) -> list[int]:
    return [tier.start for tier in getattr(value, "tiers", ())]

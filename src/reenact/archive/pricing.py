"""The usage room's prices, set up by the user's settings, as the store asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reenact import config as configuration
from reenact import usage
from reenact.errors import ConfigError

if TYPE_CHECKING:
    from reenact.config import Config
    from reenact.events import Tokens


def overrides(settings: Config, variables: Mapping[str, str]) -> tuple[usage.Override, ...]:
    """Gives the user's own prices.

    Raises:
        ConfigError: one of them is none.
    """
    try:
        return usage.overrides(settings.prices)
    except ValueError as error:
        raise ConfigError(str(configuration.config_path(variables)), str(error)) from error


class Pricer:
    """The usage room's prices as the store asks for them."""

    def __init__(self, prices: usage.Prices) -> None:
        self._prices = prices

    @property
    def price_version(self) -> str:
        return self._prices.version

    def __call__(self, model: str | None, tokens: Tokens, ts: int | None, agent: str, /) -> int | None:
        return self._prices.cost(model, tokens, ts, agent)

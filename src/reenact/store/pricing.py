"""What the store asks of whoever knows prices. The usage room offers one; tests bring their own."""

from __future__ import annotations

from typing import Protocol

from reenact.events import Tokens


class Pricer(Protocol):
    """Prices one model response by the date of its use."""

    @property
    def price_version(self) -> str:
        """Names the price list; stored money is computed again when it changes."""
        ...

    def __call__(self, model: str | None, tokens: Tokens, ts: int | None, agent: str, /) -> int | None:
        """Gives pico-USD (1e-12), or None where the price is unknown."""
        ...

"""How much a model can be sent at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from reenact.usage.catalog import find

_LONG = "[1m]"
_MILLION = 1_000_000


def window_of(models: Sequence[str]) -> int | None:
    """Gives the largest window of some models, in tokens; None where no list tells."""
    return max((size for model in set(models) if (size := _window(model)) is not None), default=None)


@lru_cache(maxsize=256)
def _window(model: str) -> int | None:
    if model.lower().endswith(_LONG):
        return _MILLION
    found = find(model, None)
    return None if found is None else found.window

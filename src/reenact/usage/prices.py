"""What responses cost: the price list, the user's own prices above it, and a memory of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from hashlib import sha256

import msgspec

from reenact.events.blocks import Tokens
from reenact.usage import catalog
from reenact.usage.rates import Rates, Step, Tariff, cost, per_million

_RULES = 1
"""Counts up when this code prices the same tokens differently."""
_DAY = 86_400_000_000
_SECOND = 1_000_000
_FIELDS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """A price of the user's, in USD per million tokens, for the models whose name fits `pattern`.

    `*` and `?` stand for any text and any letter; case does not matter. What is not given is
    billed as input (`cache_read`, `cache_write_5m`) or as `cache_write_5m` (`cache_write_1h`).
    """

    pattern: str
    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write_5m: Decimal | None = None
    cache_write_1h: Decimal | None = None


def overrides(table: Mapping[str, Mapping[str, object]]) -> tuple[Override, ...]:
    """Reads prices as a configuration file states them: model pattern → field → USD per million.

    Raises:
        ValueError: a field is unknown, missing or no price; the message names it.
    """
    return tuple(_override(pattern, fields) for pattern, fields in table.items())


class Prices:
    """Prices responses. Of several overrides that fit a model, the first holds."""

    def __init__(self, overrides: Sequence[Override] = ()) -> None:
        self._overrides = [(override, _own_tariff(override)) for override in overrides]
        self._models: dict[tuple[str, str | None], catalog.Model | Tariff | None] = {}
        self._tariffs: dict[tuple[str, str | None, int], Tariff | None] = {}
        self._version: str | None = None

    @property
    def version(self) -> str:
        """Names everything that a cost depends on besides the response: equal versions, equal costs."""
        if self._version is None:
            own = msgspec.json.encode([override for override, _ in self._overrides])
            digest = f", own prices {sha256(own).hexdigest()[:8]}" if self._overrides else ""
            self._version = f"rules {_RULES}, {catalog.list_version()}{digest}"
        return self._version

    def cost(self, model: str | None, tokens: Tokens, ts: int | None, agent: str | None = None) -> int | None:
        """Gives what one response costs by list price, in pico-USD; None where that is unknown.

        `ts` (UTC µs) chooses the prices of that day; without it, only a price that never changed
        is known. No tokens cost nothing, whatever the model.
        """
        if not tokens.total:
            return 0
        tariff = None if model is None else self._tariff(model, ts, agent)
        return None if tariff is None else cost(tariff, tokens)

    def _tariff(self, name: str, ts: int | None, agent: str | None) -> Tariff | None:
        model = self._model(name, agent)
        if not isinstance(model, catalog.Model):
            return model
        if ts is None and not model.is_constant:
            return None
        period = (ts or 0) // (_SECOND if model.changes_within_a_day else _DAY)
        key = (name, agent, period)
        if key not in self._tariffs:
            self._tariffs[key] = model.tariff(ts or 0)
        return self._tariffs[key]

    def _model(self, name: str, agent: str | None) -> catalog.Model | Tariff | None:
        key = (name, agent)
        if key not in self._models:
            self._models[key] = self._own(name) or catalog.find(name, agent)
        return self._models[key]

    def _own(self, name: str) -> Tariff | None:
        lowered = name.strip().lower()
        fitting = (
            tariff for override, tariff in self._overrides if fnmatchcase(lowered, override.pattern.lower())
        )
        return None if lowered.startswith("<") else next(fitting, None)


def _own_tariff(override: Override) -> Tariff:
    short = override.input if override.cache_write_5m is None else override.cache_write_5m
    rates = Rates(
        input=per_million(override.input),
        cache_read=per_million(override.input if override.cache_read is None else override.cache_read),
        cache_write_5m=per_million(short),
        cache_write_1h=per_million(short if override.cache_write_1h is None else override.cache_write_1h),
        output=per_million(override.output),
    )
    return (Step(above=-1, rates=rates),)


def _override(pattern: str, fields: Mapping[str, object]) -> Override:
    if not isinstance(fields, Mapping):
        raise ValueError(f"prices of {pattern!r} must be a table of {', '.join(_FIELDS)}")  # noqa: TRY004
    unknown = sorted(set(fields) - set(_FIELDS))
    if unknown:
        raise ValueError(f"prices of {pattern!r} have an unknown field {unknown[0]!r}")
    missing = [name for name in ("input", "output") if name not in fields]
    if missing:
        raise ValueError(f"prices of {pattern!r} lack {missing[0]!r}")
    prices = {name: _decimal(pattern, name, value) for name, value in fields.items()}
    return msgspec.convert({"pattern": pattern, **prices}, Override)


def _decimal(pattern: str, name: str, value: object) -> Decimal:
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or price < 0 or isinstance(value, bool):
        raise ValueError(f"the {name} price of {pattern!r} is no price: {value!r}")
    return price

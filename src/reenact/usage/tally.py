"""A running sum of responses: mutable, because a year of them must be summed in a second."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from reenact.events.blocks import Quality, Tokens
from reenact.usage.ledger import worst
from reenact.usage.report import Block, ModelSum, Row, Sum


class Counted(Protocol):
    """What is counted of one response."""

    @property
    def model(self) -> str | None: ...
    @property
    def tokens(self) -> Tokens: ...
    @property
    def quality(self) -> Quality: ...
    @property
    def main_session(self) -> str: ...


class Tally:
    """Sums responses by model, and counts the main sessions that they came from."""

    def __init__(self) -> None:
        self._models: dict[str | None, _Parts] = {}
        self._sessions: set[str] = set()

    @classmethod
    def of(cls, tallies: Iterable[Tally]) -> Tally:
        """Gives the sum of tallies."""
        result = cls()
        for tally in tallies:
            result.include(tally)
        return result

    def add(self, entry: Counted, cost: int | None) -> None:
        self._sessions.add(entry.main_session)
        self._parts(entry.model).add(entry.tokens, entry.quality, cost)

    def add_sum(self, main_session: str, model: str | None, part: Sum) -> None:
        """Takes responses of one session and model that were summed up before."""
        self._sessions.add(main_session)
        self._parts(model).add_sum(part)

    def include(self, other: Tally) -> None:
        self._sessions |= other._sessions
        for model, parts in other._models.items():
            self._parts(model).include(parts)

    def sum(self) -> Sum:
        """Gives the sum over all models."""
        everything = _Parts()
        for parts in self._models.values():
            everything.include(parts)
        return everything.sum()

    def row(self, key: str | None, *, block: Block | None = None) -> Row:
        """Gives the sums so far; models with most tokens first."""
        models = [ModelSum(model=model, sum=parts.sum()) for model, parts in self._models.items()]
        models.sort(key=lambda each: (-each.sum.tokens.total, each.model is None, each.model or ""))
        return Row(
            key=key,
            sessions=len(self._sessions),
            sum=self.sum(),
            models=tuple(models),
            block=block,
        )

    def _parts(self, model: str | None) -> _Parts:
        parts = self._models.get(model)
        if parts is None:
            parts = self._models[model] = _Parts()
        return parts


class _Parts:
    def __init__(self) -> None:
        self._counts = [0, 0, 0, 0]
        self._told: list[int | None] = [None, None, None]
        self._qualities: set[Quality] = set()
        self._cost = 0
        self._unpriced = 0
        self._responses = 0

    def add(self, tokens: Tokens, quality: Quality, cost: int | None) -> None:
        self._add_tokens(tokens)
        self._qualities.add(quality)
        self._responses += 1
        if cost is None:
            self._unpriced += 1
        else:
            self._cost += cost

    def add_sum(self, part: Sum) -> None:
        self._add_tokens(part.tokens)
        self._qualities.add(part.quality)
        self._responses += part.responses
        self._unpriced += part.cost is None
        self._cost += part.cost_known

    def include(self, other: _Parts) -> None:
        self._add_tokens(other._tokens())
        self._qualities |= other._qualities
        self._responses += other._responses
        self._unpriced += other._unpriced
        self._cost += other._cost

    def sum(self) -> Sum:
        return Sum(
            tokens=self._tokens(),
            quality=worst(self._qualities),
            cost=None if self._unpriced else self._cost,
            cost_known=self._cost,
            responses=self._responses,
        )

    def _add_tokens(self, tokens: Tokens) -> None:
        counts = self._counts
        counts[0] += tokens.input
        counts[1] += tokens.cache_read
        counts[2] += tokens.cache_write
        counts[3] += tokens.output
        told = self._told
        if tokens.cache_write_5m is not None:
            told[0] = (told[0] or 0) + tokens.cache_write_5m
        if tokens.cache_write_1h is not None:
            told[1] = (told[1] or 0) + tokens.cache_write_1h
        if tokens.reasoning is not None:
            told[2] = (told[2] or 0) + tokens.reasoning

    def _tokens(self) -> Tokens:
        return Tokens(
            input=self._counts[0],
            cache_read=self._counts[1],
            cache_write=self._counts[2],
            cache_write_5m=self._told[0],
            cache_write_1h=self._told[1],
            output=self._counts[3],
            reasoning=self._told[2],
        )

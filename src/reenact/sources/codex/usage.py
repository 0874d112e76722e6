"""Counting tokens of a rollout: every response once, whatever is repeated, copied or reset.

Since 0.169 a `token_usage_record` names the response. Before, `token_count` rows carry a running
total (`total_token_usage`) and the newest response (`last_token_usage`); they repeat, start again
at zero after a resume (0.42, 0.58) and are copied into forks. So a count is a difference of totals,
and its ledger key is made of what a copy preserves: the id of the turn and the totals; before turns
had ids (up to 0.98) the thread that first wrote the rows and the chain of all prompts and totals
up to this one, which siblings share only as far as their common past.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from reenact.events import Tokens
from reenact.sources.members import integer


class Totals(msgspec.Struct, frozen=True, kw_only=True, order=False):
    """Token counts as Codex states them: `input` includes what was cached or written to the cache."""

    input: int = 0
    cached: int = 0
    written: int = 0
    output: int = 0
    reasoning: int = 0

    def minus(self, other: Totals) -> Totals:
        return Totals(
            input=self.input - other.input,
            cached=self.cached - other.cached,
            written=self.written - other.written,
            output=self.output - other.output,
            reasoning=self.reasoning - other.reasoning,
        )

    def is_below(self, other: Totals) -> bool:
        """Tells whether any count is smaller than in the other."""
        return (
            self.input < other.input
            or self.cached < other.cached
            or self.written < other.written
            or self.output < other.output
            or self.reasoning < other.reasoning
        )

    @property
    def mark(self) -> str:
        return f"{self.input}.{self.cached}.{self.written}.{self.output}.{self.reasoning}"


NOTHING = Totals()


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens that are to be added to the ledger under a key."""

    key: str
    tokens: Tokens


def totals(value: dict[str, Any]) -> Totals:
    """Reads a usage object; what it does not tell is zero."""
    return Totals(
        input=integer(value, "input_tokens") or 0,
        cached=integer(value, "cached_input_tokens") or 0,
        written=integer(value, "cache_write_input_tokens") or 0,
        output=integer(value, "output_tokens") or 0,
        reasoning=integer(value, "reasoning_output_tokens") or 0,
    )


def tokens(counted: Totals) -> Tokens:
    """Gives counts in our terms: `input` is only what no cache had a part in."""
    return Tokens(
        input=max(0, counted.input - counted.cached - counted.written),
        cache_read=counted.cached,
        cache_write=counted.written,
        output=counted.output,
        reasoning=counted.reasoning,
    )


class Meter:
    """Counts one thread's responses in file order."""

    def __init__(self) -> None:
        self._previous: Totals | None = None
        self._has_records = False
        self._chain = ""
        self._given: dict[str, int] = {}
        self._responses: dict[str, Totals] = {}

    @property
    def has_records(self) -> bool:
        """True once a row named the response that it counts."""
        return self._has_records

    def prompt(self, text: str) -> None:
        """Takes note of what the user said, so that siblings' equal counts have different keys."""
        self._chain = _link(self._chain, text)

    def record(
        self, response: str | None, usage: Totals, *, turn: str | None, thread: Totals
    ) -> Counted | None:
        """Counts a `token_usage_record`; None for a repeat."""
        self._has_records = True
        self._previous = thread
        if response is None:
            return self._give(f"codex:{turn or ''}:{thread.mark}:{usage.mark}", usage)
        if self._responses.get(response) == usage:
            return None
        self._responses[response] = usage
        return Counted(key=f"resp:{response}", tokens=tokens(usage))

    def count(
        self,
        total: Totals,
        last: Totals | None,
        *,
        root: str,
        turn: str | None,
        has_past: bool,
        has_output: bool,
    ) -> Counted | None:
        """Counts a `token_count` row; None where it adds nothing.

        `has_past` tells that the thread's counter may have begun at another's totals, `has_output`
        that the model has answered in this thread.
        """
        if self._has_records:
            return None
        added = self._added(total, last, has_past=has_past, has_output=has_output)
        self._previous = total
        if added == NOTHING:
            return None
        self._chain = _link(self._chain, f"{total.mark}:{added.mark}")
        if turn is not None:
            return self._give(f"codex:{turn}:{total.mark}", added)
        return Counted(key=f"codex:{root}:{self._chain}", tokens=tokens(added))

    def _added(self, total: Totals, last: Totals | None, *, has_past: bool, has_output: bool) -> Totals:
        previous = self._previous
        if previous is None:
            if not has_past or last is None or total == last:
                return total
            # the total holds a past that was not copied; before any answer it holds nothing else
            return last if has_output else NOTHING
        if total == previous:
            return NOTHING
        if total.is_below(previous):
            return total if last is None else last
        if total == last:  # a resume that starts again at zero may soon be larger than before (0.42, 0.58)
            return total
        return total.minus(previous)

    def _give(self, key: str, usage: Totals) -> Counted:
        number = self._given[key] = self._given.get(key, 0) + 1
        return Counted(key=key if number == 1 else f"{key}#{number}", tokens=tokens(usage))


def _link(chain: str, text: str) -> str:
    return hashlib.sha256(f"{chain}\x1f{text}".encode("utf-8", "surrogatepass")).hexdigest()[:24]

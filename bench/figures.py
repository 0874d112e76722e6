"""One measured figure, and the bound it is held to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any, Literal

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure; `value` is None where it could not be measured, and `detail` tells why.

    One without a bound stands beside others, to be read with them.
    """

    name: str
    value: float | None
    unit: str
    bound: float | None = None
    rule: Literal["at most", "at least"] = "at most"
    rounds: tuple[float, ...] = ()
    detail: str = ""

    @property
    def met(self) -> bool | None:
        if self.value is None or self.bound is None:
            return None
        return self.value <= self.bound if self.rule == "at most" else self.value >= self.bound

    def line(self) -> str:
        shown = "not measured" if self.value is None else f"{self.value:.3g} {self.unit}"
        if self.bound is None:
            return f"{self.name}: {shown} {self.detail}".rstrip()
        verdict = {True: "met", False: "MISSED", None: "unknown"}[self.met]
        return f"{self.name}: {shown} ({self.rule} {self.bound:g}: {verdict}) {self.detail}".rstrip()

    def kept(self) -> dict[str, Any]:
        return {**msgspec.to_builtins(self), "met": self.met}


def over(rounds: int, measure: Callable[[], float]) -> tuple[float, tuple[float, ...]]:
    """Measures some times; gives the median and every round."""
    found = tuple(round(measure(), 6) for _ in range(rounds))
    return median(found), found


def middle(values: Sequence[float]) -> float:
    return median(values)

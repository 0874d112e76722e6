"""What one view of a thing must know of the other: Codex logs most things twice.

A text is a `response_item` (what the model is given) and an event or a completed item (what people
see). Whichever comes first makes the event; the other joins it. Of a tool call the output item
makes the event, and the completed item before it adds what only it knows.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from reenact.events.blocks import PlanItem


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """What a completed item tells of a tool call."""

    name: str
    input: Any = None
    ok: bool | None = None
    exit_code: int | None = None
    duration: int | None = None
    output: str | None = None
    error: str | None = None
    executor: str | None = None
    category: str | None = None
    data: Any = None


class Views:
    """Texts seen in one view and not yet in the other."""

    def __init__(self) -> None:
        self._shown: Counter[str] = Counter()
        self._given: Counter[str] = Counter()

    def show(self, text: str) -> bool:
        """Takes the view for people; True where the model's view has made the event already."""
        return _take(self._given, text, other=self._shown)

    def give(self, text: str) -> bool:
        """Takes the model's view; True where the view for people has made the event already."""
        return _take(self._shown, text, other=self._given)

    def waiting(self) -> list[str]:
        """Gives the texts that people saw and the model was not yet given, and forgets them."""
        texts = list(self._shown.elements())
        self._shown.clear()
        return texts


class Memory:
    """The pairs that are not yet whole, and what happened once only."""

    def __init__(self) -> None:
        self.answers = Views()
        self.prompts = Views()
        self.thoughts = Views()
        self.executions: dict[str, Execution] = {}
        self.finished: set[str] = set()
        self.patches: dict[str, str] = {}
        self.plans: dict[str, tuple[PlanItem, ...]] = {}
        self.filed: set[str] = set()
        self.spawned: set[str] = set()
        self.tasks: dict[str, str] = {}
        """Calls that spawn an agent → the task they gave it."""
        self.paths: dict[str, str] = {}
        """Paths of agents (the names that they give each other) → their threads."""
        self.compactions = 0
        self.limits: dict[str, tuple[Any, ...]] = {}
        self.searches: Counter[str] = Counter()
        self.policy: str | None = None
        self.review = False


def _take(counter: Counter[str], text: str, *, other: Counter[str]) -> bool:
    if counter[text] > 0:
        counter[text] -= 1
        if not counter[text]:
            del counter[text]
        return True
    del counter[text]
    other[text] += 1
    return False

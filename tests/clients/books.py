"""The endpoint's own books: what was asked and answered, kept apart from anything a client writes."""

from __future__ import annotations

import threading
from typing import Any, Literal

import msgspec
from tests.clients.script import Asked, Lane, Usage

Outcome = Literal["complete", "refused", "cut", "left"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One request with its answer. `start` is what a cut stream had stated before it broke off.
    `talk` names the strand that answered, None for a request that nobody scripted."""

    number: int
    dialect: Literal["messages", "responses"]
    lane: Lane
    model: str
    session: str
    agent: str
    parent: str
    opening: str
    response: str
    outcome: Outcome
    status: int
    usage: Usage
    start: Usage
    text: str
    thinking: str
    calls: tuple[tuple[str, str], ...]
    server_calls: tuple[str, ...]
    talk: str | None
    headers: dict[str, str]
    body: dict[str, Any]


class Books:
    """All entries of one endpoint, in order of arrival."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._asked: list[Asked] = []
        self._lock = threading.Condition()

    def open(self, asked: Asked) -> int:
        """The number of a request that just arrived."""
        with self._lock:
            self._asked.append(asked)
            return len(self._asked)

    def add(self, entry: Entry) -> None:
        """Write an entry down."""
        with self._lock:
            self._entries.append(entry)
            self._lock.notify_all()

    def entries(self) -> list[Entry]:
        """Every entry by number of arrival, when all that arrived have been answered (or given up)."""
        with self._lock:
            self._lock.wait_for(lambda: len(self._entries) == len(self._asked), timeout=20)
            return sorted(self._entries, key=lambda e: e.number)

    def spent(self, *lanes: Lane) -> Usage:
        """The usage of completed answers in these lanes (all of them when none is named)."""
        return add(
            *(e.usage for e in self.entries() if e.outcome == "complete" and (not lanes or e.lane in lanes))
        )

    def called(self, *lanes: Lane) -> dict[str, int]:
        """How often each tool was asked for by completed answers in these lanes."""
        counts: dict[str, int] = {}
        for entry in self.entries():
            if entry.outcome == "complete" and (not lanes or entry.lane in lanes):
                for name, _ in entry.calls:
                    counts[name] = counts.get(name, 0) + 1
        return counts


def add(*usages: Usage) -> Usage:
    """The sum by category."""
    return Usage(**{field: sum(getattr(u, field) for u in usages) for field in Usage.__struct_fields__})

"""A fold that goes on: event by event, for who follows a session that is being recorded."""

from __future__ import annotations

from reenact.events import Event, Header
from reenact.tree.fold import HANDLERS
from reenact.tree.folding import Folding
from reenact.tree.view import Message


class Growth:
    """Takes events in order and tells the model's context at any moment; nothing is folded twice."""

    def __init__(self, header: Header | None = None) -> None:
        self._folding = Folding(header, None)

    def add(self, event: Event) -> bool:
        """Takes the next event; tells whether the context got a part by it."""
        before = len(self._folding.context)
        self._folding.begin(event)
        handler = HANDLERS.get(type(event.body), Folding.other)
        handler(self._folding, event, event.body)
        return len(self._folding.context) > before

    def newest(self) -> Message | None:
        """Gives the part that came last, in force or not."""
        return self._folding.context.newest()

    def context(self, seq: int | None = None) -> tuple[Message, ...]:
        """Gives the context as it is, or as it was after the event at `seq`."""
        return self._folding.context.at(self._folding.last if seq is None else seq)

    def knows(self, event: str) -> bool:
        """Tells whether an event came by."""
        return event in self._folding.nodes

    def has_replaced(self, event: str) -> bool:
        """Tells whether an event replaced the context: a compaction, a trim, a reset, a revert."""
        return self._folding.context.has_replaced(event)

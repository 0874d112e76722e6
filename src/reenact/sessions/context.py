"""The context of a live session: what it shares with those it left, and its own events, folded once."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from reenact.events import Event, bodies
from reenact.sessions.message import Message, count_of, messages_of
from reenact.tree import Growth
from reenact.tree import Message as Part


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """An event after which the context was another one than before."""

    position: int
    event: Event
    compactions: tuple[Event, ...]
    """Those that could be taken back by then, oldest first."""


class Context:
    """Grows event by event. Positions count all events from the first shared one on."""

    def __init__(self, past: Iterable[Event]) -> None:
        self._growth = Growth()
        self._told: dict[int, Event] = {}
        self._messages: list[Message] | None = []
        self._skills: dict[str, None] = {}
        self.marks: list[Mark] = []
        self.position = 0
        for event in past:
            self._add(event)
        self.shared = self.position
        """How many of the events are another session's."""

    def add(self, event: Event) -> None:
        """Takes the session's next own event."""
        self._add(event)
        match event.body:
            case bodies.SkillActivated(name=name):
                self._skills[name] = None
            case bodies.SkillDeactivated(name=name):
                self._skills.pop(name, None)
            case _:
                pass

    def _add(self, event: Event) -> None:
        self.position += 1
        placed = event
        if event.seq != self.position:
            placed = msgspec.structs.replace(event, seq=self.position)
        is_part = self._growth.add(placed)
        if is_part or self._growth.has_replaced(event.id):
            compactions = self._compactions_after(event)
            self.marks.append(Mark(position=self.position, event=event, compactions=compactions))
            self._told[self.position] = event
            self._extend(event)

    def _compactions_after(self, event: Event) -> tuple[Event, ...]:
        """Gives the compactions that can be taken back after an event: going back forgets later ones."""
        before = self.marks[-1].compactions if self.marks else ()
        match event.body:
            case bodies.CompactionFinished():
                return (*before, event)
            case bodies.ContextReset(reason="reverted"):
                return ()
            case bodies.ContextReverted(to=str(to)) if (mark := self.find(to)) is not None:
                return mark.compactions
            case bodies.ContextReverted(abandoned=abandoned):
                return tuple(one for one in before if one.id not in abandoned)
            case _:
                return before

    def _extend(self, event: Event) -> None:
        """Puts what was said last behind the messages that are known; else they are made anew when asked for.

        Only a part of its own that follows on what is in force can be put there.
        """
        known, part = self._messages, self._growth.newest()
        self._messages = None
        follows = event.parent is None and not self._growth.has_replaced(event.id)
        if known is None or part is None or part.seq != self.position or not follows:
            return
        if part.message is None and getattr(event.body, "origin", None) != "compact_summary":
            known.extend(messages_of((part,), (event,)))
            self._messages = known

    @property
    def own(self) -> int:
        """How many of the events are the session's own."""
        return self.position - self.shared

    def parts(self, position: int | None = None) -> tuple[Part, ...]:
        """Gives what is in force, or was after the event at a position."""
        return self._growth.context(position)

    def messages(self, position: int | None = None) -> tuple[Message, ...]:
        """Gives the messages in force, or those that were after the event at a position."""
        if position is None and self._messages is not None:
            return tuple(self._messages)
        parts = self.parts(position)
        found = list(messages_of(parts, (self._told[part.seq] for part in parts)))
        if position is None:
            self._messages = found
        return tuple(found)

    def length(self) -> int:
        """Gives how many messages are in force."""
        return count_of(self.parts()) if self._messages is None else len(self._messages)

    @property
    def skills(self) -> tuple[str, ...]:
        """The skills that are active, in the order in which they came."""
        return tuple(self._skills)

    def find(self, event: str) -> Mark | None:
        """Gives the edit or message that an event is."""
        return next((mark for mark in reversed(self.marks) if mark.event.id == event), None)

    def before(self, position: int) -> Mark | None:
        """Gives the last change before a position; None where the context was still empty."""
        return next((mark for mark in reversed(self.marks) if mark.position < position), None)

    def last_compaction(self) -> Event | None:
        """Gives the latest compaction that was not taken back, nor left behind, if there is one."""
        held = self.marks[-1].compactions if self.marks else ()
        return held[-1] if held else None

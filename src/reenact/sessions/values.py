"""What live sessions answer with."""

from __future__ import annotations

import msgspec

from reenact.sessions.message import Message


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen answer."""


class Ancestry(Value, frozen=True, kw_only=True):
    """Where a session comes from, and what came from it."""

    parent: str | None
    children: tuple[str, ...]
    """Forks and sub-agents."""
    root: str
    """The session at the very top; itself where it has no parent."""
    branched_at: str | None = None
    """The last event that a fork shares; None where it shares none."""


class Snapshot(Value, frozen=True, kw_only=True):
    """A live session as it stands."""

    id: str
    agent: str
    is_open: bool
    last: int
    """The position of the last own event."""
    messages: tuple[Message, ...]
    skills: tuple[str, ...]
    tokens: int
    """Roughly how many tokens the messages take."""
    ancestry: Ancestry

    @property
    def length(self) -> int:
        """How many messages there are."""
        return len(self.messages)


class Compaction(Value, frozen=True, kw_only=True):
    """What a compaction did."""

    strategy: str
    before: int
    after: int
    """Messages."""
    tokens_before: int
    tokens_after: int
    summary: str | None = None
    event: str | None = None
    """The id of the event; None where nothing was to be done."""

    @property
    def is_done(self) -> bool:
        """True where the context is another one now."""
        return self.event is not None

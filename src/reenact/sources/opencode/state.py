"""What the parser remembers of one session of OpenCode between lines."""

from __future__ import annotations

from typing import Any

import msgspec

from reenact import ids
from reenact.events import Tokens
from reenact.sources.members import count, integer, mapping
from reenact.sources.protocol import Setting
from reenact.sources.strand import Page, Strand

AGENT = "opencode"
INHERITED = "inherited"
"""The lane of what a fork copied."""


class Message(msgspec.Struct, kw_only=True):
    """A message, and what of it waits for its end."""

    id: str
    role: str = ""
    info: dict[str, Any] = {}
    is_done: bool = False
    """True when it says itself that it is complete, or failed."""
    is_closed: bool = False
    ended: int | None = None
    usage_key: str | None = None
    booked: Tokens | None = None
    waiting: dict[str, dict[str, Any]] = {}
    """Texts that were not told yet, because they may still grow."""
    said: list[str] = []
    files: set[str] = set()
    """Files whose change a tool of this message told."""


class State:
    """One session."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.page = Page()
        self.strand = Strand(self.page, AGENT, setting.key)
        self.forked_from = setting.hints.get("forked_from")
        self.messages: dict[str, Message] = {}
        self.latest: Message | None = None
        self.created: int | None = None
        """Unix milliseconds."""
        self.has_started = self.has_left_past = False
        self.title: str | None = None
        self.mode: str | None = None
        self.reverted: str | None = None
        self.before: dict[str, str] = {}
        """Message → the last event before it."""
        self.children: dict[str, str] = {}
        """Tool call → the sub-agent session that it started."""
        self.spent = 0
        self.is_rolled_up = False
        self.rolled_up = 0
        self.has_finished_messages = False

    def message(self, identity: str) -> Message:
        found = self.messages.get(identity)
        if found is None:
            found = self.messages[identity] = Message(id=identity, waiting={}, said=[], files=set())
        return found

    def is_past(self, info: dict[str, Any]) -> bool:
        """Tells whether a message is older than its session: a fork has copied it."""
        made = integer(mapping(info, "time"), "created")
        return made is not None and self.created is not None and made < self.created

    def identify(self, parent: str | None) -> None:
        """Takes who started this session, or whose past it has copied."""
        header = self.strand.header
        if parent is not None:
            header = msgspec.structs.replace(header, kind="subagent", parent=ids.session_id(AGENT, parent))
        elif self.forked_from is not None:
            header = msgspec.structs.replace(
                header, kind="fork", parent=ids.session_id(AGENT, self.forked_from)
            )
        self.strand.header = header


def tokens(value: dict[str, Any]) -> Tokens | None:
    """Gives the counts of a message; None where it states none yet.

    All are apart from each other. That reasoning is no part of the output is decided by the total where
    there is one; without it (before 1.0), output is taken to hold the reasoning.
    """
    cache = mapping(value, "cache")
    fresh, output, reasoning = (count(value, name) for name in ("input", "output", "reasoning"))
    read, written = count(cache, "read"), count(cache, "write")
    if not fresh + output + reasoning + read + written:
        return None
    return Tokens(
        input=fresh,
        cache_read=read,
        cache_write=written,
        output=output if holds_reasoning(value) else output + reasoning,
        reasoning=reasoning,
    )


def holds_reasoning(value: dict[str, Any]) -> bool:
    """Tells whether the output of these counts includes the reasoning."""
    cache, output, reasoning = mapping(value, "cache"), count(value, "output"), count(value, "reasoning")
    rest = count(value, "input") + count(cache, "read") + count(cache, "write")
    total = integer(value, "total")
    if total is None or total == 0:
        return reasoning <= output
    return total == rest + output and total != rest + output + reasoning

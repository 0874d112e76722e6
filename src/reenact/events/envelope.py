"""The envelope around every body, and the header of a session."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from reenact.events.bodies import AnyBody

FORMAT = 1
"""The version of the stored format that this code writes."""

SourceKind = Literal[
    "recorder", "wire", "provider_file", "provider_log", "hook", "stdout", "stderr", "backfill"
]
"""Through what we learnt of an event."""
Completeness = Literal["full", "partial", "metadata_only"]
"""How much of what happened an event tells."""
SessionKind = Literal["main", "subagent", "fork"]
"""Whether a session stands for itself, was started by another, or left another's past."""


class Origin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where an imported event's record lies: original, generation, and byte range of the decoded text."""

    original: str
    offset: int
    length: int
    generation: int = 1


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One immutable thing that happened.

    `seq` is the position in the session, contiguous from 1. `ts` is the source's time and
    `recorded_at` ours, both UTC microseconds; `ts` is None where the source has none.
    """

    v: int
    seq: int
    id: str
    session: str
    ts: int | None = None
    recorded_at: int
    loop: str | None = None
    turn: str | None = None
    lane: str | None = None
    parent: str | None = None
    source_kind: SourceKind = "recorder"
    completeness: Completeness = "full"
    origin: Origin | None = None
    body: AnyBody
    extra: dict[str, Any] | None = None


class Header(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who a session is: what must be known of it before its events are read.

    `parent` and `parent_call` name the session (archive id) and the tool call that it came from,
    where the source tells; the other direction is told by the parent's own events.
    """

    id: str
    agent: str
    native_id: str
    kind: SessionKind = "main"
    parent: str | None = None
    parent_call: str | None = None
    parent_event: str | None = None
    """The event of the parent at which a fork left it."""
    hidden: bool = False
    """True for sessions that people do not ask for (an agent's warm-up calls); they count all the same."""

"""The values of replay: what is recorded, what is asked, what is answered, what is told at the end.

The gateway and every mock model talk to the player in these values alone. Times are microseconds.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from reenact.wire.canonical import Json, Object
from reenact.wire.request import Request
from reenact.wire.rules import Rule

Kind = Literal["main", "aux"]
"""A main call moves the conversation on; an auxiliary one (title, quota, count) stands beside it."""
Fidelity = Literal["wire", "journal", "synthesised"]
End = Literal["complete", "client_abort", "upstream_error", "truncated"]
Level = Literal["fp0", "fp1", "fp1_union", "fp2", "order"]
"""How a request was matched, the strictest first.

`fp0` equal, `fp1` equal after each side's own values were taken out, `fp1_union` after both sides'
were taken out of both, `fp2` equal but for what tools gave back, `order` by its place alone (a
script without requests). What is below `fp1_union` is always reported.
"""
Policy = Literal["fail", "live", "live-and-record", "stub"]
"""What happens to a main call that the recording has no answer for."""
Timing = Literal["none", "recorded", "scaled"]
"""Whether answers come at once, at their recorded pace, or at that pace times a factor."""
Errors = Literal["skip", "faithful"]
"""Whether recorded failures that the client then overcame are left out or played as well."""

Section = Literal["body", "model", "params", "tools", "system", "messages"]
Change = Literal["changed", "added", "removed", "moved"]
DivergenceKind = Literal["changed", "extra", "repeated", "reordered", "missing", "unreadable", "unchecked"]
"""`changed`: another request came; `extra`: one more than recorded; `repeated`: one that was
answered before; `reordered`: the same messages in another order; `missing`: a recorded call was
never asked for; `unreadable`: the request could not be read; `unchecked`: nothing was kept to compare."""
Classification = Literal[
    "volatile", "tool output", "tool schema", "prompt", "model", "parameter", "compaction", "history", "other"
]
Consequence = Literal["refused", "served", "live", "stubbed", "none"]


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A plain frozen value."""


# -- what was recorded ------------------------------------------------------------------------


class Taped(Value, frozen=True, kw_only=True):
    """An answer as it went over the wire. `chunks` are (time since the request, length)."""

    status: int
    headers: dict[str, str]
    body: bytes
    chunks: tuple[tuple[int, int], ...] = ()
    end: End = "complete"


class Told(Value, frozen=True, kw_only=True):
    """An answer as a log tells it: the whole message, to be streamed anew."""

    message: Object


class Exchange(Value, frozen=True, kw_only=True):
    """One recorded model call. `lane` is empty for the main lane, else the sub-agent's own id.

    `request` is the body as a value, or None where nobody kept it; such a call is served by its
    order within the lane. `arrival` counts requests in the order in which they came.
    """

    id: str
    lane: str = ""
    arrival: int
    kind: Kind = "main"
    purpose: str | None = None
    """What an auxiliary call is for: title, quota, count_tokens, models, compact …"""
    method: str = "POST"
    path: str = "/v1/messages"
    request: Json = None
    response: Taped | Told | None = None
    """None where the recording ends before an answer came."""
    failures: tuple[Taped, ...] = ()
    """Earlier answers to the same request that made the client ask again."""
    message: str | None = None
    """The provider's id of the answer."""
    step: int = 0
    """The place among the main calls of its lane, from 1."""
    parent: str | None = None
    """The call before it in its lane."""
    fidelity: Fidelity = "wire"
    unresolved: tuple[str, ...] = ()
    """Hashes of messages that the log no longer holds; the request is known in part only."""


# -- what is asked ----------------------------------------------------------------------------


class Incoming(Value, frozen=True, kw_only=True):
    """One request of the agent that is replayed.

    `headers` have lower-case names. `body` must be scrubbed of secrets in the way the recording
    was, or equal requests would differ. `lane` overrides what the headers tell.
    """

    method: str = "POST"
    path: str = "/v1/messages"
    headers: dict[str, str] = {}
    body: bytes = b""
    request: Request | None = None
    """The body, where it was read already."""
    lane: str | None = None


# -- what is answered -------------------------------------------------------------------------


class Chunk(Value, frozen=True, kw_only=True):
    """Bytes to be sent in one piece, `delay` microseconds after the piece before."""

    data: bytes
    delay: int = 0


class Served(Value, frozen=True, kw_only=True):
    """A recorded answer. When it was sent, or could not be, call `Player.finish(ticket, …)`."""

    ticket: int
    exchange: str
    level: Level
    lane: str
    step: int
    status: int
    headers: dict[str, str]
    chunks: tuple[Chunk, ...]
    end: End = "complete"
    """`client_abort` and `truncated` break off: close the connection after the last chunk."""
    fidelity: Fidelity = "wire"
    is_rewritten: bool = False
    """True where paths or ids of the recording were put into the words of the actual run."""
    is_repeat: bool = False
    """True where a request that is still being answered, or was broken off, came once more."""

    @property
    def body(self) -> bytes:
        """The whole answer."""
        return b"".join(chunk.data for chunk in self.chunks)


class Refused(Value, frozen=True, kw_only=True):
    """The answer to a request the recording has no answer for; the first refusal is `divergence`."""

    status: int
    headers: dict[str, str]
    body: bytes
    divergence: Divergence


class GoLive(Value, frozen=True, kw_only=True):
    """The request is to be sent to the real model, and its exchange recorded where `record` says so."""

    reason: Literal["until", "miss"]
    record: bool
    lane: str
    step: int
    after: str | None = None
    """The exchange that was served last in this lane: where the new branch leaves the recording."""
    divergence: Divergence | None = None


class Stubbed(Value, frozen=True, kw_only=True):
    """A made-up answer, for a call that does not move the conversation on or by policy."""

    purpose: str
    lane: str
    status: int
    headers: dict[str, str]
    chunks: tuple[Chunk, ...]
    divergence: Divergence | None = None

    @property
    def body(self) -> bytes:
        """The whole answer."""
        return b"".join(chunk.data for chunk in self.chunks)


Answer: TypeAlias = Served | Refused | GoLive | Stubbed
"""What the player gives for a request; the gateway matches over it."""


# -- what is told -----------------------------------------------------------------------------


class Difference(Value, frozen=True, kw_only=True):
    """One place in which the request differs from the closest recorded one.

    `where` is the place in the actual request, or in the recorded one where it was removed.
    """

    section: Section
    where: str
    what: str = ""
    """What stands there, in words: `tool_result of Read`."""
    change: Change = "changed"
    recorded: str | None = None
    actual: str | None = None
    lines: tuple[str, ...] = ()
    """For texts of several lines: the lines that differ, `-` recorded, `+` actual."""
    classification: Classification = "other"
    rule: Rule | None = None
    """A rule that would make this place equal, for the user to accept (`rule_event` keeps it)."""


class Divergence(Value, frozen=True, kw_only=True):
    """A located difference between what was asked and what was recorded."""

    id: str
    kind: DivergenceKind
    lane: str
    step: int
    cause: str
    """The first difference, causes before effects: its place and what stands there."""
    severity: Literal["major", "minor"] = "major"
    level: Level | None = None
    """The level at which an answer was served all the same."""
    exchange: str | None = None
    """The closest recorded call."""
    common: int = 0
    """How many messages both requests begin with."""
    messages: int = 0
    """How many messages the actual request has."""
    differences: tuple[Difference, ...] = ()
    further: int = 0
    """How many more differences there are than are listed."""
    classification: Classification = "other"
    rule: Rule | None = None
    consequence: Consequence = "refused"


class Stub(Value, frozen=True, kw_only=True):
    """A call that got a made-up answer."""

    purpose: str
    lane: str
    path: str


class Unplayed(Value, frozen=True, kw_only=True):
    """A recorded call that the actual run never made."""

    exchange: str
    lane: str
    step: int
    kind: Kind
    purpose: str | None = None


class Report(Value, frozen=True, kw_only=True):
    """The player's books: what was asked, how it was matched, what was not."""

    requests: int
    """Requests of every kind."""
    recorded: int
    """Main calls of the recording that were to be played."""
    matched: dict[str, int]
    """Main calls by level."""
    auxiliary: int = 0
    """Auxiliary calls that were served from the recording."""
    repeats: int = 0
    rewritten: int = 0
    live: int = 0
    refusals: int = 0
    stubs: tuple[Stub, ...] = ()
    unplayed: tuple[Unplayed, ...] = ()
    before: int = 0
    """Recorded calls that the run's first request already held the answers of (a resumed session)."""
    divergences: tuple[Divergence, ...] = ()
    """In the order they happened; the first explains the others."""
    warnings: tuple[str, ...] = ()
    fidelity: Fidelity = "wire"
    diverged: bool = False
    """The judgement: True where anything but the recorded run was asked for or was left unasked."""

"""The state at a step: files, context, requests, and one step itself."""

from __future__ import annotations

from typing import Literal

from reenact.web.views.base import Known, Text, Usage, View
from reenact.web.views.stream import StreamRow, Todo


class FileRow(View, frozen=True, kw_only=True):
    """A file that was touched so far."""

    path: str
    op: Literal["create", "modify", "delete", "move"]
    ops: int
    first: int
    last: int
    plus: int
    minus: int
    counted: bool
    """False: `plus` and `minus` are lower bounds."""
    exists: bool
    known: Known
    moved_to: str | None


class ReadRow(View, frozen=True, kw_only=True):
    """A file that was read, and not touched."""

    path: str
    reads: int
    last: int
    found: bool


class Limit(View, frozen=True, kw_only=True):
    """What a provider said of a limit."""

    scope: str | None
    used_percent: float | None
    resets_at: int | None
    seq: int


class OpenCall(View, frozen=True, kw_only=True):
    """A tool call without a result yet."""

    call: str
    name: str
    seq: int


class AtView(View, frozen=True, kw_only=True):
    """Everything as it was after the event at `seq`."""

    seq: int
    ts: int | None
    elapsed_ms: int | None
    loop: int
    turn: int
    label: str
    context: int
    cached: int
    window: int | None
    cost: float
    cost_total: float | None
    tokens: int
    usage: Usage
    """The session's own, without sub-agents."""
    files: tuple[FileRow, ...]
    read: tuple[ReadRow, ...]
    later: tuple[str, ...]
    """Files that are changed only after `seq`."""
    shells: int
    """Shell commands by then: they may have changed more than is told."""
    todos: tuple[Todo, ...]
    todos_seq: int | None
    open_calls: tuple[OpenCall, ...]
    model: str | None
    cwd: str | None
    permission: str | None
    limit: Limit | None


class LifeEvent(View, frozen=True, kw_only=True):
    """A read or a change of one file."""

    seq: int
    kind: Literal["read", "change"]
    op: str | None
    ok: bool | None


class FileView(View, frozen=True, kw_only=True):
    """One file at a step."""

    path: str
    seq: int
    against: Literal["previous", "start", "none"]
    life: tuple[LifeEvent, ...]
    text: Text | None
    """The file's content at `seq`, where `against` is none and it is known."""
    diff: Text | None
    """A unified diff."""
    known: Known
    changed_at: int | None
    why: str
    """What cannot be known, in a sentence; empty where all is."""


class ContextPart(View, frozen=True, kw_only=True):
    """A part of what the model was sent."""

    seq: int | None
    role: str
    kind: str
    title: str
    tokens: int
    """Estimated from its size."""
    chars: int
    billed: Literal["read", "write", "input", "output"] | None
    new: bool
    summary: bool


class ContextView(View, frozen=True, kw_only=True):
    """What the model was sent, part by part."""

    seq: int
    window: int | None
    compact_at: int | None
    used: int
    measured: bool
    """True: `used` is what the provider counted for the latest request."""
    rebuilt: bool
    """True: no request is recorded; the parts are rebuilt from the log."""
    estimated: int
    """Sum of the parts."""
    total: int
    """How many parts there are; `parts` may leave out the middle ones."""
    parts: tuple[ContextPart, ...]
    answer: ContextPart | None


class RequestRow(View, frozen=True, kw_only=True):
    """A request to the model."""

    k: int
    exchange: str
    seq: int
    end: int
    ts: int | None
    lane: str | None
    model: str | None
    auxiliary: bool
    purpose: str | None
    status: str
    usage: Usage | None
    cost_usd: float | None
    ttft_ms: float | None
    duration_ms: float | None
    stop_reason: str | None
    messages: int | None
    rebuilt: bool
    provenance: tuple[str, ...]


class Requests(View, frozen=True, kw_only=True):
    """All requests of a session."""

    total: int
    rows: tuple[RequestRow, ...]


class Change(View, frozen=True, kw_only=True):
    """A part of a request against the request before: kept, new or gone."""

    sign: Literal["=", "+", "-"]
    title: str
    count: int
    tokens: int
    seq: int | None
    text: Text | None


class RequestView(View, frozen=True, kw_only=True):
    """One request, and what is new in it."""

    request: RequestRow
    previous: int | None
    changes: tuple[Change, ...]
    answer: Text | None
    body: Text | None
    """The request as sent, where it is recorded."""
    fidelity: str | None
    chunks: tuple[tuple[int, int], ...]


class EventView(View, frozen=True, kw_only=True):
    """One event as it is kept."""

    seq: int
    kind: str
    ts: int | None
    source_kind: str
    completeness: str
    json: Text
    origin: str | None
    """Original, offset and length of the source's record."""


class Fact(View, frozen=True, kw_only=True):
    """A line at the top of the inspector."""

    name: str
    value: str


class UsageLine(View, frozen=True, kw_only=True):
    """Tokens of one kind, and what they cost by the list."""

    name: Literal["cache_read", "cache_write", "input", "output", "total"]
    tokens: int
    cost: float | None
    note: str | None


class Note(View, frozen=True, kw_only=True):
    """Somebody's note: on an event, or on the session as a whole."""

    text: str
    seq: int | None
    ts: int | None


class StepView(View, frozen=True, kw_only=True):
    """The inspector: one step with everything told of it."""

    seq: int
    end: int
    row: StreamRow | None
    facts: tuple[Fact, ...]
    events: tuple[EventView, ...]
    turn: int
    turn_usage: Usage | None
    turn_cost: float | None
    usage_lines: tuple[UsageLine, ...]
    request: int | None
    notes: tuple[Note, ...]
    raw: Text | None
    """The source's record, scrubbed."""

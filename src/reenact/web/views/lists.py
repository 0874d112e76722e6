"""Sessions in a list, what was asked, and what could be."""

from __future__ import annotations

from typing import Literal

from reenact.web.views.base import LiveStatus, Quality, SessionKind, Usage, View


class Source(View, frozen=True, kw_only=True):
    """Where a session was imported from."""

    path: str | None
    present: bool


class Chip(View, frozen=True, kw_only=True):
    """A few words beside a title."""

    text: str
    tone: Literal["plain", "warn", "bad"]
    session: str | None = None


class Tape(View, frozen=True, kw_only=True):
    """A session as a drawing of at most `width` buckets by time, waits folded.

    `model`: one digit a bucket, 0 nothing … 9 the most output. `tools`: one letter a bucket, `.` none,
    l look, c change, r run, a reach out, s spawn, o other; a capital where one failed.
    """

    width: int
    used: int
    model: str
    tools: str
    agents: tuple[tuple[int, int, int], ...]
    """(first bucket, last bucket, lane 1…) of each sub-agent."""
    marks: tuple[tuple[int, str], ...]
    """(bucket, compaction | error | fork | permission | you)."""
    branch: str | None = None
    """The branch that was worked on: only the events tell it, so it comes with the drawing."""
    chip: Chip | None = None
    """Why it ended badly, in a few words."""


class Tapes(View, frozen=True, kw_only=True):
    """Drawings by session."""

    tapes: dict[str, Tape]


class SessionRow(View, frozen=True, kw_only=True):
    """One session: what `list --json` says, and what the list draws beside it."""

    id: str
    native_id: str
    agent: str
    agent_version: str | None
    kind: SessionKind
    title: str | None
    cwd: str | None
    project: str | None
    branch: str | None
    models: tuple[str, ...]
    started_at: str | None
    ended_at: str | None
    started_ts: int | None
    ended_ts: int | None
    status: str
    live_status: LiveStatus
    completeness: str
    parent: str | None
    children: tuple[str, ...]
    agents: int
    """How many of the children are sub-agents."""
    hidden: bool
    loops: int
    turns: int
    events: int
    tool_calls: int
    warnings: int
    removed_at_source: int
    tags: tuple[str, ...]
    source: Source
    usage: Usage
    usage_total: Usage
    inherited: int
    cost_usd: float | None
    cost_known_usd: float
    cost_total_usd: float | None
    cost_total_known_usd: float
    chip: Chip | None
    tape: Tape | None
    """Null where it is not drawn yet: ask `/tapes`."""
    snippet: str | None = None
    snippet_seq: int | None = None


class QueryProblem(View, frozen=True, kw_only=True):
    """A part of the query that cannot be read and was left out; `column` counts from 1."""

    column: int
    length: int
    message: str
    expected: str
    example: str


class QueryPart(View, frozen=True, kw_only=True):
    """A part of a query, and how many sessions it would match alone."""

    text: str
    matches: int


class SessionList(View, frozen=True, kw_only=True):
    """A page of the list."""

    total: int
    matched: int
    offset: int
    took_ms: float
    problems: tuple[QueryProblem, ...]
    rows: tuple[SessionRow, ...]
    parts: tuple[QueryPart, ...] | None
    """Where nothing fits: how many each part would match alone."""


class Group(View, frozen=True, kw_only=True):
    """A group of the list by time: rows `first` … `first + count - 1`."""

    key: str
    title: str
    first: int
    count: int
    cost: float | None
    cost_known: float
    quality: Quality


class Groups(View, frozen=True, kw_only=True):
    """The heads between the rows of the list."""

    groups: tuple[Group, ...]


class Suggestion(View, frozen=True, kw_only=True):
    """A word that may follow in the search box."""

    value: str
    count: int


class Suggestions(View, frozen=True, kw_only=True):
    """Words that may follow, most frequent first."""

    field: str
    values: tuple[Suggestion, ...]

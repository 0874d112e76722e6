"""What was said and done, as rows."""

from __future__ import annotations

from typing import Literal

from reenact.web.views.base import Effect, LiveStatus, Text, Usage, View


class ImageRef(View, frozen=True, kw_only=True):
    """Where a recorded image is served."""

    url: str
    media_type: str
    bytes: int
    alt: str


class Diff(View, frozen=True, kw_only=True):
    """A change of a file."""

    path: str
    op: str
    patch: Text | None
    plus: int | None
    minus: int | None
    seq: int


class Todo(View, frozen=True, kw_only=True):
    """An item of the to-do list."""

    text: str
    status: Literal["pending", "in_progress", "completed", "other"]
    seq: int | None = None
    """The step that changed it last."""


class ToolView(View, frozen=True, kw_only=True):
    """A tool call as one card."""

    call: str | None
    name: str
    tool_kind: str
    effect: Effect
    server: str | None
    argument: str
    input: Text | None
    """The input as JSON; a free text where the tool takes one."""
    output: Text | None
    output_is_json: bool
    stderr: Text | None
    """What it wrote to stderr, where that is told apart (`output` may hold it, too)."""
    error: str | None
    ok: bool | None
    denied: bool
    open: bool
    exit_code: int | None
    duration_ms: float | None
    result_seq: int | None
    diffs: tuple[Diff, ...]
    todos: tuple[Todo, ...]
    images: tuple[ImageRef, ...]
    path: str | None
    permission: str | None
    truncated: bool


class AgentView(View, frozen=True, kw_only=True):
    """A sub-agent that a step started."""

    session: str | None
    lane: int | None
    seq: int
    name: str | None
    task: str | None
    prompt: Text | None
    result: Text | None
    status: LiveStatus
    turns: int | None
    usage: Usage | None
    cost_usd: float | None
    duration_ms: float | None


class CompactionView(View, frozen=True, kw_only=True):
    """What a compaction took away and left."""

    strategy: str | None
    trigger: str | None
    before: int | None
    after: int | None
    summary: Text | None
    from_seq: int
    to_seq: int
    """The model no longer sees steps `from_seq` … `to_seq`."""


class ForkView(View, frozen=True, kw_only=True):
    """The session that this one left, or that left it."""

    session: str
    title: str | None
    turns: int | None
    cost_usd: float | None


class ErrorView(View, frozen=True, kw_only=True):
    """An error in its provider's words."""

    message: str
    category: str | None
    status: int | None
    attempt: int | None
    max_attempts: int | None
    retry_after: float | None


class StreamRow(View, frozen=True, kw_only=True):
    """A row of the stream; what belongs to it (results, changes, permissions) is folded in."""

    seq: int
    end: int
    ts: int | None
    kind: Literal[
        "human", "assistant", "thinking", "system", "tool", "agents", "compaction", "fork", "error",
        "todos", "note", "limit", "permission", "setting", "warning", "other",
    ]  # fmt: skip
    event: str
    title: str
    loop: int
    turn: int
    live: bool
    text: Text | None = None
    images: tuple[ImageRef, ...] = ()
    tool: ToolView | None = None
    agents: tuple[AgentView, ...] = ()
    compaction: CompactionView | None = None
    fork: ForkView | None = None
    error: ErrorView | None = None
    todos: tuple[Todo, ...] = ()
    sealed: bool = False
    """Thinking that is encrypted."""
    tokens: int | None = None
    duration_ms: float | None = None


class Stream(View, frozen=True, kw_only=True):
    """Rows in order; `before` and `after` tell whether there are more on that side."""

    rows: tuple[StreamRow, ...]
    first: int
    """Everything from here …"""
    last: int
    """… to here is in `rows`."""
    before: bool
    after: bool

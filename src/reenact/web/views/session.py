"""One session as a whole: lanes, columns of the scrubber, outline."""

from __future__ import annotations

from typing import Literal

from reenact.web.views.base import Act, Effect, LiveStatus, Quality, Usage, View
from reenact.web.views.lists import SessionRow


class Lane(View, frozen=True, kw_only=True):
    """The session itself (index 0) or one of its sub-agents, in order of birth."""

    index: int
    session: str
    title: str
    name: str | None
    task: str | None
    status: LiveStatus
    spawn_seq: int | None
    return_seq: int | None
    call: str | None
    turns: int
    usage: Usage
    cost_usd: float | None
    cost_known_usd: float
    started_ts: int | None
    ended_ts: int | None


class Counts(View, frozen=True, kw_only=True):
    """What the tabs say; known once the session is folded."""

    outline: int
    steps: int
    files: int
    todos: int
    todos_done: int
    requests: int
    errors: int


class Commands(View, frozen=True, kw_only=True):
    """The exact commands that do in a terminal what the page shows; `{n}` stands for the step."""

    show: str
    fork: str | None
    replay: str | None
    export: dict[str, str]


class SessionView(View, frozen=True, kw_only=True):
    """A session as its view opens."""

    session: SessionRow
    parent: SessionRow | None
    forks: tuple[SessionRow, ...]
    lanes: tuple[Lane, ...]
    first: int
    last: int
    counts: Counts | None
    """Null while a large session is folded for the first time; `/columns` waits for it."""
    window: int | None
    """The model's context window, in tokens."""
    compact_at: int | None
    """Where the agent compacts by itself, as far as its compactions told."""
    is_live: bool
    commands: Commands


class Mark(View, frozen=True, kw_only=True):
    """Something to find again on the tape."""

    seq: int
    ts: int | None
    kind: Literal["you", "error", "compaction", "fork", "permission", "note"]
    text: str


class Wait(View, frozen=True, kw_only=True):
    """A gap of over 30 s in which nothing happened."""

    from_seq: int
    to_seq: int
    from_ts: int
    to_ts: int


class Span(View, frozen=True, kw_only=True, array_like=True):
    """[from, to (both UTC milliseconds), effect or "model"]."""

    begin: int
    end: int
    what: str


class LaneSpans(View, frozen=True, kw_only=True):
    """When a sub-agent was at work, and with what."""

    index: int
    session: str
    title: str
    spawn_seq: int | None
    return_seq: int | None
    spans: tuple[Span, ...]


class Winding(View, frozen=True, kw_only=True):
    """How many events of a large session were read for its columns; `done` is 0 before and afterwards."""

    done: int
    total: int


class Columns(View, frozen=True, kw_only=True):
    """One entry a step; with `bucketed` one entry a bucket of steps.

    A bucket has its first seq, its last end, the most context, what was spent by its end, the most
    telling kind and the worst result.
    """

    session: str
    steps: int
    """Steps in the whole session."""
    partial: bool
    """True for a first look at a piece: steps before and behind are missing, and so are sums since the
    beginning (cost, tokens, files, to-dos, turns)."""
    bucketed: bool
    from_seq: int
    to_seq: int
    kinds: tuple[str, ...]
    acts: tuple[Act, ...]
    effects: tuple[Effect, ...]
    seq: tuple[int, ...]
    end: tuple[int, ...]
    ts: tuple[int | None, ...]
    """When it was said or called."""
    begin: tuple[int | None, ...]
    """When the work on it began: for the model, when it was asked."""
    took: tuple[int | None, ...]
    """Milliseconds from `begin`."""
    kind: tuple[int, ...]
    act: tuple[int, ...]
    effect: tuple[int, ...]
    ok: tuple[int, ...]
    """0 nothing to tell, 1 well, 2 failed, 3 denied, 4 no result yet."""
    loop: tuple[int, ...]
    """Number of the loop from 1; 0 outside of any."""
    turn: tuple[int, ...]
    """Number of the turn in the session from 1; 0 outside of any."""
    context: tuple[int, ...]
    """Tokens of the latest request by then (input and cache), 0 before the first."""
    cached: tuple[int, ...]
    cost: tuple[float, ...]
    """Dollars spent by then, sub-agents included, as far as prices are known."""
    tokens: tuple[int, ...]
    """Tokens spent by then, sub-agents included."""
    files: tuple[int, ...]
    plus: tuple[int, ...]
    minus: tuple[int, ...]
    todos: tuple[int, ...]
    todos_done: tuple[int, ...]
    label: tuple[str, ...] | None
    """"Bash pytest -q": null where there are more than 5,000 entries."""
    marks: tuple[Mark, ...]
    waits: tuple[Wait, ...]
    lanes: tuple[LaneSpans, ...]
    window: int | None
    compact_at: int | None
    cost_total: float | None
    """Null where a part has no known price."""
    quality: Quality


class OutlineRow(View, frozen=True, kw_only=True):
    """A row of the outline; its descendants are the `descendants` rows behind it."""

    index: int
    depth: int
    descendants: int
    kind: Literal["loop", "turn", "parallel", "child", "compaction", "fork", "branch", "step"]
    seq: int
    last: int
    title: str
    detail: str | None
    right: str | None
    what: str
    """Of a step: its kind; else the row's own kind."""
    act: Act
    effect: Effect
    ok: int
    errors: int
    """Errors at or below this row."""
    session: str | None
    """The sub-agent's or fork's session."""
    lane: int | None
    number: int | None
    """Number of the loop or the turn."""
    live: bool
    """False where the conversation went back behind it."""


class Outline(View, frozen=True, kw_only=True):
    """A piece of the outline."""

    total: int
    loops: int
    turns: int
    rows: tuple[OutlineRow, ...]
    at: int | None
    """Index of the row that holds the step asked for."""

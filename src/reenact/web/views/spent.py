"""Usage over time, and what goes on now."""

from __future__ import annotations

from reenact.web.views.base import Usage, View
from reenact.web.views.lists import SessionRow


class Sum(View, frozen=True, kw_only=True):
    """Tokens and cost of some responses."""

    usage: Usage
    cost_usd: float | None
    cost_known_usd: float
    responses: int


class UsagePart(View, frozen=True, kw_only=True):
    """A slice of a bar: one model, project or agent."""

    key: str | None
    sum: Sum


class UsageRow(View, frozen=True, kw_only=True):
    """A bar of the usage view."""

    key: str | None
    title: str | None
    sessions: int
    sum: Sum
    parts: tuple[UsagePart, ...]
    measured: float
    partial: float
    estimated: float
    """Shares of tokens, 0 to 1."""
    unpriced: float
    """Share of tokens without a known price."""


class Burn(View, frozen=True, kw_only=True):
    """The pace of the running block."""

    tokens_per_minute: float
    cost_per_hour: float | None
    remaining_ms: int
    projected_tokens: int
    projected_cost: float | None


class BlockView(View, frozen=True, kw_only=True):
    """A five-hour window."""

    start: int
    end: int
    active: bool
    sum: Sum
    burn: Burn | None
    points: tuple[tuple[int, int, float], ...]
    """(UTC ms, tokens so far, known dollars so far) within the running block."""


class UsageLimit(View, frozen=True, kw_only=True):
    """What an agent last said of a limit."""

    agent: str
    scope: str | None
    used_percent: float | None
    resets_at: int | None
    seen_at: int | None
    state: str
    """open, hit, or over: the window ended since."""
    stated: bool


class UsageView(View, frozen=True, kw_only=True):
    """Usage over time, or by thing."""

    by: str
    split: str
    timezone: str
    rows: tuple[UsageRow, ...]
    totals: UsageRow
    blocks: tuple[BlockView, ...]
    limits: tuple[UsageLimit, ...]
    command: str


class NowSession(View, frozen=True, kw_only=True):
    """A session at work, or waiting."""

    session: SessionRow
    lines: tuple[str, ...]
    elapsed_ms: int | None
    context: int | None
    window: int | None
    waiting_for: str | None
    waiting_since: int | None
    last: int


class LastEvent(View, frozen=True, kw_only=True):
    """One of the last events of all sessions at work."""

    session: str
    title: str | None
    agent: str
    seq: int
    ts: int | None
    what: str
    text: str


class Now(View, frozen=True, kw_only=True):
    """What goes on now."""

    sessions: tuple[NowSession, ...]
    last_events: tuple[LastEvent, ...]
    last_ended: SessionRow | None

"""How a session stands now: from its own last words, from whether its process lives, and from the time.

Pure: what is known of processes is an argument. Words that a session said last are kept by whoever
sums it up; this adds what no log can say of itself.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Status = Literal[
    "working", "waiting", "idle", "completed", "failed", "interrupted", "aborted", "stale", "unknown"
]
"""`waiting`: for you, with a permission or a question. `idle`: its process lives and it is your turn.
`stale`: it was in the middle of something, and its process is gone without a word."""
Doing = Literal["working", "waiting", "idle"]
Asks = Literal["permission", "question"]

QUIET = 30_000_000
"""Microseconds without an event after which an agent that tells no life is not called working."""
GONE = 15 * 60_000_000
"""Microseconds without an event after which it is called gone."""
QUESTIONS = frozenset({"AskUserQuestion", "ExitPlanMode", "ask_user", "request_user_input", "question"})
"""Tools by which agents ask you: they end with your answer."""
_SETTLED: dict[str, Status] = {
    "completed": "completed",
    "failed": "failed",
    "interrupted": "interrupted",
    "aborted": "aborted",
}


class Last(msgspec.Struct, frozen=True, kw_only=True):
    """What a session said last."""

    word: str = "unknown"
    """`completed`, `failed`, `interrupted`, `aborted`, or anything else: it is in the middle of something."""
    asks: Asks | None = None
    at: int | None = None
    """UTC microseconds of its last event."""


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a session's process."""

    is_alive: bool | None = None
    """None where nothing tells."""
    doing: Doing | None = None
    """What the agent itself says."""


def status(last: Last, life: Life, *, now: int) -> Status:
    """Gives how a session stands."""
    settled = _SETTLED.get(last.word)
    if life.is_alive:
        if life.doing is not None:
            return life.doing
        if last.asks is not None:
            return "waiting"
        return "working" if settled is None else "idle"
    if settled is not None:
        return settled
    if life.is_alive is False:
        return "stale"
    if last.at is None:
        return "unknown"
    age = now - last.at
    if age < -QUIET:  # its times are not those of this clock: they do not tell
        return "unknown"
    if age > GONE:
        return "stale"
    if last.asks is not None:
        return "waiting"
    return "working" if age <= QUIET else "idle"

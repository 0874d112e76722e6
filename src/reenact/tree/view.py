"""The state of a session at one position: what `Tree.at` gives."""

from __future__ import annotations

from typing import Literal

import msgspec

from reenact.events import Tokens
from reenact.events.blocks import PlanItem, Quality, Role


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen part of a view."""


# gc=False: there may be as many of these as events, and they cannot be part of a reference cycle
class Message(Value, frozen=True, kw_only=True, gc=False):
    """One part of the context as the model would see it; the text is in the event."""

    seq: int
    id: str
    role: Role
    message: str | None = None
    """The provider's response id; a response told by several events has several parts."""
    call: str | None = None
    """The tool call it asks for or answers."""
    is_summary: bool = False
    """True where it stands for what a compaction took away."""


class FileState(Value, frozen=True, kw_only=True, gc=False):
    """What this session did to one file so far."""

    path: str
    op: Literal["create", "modify", "delete", "move"]
    """The last change."""
    ops: int
    first: int
    """Position of the first change; its event holds the text before, where that is known."""
    last: int
    before_known: bool
    after_known: bool
    exists: bool
    """False after a deletion or a move away."""
    plus: int
    minus: int
    is_counted: bool
    """False where some change does not tell its lines: `plus` and `minus` are then lower bounds."""
    moved_to: str | None = None


class ModelUsage(Value, frozen=True, kw_only=True, gc=False):
    """What one model spent so far, each response once."""

    model: str | None
    tokens: Tokens
    responses: int
    quality: Quality


class UsageSoFar(Value, frozen=True, kw_only=True):
    """What the session itself spent so far; responses that it inherited are kept apart."""

    tokens: Tokens = Tokens()
    responses: int = 0
    quality: Quality = "measured"
    models: tuple[ModelUsage, ...] = ()
    inherited: Tokens = Tokens()


class OpenCall(Value, frozen=True, kw_only=True, gc=False):
    """A tool call that has no result yet."""

    call: str
    name: str
    seq: int


class Setting(Value, frozen=True, kw_only=True, gc=False):
    """Where and how the agent works at this position."""

    cwd: str | None = None
    branch: str | None = None
    model: str | None = None
    permission: str | None = None
    autonomy: str | None = None
    plan: str | None = None


class View(Value, frozen=True, kw_only=True):
    """The state of a session after the event at `seq`."""

    seq: int
    """The position of the event looked at: the last one at or before what was asked; 0 for none."""
    ts: int | None
    loop: str | None
    turn: str | None
    context: tuple[Message, ...]
    files: tuple[FileState, ...]
    """By first change."""
    plan: tuple[PlanItem, ...]
    plan_seq: int | None
    usage: UsageSoFar
    setting: Setting
    open_calls: tuple[OpenCall, ...]

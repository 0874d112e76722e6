"""The values of a folded session: tree → loops → turns → steps, all frozen.

They hold positions (`seq`), ids and a few words of text; payloads stay in the events. Nothing is
dropped: every event's position is in `events` of exactly one step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from reenact import usage
from reenact.events import Tokens
from reenact.events.blocks import Quality, Role, ToolKind
from reenact.tree.state import State
from reenact.tree.view import View

StepKind = Literal[
    "message", "reasoning", "tool", "file", "plan", "compaction", "context", "agent", "permission",
    "model", "usage", "limit", "hook", "skill", "test", "setting", "session", "mark", "note", "error",
    "warning", "output", "other",
]  # fmt: skip
LoopStatus = Literal[
    "pending", "running", "completed", "rejected", "aborted", "interrupted", "failed", "open"
]
"""`pending`: announced and not begun; `open`: not ended, and nobody knows whether it still runs."""
Continuation = Literal["initial", "default", "rerun", "branch", "compaction"]
Trigger = Literal["user", "sub_agent", "continuation", "branch"]


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen value of the tree."""


# gc=False: there are as many of these as events, and they cannot be part of a reference cycle
class Step(Value, frozen=True, kw_only=True, gc=False):
    """The smallest thing shown: a message, reasoning, a tool call with its result, a change and so on."""

    kind: StepKind
    event: str
    """The dotted kind of the event that made it."""
    seq: int
    """Where it begins."""
    id: str
    """The id of the event that made it."""
    events: tuple[int, ...]
    """Positions of all events it is made of, ascending. Empty for a call that only a message names."""
    ts: int | None = None
    text: str = ""
    """First words, on one line; never the whole payload."""
    role: Role | None = None
    human: bool = False
    """True for what a person said."""
    name: str | None = None
    """Tool, file, agent, hook or skill; the origin of a message."""
    call: str | None = None
    tool_kind: ToolKind | None = None
    ok: bool | None = None
    """How the tool call ended, where that is told."""
    is_open: bool = False
    """True for a tool call whose result was never recorded."""
    result: int | None = None
    """Position of the event that holds the tool's result."""
    duration: int | None = None
    """Microseconds."""
    error: str | None = None
    group: str | None = None
    """Equal for the tool calls that one response asked for together; None for a call on its own."""
    child: str | None = None
    """The sub-agent's session."""
    denied: bool = False
    plus: int | None = None
    minus: int | None = None

    @property
    def end(self) -> int:
        """Where it ends: the position of its last event."""
        return self.events[-1] if self.events else self.seq


class Turn(Value, frozen=True, kw_only=True):
    """One model call with the tool calls it caused."""

    id: str
    index: int
    """Position among the turns of its loop, from 0."""
    trigger: Trigger
    begin: int
    end: int
    model: str | None
    messages: tuple[str, ...]
    """The provider's ids of the responses."""
    steps: tuple[Step, ...]
    usage: Tokens | None
    """What the session itself spent here: each response once, inherited ones left out. None where untold."""
    quality: Quality
    stop_reason: str | None
    error: str | None
    live: bool
    """False where a rewind, an edit or a revert left this turn behind."""
    is_complete: bool = True
    """False where its begin was told and its end never was."""
    started_at: int | None = None
    ended_at: int | None = None
    """The times of its first and its last event, µs."""

    @property
    def inputs(self) -> tuple[Step, ...]:
        """What was said to the model within this turn."""
        return tuple(step for step in self.steps if step.kind == "message" and step.role != "assistant")

    @property
    def outputs(self) -> tuple[Step, ...]:
        """What the model said, its tool calls apart."""
        return tuple(step for step in self.steps if step.role == "assistant" and step.kind != "error")

    @property
    def tools(self) -> tuple[Step, ...]:
        """The tool calls, each with its result."""
        return tuple(step for step in self.steps if step.kind == "tool")


class Loop(Value, frozen=True, kw_only=True):
    """One run of the agent: from a request until the agent yields."""

    id: str
    begin: int
    end: int
    started: int | None
    """Position of its `loop.started`, where there is one."""
    ended: int | None
    agent: str | None
    tag: str | None
    parent_loop: str | None
    continuation: Continuation
    status: LoopStatus
    prompt: str | None
    """First words of what was asked."""
    prompt_seq: int | None
    turns: tuple[Turn, ...]
    steps: tuple[Step, ...]
    """What belongs to the loop but to none of its turns."""
    children: tuple[str, ...]
    """Loops that name this one as their parent."""
    live: bool
    started_at: int | None = None
    ended_at: int | None = None
    """The times of its first and its last event, µs."""

    @property
    def usage(self) -> Tokens:
        """What the session itself spent in this loop."""
        return usage.total(turn.usage for turn in self.turns if turn.usage is not None)

    def inputs(self, turn: Turn) -> tuple[Step, ...]:
        """Gives what was said to the model for a turn: within it, and since the turn before it."""
        before = max((other.end for other in self.turns if other.end < turn.begin), default=0)
        said = (step for step in self.steps if step.kind in {"message", "context"})
        return (*(step for step in said if before < step.seq < turn.begin), *turn.inputs)


class Child(Value, frozen=True, kw_only=True):
    """A sub-agent's session as its parent tells of it."""

    session: str | None
    seq: int
    call: str | None = None
    name: str | None = None
    task: str | None = None
    status: str | None = None
    background: bool = False


class Branch(Value, frozen=True, kw_only=True):
    """A place where the conversation went back and on from an earlier point."""

    seq: int
    """The event that went back."""
    to: str | None
    """The event it went back to; None for the beginning."""
    abandoned: tuple[int, ...]
    """Where the prompts and turns begin that were left behind."""
    reason: Literal["edited", "reverted", "resumed"]
    """`resumed`: the conversation returned to a branch it had left before."""


class Fork(Value, frozen=True, kw_only=True):
    """What this session was forked from."""

    parent: str
    at: str | None
    mode: str
    seq: int


class Parallel(Value, frozen=True, kw_only=True):
    """Loops that ran side by side, and the one that was chosen."""

    group: str
    loops: tuple[str, ...]
    selected: str | None
    begin: int
    end: int | None


class Tree(Value, frozen=True, kw_only=True):
    """A session folded once; `at` gives the state at any position without folding again."""

    session: str
    agent: str | None
    parent: str | None
    """The session that started or was forked into this one, as the header tells."""
    parent_call: str | None
    loops: tuple[Loop, ...]
    steps: tuple[Step, ...]
    """What belongs to no loop."""
    roots: tuple[str, ...]
    """Loops without a parent in this session."""
    children: tuple[Child, ...]
    branches: tuple[Branch, ...]
    forked: Fork | None
    parallels: tuple[Parallel, ...]
    events: int
    loops_told: int
    """How many loops the events name."""
    turns_told: int
    """How many turns the events name. The loops may hold more: calls and words that no turn was told of."""
    turns_copied: int
    """How many of those are copies: what an earlier session owns."""
    turns_before: int
    """How many more copies there are, that the events name no turn of."""
    first: int
    last: int
    """Positions of the first and the last event; 0 where there is none."""
    began: int | None
    ended: int | None
    """The earliest and the latest time that any event tells."""
    state: State

    def at(self, seq: int) -> View:
        """Gives the state after the event at `seq` (after the last event where `seq` is beyond it)."""
        return self.state.at(seq)

    def walk(self) -> Iterator[Step]:
        """Yields every step of the session, in order of loops; within a loop by position."""
        yield from self.steps
        for loop in self.loops:
            yield from steps_of(loop)

    def loop(self, loop: str) -> Loop | None:
        """Gives the loop of this id."""
        return next((item for item in self.loops if item.id == loop), None)

    @property
    def current(self) -> Loop | None:
        """The loop that is under way: the one begun last of those that have not ended."""
        going = [item for item in self.loops if item.status in {"running", "open"}]
        return going[-1] if going else None

    @property
    def usage(self) -> Tokens:
        """What the session itself spent."""
        return self.at(self.last).usage.tokens

    def children_of(self, loop: str) -> tuple[Loop, ...]:
        """Gives the loops that went on from this one."""
        return tuple(item for item in self.loops if item.parent_loop == loop)

    def siblings(self, loop: str) -> tuple[str, ...]:
        """Gives the loops that ran in parallel with this one, itself included; none where it ran alone."""
        return next((item.loops for item in self.parallels if loop in item.loops), ())

    def chain(self, loop: str) -> tuple[Loop, ...]:
        """Gives the loops from a root down to this one; ends where the links run in a circle."""
        by_id = {item.id: item for item in self.loops}
        found: dict[str, Loop] = {}
        current = by_id.get(loop)
        while current is not None and current.id not in found:
            found[current.id] = current
            current = by_id.get(current.parent_loop) if current.parent_loop else None
        return tuple(reversed(found.values()))


def steps_of(loop: Loop) -> list[Step]:
    """Gives all steps of a loop, those of its turns included, by position."""
    steps = [*loop.steps, *(step for turn in loop.turns for step in turn.steps)]
    steps.sort(key=lambda step: step.seq)
    return steps

"""Loops, turns and tool calls while they grow; `freeze` gives their final values."""

from __future__ import annotations

from typing import Any

from reenact import usage
from reenact.events import Event, bodies
from reenact.events.blocks import ToolKind
from reenact.tree.lineage import Node
from reenact.tree.model import Continuation, Loop, LoopStatus, Step, Trigger, Turn
from reenact.tree.text import argument, failure

_ASKS_ON = frozenset({"tool_use", "tool_calls", "tool-calls", "pause_turn"})
"""Stop reasons after which the agent goes on by itself."""


class GrowingCall:
    """A tool call, whatever of it has been seen so far and in whatever order."""

    __slots__ = (
        "call", "called_at", "child", "denied", "duration", "error", "event", "events", "finished_at", "id",
        "is_server", "loop", "name", "ok", "response", "result", "seq", "text", "tool_kind", "ts", "turn",
    )  # fmt: skip

    def __init__(self, event: Event, call: str, loop: GrowingLoop | None, turn: GrowingTurn | None) -> None:
        self.call = call
        self.event = event.body.kind
        self.seq = event.seq
        self.id = event.id
        self.ts = event.ts
        self.loop = loop
        self.turn = turn
        self.events: list[int] = []
        self.name: str | None = None
        self.tool_kind: ToolKind | None = None
        self.text = ""
        self.called_at: int | None = None
        self.finished_at: int | None = None
        self.duration: int | None = None
        self.ok: bool | None = None
        self.error: str | None = None
        self.result: int | None = None
        self.child: str | None = None
        self.is_server = False
        self.denied = False
        self.response: str | None = None

    def ask(self, event: Event, name: str, value: Any, *, server: bool, response: str | None) -> None:
        """Takes what was called; the first telling holds."""
        if self.name is None:
            self.name = name
            self.text = argument(value)
            self.called_at = event.ts
            self.is_server = server
            self.response = response

    def answer(self, event: Event, body: bodies.ToolFinished) -> None:
        """Takes a result; a later one for the same call completes an earlier one."""
        self.result = event.seq
        self.finished_at = event.ts
        if body.ok is not None:
            self.ok = body.ok
        if body.duration is not None:
            self.duration = body.duration
        self.child = self.child or body.child
        self.denied = self.denied or body.category == "denied"
        if body.ok is False or body.error:
            self.error = failure(body.output, body.error) or body.category

    def answer_in_message(self, event: Event, output: Any, *, is_error: bool) -> None:
        """Takes a result that stands only in a message; a result of its own says more and holds."""
        if self.result is None:
            self.result = event.seq
            self.finished_at = event.ts
            self.ok = not is_error
            self.error = failure(output, None) if is_error else None

    def freeze(self, group: str | None) -> Step:
        duration = self.duration
        if duration is None and self.called_at is not None and self.finished_at is not None:
            duration = max(self.finished_at - self.called_at, 0)
        return Step(
            kind="tool",
            event=self.event,
            seq=self.events[0] if self.events else self.seq,
            id=self.id,
            events=tuple(self.events),
            ts=self.ts,
            text=self.text,
            name=self.name,
            call=self.call,
            tool_kind=self.tool_kind,
            ok=self.ok,
            is_open=self.result is None,
            result=self.result,
            duration=duration,
            error=self.error,
            group=group,
            child=self.child,
            denied=self.denied,
        )


GrowingSteps = list[Step | GrowingCall]


class GrowingTurn:
    """A turn with everything that joined it so far."""

    __slots__ = (
        "begin", "end", "ended_at", "error", "has_spoken", "id", "index", "is_closed", "is_explicit",
        "is_named", "ledger", "loop", "messages", "model", "node", "started_at", "steps", "stop_reason",
        "trigger",
    )  # fmt: skip

    def __init__(self, turn: str, loop: GrowingLoop, begin: int, trigger: Trigger) -> None:
        self.id = turn
        self.loop = loop
        self.index = len(loop.turns)
        self.begin = begin
        self.end = begin
        self.started_at: int | None = None
        self.ended_at: int | None = None
        self.trigger = trigger
        self.model: str | None = None
        self.messages: dict[str, None] = {}
        self.steps: GrowingSteps = []
        self.ledger: dict[str, bodies.UsageRecorded] = {}
        self.stop_reason: str | None = None
        self.error: str | None = None
        self.is_closed = False
        """True once a result or a person's word came: what the model says next is another turn."""
        self.has_spoken = False
        """True once the model said anything."""
        self.is_explicit = False
        """True where its source told its begin; it then ends where its source says so."""
        self.is_named = True
        """False for a turn that a request opened without a name: the first name that comes is its own."""
        self.node = Node(begin, loop.id)

    def stamp(self, ts: int | None) -> None:
        """Takes the time of an event that belongs here."""
        if ts is not None:
            if self.started_at is None:
                self.started_at = self.ended_at = ts
            elif self.ended_at is not None and ts > self.ended_at:
                self.ended_at = ts

    def speak(self, message: str | None, *, model: str | None, stop: str | None) -> None:
        """Takes note that the model said something here."""
        self.has_spoken = True
        self.node.is_talk = True
        self.error = None
        self.model = model or self.model
        self.stop_reason = stop or self.stop_reason
        if message is not None:
            self.messages[message] = None

    @property
    def is_copied(self) -> bool:
        """True where all that it cost counts for an earlier session."""
        return bool(self.ledger) and all(record.inherited for record in self.ledger.values())

    def freeze(self) -> Turn:
        own = [record for record in self.ledger.values() if not record.inherited]
        return Turn(
            id=self.id,
            index=self.index,
            trigger=self.trigger,
            begin=self.begin,
            end=self.end,
            model=self.model,
            messages=tuple(self.messages),
            steps=freeze_steps(self.steps, self.id),
            usage=usage.total(record.tokens for record in own) if own else None,
            quality=usage.worst(record.quality for record in own),
            stop_reason=self.stop_reason,
            error=self.error,
            live=self.node.is_live,
            is_complete=not self.is_explicit,
            started_at=self.started_at,
            ended_at=self.ended_at,
        )


class GrowingLoop:
    """A loop with everything that joined it so far."""

    __slots__ = (
        "agent", "begin", "continuation", "current", "end", "ended", "ended_at", "first_words",
        "id", "is_explicit",
        "nodes", "parent", "prompt", "prompt_seq", "started", "started_at",
        "status", "steps", "tag", "trigger", "turns",
        "was_interrupted",
    )  # fmt: skip

    def __init__(self, loop: str, begin: int) -> None:
        self.id = loop
        self.begin = begin
        self.end = begin
        self.started: int | None = None
        self.ended: int | None = None
        self.started_at: int | None = None
        self.ended_at: int | None = None
        self.is_explicit = False
        self.agent: str | None = None
        self.tag: str | None = None
        self.parent: str | None = None
        self.continuation: Continuation = "default"
        self.status: LoopStatus | None = None
        self.prompt: str | None = None
        self.prompt_seq: int | None = None
        self.first_words: tuple[int, str] | None = None
        self.turns: list[GrowingTurn] = []
        self.steps: GrowingSteps = []
        self.nodes: list[Node] = []
        self.current: GrowingTurn | None = None
        self.trigger: Trigger | None = None
        self.was_interrupted = False

    def stamp(self, ts: int | None) -> None:
        """Takes the time of an event that belongs here."""
        if ts is not None:
            if self.started_at is None:
                self.started_at = self.ended_at = ts
            elif self.ended_at is not None and ts > self.ended_at:
                self.ended_at = ts

    def freeze(self, children: tuple[str, ...], *, is_last: bool, is_over: bool | None) -> Loop:
        prompt, prompt_seq = self.prompt, self.prompt_seq
        if prompt is None and self.first_words is not None:
            prompt_seq, prompt = self.first_words
        return Loop(
            id=self.id,
            begin=self.begin,
            end=self.end,
            started=self.started,
            ended=self.ended,
            agent=self.agent,
            tag=self.tag,
            parent_loop=self.parent,
            continuation=self.continuation,
            status=self.status or self._status(is_last=is_last, is_over=is_over),
            prompt=prompt,
            prompt_seq=prompt_seq,
            turns=tuple(turn.freeze() for turn in self.turns),
            steps=freeze_steps(self.steps, self.id),
            children=children,
            live=self._is_live(),
            started_at=self.started_at,
            ended_at=self.ended_at,
        )

    def _is_live(self) -> bool:
        nodes = [*self.nodes, *(turn.node for turn in self.turns)]
        return not nodes or any(node.is_live for node in nodes)

    def _status(self, *, is_last: bool, is_over: bool | None) -> LoopStatus:
        """Gives how a loop ended whose source does not tell it."""
        if is_over is not None and self.is_explicit:
            return "aborted" if is_over else "running"
        if self.was_interrupted:
            return "interrupted"
        last = self.turns[-1] if self.turns else None
        if last is not None and last.error:
            return "failed"
        if not is_last or (last is not None and last.stop_reason and last.stop_reason not in _ASKS_ON):
            return "completed"
        return "open"


def freeze_steps(steps: GrowingSteps, owner: str) -> tuple[Step, ...]:
    """Gives the final steps by position; the calls of one response share a group."""
    together: dict[str, int] = {}
    for step in steps:
        if isinstance(step, GrowingCall):
            key = step.response or owner
            together[key] = together.get(key, 0) + 1
    frozen = [
        step.freeze(key if together[key := step.response or owner] > 1 else None)
        if isinstance(step, GrowingCall)
        else step
        for step in steps
    ]
    frozen.sort(key=_begin)
    return tuple(frozen)


def _begin(step: Step) -> int:
    return step.seq

"""Sums of one session: what happened how often, how long tools took, what was spent."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from reenact.events import Event
from reenact.tree.fold import fold
from reenact.tree.model import Step, Tree, Turn
from reenact.tree.view import FileState, UsageSoFar


class ToolSums(msgspec.Struct, frozen=True, kw_only=True):
    """All calls of one tool."""

    name: str
    calls: int
    failed: int
    denied: int
    open: int
    """Calls without a recorded result."""
    duration: int | None
    """Microseconds of the calls that tell theirs; None where none does."""


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of what the session itself holds; its sub-agents have their own.

    A fork whose agent copied the past holds that, too; one that refers to it does not.
    """

    events: int
    loops: int
    """Loops that the events name, as a list of sessions counts them; the tree's where they name none."""
    turns: int
    """Turns that the events name, as a list of sessions counts them: what tools did before any model was
    asked is part of none, wherever the tree shows it."""
    turns_copied: int
    """How many of them are copies of what an earlier session did."""
    turns_before: int
    """Turns that were copied and are not counted: their copies name no turn."""
    model_calls: int
    """Turns in which a model answered."""
    tool_calls: int
    compactions: int
    errors: int
    """Errors of models and agents; failed tool calls are counted with their tools."""
    warnings: int
    agents: int
    branches: int
    began: int | None
    ended: int | None
    duration: int
    """Microseconds from the earliest to the latest time told; 0 where there are not two."""
    usage: UsageSoFar
    tools: tuple[ToolSums, ...]
    """Most used first."""
    files: tuple[FileState, ...]


def statistics(source: Tree | Iterable[Event]) -> Statistics:
    """Gives the sums of a session, from its tree or from its events."""
    tree = source if isinstance(source, Tree) else fold(source)
    steps = list(tree.walk())
    turns = [turn for loop in tree.loops for turn in loop.turns]
    view = tree.at(tree.last)
    return Statistics(
        events=tree.events,
        loops=tree.loops_told or len(tree.loops),
        turns=tree.turns_told,
        turns_copied=tree.turns_copied,
        turns_before=tree.turns_before,
        model_calls=sum(1 for turn in turns if _is_answered(turn)),
        tool_calls=sum(1 for step in steps if _is_called(step)),
        compactions=sum(1 for step in steps if step.event == "compaction.finished"),
        errors=sum(1 for step in steps if step.kind == "error"),
        warnings=sum(1 for step in steps if step.kind == "warning"),
        agents=len(tree.children),
        branches=len(tree.branches),
        began=tree.began,
        ended=tree.ended,
        duration=tree.ended - tree.began if tree.began is not None and tree.ended is not None else 0,
        usage=view.usage,
        tools=_tools(steps),
        files=view.files,
    )


def _is_answered(turn: Turn) -> bool:
    return bool(turn.messages) or any(
        step.kind in {"reasoning", "tool"}
        or (step.kind == "message" and step.role == "assistant")
        or step.event == "model.responded"
        for step in turn.steps
    )


def _is_called(step: Step) -> bool:
    """Tells whether the call itself is on record; a result alone counts for no call."""
    return step.kind == "tool" and step.name is not None


def _tools(steps: list[Step]) -> tuple[ToolSums, ...]:
    by_name: dict[str, list[Step]] = {}
    for step in steps:
        if _is_called(step):
            by_name.setdefault(step.name or "", []).append(step)
    sums = [_sum(name, calls) for name, calls in by_name.items()]
    return tuple(sorted(sums, key=lambda item: (-item.calls, item.name)))


def _sum(name: str, calls: list[Step]) -> ToolSums:
    durations = [step.duration for step in calls if step.duration is not None]
    return ToolSums(
        name=name,
        calls=len(calls),
        failed=sum(1 for step in calls if step.ok is False and not step.denied),
        denied=sum(1 for step in calls if step.denied),
        open=sum(1 for step in calls if step.is_open),
        duration=sum(durations) if durations else None,
    )

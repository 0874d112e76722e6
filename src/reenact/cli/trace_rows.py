"""Which steps of a session get a line in its trace, and in which order."""

from __future__ import annotations

import msgspec

from reenact.cli.glyphs import Look
from reenact.tree import Loop, Step, Tree, Turn

_SILENT = frozenset({"mark", "usage", "model"})
"""Kinds of steps that have no line of their own."""
_SHOWN_OF_SESSION = frozenset({"session.forked", "session.cleared", "session.ended"})


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a trace: a step, or several that were folded into one line."""

    step: Step
    loop: Loop | None = None
    number: int = 0
    """Of the loop, from 1."""
    turn: Turn | None = None
    more: tuple[Step, ...] = ()
    begins_turn: bool = False

    @property
    def is_prompt(self) -> bool:
        return self.loop is not None and self.step.seq == self.loop.prompt_seq

    @property
    def events(self) -> tuple[int, ...]:
        return tuple(seq for step in (self.step, *self.more) for seq in step.events)


def rows(tree: Tree, *, look: Look, folds: bool) -> list[Row]:
    """Gives the rows of a session by loop, within a loop by position.

    With `folds`, runs of texts that the agent told the model, and runs of hooks, are one row each.
    """
    found = [Row(step=step) for step in tree.steps if is_shown(step, look)]
    result = _fold(found) if folds else found
    for number, loop in enumerate(tree.loops, start=1):
        found = [Row(step=step, loop=loop, number=number) for step in loop.steps if is_shown(step, look)]
        for turn in loop.turns:
            steps = [step for step in turn.steps if is_shown(step, look)]
            found += [
                Row(step=step, loop=loop, number=number, turn=turn, begins_turn=step is steps[0])
                for step in steps
            ]
        found.sort(key=lambda row: row.step.seq)
        result += _fold(found) if folds else found
    return result


def is_shown(step: Step, look: Look) -> bool:
    """Tells whether a step has a line of its own."""
    if step.kind in _SILENT:
        return False
    if step.kind == "session":
        return step.event in _SHOWN_OF_SESSION
    if step.kind == "message" and step.role == "assistant":
        return bool(step.text)
    return step.kind != "reasoning" or look.thinking


def index_of(found: list[Row], seq: int) -> int:
    """Gives the row that an event is part of, else the last one that begins before it."""
    for index, row in enumerate(found):
        if seq in row.events:
            return index
    before = [index for index, row in enumerate(found) if row.step.seq <= seq]
    return max(before, key=lambda index: found[index].step.seq) if before else 0


def _fold(found: list[Row]) -> list[Row]:
    folded: list[Row] = []
    for row in found:
        last = folded[-1] if folded else None
        kind = _folding(row)
        if last is not None and kind is not None and kind == _folding(last) and last.turn is row.turn:
            folded[-1] = msgspec.structs.replace(last, more=(*last.more, row.step))
        else:
            folded.append(row)
    return folded


def _folding(row: Row) -> str | None:
    """Gives what a row may be folded with; None where it stands for itself."""
    step = row.step
    if row.is_prompt or row.begins_turn:
        return None
    if step.kind == "hook":
        return "hook"
    is_told = step.event == "context.injected" or (
        step.kind == "message"
        and step.role in {"user", "system"}
        and not step.human
        and step.name != "interrupt"
    )
    return "told" if is_told else None

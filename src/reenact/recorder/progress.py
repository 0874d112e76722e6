"""What an agent is doing, a line for each thing, for whoever runs it in a terminal: an observer to stderr.

It is told what is recorded and decides nothing. What an agent read or a model said cannot move the cursor.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from reenact.events import Event, bodies
from reenact.recorder.recorder import Observer
from reenact.tree.text import argument, failure, first_words, plain, words_of

_SHOWN = 160


def progress(write: Callable[[str], object] | None = None) -> Observer:
    """Gives an observer that writes a line for every prompt, answer, tool call, result, failure and end.

    ```python
    with archive.record(task="fix the tests", agent="mine") as session:
        session.observe(reenact.progress())
    ```

    Args:
        write: takes each line with its line end; stderr's `write` where None.
    """
    turns = 0

    def observe(event: Event) -> None:
        nonlocal turns
        if isinstance(event.body, bodies.TurnStarted):
            turns += 1
        said = _said(event.body)
        if said is not None:
            line = "".join(char if char.isprintable() else " " for char in f"[turn {turns}] {said}")
            (write or sys.stderr.write)(f"{first_words(line, _SHOWN)}\n")

    return observe


def _said(body: object) -> str | None:
    match body:
        case bodies.SessionStarted():
            return f"started: {body.task or body.agent or 'an agent'}"
        case bodies.UserMessage(human=True) | bodies.ContextInjected():
            return f"told: {words_of(body.blocks)}"
        case bodies.AssistantMessage() | bodies.ModelResponded() if words := words_of(body.blocks):
            return f"said: {words}"
        case bodies.ToolCalled():
            return f"tool {body.name} {argument(body.input)}".rstrip()
        case bodies.ToolFinished(ok=False):
            return f"failed: {failure(body.output, body.error)}"
        case bodies.ToolFinished():
            return f"gave: {first_words(plain(body.output))}" if body.output not in (None, "") else None
        case bodies.ModelFailed() | bodies.ErrorBody():
            error = body.error if isinstance(body, bodies.ModelFailed) else body.message
            return f"error: {error}"
        case bodies.AgentSpawned():
            return f"sub-agent {body.name or body.child or ''}: {body.task or ''}".rstrip(" :")
        case bodies.CompactionFinished():
            return f"compacted: {body.before or '?'} to {body.after or '?'} tokens"
        case bodies.BudgetWarning() | bodies.LimitHit():
            return "a limit was reached"
        case bodies.SessionEnded():
            return f"{body.status}: {body.error or body.result or ''}".rstrip(" :")
        case _:
            return None

"""Requests that a log tells before the turn that answers them."""

from __future__ import annotations

from reenact.events import FORMAT, Event, blocks, bodies
from reenact.tree import fold


def events(*items: tuple[bodies.AnyBody, str | None, int | None]) -> list[Event]:
    """Gives events of one session; each names its turn and the position of its parent."""
    return [
        Event(
            v=FORMAT, seq=seq, id=f"e{seq}", session="s", recorded_at=seq, loop="l", turn=turn,
            parent=f"e{parent}" if parent else None, body=body,
        )
        for seq, (body, turn, parent) in enumerate(items, start=1)
    ]  # fmt: skip


def said(text: str, message: str, exchange: str) -> bodies.AssistantMessage:
    return bodies.AssistantMessage(blocks=(blocks.Text(text=text),), message=message, exchange=exchange)


def test_a_request_belongs_to_the_turn_that_is_told_next() -> None:
    tree = fold(
        events(
            (bodies.LoopStarted(continuation="initial"), None, None),
            (bodies.UserMessage(blocks=(blocks.Text(text="go"),)), None, None),
            (bodies.ModelRequested(exchange="x1"), None, 2),
            (bodies.TurnStarted(), "m1", 2),
            (said("one", "m1", "x1"), "m1", 2),
            (bodies.ToolCalled(call="c", name="Bash"), "m1", 5),
            (bodies.ToolFinished(call="c", ok=True), "m1", 5),
            (bodies.ModelRequested(exchange="x2"), None, 7),
            (bodies.TurnStarted(), "m2", 7),
            (said("two", "m2", "x2"), "m2", 7),
        )
    )
    (loop,) = tree.loops
    assert [(turn.id, turn.begin, turn.end, turn.live) for turn in loop.turns] == [
        ("m1", 3, 7, True),
        ("m2", 8, 10, True),
    ]
    assert tree.branches == ()

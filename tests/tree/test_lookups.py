"""What can be looked up in a tree: what runs, what waits, what was cut short, who goes on from whom."""

from __future__ import annotations

import pytest
from tests.tree.builders import SECOND, START, Script

from reenact.events import Tokens, bodies
from reenact.tree import fold


def begun() -> Script:
    """A loop that was begun, with a turn that was begun, and no end of either."""
    script = Script()
    script.add(bodies.LoopStarted(continuation="initial"), loop="a")
    script.human("do it", loop="a")
    script.add(bodies.TurnStarted(index=0, trigger="user"), loop="a", turn="t")
    script.says("so far", "m1", loop="a", turn="t")
    script.calls("c1", loop="a", turn="t")
    return script


@pytest.mark.parametrize(("is_over", "status"), [(None, "open"), (False, "running"), (True, "aborted")])
def test_a_loop_without_an_end_is_what_its_writer_is(is_over: bool | None, status: str) -> None:
    tree = fold(begun().events, is_over=is_over)
    (loop,) = tree.loops
    assert loop.status == status
    assert (tree.current is loop) == (status != "aborted")
    (turn,) = loop.turns
    assert not turn.is_complete
    assert [step.text for step in turn.outputs] == ["so far"]
    assert [step.is_open for step in turn.tools] == [True]
    assert [step.text for step in loop.inputs(turn)] == ["do it"]
    assert (loop.started_at, loop.ended_at) == (START + SECOND, START + 5 * SECOND)
    assert (turn.started_at, turn.ended_at) == (START + 3 * SECOND, START + 5 * SECOND)


def test_an_end_that_is_told_holds_whoever_still_writes() -> None:
    script = begun()
    script.add(bodies.TurnEnded(), loop="a", turn="t")
    script.add(bodies.LoopEnded(status="completed"), loop="a")
    for is_over in (None, True, False):
        tree = fold(script.events, is_over=is_over)
        assert [(loop.status, loop.turns[0].is_complete) for loop in tree.loops] == [("completed", True)]
        assert tree.current is None


def test_loops_that_run_side_by_side_all_run() -> None:
    script = Script()
    script.add(bodies.ParallelStarted(group="g", loops=("a", "b", "c")))
    script.add(bodies.LoopStarted(continuation="branch"), loop="a")
    script.add(bodies.LoopStarted(continuation="branch"), loop="b")
    tree = fold(script.events, is_over=False)
    assert [(loop.id, loop.status) for loop in tree.loops] == [
        ("a", "running"),
        ("b", "running"),
        ("c", "pending"),
    ]
    assert tree.current is not None
    assert tree.current.id == "b"
    assert tree.siblings("c") == ("a", "b", "c")
    assert tree.events == 3


def test_usage_is_that_of_the_turns() -> None:
    script = begun()
    script.spends("msg:m1", loop="a", turn="t")
    tree = fold(script.events)
    spent = Tokens(input=100, cache_read=1000, cache_write=50, output=10)
    assert (tree.loops[0].usage, tree.usage) == (spent, spent)
    assert tree.children_of("a") == ()

"""Which rows are copies: by ordinals, by the age of turns, by the burst in which they were written."""

from __future__ import annotations

import pytest

from reenact.events.bodies import LoopStarted, ToolCalled, UsageRecorded, UserMessage

from .rollouts import bodies_of, drafts_of, parse_rows
from .rows import (
    CHILD,
    NEW_TURN,
    OLD_TURN,
    PARENT,
    Row,
    answer,
    call,
    completed,
    context,
    count,
    event,
    meta,
    output,
    prompt,
    spent,
    started,
)


def burst(second: float, *, with_meta: bool = True) -> list[Row]:
    """The head of a fork of 0.98: all rows stamped within milliseconds."""
    head = [meta(CHILD, second, forked_from_id=PARENT)]
    if with_meta:
        head.append(meta(PARENT, second))
    after = second + 0.001
    rows = [
        *prompt("Go", after),
        context(second=after),
        call("shell", "c1", after),
        count(spent(9, 0, 1), None, after),
    ]
    return [*head, *rows, output("c1", "x", after), *answer("Gone.", after + 0.001)]


@pytest.mark.parametrize("with_meta", [True, False], ids=["as written", "as migrated"])
def test_without_turn_ids_the_burst_is_the_past(*, with_meta: bool) -> None:
    own = [*prompt("On", 20.012), call("shell", "c2", 20.5), count(spent(20, 0, 3), spent(11, 0, 2), 20.6)]
    parsed = parse_rows([*burst(20, with_meta=with_meta), *own], key=CHILD)
    assert [body.call for body in bodies_of(parsed, ToolCalled)] == ["c2"]
    assert [body.inherited for body in bodies_of(parsed, UsageRecorded)] == [True, False]
    lanes = [d.lane for d in drafts_of(parsed) if isinstance(d.body, UserMessage) and d.body.human]
    assert lanes == ["inherited", None]
    assert len(bodies_of(parsed, LoopStarted)) == 1


def test_rows_that_come_slowly_are_no_copies() -> None:
    rows = [
        meta(CHILD, 20, forked_from_id=PARENT),
        meta(PARENT, 20),
        *prompt("Go", 21),
        call("shell", "c1", 21),
    ]
    parsed = parse_rows(rows, key=CHILD)
    assert [body.call for body in bodies_of(parsed, ToolCalled)] == ["c1"]


def test_an_older_turn_is_the_past_however_slowly_it_is_written() -> None:
    rows = [
        meta(CHILD, 20, forked_from_id=PARENT),
        meta(PARENT, 20),
        started(OLD_TURN, 21),
        *prompt("Go", 22),
        completed("CommandExecution", 23, id="c0"),
        call("shell", "c1", 24),
        started(NEW_TURN, 24),
        call("shell", "c2", 24),
    ]
    assert [body.call for body in bodies_of(parse_rows(rows, key=CHILD), ToolCalled)] == ["c2"]


def test_in_a_migrated_fork_copies_carry_the_forks_own_id() -> None:
    """A migration writes the thread's own id into every completed item."""
    rows = [
        meta(CHILD, 20, forked_from_id=PARENT),
        started(OLD_TURN, 20),
        event(
            "item_completed",
            20,
            thread_id=CHILD,
            turn_id=OLD_TURN,
            item={"type": "CommandExecution", "id": "c0"},
        ),
        call("shell", "c1", 20),
        started(NEW_TURN, 21),
        call("shell", "c2", 21),
    ]
    assert [body.call for body in bodies_of(parse_rows(rows, key=CHILD), ToolCalled)] == ["c2"]


def test_the_threads_own_settings_end_the_past() -> None:
    spawn = {"subagent": {"thread_spawn": {"parent_thread_id": PARENT}}}
    rows = [
        meta(CHILD, 20, source=spawn),
        meta(PARENT, 20),
        *prompt("Go", 20),
        event("thread_settings_applied", 20, thread_id=CHILD, thread_settings={"model": "m"}),
        call("shell", "c1", 20),
    ]
    assert [body.call for body in bodies_of(parse_rows(rows, key=CHILD), ToolCalled)] == ["c1"]


def test_a_thread_without_a_parent_has_no_past() -> None:
    rows = [meta(CHILD, 20), started(OLD_TURN, 20), call("shell", "c1", 20)]
    assert [body.call for body in bodies_of(parse_rows(rows, key=CHILD), ToolCalled)] == ["c1"]

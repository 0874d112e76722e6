"""Laws that hold for any list of events, however little sense it makes."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tree.strategies import sessions

from reenact.events import Event
from reenact.tree import Tree, fold, outline, statistics


def covered(tree: Tree) -> list[int]:
    return sorted(seq for step in tree.walk() for seq in step.events)


@settings(deadline=None)
@given(sessions())
def test_every_event_is_in_exactly_one_step(events: list[Event]) -> None:
    assert covered(fold(events)) == [event.seq for event in events]


@settings(deadline=None)
@given(sessions(), st.integers(min_value=0, max_value=45))
def test_the_view_at_a_position_is_the_view_of_what_was_there_then(events: list[Event], seq: int) -> None:
    whole, then = fold(events), fold(events[:seq])
    assert whole.at(seq) == then.at(seq)
    assert then.at(seq) == then.at(10**9)


@settings(deadline=None)
@given(sessions())
def test_folding_twice_gives_the_same_outline(events: list[Event]) -> None:
    assert outline(fold(events)) == outline(fold(events))
    msgspec.json.encode(outline(fold(events)))


@settings(deadline=None)
@given(sessions())
def test_loops_hold_their_turns_and_turns_their_steps(events: list[Event]) -> None:
    tree = fold(events)
    for loop in tree.loops:
        assert [turn.index for turn in loop.turns] == list(range(len(loop.turns)))
        assert loop.begin <= loop.end
        for turn in loop.turns:
            assert turn.begin <= turn.end <= loop.end
            assert [step.seq for step in turn.steps] == sorted(step.seq for step in turn.steps)
            assert all(step.end <= turn.end for step in turn.steps)
    ids = {loop.id for loop in tree.loops}
    assert set(tree.roots) <= ids
    for loop in tree.loops:
        assert all(child in ids for child in loop.children)
        assert tree.chain(loop.id)[-1] is loop


@settings(deadline=None)
@given(sessions())
def test_a_call_is_open_in_the_view_only_while_its_result_is_missing(events: list[Event]) -> None:
    tree = fold(events)
    open_steps = {step.call for step in tree.walk() if step.kind == "tool" and step.is_open}
    assert {call.call for call in tree.at(len(events)).open_calls} <= open_steps


@settings(deadline=None)
@given(sessions())
def test_the_context_holds_no_event_twice_and_none_of_the_future(events: list[Event]) -> None:
    tree = fold(events)
    for seq in range(len(events) + 1):
        seqs = [part.seq for part in tree.at(seq).context]
        assert len(seqs) == len(set(seqs))
        assert all(found <= seq for found in seqs)


@settings(deadline=None)
@given(sessions())
def test_statistics_of_a_tree_are_those_of_its_events(events: list[Event]) -> None:
    sums = statistics(events)
    assert sums == statistics(fold(events))
    assert sums.events == len(events)
    assert sums.duration >= 0
    assert sums.tool_calls == sum(tool.calls for tool in sums.tools)


@settings(deadline=None)
@given(sessions())
def test_what_turns_spent_and_what_belongs_to_none_is_what_the_session_spent(events: list[Event]) -> None:
    tree = fold(events)
    spent = tree.at(len(events)).usage
    in_turns = sum(turn.usage.total for loop in tree.loops for turn in loop.turns if turn.usage is not None)
    assert in_turns <= spent.tokens.total
    assert spent.tokens.total == sum(model.tokens.total for model in spent.models)


@settings(deadline=None)
@given(sessions())
def test_the_loop_and_the_turn_of_a_view_are_in_the_tree(events: list[Event]) -> None:
    tree = fold(events)
    turns = {(loop.id, turn.id) for loop in tree.loops for turn in loop.turns}
    for seq in range(len(events) + 1):
        view = tree.at(seq)
        assert view.loop is None or tree.loop(view.loop) is not None
        assert view.turn is None or (view.loop, view.turn) in turns

from __future__ import annotations

from typing import Any

import pytest
from tests.tree.builders import Script

from reenact.events import Tokens, bodies
from reenact.events.blocks import PlanItem, Repository
from reenact.tree import FileState, Setting, fold


def talked(rounds: int = 3) -> Script:
    """Prompts and answers in turn: e1 asks, e2 answers, e3 asks …"""
    script = Script()
    for number in range(rounds):
        script.human(f"ask {number}")
        script.says(f"answer {number}", f"m{number}")
    return script


def context(script: Script, seq: int | None = None) -> list[int]:
    return [part.seq for part in fold(script.events).at(seq or len(script.events)).context]


# -- context ----------------------------------------------------------------------------------


def test_before_the_first_event_there_is_nothing() -> None:
    view = fold(talked().events).at(0)
    assert (view.seq, view.ts, view.loop, view.turn, view.context) == (0, None, None, None, ())
    assert view.setting == Setting()


def test_beyond_the_last_event_the_state_is_that_of_the_last() -> None:
    tree = fold(talked().events)
    assert tree.at(99) == tree.at(6)
    assert tree.at(99).seq == 6


def test_a_compaction_leaves_its_summary_and_what_it_kept() -> None:
    script = talked()
    script.add(bodies.CompactionFinished(summary="so far", kept=("e6", "e5")))
    script.human("go on")
    assert context(script, 6) == [1, 2, 3, 4, 5, 6]
    assert context(script) == [7, 5, 6, 8]
    assert fold(script.events).at(7).context[0].is_summary


def test_the_summarys_own_message_takes_the_place_of_the_compactions_text() -> None:
    script = talked()
    script.add(bodies.CompactionFinished(summary="so far", kept=("e6",)))
    script.told("so far", "compact_summary")
    script.told("so far, again", "compact_summary")
    assert context(script, 8) == [8, 6]
    assert context(script) == [8, 6, 9]


def test_a_compaction_without_a_text_waits_for_its_summary() -> None:
    script = talked()
    script.add(bodies.CompactionFinished(kept=("e6",)))
    script.told("so far", "compact_summary")
    assert context(script, 7) == [6]
    assert context(script) == [8, 6]


@pytest.mark.parametrize(
    ("body", "left"),
    [
        pytest.param(bodies.ContextTrimmed(keep_last=2), [5, 6], id="the last two"),
        pytest.param(bodies.ContextTrimmed(keep_last=0), [], id="none"),
        pytest.param(bodies.ContextTrimmed(keep_last=99), [1, 2, 3, 4, 5, 6], id="more than there are"),
        pytest.param(bodies.ContextTrimmed(removed=("e2", "e3")), [1, 4, 5, 6], id="by name"),
        pytest.param(bodies.ContextReset(), [], id="reset"),
        pytest.param(bodies.SessionCleared(), [], id="cleared"),
    ],
)
def test_trims_and_resets_take_out_what_they_say(body: bodies.AnyBody, left: list[int]) -> None:
    script = talked()
    script.add(body)
    assert context(script) == left
    script.human("next")
    assert context(script) == [*left, 8]
    assert context(script, 6) == [1, 2, 3, 4, 5, 6]


def test_parts_of_one_response_are_trimmed_as_one_message() -> None:
    script = Script()
    script.human("go")
    script.says("part one", "m1")
    script.says("part two", "m1")
    script.add(bodies.ContextTrimmed(keep_last=1))
    assert context(script) == [2, 3]


def test_a_compaction_on_a_branch_that_was_left_is_undone() -> None:
    script = Script()
    script.human("one")  # e1
    script.says("a", "m1", parent="e1")
    script.human("two", parent="e2")
    script.says("b", "m2", parent="e3")
    script.add(bodies.CompactionFinished(summary="s"), parent="e4")
    script.human("three", parent="e5")
    script.human("two, better", parent="e2")
    assert context(script, 6) == [5, 6]
    assert context(script) == [1, 2, 7]


def test_a_compaction_before_the_point_gone_back_to_holds() -> None:
    script = talked(1)
    script.add(bodies.CompactionFinished(summary="s"))  # e3
    script.human("two", parent="e3")  # e4
    script.says("b", "m2", parent="e4")
    script.human("three", parent="e5")
    script.says("c", "m3", parent="e6")
    script.human("three, better", parent="e5")
    assert context(script) == [3, 4, 5, 8]


def test_injected_text_and_system_text_are_part_of_the_context() -> None:
    script = Script()
    words = talked(1).events[0].body.blocks  # type: ignore[union-attr]  # a person's message
    script.add(bodies.SystemMessage(blocks=words))
    script.add(bodies.ContextInjected(blocks=words, role="developer"))
    script.add(bodies.ContextInjected(data={"nothing": "to read"}))
    assert [(part.seq, part.role) for part in fold(script.events).at(3).context] == [
        (1, "system"),
        (2, "user"),
    ]


# -- files ------------------------------------------------------------------------------------


def files(*changes: dict[str, Any]) -> dict[str, FileState]:
    script = Script()
    for change in changes:
        script.changes(**change)
    return {state.path: state for state in fold(script.events).at(len(changes)).files}


def test_changes_of_a_file_add_up() -> None:
    found = files(
        {"path": "a.py", "op": "create", "before_known": True, "after_known": True, "plus": 10, "minus": 0},
        {"path": "b.py"},
        {"path": "a.py", "plus": 1, "minus": 2, "after_known": True},
    )
    assert list(found) == ["a.py", "b.py"]
    state = found["a.py"]
    assert (state.op, state.ops, state.first, state.last) == ("modify", 2, 1, 3)
    assert (state.plus, state.minus, state.is_counted) == (11, 2, True)
    assert (state.before_known, state.after_known, state.exists) == (True, True, True)


def test_unknown_line_counts_make_the_sums_lower_bounds() -> None:
    found = files({"path": "a.py", "plus": 4}, {"path": "a.py", "plus": None, "minus": None})
    assert (found["a.py"].plus, found["a.py"].minus, found["a.py"].is_counted) == (4, 1, False)


def test_a_deleted_file_is_gone_and_a_moved_one_is_elsewhere() -> None:
    found = files({"path": "a.py", "op": "delete"}, {"path": "b.py", "op": "move", "moved_to": "c.py"})
    assert not found["a.py"].exists
    assert (found["b.py"].exists, found["b.py"].moved_to) == (False, "c.py")
    assert (found["c.py"].exists, found["c.py"].op, found["c.py"].plus) == (True, "move", 0)


def test_files_are_as_they_were_at_the_position() -> None:
    script = Script()
    script.changes("a.py")
    script.changes("a.py")
    tree = fold(script.events)
    assert [state.ops for state in tree.at(1).files] == [1]
    assert [state.ops for state in tree.at(2).files] == [2]


# -- usage, plan, settings, calls -------------------------------------------------------------


def test_usage_so_far_counts_each_response_once_per_model() -> None:
    script = Script()
    script.spends("k1", 3, model="a")
    script.spends("k2", 5, model="b")
    script.spends("k1", 9, model="a")
    script.spends("k1", 4, model="a")
    script.add(bodies.UsageRecorded(key="k3", tokens=Tokens(output=100), inherited=True))
    tree = fold(script.events)
    assert [tree.at(seq).usage.tokens.output for seq in range(6)] == [0, 3, 8, 14, 14, 14]
    last = tree.at(5).usage
    assert [(item.model, item.tokens.output, item.responses) for item in last.models] == [
        ("a", 9, 1),
        ("b", 5, 1),
    ]
    assert (last.responses, last.inherited.output) == (2, 100)


def test_what_an_earlier_session_owns_is_told_apart() -> None:
    script = Script()
    script.human("go")
    script.says("a", "k1")
    script.spends("k1", 3)
    script.says("b", "k2")
    script.spends("k2", 5)
    tree = fold(script.events, owned={"k2"})
    last = tree.at(5).usage
    assert (last.tokens.output, last.inherited.output, last.responses) == (5, 3, 1)
    assert [turn.usage is None for turn in tree.loops[0].turns] == [True, False]


def test_what_no_record_tells_of_cache_writes_stays_unknown() -> None:
    script = Script()
    script.add(bodies.UsageRecorded(key="k", tokens=Tokens(cache_write=5, cache_write_5m=5), model="a"))
    script.add(
        bodies.UsageRecorded(key="k", tokens=Tokens(cache_write=6, output=1), model="b", quality="partial")
    )
    tree = fold(script.events)
    assert tree.at(1).usage.tokens.cache_write_5m == 5
    assert tree.at(2).usage.tokens.cache_write_5m is None
    assert [item.model for item in tree.at(2).usage.models] == ["b"]
    assert tree.at(2).usage.quality == "partial"


def test_the_plan_is_the_last_one_told() -> None:
    script = Script()
    script.human("go")
    script.add(bodies.PlanUpdated(items=(PlanItem(text="one"),)))
    script.add(bodies.PlanUpdated(items=(PlanItem(text="one", status="completed"),)))
    tree = fold(script.events)
    assert (tree.at(1).plan, tree.at(1).plan_seq) == ((), None)
    assert [(tree.at(seq).plan[0].status, tree.at(seq).plan_seq) for seq in (2, 3)] == [
        ("pending", 2),
        ("completed", 3),
    ]


def test_directory_branch_model_and_modes_are_known_at_every_position() -> None:
    script = Script()
    script.add(bodies.SessionStarted(cwd="/p", model="a", repo=Repository(branch="main")))
    script.add(bodies.WorkspaceChanged(cwd="/p/sub"))
    script.add(bodies.WorkspaceChanged(branch="dev"))
    script.add(bodies.ModelSwitched(model="b"))
    script.add(bodies.ModeChanged(mode="ask"))
    script.add(bodies.ModeChanged(mode="on", what="plan"))
    tree = fold(script.events)
    assert tree.at(1).setting == Setting(cwd="/p", model="a", branch="main")
    assert tree.at(3).setting == Setting(cwd="/p/sub", model="a", branch="dev")
    assert tree.at(6).setting == Setting(cwd="/p/sub", model="b", branch="dev", permission="ask", plan="on")


def test_calls_are_open_between_their_begin_and_their_end() -> None:
    script = Script()
    script.calls("c1", "Bash")
    script.calls("c2", "Read")
    script.result("c1")
    script.calls("c1", "Bash")
    tree = fold(script.events)
    assert [[call.call for call in tree.at(seq).open_calls] for seq in range(5)] == [
        [], ["c1"], ["c1", "c2"], ["c2"], ["c2"],
    ]  # fmt: skip
    assert tree.at(2).open_calls[1].name == "Read"


def test_positions_may_have_gaps() -> None:
    script = talked()
    tree = fold([event for event in script.events if event.seq not in {2, 3}])
    assert tree.at(3).seq == 1
    assert [part.seq for part in tree.at(4).context] == [1, 4]

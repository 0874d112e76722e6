from __future__ import annotations

from tests.tree.builders import SECOND, START, Script

from reenact.events import bodies
from reenact.tree import fold, statistics


def worked() -> Script:
    script = Script()
    script.add(bodies.SessionStarted(cwd="/p"))
    script.human("go")
    script.calls("c1", "Bash", message="m1", turn="t1")
    script.calls("c2", "Bash", message="m1", turn="t1")
    script.calls("c3", "Edit", message="m1", turn="t1")
    script.spends("m1")
    script.result("c1")
    script.result("c2", ok=False)
    script.add(bodies.PermissionAnswered(granted=False, call="c3"))
    script.add(bodies.ToolFinished(call="c3", ok=False, category="denied"))
    script.calls("c4", "Edit", message="m2", turn="t2")
    script.add(bodies.CompactionStarted())
    script.add(bodies.CompactionFinished(summary="s"))
    script.add(bodies.ModelFailed(status=529), turn="t3")
    script.add(bodies.ParseWarning(message="odd"))
    script.changes("a.py", call="c4")
    script.add(bodies.AgentSpawned(child="s2"))
    return script


def test_sums_of_a_session() -> None:
    sums = statistics(worked().events)
    assert (sums.events, sums.loops, sums.turns, sums.model_calls) == (17, 1, 3, 2)
    assert (sums.tool_calls, sums.compactions, sums.errors, sums.warnings, sums.agents) == (4, 1, 1, 1, 1)
    assert sums.usage.tokens.output == 10
    assert [state.path for state in sums.files] == ["a.py"]
    assert (sums.began, sums.duration) == (START + SECOND, 16 * SECOND)


def test_sums_of_tools_tell_failed_denied_and_open_apart() -> None:
    bash, edit = statistics(worked().events).tools
    assert (bash.name, bash.calls, bash.failed, bash.denied, bash.open, bash.duration) == (
        "Bash",
        2,
        1,
        0,
        0,
        8 * SECOND,
    )
    assert (edit.name, edit.calls, edit.failed, edit.denied, edit.open) == ("Edit", 2, 0, 1, 1)


def test_a_short_log_counts_as_its_seed_did() -> None:
    script = Script()
    script.add(bodies.SessionStarted(), ts=START)
    script.add(bodies.Heartbeat(iteration=0), ts=START + 1)
    script.add(bodies.ModelRequested(exchange="x"), ts=START + 2)
    script.says("hi", "m1", ts=START + 100, turn="t1")
    script.add(bodies.SessionEnded(), ts=START + 110)
    sums = statistics(fold(script.events))
    assert (sums.events, sums.model_calls, sums.turns, sums.duration) == (5, 1, 1, 110)


def test_what_tools_do_before_any_model_is_asked_is_no_turn() -> None:
    script = Script()
    script.human("go")
    script.calls("c1")
    script.result("c1")
    script.says("done", "m1", turn="t1")
    tree = fold(script.events)
    assert [step.call for step in tree.walk() if step.kind == "tool"] == ["c1"]
    assert (statistics(tree).turns, statistics(tree).tool_calls) == (1, 1)


def test_a_turn_that_goes_on_in_another_loop_is_one() -> None:
    script = Script()
    script.says("one", "m1", loop="l1", turn="t1")
    script.says("two", "m2", loop="l2", turn="t1")
    assert statistics(script.events).turns == 1


def test_sums_of_nothing_are_zero() -> None:
    sums = statistics([])
    assert (sums.events, sums.duration, sums.began, sums.tools, sums.files) == (0, 0, None, (), ())


def test_times_out_of_order_never_make_a_negative_duration() -> None:
    script = Script()
    script.human("a", ts=START + 5)
    script.human("b", ts=START)
    script.human("c", ts=None)
    assert statistics(script.events).duration == 5

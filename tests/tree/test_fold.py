from __future__ import annotations

from typing import Any, get_args

import pytest
from tests.tree.builders import SECOND, START, Script

from reenact.events import AnyBody, Header, Tokens, blocks, bodies
from reenact.tree import Loop, Step, Tree, fold
from reenact.tree.kinds import STEP_KINDS


def tool(tree: Tree, call: str) -> Step:
    return next(step for step in tree.walk() if step.kind == "tool" and step.call == call)


def turns(loop: Loop) -> list[tuple[str, str]]:
    return [(turn.id, turn.trigger) for turn in loop.turns]


def test_every_kind_of_event_has_a_kind_of_step() -> None:
    assert set(STEP_KINDS) == set(get_args(AnyBody))


def test_nothing_folds_to_an_empty_tree() -> None:
    tree = fold([], header=Header(id="s9", agent="codex", native_id="n", parent="s8", parent_call="c1"))
    assert (tree.session, tree.agent, tree.parent, tree.parent_call) == ("s9", "codex", "s8", "c1")
    assert (tree.loops, tree.steps, tree.events, tree.first, tree.last) == ((), (), 0, 0, 0)


# -- loops ------------------------------------------------------------------------------------


def test_a_persons_message_opens_a_loop_where_the_source_tells_none() -> None:
    script = Script()
    script.add(bodies.SessionStarted(cwd="/p"))
    script.human("first")
    script.says("one", "m1", stop="end_turn")
    script.human("second")
    script.says("two", "m2")
    first, second = fold(script.events).loops
    assert (first.prompt, first.prompt_seq, first.begin, first.end) == ("first", 2, 2, 3)
    assert (first.continuation, first.parent_loop, first.status) == ("initial", None, "completed")
    assert (second.continuation, second.parent_loop, second.status) == ("default", first.id, "open")
    assert first.children == (second.id,)


def test_loops_that_the_source_tells_hold() -> None:
    script = Script()
    script.add(bodies.LoopStarted(agent="main", tag="x", continuation="initial"), loop="l1")
    script.human("go", loop="l1")
    script.human("and more", loop="l1")
    script.add(bodies.LoopEnded(status="rejected"), loop="l1")
    script.add(bodies.LoopStarted(parent_loop="l1", continuation="rerun"), loop="l2")
    one, two = fold(script.events).loops
    assert (one.id, one.started, one.ended, one.status, one.agent, one.tag) == (
        "l1",
        1,
        4,
        "rejected",
        "main",
        "x",
    )
    assert one.prompt == "go"
    assert (two.parent_loop, two.continuation, two.status) == ("l1", "rerun", "open")


@pytest.mark.parametrize(
    ("kind", "parent"), [("default", "l1"), ("branch", "l1"), ("initial", None), ("rerun", None)]
)
def test_a_loop_without_a_told_parent_goes_on_from_the_one_before(kind: Any, parent: str | None) -> None:
    script = Script()
    script.add(bodies.LoopStarted(continuation="initial"), loop="l1")
    script.human("a", loop="l1")
    script.add(bodies.LoopStarted(continuation=kind), loop="l2")
    script.human("b", loop="l2")
    assert fold(script.events).loops[1].parent_loop == parent


def test_what_comes_before_any_loop_belongs_to_the_session() -> None:
    script = Script()
    script.add(bodies.SessionStarted())
    script.add(bodies.WorkspaceChanged(cwd="/p"))
    tree = fold(script.events)
    assert [step.event for step in tree.steps] == ["session.started", "workspace.changed"]
    assert tree.loops == ()


def test_injected_text_before_the_first_prompt_does_not_take_its_loop() -> None:
    script = Script()
    script.told("environment", "environment")
    script.human("do it")
    tree = fold(script.events)
    assert [(loop.prompt, loop.begin) for loop in tree.loops] == [("do it", 1)]


def test_a_sub_agents_loop_is_asked_by_its_task() -> None:
    script = Script()
    script.told("count the files", "task")
    script.says("three", "m1")
    header = Header(id="s1", agent="claude_code", native_id="n", kind="subagent", parent="s0")
    (loop,) = fold(script.events, header=header).loops
    assert loop.prompt == "count the files"
    assert turns(loop) == [("m1", "sub_agent")]


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        (bodies.AssistantMessage(blocks=(), message="m2", stop_reason="end_turn"), "completed"),
        (bodies.AssistantMessage(blocks=(), message="m2", stop_reason="tool_use"), "open"),
        (bodies.AssistantMessage(blocks=(), message="m2", error="overloaded"), "failed"),
        (
            bodies.UserMessage(blocks=(blocks.Text(text="stop"),), human=False, origin="interrupt"),
            "interrupted",
        ),
        (bodies.SessionEnded(status="aborted"), "aborted"),
        (bodies.SessionEnded(status="completed"), "open"),
        (bodies.ModelFailed(exchange="x", status=529), "failed"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.kind,
)
def test_how_a_loop_ended_is_read_from_what_came_last(ending: bodies.AnyBody, status: str) -> None:
    script = Script()
    script.human("go")
    script.says("working", "m1")
    script.add(ending)
    assert fold(script.events).loops[0].status == status


def test_loops_of_a_parallel_group_know_each_other_and_the_chosen_one() -> None:
    script = Script()
    script.add(bodies.ParallelStarted(group="g", loops=("l1", "l2")))
    script.add(bodies.LoopStarted(continuation="initial"), loop="l1")
    script.add(bodies.LoopStarted(), loop="l2")
    script.human("a", loop="l2")
    script.add(bodies.ParallelEnded(group="g", selected="l2"))
    tree = fold(script.events)
    (group,) = tree.parallels
    assert (group.loops, group.selected, group.begin, group.end) == (("l1", "l2"), "l2", 1, 5)
    assert tree.siblings("l1") == ("l1", "l2")
    assert tree.siblings("l9") == ()
    assert tree.roots == ("l1", "l2")


def test_a_parallel_group_that_only_ended_is_a_group_of_one() -> None:
    script = Script()
    script.add(bodies.ParallelEnded(group="g", selected="l1"))
    assert fold(script.events).parallels[0].loops == ("l1",)


def test_a_circle_of_loops_does_not_hold_up_the_walk() -> None:
    script = Script()
    script.add(bodies.LoopStarted(parent_loop="l2"), loop="l1")
    script.add(bodies.LoopStarted(parent_loop="l1"), loop="l2")
    tree = fold(script.events)
    assert [loop.id for loop in tree.chain("l1")] == ["l2", "l1"]
    assert tree.roots == ()


def test_an_inner_loop_gives_way_to_the_loop_around_it() -> None:
    script = Script()
    script.add(bodies.LoopStarted(), loop="outer")
    script.add(bodies.LoopStarted(parent_loop="outer"), loop="inner")
    script.add(bodies.LoopEnded(), loop="inner")
    script.says("back", "m1")
    assert [turn.id for turn in fold(script.events).loop("outer").turns] == ["m1"]  # type: ignore[union-attr]  # it is there


# -- turns ------------------------------------------------------------------------------------


def test_a_turn_is_one_response_with_its_calls() -> None:
    script = Script()
    script.human("go")
    script.says("let me look", "m1")
    script.calls("c1", value={"command": "ls"}, message="m1")
    script.spends("m1")
    script.result("c1")
    script.says("done", "m2", stop="end_turn")
    (loop,) = fold(script.events).loops
    assert turns(loop) == [("m1", "user"), ("m2", "continuation")]
    one, two = loop.turns
    assert [step.kind for step in one.steps] == ["message", "tool", "usage"]
    assert (one.begin, one.end, one.model, one.messages) == (2, 5, "model-a", ("m1",))
    assert one.usage == Tokens(input=100, cache_read=1000, cache_write=50, output=10)
    assert (two.stop_reason, two.usage) == ("end_turn", None)


def test_a_result_between_the_parts_of_a_response_does_not_split_its_turn() -> None:
    script = Script()
    script.human("go")
    script.calls("c1", "Task", message="m1")
    script.result("c1")
    script.calls("c2", "Task", message="m1")
    script.result("c2")
    (turn,) = fold(script.events).loops[0].turns
    assert [step.group for step in turn.steps] == ["m1", "m1"]


def test_without_ids_a_result_ends_the_turn() -> None:
    script = Script()
    script.human("go")
    script.calls("c1")
    script.calls("c2")
    script.result("c2")
    script.result("c1")
    script.calls("c3")
    first, second = fold(script.events).loops[0].turns
    assert [step.call for step in first.steps] == ["c1", "c2"]
    assert all(step.group for step in first.steps)
    assert [(step.call, step.group) for step in second.steps] == [("c3", None)]


def test_turns_that_the_source_tells_hold() -> None:
    script = Script()
    script.add(bodies.TurnStarted(trigger="branch"), turn="t1")
    script.says("a", "m1")
    script.says("b", "m2")
    script.add(bodies.TurnEnded(stop_reason="stop"), turn="t1")
    script.says("c", "m3")
    one, two = fold(script.events).loops[0].turns
    assert (one.id, one.trigger, one.messages, one.stop_reason) == ("t1", "branch", ("m1", "m2"), "stop")
    assert two.id == "m3"


def test_a_late_event_joins_the_turn_it_names() -> None:
    script = Script()
    script.says("a", "m1", turn="t1", loop="l1")
    script.says("b", "m2", turn="t2", loop="l1")
    script.add(bodies.Stderr(text="late"), turn="t1")
    first = fold(script.events).loops[0].turns[0]
    assert [step.kind for step in first.steps] == ["message", "output"]


def test_a_request_its_answer_and_its_failure_are_one_turn() -> None:
    script = Script()
    script.human("go")
    script.add(bodies.ModelRequested(exchange="x1", model="model-b"))
    script.add(bodies.ModelFailed(exchange="x1", status=529))
    script.add(bodies.ModelRequested(exchange="x2"))
    script.add(bodies.AssistantMessage(blocks=(blocks.Text(text="here"),), message="m1", exchange="x2"))
    script.add(bodies.ModelRequested(exchange="x3"))
    one, two = fold(script.events).loops[0].turns
    assert [step.event for step in one.steps] == [
        "model.requested", "model.failed", "model.requested", "message.assistant",
    ]  # fmt: skip
    assert (one.model, one.error, one.messages) == ("model-b", None, ("m1",))
    assert two.begin == 6


def test_a_recorded_response_speaks_where_no_message_does() -> None:
    script = Script()
    script.human("go")
    content = (blocks.Text(text="sure"), blocks.ToolCall(call="c1", name="Bash", input={"command": "ls"}))
    script.add(bodies.ModelResponded(exchange="x1", message="m1", blocks=content))
    script.add(bodies.AssistantMessage(blocks=content, message="m1"))
    tree = fold(script.events)
    assert [part.seq for part in tree.at(3).context] == [1, 2]
    assert tool(tree, "c1").text == "ls"


def test_the_agents_own_error_text_is_no_answer() -> None:
    script = Script()
    script.human("go")
    script.add(bodies.AssistantMessage(blocks=(blocks.Text(text="API Error"),), error="overloaded"))
    tree = fold(script.events)
    (turn,) = tree.loops[0].turns
    assert (turn.error, turn.steps[0].kind, turn.steps[0].text) == ("overloaded", "error", "API Error")
    assert [part.seq for part in tree.at(2).context] == [1]


def test_usage_counts_a_response_once_at_its_best() -> None:
    script = Script()
    script.human("go")
    script.says("a", "m1")
    script.spends("m1", 3)
    script.spends("m1", 150)
    script.spends("m1", 20)
    script.says("b", "m2")
    script.add(bodies.UsageRecorded(key="m2", tokens=Tokens(output=7), inherited=True))
    one, two = fold(script.events).loops[0].turns
    assert one.usage is not None
    assert one.usage.output == 150
    assert two.usage is None


# -- tools ------------------------------------------------------------------------------------


def test_a_call_meets_its_result_wherever_that_lies() -> None:
    script = Script()
    script.human("go")
    script.calls("c1", value={"command": "make"}, message="m1")
    script.says("meanwhile", "m2")
    script.human("next")
    script.says("hm", "m3")
    script.result("c1", {"message": "it broke"}, ok=False)
    tree = fold(script.events)
    step = tool(tree, "c1")
    assert (step.seq, step.events, step.result, step.end) == (2, (2, 6), 6, 6)
    assert (step.ok, step.error, step.duration, step.is_open) == (False, "it broke", 4 * SECOND, False)
    assert [turn.id for turn in tree.loops[0].turns] == ["m1", "m2"]
    assert tree.at(6).loop == tree.loops[0].id


def test_a_call_without_a_result_stays_open_and_a_result_without_a_call_is_kept() -> None:
    script = Script()
    script.human("go")
    script.calls("c1")
    script.result("c9", "who asked?")
    tree = fold(script.events)
    assert tool(tree, "c1").is_open
    orphan = tool(tree, "c9")
    assert (orphan.name, orphan.is_open, orphan.events) == (None, False, (3,))


def test_a_call_that_comes_after_its_result_still_meets_it() -> None:
    script = Script()
    script.result("c1")
    script.calls("c1", "Read", value={"file_path": "a.py"})
    tree = fold(script.events)
    assert (tool(tree, "c1").name, tool(tree, "c1").text, tool(tree, "c1").events) == ("Read", "a.py", (1, 2))
    assert tree.at(2).open_calls == ()


def test_a_stated_duration_is_better_than_the_time_between() -> None:
    script = Script()
    script.calls("c1")
    script.add(bodies.ToolFinished(call="c1", duration=42))
    script.calls("c2", ts=None)
    script.result("c2")
    script.calls("c3")
    script.result("c3", ts=START)
    tree = fold(script.events)
    assert [tool(tree, call).duration for call in ("c1", "c2", "c3")] == [42, None, 0]


def test_permissions_progress_and_hooks_of_a_call_are_part_of_its_step() -> None:
    script = Script()
    script.calls("c1")
    script.add(bodies.PermissionAsked(call="c1", tool="Bash"))
    script.add(bodies.PermissionAnswered(call="c1", granted=False, reason="no"))
    script.add(bodies.ToolProgress(call="c1", text="…"))
    script.add(bodies.HookRan(name="PostToolUse", call="c1"))
    script.add(bodies.HookRan(name="Stop"))
    script.add(bodies.PermissionAsked(tool="Web"))
    tree = fold(script.events)
    assert tool(tree, "c1").events == (1, 2, 3, 4, 5)
    assert tool(tree, "c1").denied
    assert [(step.kind, step.name) for step in tree.walk() if step.kind != "tool"] == [
        ("hook", "Stop"), ("permission", "Web"),
    ]  # fmt: skip


def test_a_message_of_nothing_but_calls_joins_its_call() -> None:
    script = Script()
    call = blocks.ToolCall(call="c1", name="Bash", input={"command": "ls"})
    script.add(bodies.AssistantMessage(blocks=(call,), message="m1"))
    script.calls("c1", value={"command": "ls"}, message="m1")
    script.add(bodies.UserMessage(blocks=(blocks.ToolResult(call="c1", output="x", is_error=True),)))
    tree = fold(script.events)
    (step,) = tree.walk()
    assert (step.events, step.ok, step.error, step.result) == ((1, 2, 3), False, "x", 3)
    assert [(part.seq, part.role) for part in tree.at(3).context] == [(1, "assistant"), (3, "tool")]


def test_a_result_of_its_own_and_one_in_a_message_stand_in_the_context_once() -> None:
    script = Script()
    script.calls("c1")
    script.result("c1")
    script.add(bodies.UserMessage(blocks=(blocks.ToolResult(call="c1", output="x"),), human=False))
    tree = fold(script.events)
    assert [part.seq for part in tree.at(3).context] == [1, 2]
    assert tool(tree, "c1").events == (1, 2, 3)


def test_a_message_of_thoughts_alone_is_reasoning() -> None:
    script = Script()
    script.add(bodies.AssistantMessage(blocks=(blocks.Reasoning(text="hm"),), message="m1"))
    script.add(bodies.ReasoningBody(text="so", message="m1"))
    assert [(step.kind, step.text) for step in fold(script.events).walk()] == [
        ("reasoning", "hm"),
        ("reasoning", "so"),
    ]


def test_a_file_change_stands_in_the_turn_of_its_call() -> None:
    script = Script()
    script.calls("c1", "Edit", message="m1")
    script.result("c1")
    script.says("next", "m2")
    script.changes("a.py", call="c1", plus=3, minus=1)
    first = fold(script.events).loops[0].turns[0]
    assert [(step.kind, step.name, step.plus, step.minus) for step in first.steps][1] == (
        "file",
        "a.py",
        3,
        1,
    )


# -- sub-agents and forks ---------------------------------------------------------------------


def test_a_sub_agent_is_told_once_whoever_speaks_of_it() -> None:
    script = Script()
    script.calls("c1", "Task")
    script.add(bodies.AgentSpawned(call="c1", name="explorer", task="look around"))
    script.add(bodies.AgentStatus(child="s2", status="running"))
    script.add(bodies.ToolFinished(call="c1", ok=True, child="s7"))
    script.add(bodies.AgentFinished(child="s7", status="completed"))
    tree = fold(script.events)
    assert [(child.session, child.call, child.name, child.status) for child in tree.children] == [
        ("s7", "c1", "explorer", "completed"), ("s2", None, None, "running"),
    ]  # fmt: skip
    assert tool(tree, "c1").child == "s7"


def test_the_first_child_named_for_a_call_holds() -> None:
    script = Script()
    script.calls("c1", "Task")
    script.add(bodies.ToolFinished(call="c1", child="s2"))
    script.add(bodies.ToolFinished(call="c1", child="s3"))
    assert tool(fold(script.events), "c1").child == "s2"


def test_a_fork_names_its_parent() -> None:
    script = Script()
    script.add(bodies.SessionForked(parent="s0", at="e7", mode="copy"))
    forked = fold(script.events).forked
    assert forked is not None
    assert (forked.parent, forked.at, forked.mode, forked.seq) == ("s0", "e7", "copy", 1)


# -- abandoned branches -----------------------------------------------------------------------


def rewound() -> Script:
    script = Script()
    script.human("first")  # e1
    script.says("one", "m1", parent="e1")  # e2
    script.human("second", parent="e2")  # e3
    script.says("two", "m2", parent="e3")  # e4
    return script


def test_an_edited_prompt_leaves_a_branch_behind_and_keeps_it() -> None:
    script = rewound()
    script.human("second, better", parent="e2")  # e5
    script.says("two!", "m3", parent="e5")
    tree = fold(script.events)
    assert [(loop.prompt, loop.live, loop.continuation) for loop in tree.loops] == [
        ("first", True, "initial"), ("second", False, "default"), ("second, better", True, "branch"),
    ]  # fmt: skip
    assert [loop.parent_loop for loop in tree.loops] == [None, "e1", "e1"]
    assert [turn.live for loop in tree.loops for turn in loop.turns] == [True, False, True]
    (branch,) = tree.branches
    assert (branch.seq, branch.to, branch.abandoned, branch.reason) == (5, "e2", (3, 4), "edited")
    assert [part.seq for part in tree.at(4).context] == [1, 2, 3, 4]
    assert [part.seq for part in tree.at(6).context] == [1, 2, 5, 6]


def test_an_edited_first_prompt_leaves_everything_behind() -> None:
    script = Script()
    script.add(bodies.SessionStarted())
    script.human("first", parent="e1")
    script.says("one", "m1", parent="e2")
    script.human("first, better", parent="e1")
    assert [part.seq for part in fold(script.events).at(4).context] == [4]


def test_going_back_to_a_branch_that_was_left_makes_it_live_again() -> None:
    script = rewound()
    script.human("other", parent="e2")  # e5
    script.says("x", "m3", parent="e5")
    script.human("third", parent="e4")
    tree = fold(script.events)
    assert [(loop.prompt, loop.live) for loop in tree.loops] == [
        ("first", True), ("second", True), ("other", False), ("third", True),
    ]  # fmt: skip
    assert [branch.reason for branch in tree.branches] == ["edited", "resumed"]
    assert [part.seq for part in tree.at(7).context] == [1, 2, 3, 4, 7]


def test_parallel_results_are_not_lost_by_walking_parents() -> None:
    script = Script()
    script.human("go")  # e1
    script.calls("c1", message="m1", parent="e1")  # e2
    script.calls("c2", message="m1", parent="e2")  # e3
    script.calls("c3", message="m1", parent="e3")  # e4
    script.result("c1", parent="e2")  # e5
    script.result("c3", parent="e4")  # e6
    script.result("c2", parent="e3")  # e7
    script.says("next", "m2", parent="e6")
    script.human("more", parent="e8")
    tree = fold(script.events)
    assert tree.branches == ()
    assert [part.seq for part in tree.at(9).context] == list(range(1, 10))
    assert all(turn.live for loop in tree.loops for turn in loop.turns)


def test_a_second_answer_to_the_same_prompt_leaves_the_first() -> None:
    script = Script()
    script.human("go")
    script.says("half an ans", "m1", parent="e1")
    script.says("a whole answer", "m2", parent="e1")
    (loop,) = fold(script.events).loops
    assert [turn.live for turn in loop.turns] == [False, True]


def test_an_answer_never_leaves_a_persons_words() -> None:
    script = Script()
    script.human("go")
    script.says("one", "m1", parent="e1")
    script.human("wait", parent="e2")
    script.says("two", "m2", parent="e2")
    assert fold(script.events).branches == ()


def test_turns_of_other_loops_go_on_beside() -> None:
    script = Script()
    script.says("a1", "m1", loop="a")
    script.says("b1", "m2", loop="b", parent="e1")
    script.says("a2", "m3", loop="a", parent="e1")
    assert fold(script.events).branches == ()


def test_a_parent_that_is_missing_or_comes_later_is_a_gap() -> None:
    script = Script()
    script.human("first")  # e1
    script.says("one", "m1", parent="e1")
    script.says("three", "m3", parent="e4")
    script.human("two", parent="e2")  # e4
    script.human("lost", parent="nowhere")
    tree = fold(script.events)
    assert tree.branches == ()
    assert [part.seq for part in tree.at(5).context] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("body", "left", "context"),
    [
        pytest.param(bodies.ContextReverted(turns=1), (3, 4), [1, 2], id="by one turn"),
        pytest.param(bodies.ContextReverted(turns=9), (1, 2, 3, 4), [], id="by more turns than there are"),
        pytest.param(bodies.ContextReverted(to="e3"), (4,), [1, 2, 3], id="to an event"),
        pytest.param(bodies.ContextReverted(abandoned=("e3", "e4")), (3, 4), [1, 2], id="by name"),
    ],
)
def test_a_revert_leaves_what_it_says(
    body: bodies.AnyBody, left: tuple[int, ...], context: list[int]
) -> None:
    script = rewound()
    script.add(body)
    tree = fold(script.events)
    (branch,) = tree.branches
    assert (branch.abandoned, branch.reason) == (left, "reverted")
    assert [part.seq for part in tree.at(5).context] == context


def test_a_revert_can_lead_to_a_branch_that_was_left() -> None:
    script = rewound()
    script.human("other", parent="e2")  # e5
    script.add(bodies.ContextReverted(to="e4"))
    tree = fold(script.events)
    assert [(loop.prompt, loop.live) for loop in tree.loops] == [
        ("first", True),
        ("second", True),
        ("other", False),
    ]
    assert [part.seq for part in tree.at(6).context] == [1, 2, 3, 4]


def test_a_revert_to_nothing_that_is_known_changes_nothing() -> None:
    script = rewound()
    script.add(bodies.ContextReverted(to="nowhere"))
    tree = fold(script.events)
    assert tree.branches == ()
    assert len(tree.at(5).context) == 4


def test_the_prompt_after_a_revert_begins_a_branch() -> None:
    script = rewound()
    script.add(bodies.ContextReverted(turns=1))
    script.human("third")
    tree = fold(script.events)
    assert [(loop.continuation, loop.live) for loop in tree.loops] == [
        ("initial", True), ("default", False), ("branch", True),
    ]  # fmt: skip
    assert tree.loops[2].parent_loop == "e1"

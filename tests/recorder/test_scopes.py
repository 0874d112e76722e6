"""Loops, turns, parallel groups, tool calls and sub-agents: what is told is what the tree shows."""

from __future__ import annotations

from typing import Any

import pytest
from tests.recorder.rooms import answer, bodies_of, events_of, request, result, said, tree_of

from reenact.archive import Archive
from reenact.events import Tokens, bodies
from reenact.recorder.scopes import LoopScope
from reenact.tree import statistics


def test_a_turn_has_its_trigger_its_inputs_and_its_output(archive: Archive) -> None:
    """S2-21: one turn, index 0, asked by a user, answered by the model, ended after it began."""
    with archive.record() as session, session.loop(), session.turn():
        session.message("user", "hi")
        session.model_call(request(said("user", "hi")), answer("hello"))
    (turn,) = tree_of(archive, session).loops[0].turns
    assert (turn.index, turn.trigger, turn.tools, turn.is_complete) == (0, "user", (), True)
    assert [step.role for step in turn.inputs] == ["user"]
    assert [step.text for step in turn.outputs] == ["hello"]
    assert turn.started_at is not None
    assert turn.ended_at is not None
    assert turn.ended_at >= turn.started_at


def test_tool_calls_belong_to_the_turn_that_asked_for_them(archive: Archive) -> None:
    """S2-22, S2-25: two turns, the results in the first one, all of it under the same turn's name."""
    with archive.record() as session, session.loop():
        session.message("user", "look")
        with session.turn() as first:
            session.model_call(request(said("user", "look")), answer(calls=("c1", "c2")))
            for call in ("c1", "c2"):
                with session.tool("shell", {"command": "ls"}, call=call, kind="shell"):
                    pass
        with session.turn():
            session.model_call(request(said("user", "look"), result("c1", "a")), answer("done", id="m2"))
    one, two = tree_of(archive, session).loops[0].turns
    assert (one.trigger, two.trigger) == ("user", "continuation")
    assert ([step.call for step in one.tools], two.tools) == (["c1", "c2"], ())
    assert len([*tree_of(archive, session).loops[0].inputs(one), *one.outputs]) >= 2
    placed = [
        event.turn for event in events_of(archive, session) if event.body.kind.startswith(("tool.", "model."))
    ]
    assert placed == [first.id] * 6 + [two.id] * 2


def test_without_loops_and_turns_of_its_own_a_session_gets_them(archive: Archive) -> None:
    with archive.record() as session:
        for number in range(2):
            session.message("user", f"q{number}")
            session.model_call(request(said("user", "q")), answer(id=f"m{number}", calls=(f"c{number}",)))
            with session.tool("shell", call=f"c{number}"):
                pass
    tree = tree_of(archive, session)
    assert [(loop.prompt, len(loop.turns), loop.status) for loop in tree.loops] == [
        ("q0", 1, "completed"), ("q1", 1, "completed"),
    ]  # fmt: skip
    assert [step.call for loop in tree.loops for step in loop.turns[0].tools] == ["c0", "c1"]


def test_the_list_and_the_sums_tell_one_number_of_turns(archive: Archive) -> None:
    with archive.record() as session:
        session.message("user", "go")
        with session.tool("prepare", call="c0"):
            pass
        with session.turn():
            session.model_call(request(said("user", "q")), answer(id="m1", calls=("c1",)))
            with session.tool("shell", call="c1"):
                pass
    archive.store.catch_up()
    (row,) = archive.sessions()
    assert (row.turns, statistics(tree_of(archive, session.id)).turns) == (1, 1)


def test_loops_go_on_from_each_other(archive: Archive) -> None:
    """S2-02, S2-10, S2-11: children, roots, chains; a rerun stands beside its original."""
    with archive.record() as session:
        loops: list[LoopScope] = []
        told: list[dict[str, Any]] = [
            {}, {}, {"parent": 0, "continuation": "branch", "tag": "b"}, {"continuation": "rerun", "tag": "r"},
        ]  # fmt: skip
        for more in told:
            if "parent" in more:
                more["parent"] = loops[more["parent"]].id
            with session.loop(**more) as loop:
                session.message("user", "x")
            loops.append(loop)
    tree = tree_of(archive, session)
    one, two, three, four = tree.loops
    assert [loop.continuation for loop in tree.loops] == ["initial", "default", "branch", "rerun"]
    assert (two.parent_loop, three.parent_loop, four.parent_loop) == (one.id, one.id, None)
    assert one.children == (two.id, three.id)
    assert tree.children_of(one.id) == (two, three)
    assert tree.roots == (one.id, four.id)
    assert [loop.id for loop in tree.chain(two.id)] == [one.id, two.id]
    assert (three.tag, four.tag) == ("b", "r")


def test_loops_whose_parents_run_in_a_circle_end_somewhere(archive: Archive) -> None:
    """S2-53: the walk to a loop ends where it has been before."""
    with archive.record() as session:
        session.emit(bodies.LoopStarted(parent_loop="b"), loop="a")
        session.emit(bodies.LoopStarted(parent_loop="a"), loop="b")
    tree = tree_of(archive, session)
    assert [loop.id for loop in tree.chain("a")] == ["b", "a"]


def test_a_parallel_group_knows_its_loops_and_the_selected_one(archive: Archive) -> None:
    """S2-03: both loops carry the group, one is selected, each is the other's sibling."""
    with archive.record() as session, session.loop() as outer, session.parallel(2) as group:
        waiting = tree_of(archive, session)
        assert [(loop.id, loop.status) for loop in waiting.loops[1:]] == [
            (group.loops[0], "pending"), (group.loops[1], "pending"),
        ]  # fmt: skip
        for number in range(2):
            with group.loop(number, tag=f"config {number}"):
                session.message("assistant", f"try {number}")
        group.select(1)
    tree = tree_of(archive, session)
    (told,) = tree.parallels
    assert (told.loops, told.selected) == (tuple(group.loops), group.loops[1])
    assert tree.siblings(group.loops[0]) == tuple(group.loops)
    assert [loop.parent_loop for loop in tree.loops[1:]] == [outer.id, outer.id]
    assert {loop.status for loop in tree.loops} == {"completed"}


def test_an_end_of_a_group_that_never_began_is_a_group_of_one(archive: Archive) -> None:
    """S2-43."""
    with archive.record() as session:
        session.emit(bodies.ParallelEnded(group="g", selected="l1"))
    (group,) = tree_of(archive, session).parallels
    assert (group.loops, group.selected) == (("l1",), "l1")


def test_a_result_that_nobody_asked_for_is_kept(archive: Archive) -> None:
    """S2-41, S3-04: no crash, and nothing is dropped."""
    with archive.record() as session:
        session.emit(bodies.ToolFinished(call="nobody", ok=True))
        session.emit(bodies.TurnEnded(), loop="no loop", turn="no turn")
        session.emit(bodies.ContextReverted(to="nowhere", reason="S2-47"))
    assert session.degraded is None
    told = [event.seq for event in events_of(archive, session)]
    tree = tree_of(archive, session)
    assert sorted(seq for step in tree.walk() for seq in step.events) == told


def test_what_an_agent_takes_back_is_on_record(archive: Archive) -> None:
    """S2-47: a revert is an event like any other, and what it left is still there."""
    with archive.record() as session:
        session.message("user", "one")
        kept = session.message("assistant", "answer")
        session.message("user", "two")
        session.emit(bodies.ContextReverted(to=kept.id if kept else None, turns=1, reason="wrong way"))
    assert [body.reason for body in bodies_of(archive, session, "context.reverted")] == ["wrong way"]
    tree = tree_of(archive, session)
    assert len(tree.branches) == 1
    assert [message.role for message in tree.at(tree.last).context] == ["user", "assistant"]
    assert "two" in [step.text for step in tree.walk()]


def test_usage_is_summed_by_turn_loop_and_session(archive: Archive) -> None:
    """S2-44: each response once."""
    with archive.record() as session:
        for number in range(3):
            with session.loop():
                session.model_call(request(said("user", "x")), answer(id=f"m{number}"))
                session.model_call(None, "said", usage=Tokens(input=1, output=2), message=f"n{number}")
    tree = tree_of(archive, session)
    assert [loop.usage for loop in tree.loops] == [Tokens(input=11, cache_read=7, output=7)] * 3
    assert tree.usage == Tokens(input=33, cache_read=21, output=21)


def test_a_sub_agent_is_linked_both_ways(archive: Archive) -> None:
    with archive.record(agent="parent") as session:
        session.message("user", "x")
        session.model_call(request(said("user", "x")), answer(calls=("c1",)))
        with session.tool("delegate", {"task": "y"}, call="c1", kind="sub_agent") as tool:
            with session.child(agent="helper", task="y", name="helper one") as child:
                child.message("user", "y")
                child.model_call(request(said("user", "y")), answer(id="m2"))
            tool.finish("done", child=child.id)
    row = archive.session(child.id)
    assert (row.kind, row.parent, row.parent_call, row.status) == ("subagent", session.id, "c1", "completed")
    (told,) = tree_of(archive, session).children
    assert (told.session, told.call, told.name, told.task, told.status) == (
        child.id, "c1", "helper one", "y", "completed",
    )  # fmt: skip
    assert tree_of(archive, child).loops[0].turns[0].trigger == "sub_agent"
    (step,) = [step for step in tree_of(archive, session).walk() if step.kind == "tool"]
    assert step.child == child.id


@pytest.mark.parametrize("order", ["child ends first", "tool ends first", "linked last"])
def test_links_hold_in_whatever_order_they_become_known(archive: Archive, order: str) -> None:
    """S2-14: a checkpoint between the child's end and the tool's loses nothing."""
    with archive.record(agent="parent") as session, session.loop():
        tool = session.tool("delegate", call="c1").start()
        child = session.child(agent="helper").start()
        child.message("user", "y")
        if order == "child ends first":
            child.course.close("completed", None)
            assert session.checkpoint() == 1
            tool.finish("done", child=child.id)
        else:
            if order == "tool ends first":
                tool.finish("done", child=child.id)
            else:
                tool.finish("done")
                session.link_child(child.id, call="c1")
            child.end()
    row = archive.session(child.id)
    assert (row.kind, row.parent, row.parent_call) == ("subagent", session.id, "c1")
    (told,) = tree_of(archive, session).children
    assert (told.session, told.call) == (child.id, "c1")


def test_the_first_call_that_names_a_child_has_it(archive: Archive) -> None:
    """S2-42."""
    with archive.record(agent="parent") as session, session.loop():
        child = session.child(agent="helper").start()
        for call in ("c1", "c2"):
            with session.tool("delegate", call=call) as tool:
                tool.finish("done", child=child.id)
        child.end()
    assert archive.session(child.id).parent_call == "c1"
    assert [each.call for each in tree_of(archive, session).children if each.session == child.id] == ["c1"]


def test_a_session_of_another_process_names_its_parent(archive: Archive) -> None:
    with archive.record(agent="parent") as session:
        session.message("user", "x")
        with archive.record(agent="worker", parent=session.id, call="c9") as worker:
            worker.message("user", "y")
    row = archive.session(worker.id)
    assert (row.kind, row.parent, row.parent_call) == ("subagent", session.id, "c9")
    assert archive.session(session.id).children == (worker.id,)


def test_what_is_open_at_the_end_is_aborted_and_keeps_what_it_had(archive: Archive) -> None:
    """S2-26, S2-49, S3-03: messages, the partial turn and the end time are there."""
    with archive.record() as session:
        session.loop(id="outer").start()
        with session.loop(id="inner", parent="outer"):
            session.turn(id="t1").__enter__()
            session.message("user", "so far")
            session.tool("shell", call="c1").start()
            session.end("aborted", error="stopped")
    tree = tree_of(archive, session)
    outer, inner = tree.loops
    assert (outer.status, inner.status) == ("aborted", "aborted")
    (turn,) = inner.turns
    assert (turn.id, turn.is_complete) == ("t1", False)
    assert [step.text for step in turn.inputs] == ["so far"]
    assert [(step.call, step.ok, step.error) for step in turn.tools] == [("c1", False, "stopped")]
    assert outer.ended_at is not None


def test_deltas_are_kept_only_by_choice_and_several_in_one_event(archive: Archive) -> None:
    """S2-04: none unless asked for; then all of the text, with the time and length of each piece."""
    for deltas in (False, True):
        with archive.record(deltas=deltas) as session, session.exchange(request()) as exchange:
            for number in range(1000):
                exchange.delta(f" word{number}")
            exchange.respond(answer())
        told = bodies_of(archive, session, "model.delta")
        assert bool(told) is deltas
    assert 1 <= len(told) <= 10
    assert "".join(body.text for body in told) == "".join(f" word{number}" for number in range(1000))
    assert [length for body in told for _, length in body.data] == [len(f" word{n}") for n in range(1000)]
    assert bodies_of(archive, session, "model.responded")[0].ttft is not None


def test_a_secret_that_the_pieces_of_a_stream_cut_apart_is_not_written(archive: Archive) -> None:
    """S3-14."""
    secret = "sk-ant-api03-" + "Ab1" * 30
    text = "word " * 900 + secret + " word" * 900
    with archive.record(deltas=True) as session, session.exchange(request(said("user", "x"))) as exchange:
        for place in range(0, len(text), 7):
            exchange.delta(text[place : place + 7])
            if place % 700 == 0:
                session.flush()
        exchange.respond("ok")
    kept = b"".join(path.read_bytes() for path in archive.path.rglob("*.jsonl"))
    whole = "".join(body.text for body in bodies_of(archive, session, "model.delta"))
    assert "[redacted:anthropic-key" in whole
    assert all(secret[at : at + 30].encode() not in kept for at in range(len(secret) - 30))


def test_notes_titles_and_tags_are_events(archive: Archive) -> None:
    with archive.record(tags=("a",)) as session:
        note = session.note("look here")
        session.tag("b", remove=("a",))
        session.title("My title")
    row = archive.session(session.id)
    assert (row.title, row.tags) == ("My title", ("b",))
    assert note is not None
    assert note.body == bodies.SessionNote(text="look here")


@pytest.mark.parametrize(
    "status", ["running", "progressed", "awaiting_input", "completed", "failed", "cancelled"]
)
def test_what_a_sub_agent_does_is_told_by_its_latest_status(archive: Archive, status: str) -> None:
    """S4-34."""
    with archive.record() as session:
        session.link_child("somebody", call="c1")
        for each in ("running", status):
            session.emit(bodies.AgentStatus(child="somebody", status=each))
    assert [child.status for child in tree_of(archive, session).children] == [status]

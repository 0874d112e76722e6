"""Forks and sub-agents: they share the past, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.recorder.rooms import archive_in, bodies_of
from tests.sessions.rooms import fill, texts, use_tool

from reenact.archive import Archive, open_sample
from reenact.errors import NotFoundError, SessionExistsError, UnpairedError, UsageError
from reenact.events import blocks, bodies
from reenact.sessions import LiveSession, LiveSessions
from reenact.store import Past


def test_a_fork_shares_the_first_messages_and_takes_no_subscribers(live: LiveSessions) -> None:
    """S4-05."""
    chat = fill(live.open(), "one", "two", "three", "four")
    heard = chat.subscribe()
    events = list(chat.events())
    fork = chat.fork_at(messages=2)
    assert texts(fork) == ["one", "two"]
    assert fork.subscribers == 0
    assert chat.subscribers == 1
    assert fork.ancestry().branched_at == chat.messages()[1].events[0]
    assert fork.snapshot().length == 2
    fill(fork, "else")
    assert texts(chat) == ["one", "two", "three", "four"]
    assert list(chat.events()) == events
    assert heard.get(0) is None


def test_a_fork_names_its_parent_and_the_event_where_it_left(archive: Archive, live: LiveSessions) -> None:
    """S4-06: and holds no copy of anything."""
    root = fill(live.open(), "one", "two", "three")
    fork = root.fork_at(messages=2, id="my fork", task="else")
    told = fork.ancestry()
    assert (told.parent, told.root) == (root.id, root.id)
    assert told.branched_at == root.messages()[1].events[-1]
    assert [event.body.kind for event in fork.events()] == ["session.started", "session.forked"]
    assert archive.session("my fork").kind == "fork"
    assert archive.session(fork.id).parent_event == told.branched_at
    assert bodies_of(archive, fork.id, "session.started")[0].task == "else"
    assert archive.past(fork.id) is not None


def test_the_past_of_a_fork_is_what_it_shares(archive: Archive, live: LiveSessions) -> None:
    root = fill(live.open(), "one", "two", "three")
    near = root.fork_at(messages=2)
    fill(near, "else")
    third = near.messages()[2]
    assert archive.past(near.id) == Past(session=root.id, seq=root.messages()[1].seq)
    inner = near.fork_at(messages=1)  # leaves in what its parent shares with the root
    assert archive.past(inner.id) == Past(session=root.id, seq=root.messages()[0].seq)
    outer = near.fork_at(messages=3)
    assert archive.past(outer.id) == Past(session=near.id, seq=third.seq)
    assert texts(outer) == ["one", "two", "else"]
    alone = near.fork_at(0)
    assert archive.past(alone.id) is None
    assert texts(alone) == []


def test_events_that_are_no_messages_count_in_a_position(live: LiveSessions) -> None:
    """S4-09."""
    chat = fill(live.open(), "one")
    chat.emit(bodies.AgentSpawned(name="helper"))
    second = chat.inject("assistant", "two")
    fork = chat.fork_at(messages=2)
    assert fork.ancestry().branched_at == second.id
    assert second.seq == chat.messages()[0].seq + 2
    assert texts(chat.fork_at(second.seq - 1)) == ["one"]
    assert texts(chat.fork_at(second.id)) == ["one", "two"]


def test_a_sub_agent_begins_with_what_it_is_given(archive: Archive, live: LiveSessions) -> None:
    """S4-11, S4-56: the parent's context, a summary of it, or nothing."""
    parent = fill(live.open(), "one")
    child = parent.open_child(agent="helper", task="help")
    assert texts(child) == ["one"]
    fill(child, "two")
    assert texts(parent) == ["one"]
    assert texts(parent.open_child(agent="helper", inherit=False)) == []
    (summary,) = texts(parent.open_child(agent="helper", inherit="summary"))
    assert "one" in summary
    (told,) = texts(parent.open_child(agent="helper", inherit="summary", summarise=lambda _: "short"))
    assert told == "short"
    assert archive.session(child.id).kind == "subagent"
    assert child.ancestry().parent == parent.id
    assert len(parent.ancestry().children) == 4
    with pytest.raises(UsageError, match="inherit"):
        parent.open_child(agent="helper", inherit="all")  # type: ignore[arg-type]  # that is the test


def test_a_sub_agent_is_not_told_of_the_call_that_starts_it(live: LiveSessions) -> None:
    parent = fill(live.open(), "one")
    use_tool(parent, "c1", answered=False)
    child = parent.open_child(agent="helper", call="c1")
    assert texts(child) == ["one"]
    with pytest.raises(UnpairedError, match="c1"):
        parent.open_child(agent="helper", on_unpaired="error")


def test_ancestry_holds_over_many_generations(live: LiveSessions) -> None:
    """S4-12."""
    root = fill(live.open(), "one", "two")
    d1 = root.fork()
    d2 = d1.fork()
    d3 = d2.fork_at(messages=1)
    assert d3.ancestry().root == root.id
    assert d3.ancestry().parent == d2.id
    assert d2.ancestry().children == (d3.id,)
    assert texts(d3) == ["one"]
    assert d3.ancestry().branched_at == root.messages()[0].events[0]
    fill(d3, "three")
    assert texts(d3.fork()) == ["one", "three"]
    assert texts(d1) == texts(d2) == ["one", "two"]


def test_all_forks_of_a_session_are_its_children(live: LiveSessions) -> None:
    """S4-13."""
    parent = fill(live.open(), "one")
    forks = [parent.fork(), parent.fork()]
    assert set(parent.ancestry().children) == {fork.id for fork in forks}
    assert {fork.ancestry().root for fork in forks} == {parent.id}


def test_a_fork_at_nothing_is_empty_and_one_behind_the_end_has_all(live: LiveSessions) -> None:
    """S4-64."""
    chat = fill(live.open(), "one", "two")
    for empty in (chat.fork_at(0), chat.fork_at(messages=0)):
        assert texts(empty) == []
        assert empty.ancestry().branched_at is None
        assert empty.ancestry().parent == chat.id
    last = list(chat.events())[-1]
    for whole in (chat.fork(), chat.fork_at(10_000), chat.fork_at(messages=10_000)):
        assert texts(whole) == ["one", "two"]
        assert whole.ancestry().branched_at == last.id
    for wrong in ({"at": -1}, {"messages": -1}):
        with pytest.raises(UsageError):
            chat.fork(**wrong)  # type: ignore[arg-type]  # that is the test
    with pytest.raises(UsageError, match="fork_at"):
        chat.fork_at()


def test_a_fork_never_takes_the_place_of_another_session(live: LiveSessions) -> None:
    """S4-70."""
    chat = fill(live.open("chat"), "one")
    other = fill(live.open("other"), "two")
    other.close()
    for taken in ("chat", "other", chat.id):
        with pytest.raises(SessionExistsError, match=taken):
            chat.fork(taken)
    assert texts(other) == ["two"]


@pytest.mark.parametrize("by", ["event", "messages"])
def test_a_fork_between_a_call_and_its_result_is_refused_or_repaired(live: LiveSessions, by: str) -> None:
    """S4-71."""
    chat = fill(live.open(), "look")
    use_tool(chat, "c1")
    chat.inject("assistant", "seen")
    asked = chat.messages()[1]
    cut = {"event": asked.events[0]} if by == "event" else {"messages": 2}
    with pytest.raises(UnpairedError, match="c1"):
        chat.fork_at(**cut)
    with pytest.raises(UsageError, match="on_unpaired"):
        chat.fork_at(**cut, on_unpaired="maybe")  # type: ignore[arg-type]  # that is the test
    assert [m.role for m in chat.fork_at(**cut, on_unpaired="include").messages()] == [
        "user", "assistant", "tool",
    ]  # fmt: skip
    assert texts(chat.fork_at(**cut, on_unpaired="drop")) == ["look"]


def test_a_call_without_any_result_can_only_be_dropped(live: LiveSessions) -> None:
    chat = fill(live.open(), "look")
    use_tool(chat, "c1", answered=False)
    for way in ("error", "include"):
        with pytest.raises(UnpairedError, match="c1"):
            chat.fork(on_unpaired=way)
    assert texts(chat.fork(on_unpaired="drop")) == ["look"]
    chat.inject("user", "never mind")
    assert chat.fork().length() == 3


def test_parallel_calls_go_together(live: LiveSessions) -> None:
    chat = fill(live.open(), "look")
    calls = [blocks.ToolCall(call=name, name="t") for name in ("c1", "c2")]
    chat.inject("assistant", calls)
    half = chat.inject("tool", "one", call="c1")
    chat.inject("tool", "two", call="c2")
    with pytest.raises(UnpairedError, match="c2"):
        chat.fork_at(half.id)
    assert chat.fork_at(half.id, on_unpaired="include").length() == 4
    assert texts(chat.fork_at(half.id, on_unpaired="drop")) == ["look"]
    assert texts(chat.fork_at(messages=3, on_unpaired="drop")) == ["look"]
    assert chat.fork_at(messages=2, on_unpaired="include").length() == 4


def test_a_fork_of_an_edited_context_has_that_contexts_first_messages(live: LiveSessions) -> None:
    chat = fill(live.open(), "one", "two", "three", "four")
    chat.trim(3)
    assert texts(chat.fork_at(messages=2)) == ["two", "three"]
    chat.compact(keep_last=2)
    summary, *rest = texts(chat)
    assert rest == ["three", "four"]
    assert texts(chat.fork_at(messages=1)) == [summary]
    assert texts(chat.fork()) == [summary, *rest]
    fork = chat.fork()
    assert fork.revert(chat.messages(at=4)[0].events[0]) == 1
    assert texts(fork) == ["one"]


def test_links_are_told_and_never_run_in_a_circle(archive: Archive, live: LiveSessions) -> None:
    parent, child = live.open("parent"), live.open("child")
    parent.link_child(child.id, call="c1")
    assert child.ancestry().parent == parent.id
    assert parent.ancestry().children == (child.id,)
    for one, other in ((child, parent), (parent, parent)):
        with pytest.raises(UsageError, match="sub-agent"):
            one.link_child(other.id)
    assert archive.session("child").parent_call == "c1"


def test_what_agents_wrote_themselves_can_be_forked_at_any_event(tmp_path: Path) -> None:
    """The messages of a fork of a transcript are the context that its tree has there."""
    with open_sample(tmp_path, variables={"HOME": str(tmp_path), "TZ": "UTC"}) as archive:
        rows = [row for row in archive.sessions() if row.events > 10]
        assert {row.agent for row in rows} >= {"claude_code", "codex"}
        for row in rows:
            tree = archive.tree(row.id)
            for at in sorted({row.events // 3, row.events // 2, row.events}):
                try:
                    fork = archive.fork(row.id, at=at)
                except UnpairedError:
                    fork = archive.fork(row.id, at=at, on_unpaired="include")
                parts = tree.at(_seq(archive, fork)).context
                own = list(dict.fromkeys(part.id for part in parts))
                told = [event for message in fork.messages() for event in message.events]
                # One that its agent forked shows what it shares, too; that is not in its own log.
                assert (told if archive.past(row.id) is None else told[-len(own) :]) == own
                assert all(message.blocks for message in fork.messages())
                fill(fork, "go on")
                assert texts(fork)[-1] == "go on"
                fork.close()
        with pytest.raises(UsageError, match="imported"):
            archive.live().open(rows[0].id)
        assert archive.live().read(rows[0].id).length() > 0


def _seq(archive: Archive, fork: LiveSession) -> int:
    at = fork.ancestry().branched_at
    assert at is not None
    found = archive.store.find_event(at)
    assert found is not None
    return found.seq


def test_a_fork_goes_on_in_another_process_with_all_it_shares(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        fork = fill(archive.live().open("chat"), "one", "two").fork_at(messages=1, id="side")
        fill(fork, "three")
    with archive_in(tmp_path) as archive:
        side = archive.live().open("side")
        assert texts(side) == ["one", "three"]
        assert side.ancestry().parent == archive.session("chat").id
        with pytest.raises(NotFoundError):
            archive.live().get("chat")

"""A session from its run inputs to its end: what is on disk, when, and under which name."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest
from tests.recorder.rooms import answer, bodies_of, events_of, kinds_of, request, said, tree_of

import reenact
from reenact.archive import Archive
from reenact.errors import SessionNotFoundError
from reenact.events import Tokens, blocks, bodies
from reenact.recorder import Session
from reenact.store import Filter
from reenact.tree import statistics

SECRET = "sk-ant-api03-" + "Ab1" * 30


def test_run_inputs_are_on_disk_before_anything_else(archive: Archive, tmp_path: Path) -> None:
    """S3-02: the inputs and what followed read back as they were."""
    git = ("git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(("git", "init", "-q", "-b", "topic", str(tmp_path)), check=True)
    subprocess.run((*git, "commit", "-q", "--allow-empty", "-m", "x"), check=True)
    head = subprocess.run((*git, "rev-parse", "HEAD"), check=True, capture_output=True, text=True).stdout
    session = archive.record(
        task="t1", agent="mine", agent_version="1.2", model="model-a", cwd=tmp_path, tags=("a", "b"),
        config={"depth": 3, "api_key": SECRET, "path": tmp_path},
    )  # fmt: skip
    assert kinds_of(archive, session) == []
    with session:
        begun = events_of(archive, session)[0].body
        assert isinstance(begun, bodies.SessionStarted)
        assert (begun.task, begun.agent, begun.agent_version, begun.model) == ("t1", "mine", "1.2", "model-a")
        assert begun.repo is not None
        assert (begun.repo.head, begun.repo.branch, begun.repo.dirty) == (head.strip(), "topic", False)
        assert begun.config is not None
        assert begun.config["depth"] == 3
        assert begun.config["api_key"].startswith("[redacted:")
        session.message("user", "hello")
    assert kinds_of(archive, session)[-1] == "session.ended"
    row = archive.session(session.id)
    assert (row.status, row.agent, row.tags, row.agent_version) == ("completed", "mine", ("a", "b"), "1.2")
    (told,) = bodies_of(archive, session, "message.user")
    assert told.blocks == (blocks.Text(text="hello"),)
    assert SECRET.encode() not in b"".join(p.read_bytes() for p in archive.path.rglob("*") if p.is_file())


def test_the_whole_life_of_an_agent_is_there(archive: Archive) -> None:
    """S1-03, S2-01: two model calls, one tool call, one result, a begin and an end; one completed loop."""
    with archive.record(task="read", agent="mine", model="model-a") as session:
        session.message("user", "read it")
        ask = request(said("user", "read it"))
        session.model_call(ask, answer("I look", id="m1", calls=("c1",)))
        with session.tool("read_file", {"path": "a"}, call="c1", kind="file_read") as tool:
            tool.finish("text")
        session.model_call(request(*ask["messages"], said("user", "x")), answer("done", id="m2"))
    told = kinds_of(archive, session)
    assert [told.count(kind) for kind in ("model.requested", "model.responded", "tool.called", "tool.finished")] == [
        2, 2, 1, 1,
    ]  # fmt: skip
    assert (told[0], told[-1]) == ("session.started", "session.ended")
    tree = tree_of(archive, session)
    (loop,) = tree.loops
    assert (loop.status, loop.prompt, tree.agent) == ("completed", "read it", "mine")
    assert [(turn.index, turn.trigger, len(turn.tools)) for turn in loop.turns] == [
        (0, "user", 1), (1, "continuation", 0),
    ]  # fmt: skip
    assert any(step.role == "assistant" for step in tree.walk())


def test_cached_tokens_reasoning_and_images_are_kept(archive: Archive) -> None:
    """S1-25, S1-26: what a call cost from its cache is counted, and all its blocks are there."""
    content = [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        {"type": "text", "text": "here"},
    ]
    with archive.record() as session:
        session.model_call(request(said("user", "draw")), {**answer(), "content": content})
    (told,) = bodies_of(archive, session, "model.responded")
    assert told.usage == Tokens(input=10, cache_read=7, output=5)
    assert isinstance(told.blocks[0], blocks.Reasoning)
    assert tree_of(archive, session).usage.cache_read == 7
    script = archive.script(session.id)
    assert script.exchanges[0].response is not None
    assert b"AAAA" in script.exchanges[0].response.body  # type: ignore[union-attr]  # it was taped


def test_two_runs_are_two_sessions_and_one_goes_on_only_by_its_name(archive: Archive) -> None:
    """S1-29, S1-15, S2-46: nothing is mixed, and nothing is written over."""
    names = []
    for _ in range(2):
        with archive.record(agent="mine") as session:
            session.message("user", "x")
        names.append(session.id)
    assert len(set(names)) == 2
    for number in range(3):
        with archive.record(agent="mine", session="my own name") as session:
            session.message("user", f"part {number}")
    assert [step.text for step in tree_of(archive, session).walk() if step.kind == "message"] == [
        "part 0", "part 1", "part 2",
    ]  # fmt: skip
    started = bodies_of(archive, session, "session.started")
    assert [each.resumed for each in started] == [False, True, True]
    assert archive.session("my own name").id == session.id
    with archive.record(session=session.id) as again:
        assert again.id == session.id


@pytest.mark.parametrize("name", ["a.b.c.1", "../x", "nodots", "", "/etc/passwd", "ä\n"], ids=repr)
def test_a_name_of_the_agents_own_is_never_parsed_nor_a_path(
    archive: Archive, name: str, tmp_path: Path
) -> None:
    """S2-18, S2-51, S2-54, S3-28: whatever the name says, it is a name."""
    before = {path for path in tmp_path.rglob("*") if "archive" not in path.parts}
    with archive.record(agent="mine", session=name) as session:
        session.message("user", "hello")
    row = next(row for row in archive.sessions() if row.id == session.id)
    assert (row.native_id, row.status, session.degraded) == (name, "completed", None)
    assert {path for path in tmp_path.rglob("*") if "archive" not in path.parts} == before


def test_sessions_are_found_by_agent(archive: Archive) -> None:
    """S2-17, S2-45, S1-24: two, one, none; and nothing at all in an empty archive."""
    assert archive.sessions() == []
    for agent in ("agent-a", "agent-b", "agent-a"):
        with archive.record(agent=agent):
            pass
    archive.store.catch_up()
    found = [len(archive.sessions(Filter(agent=agent))) for agent in ("agent-a", "agent-b", "agent-c")]
    assert found == [2, 1, 0]
    sums = statistics([])
    assert (sums.events, sums.model_calls, sums.duration) == (0, 0, 0)


def test_a_removed_session_is_gone_and_a_ghost_is_an_error(archive: Archive) -> None:
    """S2-05, S2-07, S1-16, S3-09: kept, listed, loaded, removed; unknown names are errors that name them."""
    with archive.record(agent="mine") as session:
        session.message("user", "x")
    archive.store.catch_up()
    assert [(row.id, row.agent, row.loops, row.status) for row in archive.sessions()] == [
        (session.id, "mine", 1, "completed")
    ]
    archive.remove([session.id])
    archive.store.catch_up()
    assert archive.sessions() == []
    with pytest.raises(SessionNotFoundError, match="ghost"):
        archive.remove(["ghost"])


def test_a_block_that_raises_is_a_failed_session_that_says_why(archive: Archive) -> None:
    """S1-27, S3-24: the error and the end are there, and the agent gets its own exception."""
    session = archive.record()
    with pytest.raises(ZeroDivisionError), session, session.exchange(request(said("user", "x"))):
        _ = 1 / 0
    assert [body.error for body in bodies_of(archive, session, "model.failed")] == [
        "ZeroDivisionError: division by zero"
    ]
    (ended,) = bodies_of(archive, session, "session.ended")
    assert (ended.status, ended.error) == ("failed", "ZeroDivisionError: division by zero")
    (loop,) = tree_of(archive, session).loops
    assert loop.status == "aborted"
    assert archive.session(session.id).status == "failed"


@pytest.mark.parametrize(
    ("error", "status"),
    [(KeyboardInterrupt, "interrupted"), (SystemExit, "interrupted"), (asyncio.CancelledError, "aborted")],
    ids=["interrupt", "exit", "cancelled"],
)
def test_how_a_block_is_left_is_how_its_session_ended(
    archive: Archive, error: type[BaseException], status: str
) -> None:
    session = archive.record()
    with pytest.raises(error), session:
        raise error
    assert bodies_of(archive, session, "session.ended")[0].status == status


def test_an_ephemeral_session_leaves_nothing_behind(archive: Archive) -> None:
    """S2-28, S4-26: it can be looked at while it lasts, and no disk knows of it."""
    before = sorted(archive.path.rglob("*"))
    with archive.record(agent="mine", ephemeral=True) as session:
        session.message("user", "x" * 10_000)
        session.model_call(request(said("user", "y" * 10_000)), answer())
        assert [event.seq for event in session.events()] == list(range(1, 7))
        assert reenact.current() is session
    assert sorted(archive.path.rglob("*")) == before
    archive.store.catch_up()
    assert archive.sessions() == []


def test_a_loop_that_is_under_way_is_the_current_one(archive: Archive) -> None:
    """S2-16: there while it runs, not there before and after."""
    with archive.record() as session:
        assert tree_of(archive, session).current is None
        with session.loop() as loop:
            session.message("user", "x")
            current = tree_of(archive, session).current
            assert current is not None
            assert (current.id, current.status) == (loop.id, "running")
        assert tree_of(archive, session).current is None


def test_flush_ends_nothing_and_checkpoint_ends_what_is_at_rest(archive: Archive) -> None:
    """S2-30, S2-46, S2-48: `after_session` once, and what was there stays there."""
    ended: list[object] = []
    hooks = reenact.Hooks()
    hooks.on("after_session")(lambda ask: ended.append(ask.value))
    with archive.record(hooks=hooks) as session:
        with session.loop():
            session.message("user", "one")
            session.flush()
            assert session.checkpoint("inside") == 0
        assert ended == []
        assert session.checkpoint("between") == 1
        assert ended == ["completed"]
        with session.loop():
            session.message("user", "two")
    assert ended == ["completed"]
    tree = tree_of(archive, session)
    assert [(loop.prompt, loop.status, loop.continuation) for loop in tree.loops] == [
        ("one", "completed", "initial"), ("two", "completed", "default"),
    ]  # fmt: skip
    told = kinds_of(archive, session)
    assert told.count("checkpoint.created") == 2
    assert told.count("session.ended") == 2
    assert [event.seq for event in events_of(archive, session)] == list(range(1, len(told) + 1))


def test_rotation_begins_a_session_of_its_own(archive: Archive) -> None:
    """S2-08: another id, current from then on; the old one has ended."""
    with archive.record(agent="mine", task="t") as session:
        session.message("user", "x")
        assert session.fresh(after=60) is session
        archive.clock.advance(61_000_000)  # type: ignore[attr-defined]  # the tests' clock
        fresh = session.fresh(after=60)
        assert fresh.id != session.id
        assert reenact.current() is fresh
        assert session.fresh(after=60) is fresh
        fresh.message("user", "y")
    assert [archive.session(each.id).status for each in (session, fresh)] == ["completed", "completed"]
    (cleared,) = bodies_of(archive, fresh, "session.cleared")
    assert (cleared.old, cleared.new) == (session.id, fresh.id)
    assert reenact.current() is None


def test_what_comes_after_the_end_is_not_recorded_and_says_so(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    with archive.record() as session:
        pass
    session.note("too late")
    session.note("still too late")
    assert capsys.readouterr().err.count("has ended") == 1
    assert session.lost == 2
    assert kinds_of(archive, session) == ["session.started", "session.ended"]


def test_an_archive_that_cannot_be_opened_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REENACT_HOME", str(tmp_path / "file" / "archive"))
    with reenact.record(task="t", agent="mine") as session:
        session.message("user", "hello")
        session.model_call(request(said("user", "hello")), answer())
        assert session.degraded is not None
    assert "nothing will be recorded" in capsys.readouterr().err


def test_the_archive_of_this_machine_is_recorded_in_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REENACT_HOME", str(tmp_path / "archive"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with reenact.record(task="t", agent="mine") as session:
        assert isinstance(session, Session)
        session.note("here")
    with reenact.open() as archive:
        archive.store.catch_up()
        assert [row.id for row in archive.sessions()] == [session.id]


def test_what_cannot_be_written_is_written_as_it_shows_itself(archive: Archive) -> None:
    class Odd:
        def __repr__(self) -> str:
            return "<odd>"

    class Broken:
        def __repr__(self) -> str:
            raise ValueError

    circle: list[object] = []
    circle.append(circle)
    value = {"odd": Odd(), "broken": Broken(), 3: circle, "set": {1}, "nan": float("nan"), "lone": "\ud800"}
    with archive.record() as session:
        with session.tool("t", value) as tool:
            tool.finish(Odd())
        session.model_call({"messages": [{"role": "user", "content": Odd()}]}, Odd())  # type: ignore[arg-type]  # on purpose
    assert session.degraded is None
    (called,) = bodies_of(archive, session, "tool.called")
    assert called.input["odd"] == "<odd>"
    assert called.input["broken"] == "<Broken>"
    assert called.input["3"] == [["…"]] or called.input["3"] == ["…"]
    assert bodies_of(archive, session, "tool.finished")[0].output == "<odd>"

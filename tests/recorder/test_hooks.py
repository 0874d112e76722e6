"""Hooks: everybody sees, some decide, each word of theirs is on record, and none breaks the agent."""

from __future__ import annotations

import pytest
from tests.recorder.rooms import answer, bodies_of, events_of, kinds_of, request, said, tree_of

from reenact.archive import Archive
from reenact.events import Event
from reenact.recorder import Allow, Ask, Decision, DeniedError, Deny, Hooks, Inject, Replace, Session


def test_a_denied_tool_is_not_run_and_everybody_sees_it(archive: Archive) -> None:
    """S1-12: the first denial holds and later hooks are not asked; observers see all of it."""
    hooks, asked, seen = Hooks(), list[str](), list[str]()

    @hooks.on("before_tool")
    def first(ask: Ask) -> Decision:
        asked.append("first")
        return Deny("too dangerous") if ask.name == "rm" else None

    @hooks.on("before_tool")
    def second(_: Ask) -> Decision:
        asked.append("second")
        return Allow()

    hooks.observe(lambda event: seen.append(event.body.kind), name="watcher")
    with archive.record(hooks=hooks) as session:
        with pytest.raises(DeniedError, match="too dangerous"), session.tool("rm", call="c1"):
            pytest.fail("it ran")
        with session.tool("ls", call="c2"):
            pass
    assert asked == ["first", "first", "second"]
    assert seen == kinds_of(archive, session)
    told = [(each.name, each.outcome, each.call) for each in bodies_of(archive, session, "hook.ran")]
    assert told == [("first", "deny", "c1"), ("first", "pass", "c2"), ("second", "allow", "c2")]
    answered = bodies_of(archive, session, "permission.answered")
    assert [(each.granted, each.call, each.source) for each in answered] == [
        (False, "c1", "first"),
        (True, "c2", "second"),
    ]
    denied, done = bodies_of(archive, session, "tool.finished")
    assert (denied.ok, denied.category, denied.error, done.ok) == (False, "denied", "too dangerous", True)
    (step, _) = [step for step in tree_of(archive, session).walk() if step.kind == "tool"]
    assert step.denied


def test_a_hook_may_put_other_values_in_the_place_and_tell_the_agent_something(archive: Archive) -> None:
    hooks = Hooks()
    hooks.on("before_tool", name="safer")(lambda ask: Replace({"command": ask.value["command"] + " -i"}))
    hooks.on("before_tool", name="again")(lambda ask: Replace({"command": ask.value["command"] + " -v"}))
    hooks.on("before_tool", name="hint")(lambda _: Inject("mind the gap"))
    hooks.on("before_tool", name="more")(lambda _: Inject("and the train"))
    hooks.on("after_tool", name="shorter")(lambda ask: Replace(str(ask.value)[:3]))
    hooks.on("before_model", name="model")(lambda ask: Replace({**ask.value, "max_tokens": 7}))
    with archive.record(hooks=hooks) as session:
        with session.exchange(request(said("user", "x"))) as exchange:
            assert isinstance(exchange.request, dict)
            assert exchange.request["max_tokens"] == 7
            exchange.respond(answer())
        with session.tool("rm", {"command": "rm"}) as tool:
            assert (tool.input, tool.injected) == ({"command": "rm -i -v"}, "mind the gap\nand the train")
            assert tool.finish("abcdef") == "abc"
    assert bodies_of(archive, session, "tool.called")[0].input == {"command": "rm"}
    assert bodies_of(archive, session, "tool.finished")[0].output == "abc"
    (injected,) = bodies_of(archive, session, "context.injected")
    assert (injected.origin, injected.blocks[0].text) == ("hint", "mind the gap\nand the train")
    first = archive.script(session.id).exchanges[0].request
    assert isinstance(first, dict)
    assert first["max_tokens"] == 7
    outputs = [each.output for each in bodies_of(archive, session, "hook.ran") if each.outcome == "replace"]
    assert outputs[1:] == ['{"command":"rm -i"}', '{"command":"rm -i -v"}', "abc"]


def test_a_hook_that_raises_has_said_nothing_and_is_named(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    hooks = Hooks()

    @hooks.on("before_tool")
    def broken(_: Ask) -> Decision:
        raise RuntimeError("my fault")

    @hooks.on("before_tool")
    def odd(_: Ask) -> Decision:
        return "yes"  # type: ignore[return-value]  # on purpose

    @hooks.on("before_tool", name="later")  # type: ignore[arg-type]  # on purpose
    async def later(_: Ask) -> Decision:
        return None

    @hooks.observe
    def blind(_: Event) -> None:
        raise KeyError("x")

    hooks.observe(lambda event: seen.append(event.seq), name="after the blind one")
    seen: list[int] = []
    with archive.record(hooks=hooks) as session, session.tool("ls") as tool:
        tool.finish("fine")
    said_so = [(each.name, each.outcome, each.reason) for each in bodies_of(archive, session, "hook.ran")]
    assert said_so == [
        ("broken", "failed", "RuntimeError: my fault"),
        ("odd", "failed", "str is no decision"),
        ("later", "failed", "coroutine is no decision"),
    ]
    assert bodies_of(archive, session, "tool.finished")[0].output == "fine"
    assert seen == [event.seq for event in events_of(archive, session)]
    assert session.recorder is not None
    assert session.recorder.failures == {"blind": len(seen)}
    stderr = capsys.readouterr().err
    assert stderr.count("blind") == 1
    assert "hook broken failed: RuntimeError: my fault" in stderr


def test_a_veto_at_the_beginning_rejects_the_session(archive: Archive) -> None:
    """S2-31: asked once; S2's own veto did nothing."""
    hooks, asked = Hooks(), list[object]()

    @hooks.on("before_session")
    def budget(ask: Ask) -> Decision:
        asked.append(ask.value.task)
        return Deny("no money") if ask.value.task == "expensive" else None

    ended: list[object] = []
    hooks.on("after_session")(lambda ask: ended.append(ask.value))
    rejected = archive.record(task="expensive", hooks=hooks)
    with pytest.raises(DeniedError, match="no money"), rejected:
        pytest.fail("it ran")
    (loop,) = tree_of(archive, rejected).loops
    assert loop.status == "rejected"
    (end,) = bodies_of(archive, rejected, "session.ended")
    assert (end.status, end.error) == ("failed", "rejected by budget: no money")
    with archive.record(task="cheap", hooks=hooks) as session:
        for _ in range(2):
            with session.loop():
                session.message("user", "x")
    assert asked == ["expensive", "cheap"]
    assert ended == ["failed", "completed"]


def test_a_loop_can_be_rejected_alone(archive: Archive) -> None:
    hooks = Hooks()
    hooks.on("before_loop", name="once")(lambda ask: Deny("again?") if ask.name == "second" else None)
    with archive.record(hooks=hooks) as session:
        with session.loop(agent="first"):
            session.message("user", "x")
        with pytest.raises(DeniedError), session.loop(agent="second"):
            pytest.fail("it ran")
    assert [loop.status for loop in tree_of(archive, session).loops] == ["completed", "rejected"]
    assert bodies_of(archive, session, "loop.ended")[1].reason == "again?"


def test_a_denied_model_call_is_a_failed_one(archive: Archive) -> None:
    hooks = Hooks()
    hooks.on("before_model", name="quiet")(lambda _: Deny("not now"))
    with archive.record(hooks=hooks) as session, pytest.raises(DeniedError):
        session.model_call(request(said("user", "x")), answer())
    (failed,) = bodies_of(archive, session, "model.failed")
    assert (failed.error, failed.category) == ("not now", "denied")


def fails(session: Session) -> None:
    raise ZeroDivisionError


def checks(session: Session) -> None:
    session.message("user", "x")
    session.course.close("completed", None)
    session.checkpoint()


def aborts(session: Session) -> None:
    session.end("aborted")


def rotates(session: Session) -> None:
    session.rotate()


@pytest.mark.parametrize("way", [fails, checks, aborts, rotates], ids=lambda way: way.__name__)
def test_the_end_is_told_exactly_once_on_every_way_out(archive: Archive, way: object) -> None:
    """S2-48: also after a checkpoint, an abort, a crash of the block."""
    hooks, ended = Hooks(), list[str]()
    hooks.on("after_session")(lambda ask: ended.append(ask.session))
    session = archive.record(hooks=hooks)
    try:
        with session:
            way(session)  # type: ignore[operator]  # one of the above
    except ZeroDivisionError:
        pass
    assert ended.count(session.id) == 1
    assert len(ended) == (2 if way is rotates else 1)


def test_an_observer_may_record_too_and_may_leave(archive: Archive) -> None:
    with archive.record() as session:

        def echo(event: Event) -> None:
            if event.body.kind == "tool.called":
                session.note("a tool!")

        leave = session.observe(echo)
        with session.tool("ls"):
            pass
        leave()
        with session.tool("ls"):
            pass
    told = kinds_of(archive, session)
    assert (told.count("tool.called"), told.count("session.note")) == (2, 1)
    assert told.index("session.note") == told.index("tool.called") + 1


def test_observers_hear_their_own_session_in_their_order(archive: Archive) -> None:
    """S4-29, S4-30: each event once, first the one that was put on first."""
    heard: list[tuple[str, str, int]] = []
    with archive.record() as one, archive.record() as two:
        for name in ("first", "second"):
            one.observe(lambda event, name=name: heard.append((name, event.session, event.seq)))  # type: ignore[misc]  # name is a str
        two.note("not for them")
        one.note("for them")
    assert heard[:2] == [("first", one.id, 2), ("second", one.id, 2)]
    assert {session for _, session, _ in heard} == {one.id}
    assert len(heard) == len(set(heard))

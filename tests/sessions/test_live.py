"""Live sessions: opened once, edited by events, closed, and gone on with."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.recorder.rooms import answer, archive_in, bodies_of, kinds_of, request, said
from tests.sessions.rooms import fill, texts, use_tool

import reenact
import reenact.events
import reenact.sessions
from reenact.archive import Archive
from reenact.errors import (
    NotFoundError,
    SessionClosedError,
    SessionNotFoundError,
    UnpairedError,
    UsageError,
)
from reenact.events import bodies
from reenact.sessions import LiveSessions


def test_the_same_id_gives_the_same_session(live: LiveSessions) -> None:
    """S4-01."""
    minted = live.open()
    assert live.open(minted.id) is minted
    assert live.exists(minted.id)
    named = live.open("my chat", agent="mine")
    assert live.open("my chat") is named
    assert named.id != "my chat"
    assert live.open(named.id) is named
    assert not live.exists("another chat")
    assert set(live.ids()) == {minted.id, named.id}


def test_a_reset_session_is_empty_and_still_there(live: LiveSessions) -> None:
    """S4-03."""
    chat = fill(live.open(), "one", "two")
    chat.reset()
    assert chat.length() == 0
    assert live.exists(chat.id)
    assert [message.text for message in chat.messages(at=chat.snapshot().last - 1)] == ["one", "two"]


def test_a_trim_keeps_the_last_messages(live: LiveSessions) -> None:
    """S4-14."""
    chat = fill(live.open(), "one", "two", "three", "four")
    assert chat.trim(2) == 2
    assert texts(chat) == ["three", "four"]
    assert fill(live.open(), "only").trim(100) == 1
    assert chat.trim(0) == 0
    for wrong in (-1, True, "2"):
        with pytest.raises(UsageError, match="keep_last"):
            chat.trim(wrong)  # type: ignore[arg-type]  # that is the test


@pytest.mark.parametrize(
    ("way", "left"),
    [("include", ['shell({"command":"ls"})', "out", "thanks"]), ("drop", ["thanks"])],
)
def test_a_trim_never_parts_a_call_from_its_result(live: LiveSessions, way: str, left: list[str]) -> None:
    chat = fill(live.open(), "look")
    use_tool(chat, "c1")
    chat.inject("user", "thanks")
    with pytest.raises(UnpairedError, match="c1"):
        chat.trim(2)
    assert chat.length() == 4
    assert chat.trim(2, on_unpaired=way) == len(left)  # type: ignore[arg-type]  # a word of the table
    assert texts(chat) == left


def test_a_closed_session_can_be_read_and_opened_again(archive: Archive, live: LiveSessions) -> None:
    """S4-15, S4-54: it is no longer open, and nothing of it is gone."""
    chat = fill(live.open("chat", agent="mine"), "one")
    chat.close("aborted", error="enough")
    assert not live.is_open("chat")
    assert "chat" not in live
    assert live.exists("chat")
    with pytest.raises(SessionClosedError, match=chat.id):
        chat.inject("user", "two")
    assert texts(chat) == ["one"]
    assert archive.session(chat.id).status == "aborted"
    again = live.open("chat")
    again.inject("user", "two")
    assert texts(again) == ["one", "two"]
    again.close()
    assert archive.session(chat.id).status == "completed"
    again.reopen().reset()
    assert again.length() == 0
    ends = [body.status for body in bodies_of(archive, chat.id, "session.ended")]
    begins = [body.resumed for body in bodies_of(archive, chat.id, "session.started")]
    assert (ends, begins) == (["aborted", "completed"], [False, True, True])


def test_a_message_needs_a_role(live: LiveSessions) -> None:
    """S4-16."""
    chat = live.open()
    with pytest.raises(TypeError, match="role"):
        chat.inject(content="x")  # type: ignore[call-arg]  # that is the test
    for wrong in ("", "boss", None):
        with pytest.raises(UsageError, match="role"):
            chat.inject(wrong, "x")  # type: ignore[arg-type]  # that is the test
    with pytest.raises(UsageError, match="nothing to inject"):
        chat.inject("user", [])


def test_an_unknown_id_is_an_error_that_names_it(archive: Archive, live: LiveSessions) -> None:
    """S4-07, S4-17."""
    for verb in (live.get, live.read, live.fork, archive.fork, live.ancestry):
        with pytest.raises(NotFoundError, match="ghost"):
            verb("ghost")
    chat = live.open()
    with pytest.raises(SessionNotFoundError, match="ghost"):
        chat.link_child("ghost")
    with pytest.raises(NotFoundError, match="ghost"):
        chat.fork(at="ghost")
    with pytest.raises(NotFoundError, match="ghost"):
        chat.revert("ghost")
    with pytest.raises(NotFoundError, match="ghost"):
        chat.restore("ghost")
    assert not live.exists("ghost")


def test_the_one_used_longest_ago_rests_on_disk(live: LiveSessions) -> None:
    """S4-19, S4-67: nothing of it is lost, and it goes on by itself."""
    live.cap = 3
    a, b, c = (fill(live.open(name), name) for name in "abc")
    heard = b.subscribe()
    a.length()
    d = fill(live.open("d"), "d")
    resting = heard.get(0)
    assert isinstance(resting, reenact.sessions.Closed)
    assert resting.is_resting
    assert [one.session.recorder.is_resting for one in (a, b, c, d) if one.session.recorder] == [
        False, True, False, False,
    ]  # fmt: skip
    assert all(live.is_open(name) for name in "abcd")
    before = [event.seq for event in b.events()]
    b.inject("user", "more")
    assert texts(b) == ["b", "more"]
    assert [event.seq for event in b.events()] == [*before, before[-1] + 1]
    told = heard.get(0)
    assert isinstance(told, reenact.events.Event)
    assert told.seq == before[-1] + 1
    b.session.message("user", "told to the recording itself")
    assert b.length() == 3


def test_many_more_sessions_than_may_be_open_all_keep_what_they_hold(live: LiveSessions) -> None:
    live.cap = 2
    chats = [live.open(f"chat {number}") for number in range(6)]
    for turn in range(3):
        for chat in chats:
            chat.inject("user", f"{turn}")
    for chat in chats:
        assert texts(chat) == ["0", "1", "2"]
        assert kinds_of_edits(chat) == ["context.injected"] * 3


def kinds_of_edits(chat: reenact.sessions.LiveSession) -> list[str]:
    return [event.body.kind for event in chat.events() if event.body.kind.startswith("context.")]


def test_the_current_session_is_the_innermost_one(live: LiveSessions) -> None:
    """S4-21: inside of an observer, too."""
    seen: list[str | None] = []
    assert live.current() is None
    with live.open("outer") as outer:
        assert live.current() is outer
        inner = live.open("inner")
        inner.session.observe(lambda _: seen.append(getattr(live.current(), "id", None)))
        with inner.current():
            assert live.current() is inner
            assert reenact.current() is inner.session
            inner.inject("user", "x")
        assert live.current() is outer
        assert inner.is_open
    assert live.current() is None
    assert seen == [inner.id]
    assert not outer.is_open


def test_the_next_request_begins_with_what_was_said_before(live: LiveSessions) -> None:
    """S4-24."""
    with live.open("chat") as chat:
        chat.message("user", "first")
        chat.session.model_call(request(said("user", "first")), answer("reply"))
    with live.open("chat") as chat:
        chat.message("user", "second")
        assert [(m.role, m.text) for m in chat.messages()] == [
            ("user", "first"), ("assistant", "reply"), ("user", "second"),
        ]  # fmt: skip


def test_after_a_reset_the_next_request_holds_only_what_is_new(live: LiveSessions) -> None:
    """S4-25."""
    chat = live.open()
    chat.message("user", "first")
    chat.session.model_call(request(said("user", "first")), answer("reply"))
    chat.reset()
    chat.message("user", "second")
    assert texts(chat) == ["second"]


def test_skills_are_still_active_when_a_session_is_opened_again(live: LiveSessions) -> None:
    """S4-27: and a fork begins without."""
    with live.open("chat") as chat:
        for name in ("plan", "review", "draw"):
            chat.emit(bodies.SkillActivated(name=name))
        chat.emit(bodies.SkillDeactivated(name="review"))
    again = live.open("chat")
    assert again.active_skills() == again.snapshot().skills == ("plan", "draw")
    assert again.fork().active_skills() == ()


def test_edits_keep_what_other_events_there_are(live: LiveSessions) -> None:
    """S4-69: no edit rewrites anything; ids stay."""
    chat = fill(live.open(), "one")
    note = chat.session.note("kept")
    assert note is not None
    fill(chat, "two", "three")
    before = [event.id for event in chat.events()]
    chat.trim(1)
    chat.inject("user", "four")
    chat.compact(keep_last=0)
    fork = chat.fork()
    chat.reset()
    assert [event.id for event in chat.events()][: len(before)] == before
    assert note.id in before
    assert chat.messages(at=2)[0].text == "one"
    assert fork.length() == 1


def test_reverting_goes_back_to_any_moment(live: LiveSessions) -> None:
    chat = fill(live.open(), "one", "two", "three")
    at = chat.snapshot().last
    trim = at + 1
    chat.trim(1)
    fill(chat, "four")
    assert chat.revert(at) == 3
    assert texts(chat) == ["one", "two", "three"]
    assert chat.revert(trim) == 1
    assert texts(chat) == ["three"]
    assert chat.revert(0) == 0
    assert chat.revert(next(event.id for event in chat.events() if event.seq == at)) == 3
    with pytest.raises(NotFoundError, match="999"):
        chat.revert(999)
    for wrong in ({}, {"to": 1, "turns": 1}):
        with pytest.raises(UsageError, match="revert"):
            chat.revert(**wrong)


def test_reverting_by_turns_takes_back_what_people_said(live: LiveSessions) -> None:
    chat = live.open()
    for word in ("one", "two", "three"):
        chat.message("user", word)
        chat.message("assistant", f"{word} done")
    assert chat.revert(turns=1) == 4
    assert texts(chat)[-1] == "two done"
    chat.message("user", "else")
    assert chat.revert(turns=2) == 2
    assert chat.revert(turns=5) == 0


def test_an_archive_that_is_closed_closes_its_live_sessions(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        chat = fill(archive.live().open("chat"), "one")
        archive.live().cap = 1
        archive.live().open("other")
    with archive_in(tmp_path) as archive:
        assert {row.status for row in archive.sessions()} == {"completed"}
        assert texts(archive.live().read("chat")) == ["one"]
        assert archive.live().open("chat").id == chat.id


def test_a_session_with_a_failing_block_is_a_failed_one(archive: Archive, live: LiveSessions) -> None:
    chat = live.open("chat")

    def fail() -> None:
        with chat:
            chat.inject("user", "one")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert archive.session(chat.id).status == "failed"
    assert kinds_of(archive, chat.id)[-1] == "session.ended"


def test_one_goes_back_to_what_a_revert_led_to(live: LiveSessions) -> None:
    chat = live.open()
    chat.reset()
    begin = chat.snapshot().last
    chat.message("user", "a question")
    asked = chat.snapshot().last
    chat.revert(begin)
    assert chat.revert(asked) == 1
    back = chat.snapshot().last
    assert chat.revert(back) == 1
    assert chat.revert(begin) == 0
    assert chat.revert(back) == 1
    assert texts(chat) == ["a question"]


def test_after_going_back_only_earlier_compactions_are_taken_back(live: LiveSessions) -> None:
    chat = fill(live.open(), "one", "two")
    before = chat.snapshot().last
    chat.compact(keep_last=0)
    fill(chat, "three")
    middle = chat.snapshot().last
    fill(chat, "four")
    chat.compact(keep_last=0)
    chat.revert(middle)
    assert texts(chat)[1:] == ["three"]
    assert chat.restore()
    assert texts(chat) == ["one", "two", "three"]  # not "four": that was left behind
    assert not chat.restore()
    chat.revert(before)
    assert not chat.restore()
    assert texts(chat) == ["one", "two"]

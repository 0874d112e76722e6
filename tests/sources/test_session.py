"""One session while it is read: names, loops and turns."""

from __future__ import annotations

from reenact.events.bodies import LoopStarted, ProviderStatus, TurnStarted
from reenact.sources.names import name_of
from reenact.sources.session import SessionDrafts


def test_a_name_that_comes_again_is_counted() -> None:
    drafts = SessionDrafts("agent", "native")
    names = [drafts.emit("x", ProviderStatus()) for _ in range(3)]
    assert names == ["x", "x#1", "x#2"]
    assert name_of("a", "b") == name_of("a", "b") != name_of("a", "c")


def test_a_line_gives_its_drafts_once() -> None:
    drafts, other = SessionDrafts("agent", "one"), SessionDrafts("agent", "two")
    drafts.tell_header()
    drafts.emit("x", ProviderStatus())
    other.emit("y", ProviderStatus())
    found = drafts.taken("metadata", others=[other])
    assert (found.disposition, len(found.drafts), len(found.headers)) == ("events", 2, 1)
    assert {draft.session for draft in found.drafts} == {drafts.id, other.id}
    assert drafts.taken("repeat", others=[other]).drafts == ()


def test_loops_end_before_the_next_one_and_turns_with_them() -> None:
    drafts = SessionDrafts("agent", "native")
    drafts.start_loop("l1")
    drafts.open_turn("a")
    drafts.open_turn("b")
    drafts.start_loop("l2", is_branch=True)
    drafts.open_turn("c")
    found = drafts.taken("events").drafts
    assert [draft.body.kind for draft in found] == [
        "loop.started", "turn.started", "turn.ended", "turn.started", "turn.ended", "loop.ended",
        "loop.started", "turn.started",
    ]  # fmt: skip
    assert [draft.body.continuation for draft in found if isinstance(draft.body, LoopStarted)] == [
        "initial",
        "branch",
    ]
    turns = [draft.body for draft in found if isinstance(draft.body, TurnStarted)]
    assert [(turn.index, turn.trigger) for turn in turns] == [(1, "user"), (2, "continuation"), (1, "user")]


def test_a_log_that_begins_in_the_middle_has_a_loop_all_the_same() -> None:
    drafts = SessionDrafts("agent", "native")
    drafts.open_turn("a")
    assert [draft.body.kind for draft in drafts.taken("events").drafts] == ["loop.started", "turn.started"]

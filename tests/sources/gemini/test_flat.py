"""Sub-agents that wrote under the id of the session above (0.31 to 0.36), beside its chat or into it.

The states are those that 0.34.0 wrote for us, seen file by file, with words of our own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.ingest.following import Told, following
from tests.ingest.machines import answers, imported, opened
from tests.sources.gemini.chats import SESSION, answer, call, moment, parse, place, prompt, uuid, whole

from reenact import ids
from reenact.archive import Archive
from reenact.events.blocks import Text
from reenact.events.bodies import UserMessage
from reenact.sources import Line, Setting
from reenact.sources.gemini.source import SOURCE
from reenact.store import SessionRow

FILE = "session-2026-11-21T10-00-11111111.json"
MAIN = ids.session_id("gemini", SESSION)
HELPER = call("generalist", {"request": "Count the files"}, "Subagent 'generalist' finished. Three.", 9)
BEGUN = (prompt("p", "How many?"), answer("a", ""))
TASK = (prompt("t", "Count the files", 3), answer("s", "", 4))
DONE = (prompt("p", "How many?"), answer("a", "", toolCalls=[HELPER]))


def sub(name: str) -> str:
    return ids.session_id("gemini", f"{SESSION}:{uuid(name)}")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / ".gemini" / "tmp").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def archive(tmp_path: Path, home: Path) -> Iterator[Archive]:
    with opened(tmp_path / "archive", home) as archive:
        yield archive


def followed(archive: Archive, home: Path, *states: tuple[dict[str, Any], ...]) -> None:
    """Follows a chat through its states, looking at each."""
    watch = Told()
    with following(archive, watch) as live:
        for state in states:
            watch.tell(place(home, FILE, whole(*state)))
            live.step()


def rows(archive: Archive) -> dict[str, SessionRow]:
    return {row.id: row for row in archive.sessions()}


def said(archive: Archive, session: str) -> list[tuple[str, bool]]:
    return [
        (
            "".join(block.text for block in event.body.blocks if isinstance(block, Text)),
            bool(event.body.human),
        )
        for event in archive.events(session)
        if isinstance(event.body, UserMessage)
    ]


def test_a_flat_file_of_a_sub_agent_is_a_session_of_its_own(tmp_path: Path) -> None:
    place(tmp_path, FILE, whole(*DONE, answer("b", "Three.", 70)))
    beside = whole(*TASK, answer("s2", "Three.", 5), kind="subagent", startTime=moment(60))
    place(tmp_path, "session-2026-11-21T10-01-11111111.json", beside)
    with imported(tmp_path / "archive", tmp_path) as archive:
        found = rows(archive)
        assert {row.id: (row.kind, row.parent) for row in found.values()} == {
            MAIN: ("main", None),
            sub("t"): ("subagent", MAIN),
        }
        assert (found[MAIN].turns, found[MAIN].own.tokens.output) == (2, 120)
        assert (found[sub("t")].turns, found[sub("t")].own.tokens.output) == (2, 120)
        assert said(archive, sub("t")) == [("Count the files", False)]


def test_each_task_in_a_flat_file_begins_a_sub_agent_and_a_reminder_does_not() -> None:
    rows_ = (
        *TASK,
        prompt("r", "Now call `complete_task`.", 5),
        prompt("u", "Sum them", 6),
        answer("v", "6", 7),
    )
    found = parse(whole(*rows_, kind="subagent"), layout="document", session=SESSION)
    assert {draft.session for draft in found.drafts} == {sub("t"), sub("u")}
    asked = [draft for draft in found.drafts if isinstance(draft.body, UserMessage)]
    assert [draft.session for draft in asked] == [sub("t"), sub("t"), sub("u")]


def test_what_a_sub_agent_wrote_into_the_main_chat_is_not_the_main_chats(
    archive: Archive, home: Path, tmp_path: Path
) -> None:
    end = (*DONE, answer("b", "Three.", 10))
    followed(archive, home, BEGUN, (*BEGUN, *TASK[:1]), (*BEGUN, *TASK), DONE, end)
    with imported(tmp_path / "later", home) as later:
        here, there = answers(archive), answers(later)
    main = {row["id"]: row for row in here["list"]}[MAIN]
    (only,) = there["list"]
    own = ("loops", "turns", "events", "usage", "title", "status", "removed_at_source", "cost_usd")
    assert {name: main[name] for name in own} == {name: only[name] for name in own}
    assert here["events"][MAIN] == there["events"][MAIN]
    assert said(archive, MAIN) == [("How many?", True)]
    found = rows(archive)
    assert found.keys() == {MAIN, sub("t")}
    helper = found[sub("t")]  # it was seen, and it was paid for: it is kept where it belongs
    assert (helper.kind, helper.parent, helper.turns, helper.own.tokens.output) == ("subagent", MAIN, 1, 60)
    assert helper.removed_at_source == helper.events
    before = answers(archive)
    archive.reindex()
    assert answers(archive) == before


def test_sub_agents_side_by_side_are_told_apart(archive: Archive, home: Path) -> None:
    other = call("generalist", {"request": "Sum them"}, "Subagent 'generalist' finished. Six.", 9, id="g_2")
    both = (prompt("p", "How many?"), answer("a", "", toolCalls=[HELPER, other]))
    second = (prompt("u", "Sum them", 4), answer("v", "", 6))
    followed(archive, home, (*BEGUN, *TASK[:1]), (*BEGUN, TASK[0], *second), (*BEGUN, *TASK), both)
    found = rows(archive)
    assert found.keys() == {MAIN, sub("t"), sub("u")}
    assert [found[each].own.tokens.output for each in (MAIN, sub("t"), sub("u"))] == [60, 60, 60]


def test_what_a_sub_agent_wrote_names_the_call_that_it_worked_for() -> None:
    other = call("generalist", {"request": "Sum them"}, "Subagent 'generalist' finished. Six.", 9, id="g_2")
    both = (prompt("p", "How many?"), answer("a", "", toolCalls=[HELPER, other]))
    second = (prompt("u", "Sum them", 4), answer("v", "", 6))
    states = [whole(*BEGUN, *TASK), whole(*BEGUN, TASK[0], *second), whole(*both)]
    hindsight = SOURCE.hindsight()
    for state in states:
        hindsight.learn(Line(number=1, offset=0, length=len(state), data=state))
    setting = Setting(agent="gemini", key=SESSION, hints={"layout": "document", "session": SESSION})
    told = {}
    for state in states:
        parser = hindsight.parser(setting)
        for header in parser.feed(Line(number=1, offset=0, length=len(state), data=state)).headers:
            told[header.id] = (header.kind, header.parent, header.parent_call)
    assert told == {
        MAIN: ("main", None, None),
        sub("t"): ("subagent", MAIN, "generalist_1"),
        sub("u"): ("subagent", MAIN, "g_2"),
    }


def test_what_a_person_took_back_stays_in_the_chat_and_counts(archive: Archive, home: Path) -> None:
    more = (*DONE, answer("b", "Three.", 10))
    asked = (prompt("q", "Sure?", 11), answer("c", "Yes.", 12))
    followed(archive, home, (*more, *asked), more, (*more, prompt("r", "Thanks", 13), answer("d", "Bye", 14)))
    (row,) = archive.sessions()
    assert [text for text, _ in said(archive, MAIN)] == ["How many?", "Sure?", "Thanks"]
    assert row.own.tokens.output == 4 * 60
    assert row.removed_at_source > 0


def test_a_chat_that_ended_while_a_sub_agent_worked_keeps_all(
    archive: Archive, home: Path, tmp_path: Path
) -> None:
    followed(archive, home, BEGUN, (*BEGUN, *TASK))
    with imported(tmp_path / "later", home) as later:
        assert answers(archive) == answers(later)

"""Laws of the parser: a prefix gives a prefix, a document that grows gives what the last one gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.ingest.laws import ImportLaws
from tests.ingest.machines import imported, opened
from tests.sources.gemini.chats import (
    SESSION,
    answer,
    call,
    context,
    given,
    head,
    journal,
    parse,
    place,
    prompt,
    replaced,
    tokens,
    uuid,
    whole,
)
from tests.sources.laws import ParserLaws

from reenact.sources import Setting
from reenact.sources.gemini import SOURCE

CHILD, GRANDCHILD = "33333333-3333-4333-8333-333333333333", "44444444-4444-4444-8444-444444444444"
NAME = "session-2026-11-21T10-00-11111111"


def story() -> list[dict[str, Any]]:
    """Gives a chat with all that happens in one."""
    read = call("read_file", {"file_path": "a"}, "text")
    agent = call("invoke_agent", {"agent_name": "helper", "prompt": "help"}, "done", id="i1", agentId=CHILD)
    diff = {
        "fileDiff": "--- a\n+++ a\n@@ -1 +1 @@\n-x\n+y\n", "fileName": "a", "filePath": "/a",
        "originalContent": "x\n", "newContent": "y\n",
    }  # fmt: skip
    edit = call(
        "replace",
        {"file_path": "/a", "old_string": "x", "new_string": "y"},
        "ok",
        id="e1",
        resultDisplay=diff,
    )
    shell = call("run_shell_command", {"command": "false"}, "Output: no\nExit Code: 1", id="s1")
    denied = call(
        "write_file", {"file_path": "/b"}, "User did not allow tool call", id="w1", status="cancelled"
    )
    return [
        head(), replaced(context()), prompt("p", "one", 1),
        answer("a", "", 2, toolCalls=None), answer("a", "", 2, toolCalls=[read, agent]),
        given("r", read["result"], 3), {"$set": {"lastUpdated": "x"}},
        answer("b", "Editing.", 4, toolCalls=[edit, shell, denied]),
        {"id": uuid("e"), "timestamp": "2026-11-21T10:00:05Z", "type": "error", "content": "429: quota exceeded. Please retry in 5s."},
        answer("c", "Done.", 6, thoughts=[{"subject": "End", "description": "All done."}]),
        {"$set": {"summary": "A title"}},
        head(second=60), replaced(context(60)), {"$set": {"sessionId": SESSION}},
        replaced(context(60), prompt("p", "one", 60), answer("b", "Editing.", 60), answer("c", "Done.", 60)),
        prompt("q", "two", 61), answer("d", "Second.", 62), {"$rewindTo": uuid("q")},
        prompt("s", "three", 63), answer("f", "Third.", 64), {"type": "strange", "id": "z9"}, {"odd": 1},
    ]  # fmt: skip


class TestParser(ParserLaws):
    source = SOURCE
    pool = story()
    beside = (
        Setting(agent="gemini", key=SESSION),
        Setting(agent="gemini", key="x", hints={"session": SESSION, "cwd": "/w", "root": CHILD}),
    )


def test_names_are_unique_and_tell_nothing_of_the_place() -> None:
    records = [draft.record for draft in parse(journal(*story())).drafts]
    assert len(set(records)) == len(records)
    shifted = parse(b"\n" + journal(*story())).drafts
    assert [draft.record for draft in shifted] == records


def test_every_kind_of_row_is_told_apart() -> None:
    found = parse(journal(*story()))
    assert [name for each in found.parsed for name in each.unknown] == ["message/strange", "record"]
    kinds = {draft.body.kind for draft in found.drafts}
    assert kinds >= {
        "session.started", "session.titled", "loop.started", "turn.started", "message.user", "message.assistant",
        "tool.called", "tool.finished", "file.changed", "agent.spawned", "agent.finished", "permission.answered",
        "usage.recorded", "error", "limit.hit", "context.reverted", "context.injected", "unknown", "custom",
    }  # fmt: skip


def messages() -> list[dict[str, Any]]:
    read = call("read_file", {"file_path": "a"}, "text")
    return [
        prompt("p", "one", 1), answer("a", "Reading.", 2, toolCalls=[read]), answer("b", "Done.", 4),
        prompt("q", "two", 5), answer("c", "Twice.", 6, tokens=tokens(500, 20, 0, 0)),
    ]  # fmt: skip


def test_a_document_that_breaks_off_is_the_beginning_of_the_whole_one() -> None:
    data = whole(*messages(), summary="A title")
    all_of_them = parse(data, layout="document").drafts
    for end in range(0, len(data) - 1, 7):
        found = parse(data[:end], layout="document")
        assert found.drafts == all_of_them[: len(found.drafts)]
        assert {each.disposition for each in found.parsed} <= {"warning", "held"}


def test_half_a_character_in_a_document_that_breaks_off_stops_nothing() -> None:
    data = whole(*messages()).replace(f'"{uuid("p")}"'.encode(), b'"\\ud800p"')
    found = parse(data[: len(data) // 2], layout="document")
    assert "m:\ufffdp" in [draft.record for draft in found.drafts]
    assert all(msgspec.json.encode(draft) for draft in found.drafts)


def test_a_document_rewritten_as_it_grows_gives_what_the_last_one_gives(tmp_path: Path) -> None:
    listed = messages()
    states = [whole(*listed[:count]) for count in range(1, len(listed) + 1)]
    states.insert(2, whole(listed[0], {**listed[1], "toolCalls": []}))
    states.insert(3, states[-1][: len(states[-1]) // 2])
    states.append(whole(*listed, summary="A title", lastUpdated="2026-11-21T10:05:00.000Z"))
    with opened(tmp_path / "growing", tmp_path) as archive:
        for state in states:
            place(tmp_path, f"{NAME}.json", state)
            archive.catch_up()
        (row,) = archive.sessions()
        grown = [(event.id, event.body) for event in archive.events(row.id)]
        assert row.removed_at_source == 0
    with imported(tmp_path / "once", tmp_path) as archive:
        (row,) = archive.sessions()
        assert [(event.id, event.body) for event in archive.events(row.id)] == grown
        assert row.own.tokens.output == 140


def family(home: Path) -> None:
    """Fills a home with twins, a stub, sub-agents of sub-agents and a copy."""
    inner = call(
        "invoke_agent", {"agent_name": "deep", "prompt": "deeper"}, "ok", id="i2", agentId=GRANDCHILD
    )
    place(home, f"{NAME}.jsonl", journal(*story()))
    place(home, f"{NAME}.json", whole(prompt("p", "one", 1)))
    place(home, "session-1795224560193-11111111.jsonl", journal(head(second=90), replaced(context(90))))
    child = journal(
        head(session=CHILD, kind="subagent"), prompt("t", "help", 2), answer("ca", "", 3, toolCalls=[inner])
    )
    place(home, f"{SESSION}/{CHILD}.jsonl", child + journal({"$set": {"summary": "helped"}}))
    deep = journal(head(session=GRANDCHILD, kind="subagent"), prompt("u", "deeper", 3), answer("ga", "ok", 4))
    place(home, f"{SESSION}/{GRANDCHILD}.jsonl", deep)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    family(tmp_path)
    return tmp_path


class TestImport(ImportLaws):
    """All of them, with a chat that was rewritten as a document."""

    sessions = 3

    @classmethod
    def fill(cls, home: Path) -> None:
        family(home)

    @classmethod
    def growing(cls, home: Path) -> list[Path]:
        return sorted((home / ".gemini" / "tmp").rglob("*.json*"))


def test_a_sub_agent_of_a_sub_agent_has_that_one_above_it(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with imported(tmp_path_factory.mktemp("archive"), home) as archive:
        rows = {row.native_id: row for row in archive.sessions()}
        assert rows[CHILD].parent == rows[SESSION].id
        assert rows[GRANDCHILD].parent == rows[CHILD].id
        assert rows[SESSION].total.tokens.output == sum(row.own.tokens.output for row in rows.values())
        assert rows[CHILD].status == "completed"

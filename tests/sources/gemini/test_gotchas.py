"""What is known to go wrong with Gemini CLI's chats: one test for each, by its number."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.ingest.machines import imported, opened
from tests.sources.gemini import chats
from tests.sources.gemini.chats import (
    ROOT,
    SESSION,
    answer,
    call,
    context,
    given,
    head,
    journal,
    moment,
    parse,
    place,
    prompt,
    replaced,
    tokens,
    uuid,
    whole,
)

from reenact.events.blocks import Text, Tokens
from reenact.events.bodies import (
    AgentSpawned,
    AssistantMessage,
    CompactionFinished,
    ContextInjected,
    ContextReverted,
    ContextTrimmed,
    Custom,
    SessionStarted,
    SessionTitled,
    ToolCalled,
    ToolFinished,
    TurnStarted,
    UsageRecorded,
    UserMessage,
)
from reenact.launch.playback import NothingToPlayError

ONE = Tokens(input=800, cache_read=200, output=60, reasoning=10)


def begun(*rows: dict[str, Any]) -> bytes:
    return journal(head(), replaced(context()), *rows)


def test_g01_a_repeated_message_id_counts_once() -> None:
    read = call("read_file", {"file_path": "a"}, "text")
    found = parse(
        begun(
            prompt("p", "hi"),
            answer("a", "Reading."),
            answer("a", "Reading.", toolCalls=[read]),
            answer("b", "Done."),
        )
    )
    assert found.spent() == Tokens(input=1600, cache_read=400, output=120, reasoning=20)
    said = [
        block.text
        for body in found.bodies(AssistantMessage)
        for block in body.blocks
        if isinstance(block, Text)
    ]
    assert said == ["Reading.", "Done."]
    (called,) = found.bodies(ToolCalled)
    assert called.message == uuid("a")


def test_g02_a_history_without_tokens_takes_none_away() -> None:
    first = prompt("p", "Remember blue")
    poor = {"id": uuid("a"), "timestamp": moment(9), "type": "gemini", "content": [{"text": "Noted."}]}
    found = parse(
        begun(
            first,
            answer("a", "Noted.", thoughts=[{"subject": "Blue", "description": "A colour."}]),
            head(second=60),
            replaced(context(60)),
            {"$set": {"sessionId": SESSION}},
            replaced(context(60), first, poor),
            prompt("q", "Which?", 61),
            answer("b", "Blue.", 62),
        )
    )
    assert found.spent().output == 120
    said = found.bodies(AssistantMessage)
    assert [body.message for body in said] == [uuid("a"), uuid("b")]
    assert len(said[0].blocks) == 2
    assert found.bodies(ContextTrimmed) == []


def test_g03_a_session_made_from_a_file_counts_what_it_copied_once(tmp_path: Path) -> None:
    other = "22222222-2222-4222-8222-222222222222"
    old = [prompt("p", "Remember blue"), answer("a", "Noted.")]
    info = {
        "id": "import-1", "type": "info", "timestamp": moment(60),
        "content": f"Imported session from /x/session-2026-11-21T10-00-{SESSION[:8]}.jsonl",
    }  # fmt: skip
    new = journal(
        head(session=other, second=60),
        info,
        context(),
        *old,
        {"$set": {"sessionId": other}},
        prompt("q", "Which?", 61),
        answer("b", "Blue.", 62),
    )
    place(tmp_path, "session-2026-11-21T10-00-11111111.jsonl", begun(*old))
    place(tmp_path, "session-1795224560193-22222222.jsonl", new)
    with imported(tmp_path / "archive", tmp_path) as archive:
        rows = {row.native_id: row for row in archive.sessions()}
        assert rows[SESSION].own.tokens.output == 60
        assert rows[other].own.tokens.output == 60
        assert rows[other].kind == "fork"
        assert rows[other].parent == rows[SESSION].id
        assert (rows[other].loops, rows[other].turns) == (1, 1)


def test_g04_a_stub_with_the_same_session_adds_nothing(tmp_path: Path) -> None:
    place(
        tmp_path, "session-2026-11-21T10-00-11111111.jsonl", begun(prompt("p", "hi"), answer("a", "Hello."))
    )
    with imported(tmp_path / "one", tmp_path) as archive:
        before = [event.id for event in archive.events(archive.sessions()[0].id)]
    stub = journal(head(second=30), replaced(context(30)))
    place(tmp_path, "session-1795224560193-11111111.jsonl", stub)
    with imported(tmp_path / "two", tmp_path) as archive:
        (row,) = archive.sessions()
        assert [event.id for event in archive.events(row.id)] == before
        assert row.removed_at_source == 0
    assert parse(stub).drafts == []


def test_g05_a_header_in_the_middle_begins_a_segment_and_no_session() -> None:
    found = parse(
        begun(
            prompt("p", "hi"),
            answer("a", "Hello."),
            head(second=60),
            prompt("q", "again", 61),
            answer("b", "Yes.", 62),
        )
    )
    assert {draft.session for draft in found.drafts} == {found.drafts[0].session}
    assert [body.resumed for body in found.bodies(SessionStarted)] == [False, True]
    assert len([header for each in found.parsed for header in each.headers]) == 1


def test_g06_a_result_told_twice_is_one_result_and_no_prompt() -> None:
    read = call("read_file", {"file_path": "a"}, "text")
    found = parse(begun(prompt("p", "hi"), answer("a", "", toolCalls=[read]), given("r", read["result"])))
    assert [body.output for body in found.bodies(ToolFinished)] == ["text"]
    assert len([body for body in found.bodies(UserMessage) if body.human]) == 1
    assert found.parsed[-1].disposition == "joined"


def test_g06_a_result_that_only_the_user_message_tells_is_told() -> None:
    asked = {
        "id": "r1",
        "name": "read_file",
        "args": {"file_path": "a"},
        "status": "executing",
        "result": None,
    }
    result = call("read_file", {}, "text", id="r1")["result"]
    found = parse(begun(prompt("p", "hi"), answer("a", "", toolCalls=[asked]), given("r", result)))
    (ended,) = found.bodies(ToolFinished)
    assert (ended.call, ended.output, ended.ok) == ("r1", "text", True)


def test_g07_the_set_up_is_neither_title_nor_a_humans_turn(tmp_path: Path) -> None:
    data = begun(prompt("p", "Fix the bug"), answer("a", "Done."))
    place(tmp_path, "session-2026-11-21T10-00-11111111.jsonl", data)
    with imported(tmp_path / "archive", tmp_path) as archive:
        (row,) = archive.sessions()
        assert row.title == "Fix the bug"
        assert row.loops == 1
    assert [body.human for body in parse(data).bodies(UserMessage)] == [True]
    assert [body.origin for body in parse(data).bodies(ContextInjected)] == ["environment"]


def test_g08_a_rewind_leaves_a_branch_behind(tmp_path: Path) -> None:
    data = begun(
        prompt("p", "one", 1), answer("a", "first", 2), prompt("q", "two", 3), answer("b", "second", 4),
        {"$rewindTo": uuid("q")}, prompt("r", "three", 5), answer("c", "third", 6),
    )  # fmt: skip
    place(tmp_path, "session-2026-11-21T10-00-11111111.jsonl", data)
    with imported(tmp_path / "archive", tmp_path) as archive:
        (row,) = archive.sessions()
        folded = archive.tree(row.id)
        assert [branch.reason for branch in folded.branches] == ["reverted"]
        (branch,) = folded.branches
        assert len(branch.abandoned) == 2  # the prompt and its turn
        assert (row.own.tokens.output, row.loops, row.turns) == (180, 3, 3)


def test_g08_a_rewind_to_nothing_known_clears_everything() -> None:
    found = parse(
        begun(prompt("p", "one"), answer("a", "first"), {"$rewindTo": "nobody"}, prompt("q", "two", 5))
    )
    (body,) = found.bodies(ContextReverted)
    assert body.to is None
    assert len(body.abandoned) == 3  # the set-up, the prompt and the answer
    assert found.spent() == ONE


def test_g09_twins_of_one_session_count_once(tmp_path: Path) -> None:
    old = [prompt("p", "one", 1), answer("a", "first", 2)]
    new = [prompt("q", "two", 61), answer("b", "second", 62)]
    place(tmp_path, "session-2026-11-21T10-00-11111111.json", whole(*old))
    twin = journal(head(), *old, {"$set": {"sessionId": SESSION}}, *new)
    place(tmp_path, "session-2026-11-21T10-00-11111111.jsonl", twin)
    with imported(tmp_path / "archive", tmp_path) as archive:
        (row,) = archive.sessions()
        assert row.own.tokens.output == 120
        assert (row.loops, row.turns) == (2, 2)
        events = list(archive.events(row.id))
        assert len({event.id for event in events}) == len(events)


def test_g10_a_moved_project_folder_changes_nothing_and_tells_the_directory(tmp_path: Path) -> None:
    data = journal(head(), prompt("p", "hi"), answer("a", "Hello."))
    name = "session-2026-11-21T10-00-11111111.jsonl"
    old = place(tmp_path, name, data, project=chats.PROJECT, registry=False)
    (tmp_path / ".gemini" / "projects.json").write_text(json.dumps({"projects": {ROOT: "todo"}}))
    with imported(tmp_path / "archive", tmp_path) as archive:
        (row,) = archive.sessions()
        assert row.cwd == ROOT
        shutil.move(old.parents[1], old.parents[2] / "todo")
        again = archive.catch_up()
        assert sum(agent.new for agent in again.agents) == 0
        assert [each.id for each in archive.sessions()] == [row.id]
        assert archive.sessions()[0].events == row.events


def test_g11_thoughts_are_output_and_the_cache_is_no_fresh_input() -> None:
    found = parse(begun(prompt("p", "hi"), answer("a", "Hello.", tokens=tokens(3000, 60, 211, 11))))
    assert found.spent() == Tokens(input=2789, cache_read=211, output=71, reasoning=11)


def test_g11_the_input_of_the_providers_tools_is_input() -> None:
    told = {"input": 100, "output": 5, "cached": 0, "thoughts": 0, "tool": 7, "total": 112}
    assert parse(begun(prompt("p", "hi"), answer("a", "x", tokens=told))).spent().total == 112


def test_g12_a_result_masked_later_keeps_its_first_text() -> None:
    full = call("run_shell_command", {"command": "ls"}, "a long list")
    masked = call("run_shell_command", {"command": "ls"}, "<tool_output_masked>gone</tool_output_masked>")
    found = parse(
        begun(
            prompt("p", "hi"),
            answer("a", "", toolCalls=[full]),
            replaced(context(), prompt("p", "hi"), answer("a", "", toolCalls=[masked])),
            prompt("q", "go on", 9),
        )
    )
    assert [body.output for body in found.bodies(ToolFinished)] == ["a long list"]


def test_g12_a_result_that_was_masked_before_is_whole_where_its_file_is() -> None:
    said = f"Output too large. For full output see: /home/dev/.gemini/tmp/todo/tool-outputs/session-{SESSION}/ls_1.txt"
    rows = begun(prompt("p", "hi"), answer("a", "", toolCalls=[call("run_shell_command", {}, said)]))
    (whole_one,) = parse(rows, sidecars={"ls_1.txt": b"everything"}).bodies(ToolFinished)
    assert (whole_one.full_output, whole_one.truncated) == ("everything", False)
    (cut_one,) = parse(rows).bodies(ToolFinished)
    assert (cut_one.full_output, cut_one.truncated) == (None, True)


@pytest.mark.parametrize(
    "odd",
    [
        {"tokens": None}, {"tokens": "many"}, {"tokens": {"input": "x"}}, {"tokens": {}}, {"content": None},
        {"content": 5}, {"content": [{"text": 3}, "plain", None]}, {"thoughts": "deep"}, {"toolCalls": [None, 3, {}]},
        {"timestamp": 12}, {"model": []}, {"tokens": {"input": -5, "output": -1}},
    ],
    ids=str,
)  # fmt: skip
def test_g13_members_of_any_type_are_borne(odd: dict[str, Any]) -> None:
    found = parse(begun(prompt("p", "hi"), {**answer("a", "x"), **odd}, answer("b", "then")))
    assert {each.disposition for each in found.parsed} <= {"events", "metadata", "joined"}
    assert found.spent().output >= 60
    assert not any(each.unknown for each in found.parsed)


def test_g14_what_its_agent_deletes_stays(tmp_path: Path) -> None:
    data = begun(prompt("p", "hi"), answer("a", "x"))
    path = place(tmp_path, "session-2026-11-21T10-00-11111111.jsonl", data)
    with imported(tmp_path / "archive", tmp_path) as archive:
        before = archive.sessions()[0]
        path.unlink()
        archive.catch_up()
        (after,) = archive.sessions()
        assert (after.events, after.own.tokens) == (before.events, before.own.tokens)
        assert b"".join(archive.export_native(after.id)) == data


def test_g15_calls_that_no_log_has_are_named_and_not_counted() -> None:
    summary = {
        "id": "s1",
        "timestamp": moment(8),
        "type": "user",
        "content": [{"text": "<state_snapshot>blue</state_snapshot>"}],
    }
    found = parse(
        begun(
            prompt("p", "Remember blue"),
            answer("a", "Noted."),
            replaced(context(), summary),
            prompt("q", "Which?", 9),
            answer("b", "Blue.", 10),
            {"$set": {"summary": "A colour"}},
        )
    )
    named = [body.data["purpose"] for body in found.bodies(Custom) if body.name == "gemini.unrecorded_call"]
    assert named == ["compact", "title"]
    assert found.spent().output == 120
    assert len(found.bodies(UsageRecorded)) == 2
    assert [body.title for body in found.bodies(SessionTitled)] == ["A colour"]
    (compacted,) = found.bodies(CompactionFinished)
    assert "blue" in (compacted.summary or "")
    assert found.bodies(ContextTrimmed) == []


def test_a_history_from_elsewhere_is_context_and_nobodys_turn() -> None:
    said = {
        "id": uuid("m"),
        "timestamp": moment(9),
        "type": "gemini",
        "content": [{"text": "An old answer."}],
    }
    found = parse(
        begun(
            prompt("p", "hi"),
            answer("a", "x"),
            replaced(context(), prompt("old", "An old prompt."), said),
            prompt("q", "go on", 10),
            answer("b", "y", 11),
        )
    )
    assert [(body.role, body.origin) for body in found.bodies(ContextInjected)] == [
        ("user", "environment"),
        ("user", "history"),
        ("assistant", "history"),
    ]
    assert [body.human for body in found.bodies(UserMessage)] == [True, True]
    (trimmed,) = found.bodies(ContextTrimmed)
    assert len(trimmed.removed) == 2
    assert found.spent().output == 120


def test_an_agent_that_is_a_tool_of_its_own_name_is_known_by_its_result() -> None:
    said = "Subagent 'helper' finished.\nTermination Reason: GOAL\nResult: 42"
    helper = call("helper", {"request": "help"}, said, id="h1")
    found = parse(begun(prompt("p", "hi"), answer("a", "", toolCalls=[helper])))
    assert [body.tool_kind for body in found.bodies(ToolCalled)] == ["sub_agent"]
    assert [(body.call, body.child) for body in found.bodies(AgentSpawned)] == [("h1", None)]


def test_a_log_without_requests_says_that_it_cannot_be_replayed(tmp_path: Path) -> None:
    place(tmp_path, "session-2026-11-21T10-00-11111111.jsonl", begun(prompt("p", "hi"), answer("a", "x")))
    with (
        imported(tmp_path / "archive", tmp_path) as archive,
        pytest.raises(NothingToPlayError, match="cannot be replayed"),
    ):
        archive.script("last")


def test_the_order_of_files_does_not_matter(tmp_path: Path) -> None:
    old = [prompt("p", "one", 1), answer("a", "first", 2)]
    place(tmp_path, "session-2026-11-21T10-00-11111111.json", whole(*old))
    place(
        tmp_path,
        "session-2026-11-21T10-01-11111111.jsonl",
        journal(head(second=60), *old, prompt("q", "two", 61)),
    )
    seen = []
    for number, reverse in enumerate((False, True)):
        with opened(tmp_path / f"archive{number}", tmp_path) as archive:
            for item in sorted(archive.find(), key=lambda found: found.transcript.path, reverse=reverse):
                archive.catch_up([item])
            (row,) = archive.sessions()
            seen.append([event.id for event in archive.events(row.id)])
    assert seen[0] == seen[1]


def test_calls_told_after_their_answer_are_part_of_its_turn() -> None:
    """Over ACP the calls of an answer come in a message of their own."""
    first, second = call("read_file", {"file_path": "a"}, "text"), call("glob", {"pattern": "b"}, "none")
    calls: dict[str, Any] = {"tokens": None, "toolCalls": [first]}
    found = parse(
        begun(
            prompt("p", "hi"),
            answer("a", "Reading."),
            answer("c", "", **calls),
            answer("c", "", **{**calls, "toolCalls": [first, second]}),
            answer("d", "", **{**calls, "toolCalls": [call("ls", {"path": "x"}, "y")]}),
            answer("b", "Done."),
        )
    )
    turns = [
        draft.turn for each in found.parsed for draft in each.drafts if isinstance(draft.body, ToolCalled)
    ]
    assert [turn == turns[0] for turn in turns] == [True, True, False]
    assert len(found.bodies(TurnStarted)) == 3


def test_a_command_that_a_person_stopped_is_no_success() -> None:
    said = "<untrusted_context>\nCommand was cancelled by user before it could complete. There was no output."
    stopped = call("run_shell_command", {"command": "sleep 40"}, said)
    (ended,) = parse(begun(prompt("p", "hi"), answer("a", "", toolCalls=[stopped]))).bodies(ToolFinished)
    assert (ended.ok, ended.category) == (False, "cancelled")


def test_the_set_up_told_twice_before_anything_happens_is_told_once() -> None:
    rows = [head(), replaced(context()), head(second=1), replaced(context(1)), prompt("p", "hi", 2)]
    (told,) = parse(journal(*rows)).bodies(ContextInjected)
    assert told.origin == "environment"


def test_another_set_up_after_a_resume_takes_the_place_of_the_first(tmp_path: Path) -> None:
    moved = context(10, root="/home/dev/code/elsewhere")
    rows = [
        head(), replaced(context()), prompt("p", "hi"), answer("a", "Hello."),
        head(second=10), replaced(moved), replaced(moved, prompt("p", "hi"), answer("a", "Hello.")),
        prompt("q", "again", 11), answer("b", "Hello again.", 12),
    ]  # fmt: skip
    chats.place(tmp_path, "session-a.jsonl", journal(*rows))
    with imported(tmp_path / "archive", tmp_path) as archive:
        (row,) = archive.sessions()
        bodies = {event.id: event.body for event in archive.events(row.id)}
        told = [bodies[part.id] for part in archive.tree(row.id).at(row.events).context]
    (set_up,) = [body for body in told if isinstance(body, ContextInjected)]
    (block,) = set_up.blocks
    assert isinstance(block, Text)
    assert "elsewhere" in block.text
    assert len(told) == 5

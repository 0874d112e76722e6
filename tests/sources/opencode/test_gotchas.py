"""What is easily got wrong with OpenCode's sessions: one test for each case, by its number (O1 to O12)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.ingest.machines import imported, opened

from reenact.archive import Archive
from reenact.events import Tokens
from reenact.events.blocks import Text
from reenact.events.bodies import (
    AgentFinished,
    AgentSpawned,
    AssistantMessage,
    CompactionFinished,
    ContextReverted,
    LimitHit,
    LoopEnded,
    ModelSwitched,
    PlanUpdated,
    ToolCalled,
    ToolFinished,
    UsageRecorded,
    UserMessage,
)
from reenact.sources.opencode import SOURCE
from reenact.store import Filter

from .databases import (
    CHILD,
    FORK,
    MAIN,
    SECRET,
    T0,
    Book,
    bodies_of,
    lines,
    parse,
    story,
    transcripts,
    used,
)

STORY = Tokens(input=900, cache_read=1300, output=60, reasoning=20)
"""What `story` spends."""


def test_o01_rows_that_lie_in_the_wal_alone_are_read(tmp_path: Path) -> None:
    book = Book(tmp_path, wal=True)
    story(book)
    try:
        assert book.file.stat().st_size <= 4096  # the agent has it open: nothing is in the file itself
        with imported(tmp_path / "archive", tmp_path) as archive:
            (row,) = archive.sessions()
            assert row.own.tokens == STORY
    finally:
        book.close()


def test_o02_no_secret_of_the_database_gets_into_the_archive(tmp_path: Path) -> None:
    book = Book(tmp_path)
    story(book)
    book.database.execute("INSERT INTO session_share VALUES (?, ?)", (MAIN, SECRET)).fetchall()
    book._log(MAIN, "session.share.updated", {"secret": SECRET})
    book.close()
    with imported(tmp_path / "archive", tmp_path) as archive:
        (row,) = archive.sessions()
        kept = b"".join(archive.export_native(row.id))
        assert b"List the files" in kept
        assert SECRET.encode() not in kept
    for path in (tmp_path / "archive").rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()


def _files(home: Path, session: str, *, title: str = "From files") -> Path:
    """Writes a session as OpenCode before 1.2 did: one JSON file for each thing."""
    storage = home / ".local" / "share" / "opencode" / "storage"

    def write(path: str, value: object) -> None:
        file = storage / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value, indent=2))

    time = {"created": T0, "updated": T0 + 900}
    info = {"id": session, "projectID": "project-1", "directory": "/home/dev/code/todo", "title": title, "version": "0.9.1", "time": time}  # fmt: skip
    write(f"session/project-1/{session}.json", info)
    write(
        f"message/{session}/msg_1.json",
        {"id": "msg_1", "sessionID": session, "role": "user", "time": {"created": T0 + 100}},
    )
    write(
        "part/msg_1/prt_1.json",
        {"id": "prt_1", "messageID": "msg_1", "sessionID": session, "type": "text", "text": "List the files"},
    )
    answer = {
        "id": "msg_2", "sessionID": session, "role": "assistant", "parentID": "msg_1", "modelID": "gpt-5.5", "providerID": "openai",
        "tokens": {"input": 400, "output": 50, "reasoning": 20, "cache": {"read": 600, "write": 0}}, "cost": 0.01, "finish": "stop",
        "time": {"created": T0 + 200, "completed": T0 + 400},
    }  # fmt: skip
    write(f"message/{session}/msg_2.json", answer)
    write(
        "part/msg_2/prt_2.json",
        {
            "id": "prt_2",
            "messageID": "msg_2",
            "type": "text",
            "text": "There is one.",
            "time": {"start": T0 + 300, "end": T0 + 350},
        },
    )
    return storage / "session" / "project-1" / f"{session}.json"


def test_o03_sessions_in_files_are_read_and_the_database_wins(tmp_path: Path) -> None:
    other = "ses_other0000000000000000001"
    _files(tmp_path, MAIN)
    file = _files(tmp_path, other)
    book = Book(tmp_path)
    story(book)
    book.close()
    with imported(tmp_path / "archive", tmp_path) as archive:
        rows = {row.native_id: row for row in archive.sessions()}
        assert {native: row.title for native, row in rows.items()} == {
            MAIN: "A todo list",
            other: "From files",
        }
        old = rows[other]
        assert old.own.tokens == Tokens(input=400, cache_read=600, output=50, reasoning=20)
        assert old.source_path == str(file)
        assert old.status == "completed"
        assert {account.source for account in archive.accounts()} == {"same"}


def test_o04_new_tables_are_preferred_for_the_sessions_that_they_know(tmp_path: Path) -> None:
    book = Book(tmp_path)
    story(book)
    story_of_old = "ses_old000000000000000000001"
    story(book, story_of_old)
    tool = {"type": "tool", "id": "call_1", "name": "read", "state": {"status": "completed", "input": {"path": "a"}, "content": [{"type": "text", "text": "A"}], "structured": {}}, "time": {"created": T0, "completed": T0 + 5}}  # fmt: skip
    tokens = {"input": 100, "output": 10, "reasoning": 5, "cache": {"read": 20, "write": 3}}
    book.newer(
        MAIN,
        [
            ("user", {"text": "By new tables"}),
            ("assistant", {"agent": "build", "model": {"id": "gpt-5.5", "providerID": "openai"}, "content": [{"type": "text", "text": "Read."}, tool], "tokens": tokens, "finish": "stop"}),
            ("model-switched", {"model": {"id": "gpt-6", "providerID": "openai"}}),
            ("compaction", {"reason": "auto", "summary": "All was read.", "recent": ""}),
        ],
    )  # fmt: skip
    book.close()
    with imported(tmp_path / "archive", tmp_path) as archive:
        rows = {row.native_id: row for row in archive.sessions()}
        assert rows[MAIN].title == "In new tables"
        assert rows[MAIN].own.tokens == Tokens(
            input=100, cache_read=20, cache_write=3, output=15, reasoning=5
        )
        assert rows[story_of_old].own.tokens == STORY
        events = list(archive.events(rows[MAIN].id))
        assert [body.output for body in bodies_of(events, ToolFinished)] == ["A"]
        assert [body.model for body in bodies_of(events, ModelSwitched)] == ["gpt-6"]
        assert [body.summary for body in bodies_of(events, CompactionFinished)] == ["All was read."]


@pytest.mark.parametrize("log", [True, False], ids=["log of changes", "tables"])
def test_o05_what_a_fork_copied_counts_once_and_names_its_parent(tmp_path: Path, log: bool) -> None:
    book = Book(tmp_path, log=log)
    story(book)
    book.fork()
    book.prompt("msg_9", "And now?", session=FORK)
    book.answer("msg_91", "msg_9", "Still one.", tokens=used(50, 5, 0, 900), session=FORK)
    book.close()
    with imported(tmp_path / "archive", tmp_path) as archive:
        rows = {row.native_id: row for row in archive.sessions()}
        main, fork = rows[MAIN], rows[FORK]
        assert main.own.tokens == STORY
        assert fork.own.tokens == Tokens(input=50, cache_read=900, output=5, reasoning=0)
        assert (fork.kind, fork.parent) == ("fork", main.id)
        assert fork.inherited == STORY


@pytest.mark.parametrize("more", [True, False], ids=["goes on first", "at once"])
def test_o05_a_fork_of_a_fork_comes_from_the_fork(tmp_path: Path, more: bool) -> None:
    book, again = Book(tmp_path), "ses_fork_of_the_fork"
    story(book)
    book.fork()
    if more:
        book.prompt("msg_9", "And now?", session=FORK)
        book.answer("msg_91", "msg_9", "Still one.", tokens=used(50, 5, 0, 900), session=FORK)
    book.fork(FORK, again)
    book.prompt("msg_8", "And then?", session=again)
    book.answer("msg_81", "msg_8", "Two.", tokens=used(60, 6, 0, 950), session=again)
    book.close()
    with imported(tmp_path / "archive", tmp_path) as archive:
        rows = {row.native_id: row for row in archive.sessions()}
        assert (rows[FORK].parent, rows[again].parent) == (rows[MAIN].id, rows[FORK].id)
        assert rows[again].own.tokens == Tokens(input=60, cache_read=950, output=6, reasoning=0)


def test_o05_a_fork_of_one_answer_has_no_sums_of_its_own(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.session()
    book.prompt("msg_1", "List the files")
    book.answer("msg_2", "msg_1", "There is one.")
    book.fork()
    book.change(FORK, tokens_input=400, tokens_output=30, tokens_reasoning=20, tokens_cache_read=600)
    book.prompt("msg_9", "And now?", session=FORK)
    book.answer("msg_91", "msg_9", "Still one.", tokens=used(50, 5, 0, 900), session=FORK)
    book.close()
    with imported(tmp_path / "archive", tmp_path) as archive:
        rows = {row.native_id: row for row in archive.sessions()}
        assert rows[FORK].own.tokens == Tokens(input=50, cache_read=900, output=5, reasoning=0)
        assert rows[FORK].inherited.total == 1050


def test_o05_an_imported_session_counts_its_last_answer_too(tmp_path: Path) -> None:
    book = Book(tmp_path)
    story(book)
    copied = [line for line in lines(transcripts(tmp_path)[MAIN]) if b"session.created" in line]
    book.fork()
    book.close()
    copied += [line for line in lines(transcripts(tmp_path)[FORK]) if b"message." in line]
    keys = {body.key: body.tokens for body in bodies_of(parse(copied), UsageRecorded)}
    assert sum(tokens.total for tokens in keys.values()) == STORY.total


def _with_helper(book: Book) -> None:
    book.session()
    book.prompt("msg_1", "Ask a helper")
    book.session(CHILD, parent=MAIN, title="Look (@general subagent)")
    book.prompt("msg_c1", "Look", session=CHILD)
    book.answer("msg_c2", "msg_c1", "Seen.", tokens=used(300, 7, 0, 0), session=CHILD)
    state = {
        "input": {"prompt": "Look", "subagent_type": "general"},
        "output": "Seen.",
        "metadata": {"sessionId": CHILD},
    }
    book.answer("msg_2", "msg_1", tools=[("call_1", "task", state)], finish="tool-calls")
    book.answer("msg_3", "msg_1", "It has seen.", tokens=used(500, 10, 0, 700))


def test_o06_messages_alone_are_summed_up(tmp_path: Path) -> None:
    book = Book(tmp_path)
    _with_helper(book)
    book.change(tokens_input=900, tokens_output=40, tokens_reasoning=20, tokens_cache_read=1300)
    book.close()
    with imported(tmp_path / "archive", tmp_path) as archive:
        rows = {row.native_id: row for row in archive.sessions()}
        assert rows[MAIN].own.tokens == STORY
        assert rows[CHILD].own.tokens == Tokens(input=300, output=7, reasoning=0)
        assert (rows[CHILD].kind, rows[CHILD].parent) == ("subagent", rows[MAIN].id)
        assert rows[MAIN].total.tokens.total == STORY.total + 307
        events = list(archive.events(rows[MAIN].id))
        assert [body.child for body in bodies_of(events, AgentSpawned)] == [rows[CHILD].id]
        assert [body.result for body in bodies_of(events, AgentFinished)] == ["Seen."]
        assert [body.human for body in bodies_of(archive.events(rows[CHILD].id), UserMessage)] == [False]


@pytest.mark.parametrize(
    ("counts", "output", "quality"),
    [
        (used(400, 30, 20, 600), 50, "measured"),
        ({**used(400, 50, 20, 600), "total": 1050}, 50, "measured"),
        ({**used(400, 50, 20, 600), "total": None}, 50, "partial"),
        ({**used(400, 50, 0, 600), "total": None}, 50, "measured"),
        ({**used(400, 5, 20, 600), "total": None}, 25, "measured"),
    ],
    ids=["apart", "within", "no total", "no reasoning", "more reasoning than output"],
)
def test_o07_the_total_tells_whether_output_holds_the_reasoning(
    counts: dict[str, object], output: int, quality: str
) -> None:
    info = {"id": "m", "role": "assistant", "tokens": counts, "time": {"created": T0, "completed": T0 + 1}}
    row = {"seq": 0, "type": "message.updated.1", "data": {"info": info}}
    (body,) = bodies_of(parse([row, {**row, "seq": 1}]), UsageRecorded)
    assert (body.tokens.output, body.quality) == (output, quality)


def test_o08_unknown_tools_and_commands_that_fail_are_errors(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.session()
    book.prompt("msg_1", "Try")
    tools: list[tuple[str, str, dict[str, Any]]] = [
        ("call_1", "bash", {"input": {"command": "exit 3"}, "metadata": {"exit": 3}, "output": "oops"}),
        ("call_2", "invalid", {"input": {"tool": "fly", "error": "no such tool"}, "output": "no such tool"}),
        ("call_3", "read", {"status": "error", "error": "File not found: a"}),
        ("call_4", "bash", {"status": "error", "error": "The user rejected permission to use this tool"}),
        ("call_5", "bash", {"input": {"command": "true"}, "metadata": {"exit": 0}}),
    ]
    book.answer("msg_2", "msg_1", tools=tools, finish="tool-calls")
    book.close()
    parsed = parse(lines(transcripts(tmp_path)[MAIN]))
    ended = {body.call: (body.ok, body.category) for body in bodies_of(parsed, ToolFinished)}
    assert ended == {
        "call_1": (False, "exit_code"),
        "call_2": (False, "invalid"),
        "call_3": (False, "failed"),
        "call_4": (False, "denied"),
        "call_5": (True, None),
    }
    assert len(bodies_of(parsed, ToolCalled)) == 5


def test_o09_a_cost_of_nothing_is_an_unknown_cost() -> None:
    def cost(value: object) -> str | None:
        info = {"id": "m", "role": "assistant", "tokens": used(), "cost": value, "time": {"created": T0}}
        row = {"seq": 0, "type": "message.updated.1", "data": {"info": info}}
        (body,) = bodies_of(parse([row, {**row, "seq": 1}]), UsageRecorded)
        found: str | None = body.cost
        return found

    assert cost(0) is None
    assert cost(None) is None
    assert cost(0.0123) == "0.0123"


def _growing(archive: Archive, book: Book) -> None:
    """Imports after every step of a story."""
    archive.catch_up()
    book.session()
    archive.catch_up()
    book.prompt("msg_1", "List the files")
    archive.catch_up()
    answer = {
        "role": "assistant",
        "parentID": "msg_1",
        "modelID": "gpt-5.5",
        "time": {"created": book.tick()},
    }
    book.message("msg_2", answer)
    book.part("prt_1", "msg_2", {"type": "text", "text": "", "time": {"start": book.tick()}})
    archive.catch_up()
    book.part(
        "prt_1", "msg_2", {"type": "text", "text": "One moment.", "time": {"start": T0, "end": book.tick()}}
    )
    archive.catch_up()
    book.tool("prt_2", "msg_2", "call_1", "bash", {"input": {"command": "ls"}, "output": "a"})
    archive.catch_up()
    book.message("msg_2", {"tokens": used(), "finish": "tool-calls"})
    book.message("msg_2", {"time": {**answer["time"], "completed": book.tick()}})  # type: ignore[dict-item]  # an object
    archive.catch_up()
    book.answer("msg_3", "msg_1", "There is one.", tokens=used(500, 10, 0, 700))


@pytest.mark.parametrize("log", [True, False], ids=["log of changes", "tables"])
def test_o10_rows_that_change_in_place_end_as_one_import_of_the_last_state(tmp_path: Path, log: bool) -> None:
    from tests.ingest.machines import answers

    book = Book(tmp_path, log=log)
    with opened(tmp_path / "followed", tmp_path) as archive:
        _growing(archive, book)
        archive.catch_up()
        book.close()
        again = archive.catch_up()
        assert sum(agent.new + agent.changed for agent in again.agents) == 0
        followed = answers(archive)
        (original,) = archive.store.originals()
        assert (len(original.generations) == 1) == log  # the log is only ever added to
    with imported(tmp_path / "once", tmp_path) as archive:
        assert answers(archive) == followed
        (row,) = archive.sessions()
        assert row.own.tokens == STORY


@pytest.mark.parametrize("log", [True, False], ids=["log of changes", "tables"])
def test_o10_what_a_revert_hides_is_left_and_kept(tmp_path: Path, log: bool) -> None:
    book = Book(tmp_path, log=log)
    story(book)
    book.prompt("msg_4", "Take this back")
    book.answer("msg_5", "msg_4", "Gone.", tokens=used(10, 1, 0, 0))
    book.change(revert=json.dumps({"messageID": "msg_4"}))
    book.close()
    with imported(tmp_path / "archive", tmp_path) as archive:
        (row,) = archive.sessions()
        events = list(archive.events(row.id))
        (reverted,) = bodies_of(events, ContextReverted)
        assert reverted.to in {event.id for event in events}
        assert row.own.tokens.total == STORY.total + 11
        said = [body.blocks for body in bodies_of(events, AssistantMessage)]
        assert said[-1] == (Text(text="Gone."),)


def test_o11_the_call_that_makes_the_title_is_not_invented(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.session(title="New session - 2026-11-21T01:30:34.835Z")
    book.prompt("msg_1", "List the files")
    book.change(title="Files of a todo list")
    book.answer("msg_2", "msg_1", "None.")
    book.close()
    with imported(tmp_path / "archive", tmp_path) as archive:
        (row,) = archive.sessions()
        assert row.title == "Files of a todo list"
        assert len(list(archive.store.entries(Filter()))) == 1


@pytest.mark.parametrize("log", [True, False], ids=["log of changes", "tables"])
def test_o12_the_sums_of_a_session_hold_where_its_messages_tell_nothing(tmp_path: Path, log: bool) -> None:
    book = Book(tmp_path, log=log)
    book.session()
    book.prompt("msg_1", "List the files")
    nothing = used(0, 0, 0, 0)
    book.answer("msg_2", "msg_1", "One.", tokens=nothing)
    book.change(tokens_input=400, tokens_output=30, tokens_reasoning=20, tokens_cache_read=600)
    book.answer("msg_3", "msg_1", "Two.", tokens=nothing)
    book.change(tokens_input=800, tokens_output=60, tokens_reasoning=40, tokens_cache_read=1300)
    book.close()
    with imported(tmp_path / "archive", tmp_path) as archive:
        (row,) = archive.sessions()
        assert row.own.tokens == Tokens(input=800, cache_read=1300, output=100, reasoning=40)


# -- beyond the numbers ---------------------------------------------------------------------------


def test_to_dos_are_a_plan(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.session()
    book.prompt("msg_1", "Plan")
    todos = [{"content": "Read", "status": "completed"}, {"content": "Write", "status": "in_progress"}]
    book.answer("msg_2", "msg_1", tools=[("call_1", "todowrite", {"input": {"todos": todos}})])
    book.close()
    (plan,) = bodies_of(parse(lines(transcripts(tmp_path)[MAIN])), PlanUpdated)
    assert [(item.text, item.status) for item in plan.items] == [
        ("Read", "completed"),
        ("Write", "in_progress"),
    ]


@pytest.mark.parametrize(
    ("error", "reason", "hits"),
    [
        ({"name": "MessageAbortedError", "data": {"message": "aborted"}}, "interrupted: aborted", 0),
        ({"name": "APIError", "data": {"message": "Too Many Requests", "statusCode": 429}}, "APIError", 1),
        ({"name": "ContextOverflowError", "data": {"message": "too long"}}, "ContextOverflowError", 0),
    ],
    ids=["aborted", "limit", "overflow"],
)
def test_an_answer_that_failed_ends_its_loop_and_says_why(
    tmp_path: Path, error: dict[str, object], reason: str, hits: int
) -> None:
    book = Book(tmp_path)
    book.session()
    book.prompt("msg_1", "Go on")
    book.answer("msg_2", "msg_1", error=error, tokens=used(0, 0, 0, 0))
    book.close()
    parsed = parse(lines(transcripts(tmp_path)[MAIN]))
    assert [body.reason for body in bodies_of(parsed, LoopEnded)] == [reason]
    assert len(bodies_of(parsed, LimitHit)) == hits


def test_a_database_elsewhere_is_found_by_its_variable(tmp_path: Path) -> None:
    from reenact.sources import Environment

    book = Book(tmp_path)
    story(book)
    book.close()
    elsewhere = tmp_path / "elsewhere.db"
    book.file.rename(elsewhere)
    environment = Environment(home=str(tmp_path / "nobody"), variables={"OPENCODE_DB": str(elsewhere)})
    found = [transcript.key for root in SOURCE.roots(environment) for transcript in SOURCE.transcripts(root)]
    assert found == [MAIN]


def test_a_file_that_is_no_database_is_a_problem(tmp_path: Path) -> None:
    data = tmp_path / ".local" / "share" / "opencode"
    data.mkdir(parents=True)
    (data / "opencode.db").write_bytes(b"SQLite format 3\x00" + b"\xff" * 4096)
    assert list(SOURCE.transcripts(str(tmp_path))) == []
    ((path, reason),) = SOURCE.problems(str(tmp_path))
    assert path == str(data / "opencode.db")
    assert reason


def test_where_nothing_is_nothing_is_found(tmp_path: Path) -> None:
    assert list(SOURCE.transcripts(str(tmp_path))) == []
    assert list(SOURCE.problems(str(tmp_path))) == []
    assert list(SOURCE.transcripts(str(tmp_path / "absent"))) == []


def test_the_source_changes_nothing_of_the_agents(tmp_path: Path) -> None:
    book = Book(tmp_path)
    story(book)
    book.close()
    before = book.file.read_bytes(), book.file.stat().st_mtime_ns
    with imported(tmp_path / "archive", tmp_path):
        pass
    assert (book.file.read_bytes(), book.file.stat().st_mtime_ns) == before

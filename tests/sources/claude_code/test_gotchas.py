"""Each row C1 to C23 of the gotcha table, and the further facts that are about Claude Code, one test each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reenact.events.bodies import (
    AgentSpawned,
    AssistantMessage,
    CompactionFinished,
    ContextInjected,
    Custom,
    ModelFailed,
    ModelRequested,
    ParseWarning,
    SessionForked,
    ToolCalled,
    ToolFinished,
    UsageRecorded,
    UserMessage,
    WorkspaceChanged,
)
from reenact.sources.claude_code import SOURCE
from reenact.wire.anthropic.journal import message_hash, shape_hash

from .transcripts import GENUINE, OTHER, SESSION, Ledger, Log, read, read_all, session_id, use

MAIN = session_id(SESSION)


def test_c01_rows_of_one_response_count_once() -> None:
    log = Log()
    log.prompt()
    for place in range(5):
        log.says(f"part {place}", message="msg_1")
    log.says("next", message="msg_2")
    total = Ledger([log.read()]).total()
    assert total["cache_read"] == 200  # 600 if rows were summed
    assert total["output"] == 80


def test_c02_the_largest_output_of_a_response_wins_wherever_it_stands() -> None:
    log = Log()
    log.prompt()
    log.says("a", out=1, stop=None)
    log.says("b", out=150, stop="end_turn")
    log.says("c", out=30, stop=None)
    assert Ledger([log.read()]).total()["output"] == 150


def test_c03_the_key_is_the_message_id_alone() -> None:
    original, copy = Log(SESSION, version="1.0.30"), Log(OTHER, version="1.0.30")
    original.prompt()
    original.says("x", message="msg_1", requestId="req_1")
    copy._clock = 100
    copy.prompt()
    copy.says("x", message="msg_1")  # a resume of 1.0.30 drops the request id and mints new uuids
    readings = [original.read(), copy.read()]
    assert {body.key for reading in readings for body in reading.of(UsageRecorded)} == {"msg:msg_1"}
    assert Ledger(readings).total()["output"] == 40


@pytest.mark.parametrize("text", ["Hi.", "a longer answer of several words in one row"])
def test_c04_output_that_was_never_written_to_its_end_is_a_lower_bound(text: str) -> None:
    log = Log(version="2.1.50")
    log.prompt()
    log.says(text, out=3, stop=None)
    log.says(use("Bash", command="ls"), out=3, stop=None)
    ledger = Ledger([log.read()])
    assert ledger.total()["output"] == 3
    assert ledger.quality() == "partial"


def test_c05_copies_in_a_fork_belong_to_the_session_that_started_first() -> None:
    original = Log(SESSION, version="2.1.329")
    original.meta("queue-operation", operation="enqueue", timestamp=original.stamp())
    original.prompt("one")
    original.says("1", message="msg_1")
    fork = Log(OTHER, version="2.1.329")
    fork._clock = 50
    fork.meta("queue-operation", operation="enqueue", timestamp=fork.stamp())
    for row in original.rows[1:]:
        copied = {**row, "sessionId": OTHER}
        if row["type"] == "assistant":
            copied["requestSessionId"] = SESSION
        fork.rows.append(copied)
    fork.last = original.last
    fork.prompt("two")
    fork.says("2", message="msg_2")
    readings = [fork.read(), original.read()]
    ledger = Ledger(readings)
    assert ledger.total()["cache_read"] == 200  # 300 if files were summed
    assert ledger.session(MAIN)["cache_read"] == 100
    child = readings[0].headers[session_id(OTHER)]
    assert (child.kind, child.parent) == ("fork", MAIN)
    inherited = {body.key: body.inherited for body in readings[0].of(UsageRecorded)}
    assert inherited == {"msg:msg_1": True, "msg:msg_2": False}


def test_c05_a_fork_of_a_fork_comes_from_the_fork() -> None:
    again = "44444444-4444-4444-8444-444444444444"
    log = Log(again, version="2.1.329")
    log._clock = 100
    log.meta("queue-operation", operation="enqueue", timestamp=log.stamp())
    log._clock = 0
    for number, (session, text) in enumerate(((SESSION, "one"), (OTHER, "two"))):
        log.prompt(text)
        log.says(text, message=f"msg_{number}", requestSessionId=session)
    log._clock = 110
    log.prompt("three")
    log.says("3", message="msg_3")
    reading = log.read()
    child = reading.headers[session_id(again)]
    assert (child.kind, child.parent) == ("fork", session_id(OTHER))
    (forked,) = reading.of(SessionForked)
    assert (forked.parent, forked.parent_native) == (session_id(OTHER), OTHER)


def test_c06_sub_agents_count_by_their_own_files_only() -> None:
    main = Log(version="2.1.150")
    main.prompt()
    main.says(
        use("Agent", "toolu_a", prompt="look", subagent_type="Explore"), message="msg_1", stop="tool_use"
    )
    structured = {
        "status": "completed",
        "agentId": "a0123456789abcdef",
        "totalTokens": 5000,
        "usage": {"input_tokens": 9, "output_tokens": 900},
    }
    main.result("toolu_a", [{"type": "text", "text": "found"}], structured)
    sub = Log(version="2.1.150", agent="a0123456789abcdef")
    sub.prompt("look")
    sub.says("found", message="msg_2", out=25)
    ledger = Ledger([main.read(), sub.read()])
    assert ledger.group("main")["output"] == 40
    assert ledger.group("sub")["output"] == 25


def test_c07_progress_of_a_sub_agent_is_never_counted() -> None:
    log = Log(version="2.1.39")
    log.prompt()
    log.says(use("Task", "toolu_a", prompt="look"), message="msg_1", stop="tool_use")
    nested = {
        "id": "msg_n",
        "role": "assistant",
        "usage": {"output_tokens": 77, "cache_read_input_tokens": 1000},
    }
    for _ in range(3):
        data = {
            "type": "agent_progress",
            "agentId": "abc1234",
            "message": {"type": "assistant", "message": nested},
        }
        log.row("progress", data=data, parentToolUseID="toolu_a", toolUseID="agent_1")
    found = log.read()
    assert Ledger([found]).total()["output"] == 40
    assert found.one(AgentSpawned).child == session_id(f"{SESSION}/abc1234")
    assert found.dispositions[-3:] == ["events", "metadata", "metadata"]


def test_c08_synthetic_messages_are_errors_without_usage_or_model() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.says(
        "API Error: 500 Something broke.",
        model="<synthetic>",
        message="8a071dff-ee70-40bd-b5c5-be30340d55df",
        stop="stop_sequence",
        isApiErrorMessage=True,
        apiErrorStatus=500,
        error="server_error",
    )
    found = log.read()
    assert found.of(UsageRecorded) == []
    said = found.one(AssistantMessage)
    assert (said.error, said.model) == ("server_error", None)
    assert found.one(ModelFailed).status == 500


def test_c09_what_only_the_running_cost_knows_is_not_added() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.says("x")
    log.meta("cost-state", modelUsage={"claude-sonnet-4-5": {"inputTokens": 5000, "outputTokens": 900}})
    found = log.read()
    assert Ledger([found]).total()["output"] == 40
    assert found.one(Custom).name == "cost_state"
    assert found.one(Custom).data["models"]["claude-sonnet-4-5"]["outputTokens"] == 900


def test_c10_cost_rows_are_never_summed() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.says("x")
    for cost in (0.1, 0.2, 0.2):
        log.meta("cost-state", totalCostUSD=cost)
    found = log.read()
    assert [body.cost for body in found.of(UsageRecorded)] == [None]
    assert [body.data["cost_usd"] for body in found.of(Custom)] == [0.1, 0.2]
    assert found.dispositions[-1] == "repeat"


def test_c11_parallel_results_are_joined_to_their_calls_whatever_hangs_on_them() -> None:
    log = Log()
    log.prompt()
    first = log.says(use("Read", "toolu_1", file_path="/a"), stop="tool_use")
    second = log.says(use("Read", "toolu_2", file_path="/b"), stop="tool_use")
    log.result("toolu_2", "b", parent=second["uuid"])
    log.result("toolu_1", "a", parent=first["uuid"])
    log.says("both", message="msg_2")
    found = log.read()
    finished = {body.call: body.output for body in found.of(ToolFinished)}
    assert finished == {"toolu_1": "a", "toolu_2": "b"}
    parents = {draft.record: draft.parent for draft in found.drafts if isinstance(draft.body, ToolFinished)}
    assert set(parents.values()) == {first["uuid"], second["uuid"]}
    assert {draft.turn for draft in found.drafts if isinstance(draft.body, ToolFinished)} == {"msg_1"}


def test_c12_a_compaction_is_no_prompt_and_hides_nothing_before_it() -> None:
    log = Log()
    log.prompt("first")
    log.says("answer", message="msg_1")
    last = log.last
    log.notice(
        "compact_boundary",
        parent=None,
        logicalParentUuid=last,
        content="Conversation compacted",
        compactMetadata={"trigger": "auto", "preTokens": 900, "postTokens": 90},
    )
    log.prompt("This session is being continued …", isCompactSummary=True, isVisibleInTranscriptOnly=True)
    log.says("going on", message="msg_2")
    found = log.read()
    done = found.one(CompactionFinished)
    assert (done.trigger, done.before, done.after) == ("auto", 900, 90)
    assert done.summary == "This session is being continued …"
    assert found.draft(CompactionFinished).parent == last
    assert [body.human for body in found.of(UserMessage)] == [True]
    assert len(found.of(AssistantMessage)) == 2
    assert found.dispositions[2:4] == ["joined", "events"]


def test_c13_only_what_people_typed_is_a_prompt() -> None:
    log = Log(version="2.1.329")
    log.attach("environment", "<system-reminder>where</system-reminder>")
    log.prompt("real")
    log.prompt("skill text", isMeta=True)
    log.prompt("<local-command-caveat>Caveat</local-command-caveat>", isMeta=True)
    log.prompt("<command-name>/model</command-name>")
    log.prompt("<local-command-stdout>set</local-command-stdout>")
    log.prompt(
        "<task-notification><task-id>x</task-id></task-notification>", origin={"kind": "task-notification"}
    )
    log.prompt([{"type": "text", "text": "[Request interrupted by user]"}])
    log.prompt("cut", turnCompanion=True)
    found = log.read()
    assert [(body.origin, body.human) for body in found.of(UserMessage)] == [
        ("prompt", True),
        ("meta", False),
        ("meta", False),
        ("command", False),
        ("command_output", False),
        ("notification", False),
        ("interrupt", False),
        ("continuation", False),
    ]
    assert found.one(ContextInjected).origin == "environment"


def test_c14_a_result_between_the_blocks_of_one_message_belongs_to_its_call() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.says(use("Agent", "toolu_1", prompt="a"), stop="tool_use")
    log.result("toolu_1", "one")
    log.says(use("Agent", "toolu_2", prompt="b"), stop="tool_use")
    log.result("toolu_2", "two")
    found = log.read()
    assert {body.call: body.output for body in found.of(ToolFinished)} == {"toolu_1": "one", "toolu_2": "two"}
    assert {draft.turn for draft in found.drafts if isinstance(draft.body, ToolFinished)} == {"msg_1"}
    assert found.kinds.count("turn.started") == 1


def test_c15_the_same_uuid_twice_is_one_row() -> None:
    log = Log()
    log.prompt()
    log.says("x")
    log.meta("api-request", id="req-1", params={}, tail=[])
    log.rows.extend(dict(row) for row in list(log.rows))
    found = log.read()
    assert found.dispositions == ["events", "events", "events", "repeat", "repeat", "repeat"]
    assert found.kinds.count("message.user") == 1


def test_c16_what_a_rewritten_file_still_holds_keeps_its_names() -> None:
    log = Log()
    log.prompt("one")
    log.says("1", message="msg_1")
    log.prompt("two")
    log.says("2", message="msg_2")
    whole = {(draft.session, draft.record): draft.body for draft in log.read().drafts}
    log.rows = log.rows[2:]
    for draft in log.read().drafts:
        if draft.body.kind in {"message.user", "message.assistant", "usage.recorded"}:
            assert whole[draft.session, draft.record] == draft.body


def test_c17_damaged_lines_are_counted_and_cost_no_other_row() -> None:
    log = Log()
    log.prompt("one")
    log.says("1", message="msg_1")
    log.says("2", message="msg_2")
    log.says("3", message="msg_3")
    one, two, three, four = log.data.splitlines()
    data = b"\n".join([
        one,
        two[:150] + three,  # spliced
        b"\x00" * 512 + four,  # a NUL run before a row
        b"garbage",
        two + one,  # a missing line end
        four[:100],  # a torn tail, still being written
    ])  # fmt: skip
    found = read(data)
    assert found.dispositions == ["events", "warning", "warning", "warning", "warning", "held"]
    assert [body.message for body in found.of(AssistantMessage)] == ["msg_2", "msg_3", "msg_1"]
    assert [body.category for body in found.of(ParseWarning)] == ["spliced", "nul", "malformed", "spliced"]


def test_c18_a_file_that_is_no_json_lines_is_reported_and_skipped(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text('{\n  "sessionId": "x",\n  "messages": [\n  ]\n}\n')
    assert list(SOURCE.transcripts(str(tmp_path))) == []
    assert list(SOURCE.problems(str(tmp_path))) == [(str(wrong), "not JSON lines")]


def test_c19_a_spilled_output_comes_from_its_file_or_is_marked_cut() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.says(use("Bash", "toolu_1", command="seq 9"), stop="tool_use")
    path = f"/home/dev/.claude/projects/p/{SESSION}/tool-results/b0q.txt"
    stub = f"<persisted-output>\nOutput too large (9KB). Full output saved to: {path}\n\nPreview …"
    log.result("toolu_1", stub, {"stdout": "1\n2", "persistedOutputPath": path, "persistedOutputSize": 9000})
    there = log.read(sidecars={"tool-results/b0q.txt": b"1\n2\n3\n"}).one(ToolFinished)
    assert (there.full_output, there.truncated, there.output) == ("1\n2\n3\n", False, stub)
    gone = log.read().one(ToolFinished)
    assert (gone.full_output, gone.truncated) == (None, True)


def test_c20_the_working_directory_comes_from_rows_and_a_move_is_told_once() -> None:
    log = Log()
    log.prompt()
    log.prompt("again", cwd="/home/dev/code/other", gitBranch="fix")
    log.prompt("and again", cwd="/home/dev/code/other", gitBranch="fix")
    log.meta("relocated", relocatedCwd="/srv/moved")
    log.meta("relocated", relocatedCwd="/srv/moved")
    found = log.read(key=SESSION, hints={"file": f"-some-lossy-name/{SESSION}.jsonl"})
    assert found.drafts[0].body.cwd == "/home/dev/code/todo"  # type: ignore[union-attr]  # session.started
    assert found.of(WorkspaceChanged) == [
        WorkspaceChanged(cwd="/home/dev/code/other", branch="fix"),
        WorkspaceChanged(cwd="/srv/moved"),
    ]


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({}, (30, 20, 10)),
        ({"cache_creation": None}, (30, None, None)),
        (
            {"cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}},
            (30, None, None),
        ),
        ({"cache_creation_input_tokens": None}, (30, 20, 10)),
        ({"cache_creation_input_tokens": 0, "cache_creation": None}, (0, None, None)),
    ],
    ids=["both", "untold", "parts that do not add up", "only parts", "none"],
)
def test_c21_writes_for_five_minutes_and_for_an_hour_are_told_apart(
    usage: dict[str, object], expected: tuple[int, int | None, int | None]
) -> None:
    log = Log()
    log.prompt()
    log.says("x", usage=usage)
    tokens = log.read().one(UsageRecorded).tokens
    assert (tokens.cache_write, tokens.cache_write_5m, tokens.cache_write_1h) == expected


def test_c22_warm_up_agents_count_but_hide() -> None:
    sub = Log(version="2.0.76", agent="a112e64")
    sub.prompt("Warmup")
    sub.says("I'm ready", message="msg_w")
    found = sub.read(hints={"owner": "rows"})
    ledger = Ledger([found])
    assert found.headers[session_id(f"{SESSION}/a112e64")].hidden
    assert ledger.group("side")["output"] == 40
    assert ledger.group("main")["output"] == 0


@pytest.mark.parametrize(
    ("stop", "fields"), [("end_turn", {}), (None, {"isAbortedMidStream": True})], ids=["guessed", "told"]
)
def test_c23_a_cut_stream_is_kept_and_called_partial(stop: str | None, fields: dict[str, Any]) -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.says("This answer was long enough to be cut som", out=3, stop=stop, **fields)
    body = log.read().one(UsageRecorded)
    assert (body.tokens.output, body.quality) == (3, "partial")


def test_c23_a_guessed_stop_reason_is_known_by_what_the_last_event_would_have_brought() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.says("Yes", out=3, requestRef="req-1")
    log.says("Yes", out=3, message="msg_2", requestRef="req-2")["message"]["stop_details"] = None
    assert [body.quality for body in log.read().of(UsageRecorded)] == ["partial", "measured"]


# -- §7: further facts ------------------------------------------------------------------------


def test_s7_1_the_start_value_of_2_1_50_is_a_lower_bound_of_the_whole_run() -> None:
    log = Log(version="2.1.50")
    log.prompt()
    for turn in range(6):
        log.says(use("Bash", f"toolu_{turn}", command="ls"), message=f"msg_{turn}", out=1, stop=None)
        log.result(f"toolu_{turn}", "a")
    ledger = Ledger([log.read()])
    assert (ledger.total()["output"], ledger.quality()) == (6, "partial")


def test_s7_5_a_compaction_call_has_a_summary_but_no_usage() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.says("x")
    log.notice(
        "compact_boundary", parent=None, logicalParentUuid=log.last, compactMetadata={"trigger": "manual"}
    )
    log.prompt("summary", isCompactSummary=True)
    found = log.read()
    assert found.one(CompactionFinished).summary == "summary"
    assert len(found.of(UsageRecorded)) == 1


def test_s7_6_every_warm_up_is_a_hidden_session_and_an_empty_session_file_is_none(tmp_path: Path) -> None:
    folder = tmp_path / ".claude" / "projects" / "-p"
    folder.mkdir(parents=True)
    (folder / f"{OTHER}.jsonl").touch()
    main = Log(version="2.0.76")
    main.prompt()
    (folder / f"{SESSION}.jsonl").write_bytes(main.data)
    for agent in ("a340dac", "a112e64"):
        sub = Log(version="2.0.76", agent=agent)
        sub.prompt("Warmup")
        sub.says("ready", message=f"msg_{agent}")
        (folder / f"agent-{agent}.jsonl").write_bytes(sub.data)
    headers = {
        header.native_id: header for reading in read_all(tmp_path) for header in reading.headers.values()
    }
    assert set(headers) == {SESSION, "a340dac", "a112e64"}
    assert [headers[name].hidden for name in (SESSION, "a340dac", "a112e64")] == [False, True, True]
    assert headers["a340dac"].parent == MAIN


def test_s7_7_the_order_of_rows_changes_no_sum_and_no_set() -> None:
    log = Log()
    log.prompt()
    first = log.says(use("Read", "toolu_1", file_path="/a"), stop="tool_use")
    second = log.says(use("Read", "toolu_2", file_path="/b"), stop="tool_use")
    log.result("toolu_1", "a", parent=first["uuid"])
    log.result("toolu_2", "b", parent=second["uuid"])
    one = log.read()
    log.rows[-1], log.rows[-2] = log.rows[-2], log.rows[-1]
    two = log.read()
    assert {draft.record for draft in one.drafts} == {draft.record for draft in two.drafts}
    assert Ledger([one]).total() == Ledger([two]).total()


@pytest.mark.parametrize(
    "content", ["What next?", [{"type": "text", "text": "What next?"}]], ids=["text", "block"]
)
def test_s7_8_a_request_is_checked_against_the_rows_it_names(content: object) -> None:
    as_sent: dict[str, Any] = {"role": "user", "content": [{"type": "text", "text": "What next?"}]}
    answer: dict[str, Any] = {"role": "assistant", "content": [{"type": "text", "text": "This."}]}
    shape: dict[str, Any] = {
        "system": [{"type": "text", "text": "s"}],
        "tools": [],
        "output_config": {"effort": "low"},
    }
    log = Log(version="2.1.329")
    log.prompt(content)
    log.says("This.", message="msg_1")
    log.meta("api-request-shape", shapeHash=shape_hash(shape), shape=shape)
    tail = [message_hash(as_sent), message_hash(answer), "0" * 64]
    log.meta("api-request", id="req-1", shapeHash=shape_hash(shape), params={"model": "m"}, keep=0, tail=tail)
    log.meta(
        "api-request", id="req-2", shapeHash="1" * 64, params={"model": "m"}, base="req-1", keep=3, tail=[]
    )
    first, second = log.read().of(ModelRequested)
    assert first.request is not None
    assert first.request.unresolved == ("sha256:" + "0" * 64,)
    assert (first.history_len, first.tools_count, first.model) == (3, 0, "m")
    assert second.request is not None
    assert second.request.unresolved == ("sha256:" + "1" * 64, "sha256:" + "0" * 64)
    assert (second.request.base, second.request.keep, second.history_len) == ("req-1", 3, 3)


@pytest.mark.skipif(not GENUINE.is_dir(), reason="the genuine transcripts are not here")
def test_the_calls_of_genuine_transcripts_all_have_their_results() -> None:
    for version in ("claude-2.1.329", "claude-2.1.50", "claude-1.0.30"):
        for reading in read_all(GENUINE / version / "tools"):
            called = {body.call for body in reading.of(ToolCalled)}
            assert called == {body.call for body in reading.of(ToolFinished)}

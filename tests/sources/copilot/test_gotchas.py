"""What is easily got wrong with Copilot's sessions: one test for each case, by its number (C1 to C15)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.ingest.machines import imported, opened

from reenact.events import Tokens
from reenact.events.blocks import Reasoning, Text
from reenact.events.bodies import (
    AssistantMessage,
    ErrorBody,
    LimitHit,
    ParseWarning,
    SessionEnded,
    SessionStarted,
    ToolCalled,
    Unknown,
    UsageRecorded,
    UserMessage,
)
from reenact.store import Filter

from .transcripts import AGENT, SESSION, Log, bodies_of, counts, drafts_of, home, parse, spent


def _run(log: Log, number: int, *, usage: bool = False) -> None:
    interaction = f"i{number}"
    log.prompt(f"Question {number}", interaction)
    log.answer(
        f"Answer {number}.",
        call=f"resp-{number}",
        interaction=interaction,
        usage=counts(1000, 50, 200) if usage else None,
    )
    log.end_turn()


def test_c01_shutdown_sums_that_go_on_over_resumes_are_counted_by_their_growth() -> None:
    log = Log()
    log.start(copilotVersion="1.0.80")
    _run(log, 1)
    log.shutdown({"gpt-5.5": {**counts(1000, 50, 200), "count": 1}})
    log.resume()
    _run(log, 2)
    log.shutdown({"gpt-5.5": {**counts(2500, 90, 700), "count": 2}})
    assert spent(parse(log.data)) == Tokens(input=1800, cache_read=700, output=90, reasoning=0)


def test_c01_sums_that_fall_begin_anew() -> None:
    log = Log()
    log.start(copilotVersion="1.0.80")
    log.shutdown({"gpt-5.5": counts(5000, 90)})
    log.resume()
    log.shutdown({"gpt-5.5": counts(1000, 20)})
    assert spent(parse(log.data)) == Tokens(input=6000, output=110, reasoning=0)


def test_c01_sums_of_one_run_each_are_told_by_their_number_of_requests() -> None:
    log = Log()
    log.start(copilotVersion="1.0.9")
    _run(log, 1)
    log.shutdown({"gpt-5.5": {**counts(1000, 50), "count": 1}})
    log.resume()
    _run(log, 2)
    log.shutdown({"gpt-5.5": {**counts(3000, 60), "count": 1}})
    assert spent(parse(log.data)) == Tokens(input=4000, output=110, reasoning=0)


def _rows(*rows: dict[str, object]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_c02_what_records_database_shutdown_and_sub_agent_state_counts_once() -> None:
    log = Log()
    log.start()
    log.prompt("Ask a helper")
    log.answer(tools=[("c1", "task", {"prompt": "Look"})], usage=counts(1000, 50, 200))
    log.add("tool.execution_start", {"toolCallId": "c1", "toolName": "task", "arguments": {"prompt": "Look"}})
    log.add("subagent.started", {"toolCallId": "c1", "agentName": "general"}, agent=AGENT)
    log.answer("Seen.", call="resp-2", interaction="i2", agent=AGENT, usage=counts(600, 20))
    log.end_turn(agent=AGENT)
    log.add("subagent.completed", {"toolCallId": "c1", "totalTokens": 620}, agent=AGENT)
    log.end_turn()
    log.shutdown({"gpt-5.5": {**counts(1600, 70, 200), "count": 2}})
    stored = _rows(
        {"id": 1, "model": "gpt-5.5", "input_tokens": 1000, "output_tokens": 50, "cache_read_tokens": 200, "created_at": "2026-11-20T10:00:03Z"},
        {"id": 2, "model": "gpt-5.5", "input_tokens": 600, "output_tokens": 20, "agent_id": AGENT, "created_at": "2026-11-20T10:00:07Z"},
    )  # fmt: skip
    once = Tokens(input=1400, cache_read=200, output=70, reasoning=0)
    assert spent(parse(log.data, sidecars={"usage": stored})) == once
    assert spent(parse(log.data)) == once


def test_c02_without_records_the_rows_of_the_database_are_taken_before_the_sums() -> None:
    log = Log()
    log.start(copilotVersion="1.0.90")
    _run(log, 1)
    log.shutdown({"gpt-5.5": {**counts(1000, 50, 200, 100), "count": 1}})
    stored = _rows(
        {"id": 7, "model": "gpt-5.5", "input_tokens": 1000, "output_tokens": 50, "cache_read_tokens": 200, "cache_write_tokens": 100, "reasoning_tokens": 9, "created_at": "2026-11-20 10:00:02"},
    )  # fmt: skip
    parsed = parse(log.data, sidecars={"usage": stored})
    assert spent(parsed) == Tokens(input=700, cache_read=200, cache_write=100, output=50, reasoning=9)
    assert [body.quality for body in bodies_of(parsed, UsageRecorded)] == ["measured"]


def test_c03_the_call_that_compacts_is_added_once_as_a_session_beside(tmp_path: Path) -> None:
    log = Log()
    log.start()
    log.prompt("Go on")
    log.add("session.compaction_start", {"trigger": "threshold", "currentTokens": 118134})
    used = {**counts(1034, 56, 222), "model": "gpt-5.5", "requestCount": 1}
    used.pop("reasoningTokens")
    done = {"success": True, "summaryContent": "All was said.", "compactionAttemptId": "a1"}
    log.add("session.compaction_complete", {**done, "compactionTokensUsed": used})
    log.answer("Done.", usage=counts(1000, 50))
    log.end_turn()
    log.shutdown({"gpt-5.5": {**counts(1000, 50), "count": 1}})
    home(tmp_path, log.data)
    with imported(tmp_path / "archive", tmp_path) as archive:
        rows = archive.sessions(Filter())
        (main,) = [row for row in rows if row.kind == "main"]
        (side,) = [row for row in rows if row.hidden]
        assert side.parent == main.id
        assert main.own.tokens.total == 1050
        assert (side.own.tokens.input, side.own.tokens.cache_read, side.own.tokens.output) == (812, 222, 56)
        assert main.total.tokens.total == 1050 + 1090


def test_c04_input_excludes_both_caches() -> None:
    log = Log()
    log.start()
    log.prompt("Say hello")
    log.answer("Hello.", usage=counts(1300, 40, 200, 100, 10))
    (body,) = bodies_of(parse(log.data), UsageRecorded)
    assert body.tokens == Tokens(input=1000, cache_read=200, cache_write=100, output=40, reasoning=10)
    assert body.tokens.total == 1340


def test_c05_a_session_that_never_shut_down_was_interrupted_and_keeps_its_usage() -> None:
    log = Log()
    log.start()
    log.prompt("Say hello")
    log.answer(tools=[("c1", "bash", {"command": "sleep 9"})], usage=counts(1000, 50))
    cut = parse(log.data)
    assert spent(cut).total == 1050
    assert bodies_of(cut, SessionEnded) == []
    log.resume()
    assert [body.status for body in bodies_of(parse(log.data), SessionEnded)] == ["interrupted"]


def test_c05_before_usage_records_only_a_lower_bound_is_known() -> None:
    log = Log()
    log.start(copilotVersion="1.0.80")
    log.prompt("Say hello")
    log.answer("Hello.", outputTokens=40)
    log.end_turn()
    (bound,) = bodies_of(parse(log.data), UsageRecorded)
    assert (bound.quality, bound.tokens) == ("partial", Tokens(output=40))
    log.shutdown({"gpt-5.5": {**counts(1000, 40, 300), "count": 1}})
    whole = parse(log.data)
    assert spent(whole) == Tokens(input=700, cache_read=300, output=40, reasoning=0)
    assert {body.quality for body in bodies_of(whole, UsageRecorded) if body.final} == {"measured"}


def test_c06_the_rows_of_sub_agents_make_sessions_of_their_own(tmp_path: Path) -> None:
    log = Log()
    log.start()
    log.prompt("Ask two helpers")
    log.answer(
        tools=[("c1", "task", {"prompt": "Look left"}), ("c2", "task", {"prompt": "Look right"})],
        usage=counts(100, 10),
    )
    for call in ("c1", "c2"):
        log.add("subagent.started", {"toolCallId": call, "agentName": "general"}, agent=f"agent-{call}")
    for call in ("c1", "c2"):  # both at work at the same time
        log.prompt(f"Look {call}", f"i-{call}", agent=f"agent-{call}", source=f"agent-{SESSION}")
    for call in ("c2", "c1"):
        log.answer(
            f"Seen by {call}.",
            call=f"resp-{call}",
            interaction=f"i-{call}",
            agent=f"agent-{call}",
            usage=counts(200, 20),
        )
        log.end_turn(agent=f"agent-{call}")
        log.add("subagent.completed", {"toolCallId": call}, agent=f"agent-{call}")
        log.add(
            "tool.execution_complete", {"toolCallId": call, "success": True, "result": {"content": "Seen."}}
        )
    log.answer("Both have seen.", call="resp-9", turn="1", usage=counts(300, 30))
    log.end_turn("1")
    log.shutdown()
    home(tmp_path, log.data)
    with imported(tmp_path / "archive", tmp_path) as archive:
        rows = {row.native_id: row for row in archive.sessions()}
        main = rows[SESSION]
        assert main.own.tokens.total == 110 + 330
        for call in ("c1", "c2"):
            row = rows[f"{SESSION}/agent-{call}"]
            assert (row.kind, row.parent, row.own.tokens.total) == ("subagent", main.id, 220)
            assert row.status == "completed"
            said = [
                event.body for event in archive.events(row.id) if isinstance(event.body, AssistantMessage)
            ]
            assert said[0].blocks == (Text(text=f"Seen by {call}."),)
        assert main.total.tokens.total == 440 + 440


@pytest.mark.parametrize(
    ("more", "origin"),
    [
        ({"source": "skill-review"}, "skill"),
        ({"source": "agent-1"}, "agent"),
        ({"isAutopilotContinuation": True}, "autopilot"),
    ],
)
def test_c07_what_skills_agents_and_the_autopilot_say_is_not_human(more: dict[str, Any], origin: str) -> None:
    log = Log()
    log.start()
    log.prompt("By hand")
    log.prompt("Not by hand", "i2", **more)
    by_hand, other = bodies_of(parse(log.data), UserMessage)
    assert (by_hand.human, by_hand.origin) == (True, "prompt")
    assert (other.human, other.origin) == (False, origin)


def test_c08_the_chunks_of_an_answer_are_one_response() -> None:
    log = Log()
    log.start()
    log.prompt("Tell at length")
    log.answer("First part, ", chunkIndex=0, chunkCount=2, usage=counts(100, 30))
    log.add("assistant.message", {"content": "second part.", "apiCallId": "resp-1", "chunkIndex": 1})
    log.end_turn()
    parsed = parse(log.data)
    assert {body.message for body in bodies_of(parsed, AssistantMessage)} == {"resp-1"}
    assert len({draft.turn for draft in drafts_of(parsed) if isinstance(draft.body, AssistantMessage)}) == 1
    assert spent(parsed).total == 130


def _two() -> tuple[bytes, bytes, bytes]:
    log = Log()
    log.start()
    log.prompt("One")
    log.prompt("Two", "i2")
    first, second, third = log.data.splitlines()
    return first, second, third


def test_c09_nul_bytes_behind_the_last_row_cost_nothing_but_a_warning() -> None:
    parsed = parse(b"\n".join(_two()) + b"\n" + b"\x00" * 512 + b"\n")
    assert len(bodies_of(parsed, UserMessage)) == 2
    assert [body.category for body in bodies_of(parsed, ParseWarning)] == ["nul"]


def test_c09_only_line_feeds_end_rows() -> None:
    log = Log()
    log.start()
    log.prompt("a\u2028b\u2029c\u0085d")
    data = b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in log.rows)
    (body,) = bodies_of(parse(data), UserMessage)
    assert body.blocks == (Text(text="a\u2028b\u2029c\u0085d"),)


def test_c09_a_row_parted_by_line_ends_inside_of_a_text_is_joined() -> None:
    first, second, third = _two()
    broken = second.replace(b'"One"', b'"O\\nn\\ne"').replace(b"\\n", b"\n")
    parsed = parse(b"\n".join([first, broken, third]) + b"\n")
    texts = [body.blocks[0].text for body in bodies_of(parsed, UserMessage)]
    assert texts == ["O\nn\ne", "Two"]
    assert len(bodies_of(parsed, ParseWarning)) == 2  # the torn lines are counted, though nothing is lost


def test_c09_a_row_glued_to_the_beginning_of_another_is_saved() -> None:
    first, second, third = _two()
    parsed = parse(b"\n".join([first, second[:60] + third]) + b"\n")
    assert [body.blocks[0].text for body in bodies_of(parsed, UserMessage)] == ["Two"]
    assert [body.category for body in bodies_of(parsed, ParseWarning)] == ["spliced"]


def test_c10_rows_taken_back_by_a_rewind_are_kept(tmp_path: Path) -> None:
    log = Log()
    log.start()
    log.prompt("Keep this")
    log.answer("Kept.", usage=counts(100, 10))
    log.end_turn()
    kept = log.data
    log.prompt("Take this back", "i2")
    log.answer("Gone.", call="resp-2", interaction="i2", usage=counts(200, 20))
    log.end_turn()
    file = home(tmp_path, log.data)
    with opened(tmp_path / "archive", tmp_path) as archive:
        archive.catch_up()
        file.write_bytes(kept)
        archive.catch_up()
        (row,) = archive.sessions()
        said = [event.body for event in archive.events(row.id) if isinstance(event.body, AssistantMessage)]
        assert [body.blocks for body in said] == [(Text(text="Kept."),), (Text(text="Gone."),)]
        assert row.own.tokens.total == 110 + 220


def test_c11_all_three_layouts_are_found_and_the_folder_wins(tmp_path: Path) -> None:
    log = Log()
    log.start()
    log.prompt("In the folder")
    home(tmp_path, log.data)
    state = tmp_path / ".copilot" / "session-state"
    flat = log.data.replace(b"In the folder", b"In the file")
    (state / f"{SESSION}.jsonl").write_bytes(flat)
    other = "33333333-3333-4333-8333-333333333333"
    (state / f"{other}.jsonl").write_bytes(flat.replace(SESSION.encode(), other.encode()))
    chat = {
        "sessionId": "44444444-4444-4444-8444-444444444444",
        "startTime": "2025-10-08T21:10:16.398Z",
        "chatMessages": [
            {"role": "user", "content": "Say hello"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c1", "function": {"name": "bash", "arguments": '{"command":"ls"}'}}],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "README.md"},
            {"role": "assistant", "content": "Hello."},
        ],
    }
    history = tmp_path / ".copilot" / "history-session-state"
    history.mkdir()
    (history / "session_44444444-4444-4444-8444-444444444444_1759957816.json").write_text(
        json.dumps(chat, indent=2)
    )
    with imported(tmp_path / "archive", tmp_path) as archive:
        rows = {row.native_id: row for row in archive.sessions()}
        titles = {native: row.title for native, row in rows.items()}
        assert titles == {SESSION: "In the folder", other: "In the file", chat["sessionId"]: "Say hello"}
        old = rows[str(chat["sessionId"])]
        assert (old.tool_calls, old.own.tokens.total) == (1, 0)
        assert [account for account in archive.accounts() if not account.balances] == []


def test_c12_an_unknown_type_is_kept_whole_and_counted() -> None:
    log = Log()
    log.start()
    row = log.add("session.hologram", {"shape": [1, 2]})
    log.add("session.hologram_delta", {}).update(ephemeral=True)
    parsed = parse(log.data)
    (unknown,) = bodies_of(parsed, Unknown)
    assert (unknown.name, unknown.raw) == ("session.hologram", row)
    assert [each.unknown for each in parsed] == [(), ("session.hologram",), ()]


def test_c13_a_quota_error_is_a_limit() -> None:
    log = Log()
    log.start()
    log.prompt("Go on")
    log.add(
        "session.error",
        {"errorType": "rate_limit", "errorCode": "user_weekly_rate_limited", "message": "Try again in 2 hours.", "statusCode": 429},
    )  # fmt: skip
    log.add("session.error", {"errorType": "query", "message": "Bad gateway", "statusCode": 502})
    parsed = parse(log.data)
    (hit,) = bodies_of(parsed, LimitHit)
    (at,) = [draft.ts for draft in drafts_of(parsed) if draft.body is hit]
    assert hit.scope == "weekly"
    assert at is not None
    assert hit.resets_at == at + 2 * 3600 * 1_000_000
    assert [body.category for body in bodies_of(parsed, ErrorBody)] == ["rate_limit", "query"]


def test_c14_model_names_with_dots_have_a_price(tmp_path: Path) -> None:
    log = Log()
    log.start(selectedModel="claude-sonnet-4.5")
    log.prompt("Say hello")
    log.add(
        "session.usage_record",
        {"usage": {"model": "claude-sonnet-4.5", "apiCallId": "resp-1", **counts(1_000_000, 0)}},
    )
    home(tmp_path, log.data)
    with imported(tmp_path / "archive", tmp_path) as archive:
        (row,) = archive.sessions()
        assert row.models == ("claude-sonnet-4.5",)
        assert row.own.cost is not None
        assert row.own.cost > 0


def test_c15_an_imported_session_says_that_it_was_imported() -> None:
    log = Log()
    log.start(producer="semantic-session-import")
    assert [body.imported for body in bodies_of(parse(log.data), SessionStarted)] == [True]
    plain = Log()
    plain.start(producer="copilot-agent")
    assert [body.imported for body in bodies_of(parse(plain.data), SessionStarted)] == [False]


# -- beyond the numbers ---------------------------------------------------------------------------


def test_a_start_tells_whose_it_is_and_where() -> None:
    log = Log()
    log.start(selectedModel="gpt-5.2")
    parsed = parse(log.data)
    (started,) = bodies_of(parsed, SessionStarted)
    assert (started.cwd, started.agent_version, started.model) == (
        "/home/dev/code/todo",
        "1.0.102",
        "gpt-5.2",
    )
    assert started.repo is not None
    assert started.repo.branch == "main"
    headers = [header for each in parsed for header in each.headers]
    assert {header.native_id for header in headers} == {SESSION}


def test_a_call_that_is_asked_for_and_begun_is_told_once() -> None:
    log = Log()
    log.start()
    log.prompt("List")
    log.answer(tools=[("c1", "bash", {"command": "ls"})])
    log.tool("c1", "bash", {"command": "ls"})
    assert len(bodies_of(parse(log.data), ToolCalled)) == 1


def test_a_row_with_an_id_that_was_seen_is_a_repeat() -> None:
    log = Log()
    log.start()
    log.prompt("Once")
    data = log.data + log.data.splitlines()[1] + b"\n"
    assert [each.disposition for each in parse(data)] == ["events", "events", "repeat"]


def test_thoughts_told_twice_are_told_once() -> None:
    log = Log()
    log.start()
    log.prompt("Think")
    log.add("assistant.reasoning", {"reasoningId": "r1", "content": "Hm."})
    log.answer("So.", reasoningText="Hm.")
    (answer,) = bodies_of(parse(log.data), AssistantMessage)
    assert not any(isinstance(block, Reasoning) for block in answer.blocks)


def test_credits_are_kept_beside_the_tokens() -> None:
    log = Log()
    log.start()
    log.prompt("Spend")
    log.answer(
        "Spent.", usage={**counts(1000, 10), "cost": 1.0, "copilotUsage": {"totalNanoAiu": 2_500_000_000}}
    )
    parsed = parse(log.data)
    (body,) = bodies_of(parsed, UsageRecorded)
    assert body.cost == "0.025"  # two and a half credits, a cent each
    (credit,) = [draft.body for draft in drafts_of(parsed) if draft.body.kind == "custom"]
    assert credit.data == {"usage": body.key, "nano_aiu": 2_500_000_000.0, "premium_requests": 1.0}  # type: ignore[union-attr]  # a Custom


def test_before_june_2026_credits_are_no_money() -> None:
    log = Log("2026-05-20T10:00")
    log.start()
    log.prompt("Spend")
    log.answer("Spent.", usage={**counts(1000, 10), "copilotUsage": {"totalNanoAiu": 2_500_000_000}})
    assert [body.cost for body in bodies_of(parse(log.data), UsageRecorded)] == [None]


def test_rows_of_the_database_that_come_later_are_found(tmp_path: Path) -> None:
    log = Log()
    log.start(copilotVersion="1.0.90")
    _run(log, 1)
    log.shutdown()
    home(tmp_path, log.data)
    with opened(tmp_path / "archive", tmp_path) as archive:
        archive.catch_up()
        assert archive.sessions()[0].own.tokens.total == 0
        database = apsw.Connection(str(tmp_path / ".copilot" / "session-store.db"))
        database.execute(
            "CREATE TABLE assistant_usage_events (id INTEGER, session_id TEXT, model TEXT, input_tokens INTEGER, output_tokens INTEGER, created_at TEXT)"
        )
        database.execute(
            "INSERT INTO assistant_usage_events VALUES (1, ?, 'gpt-5.5', 500, 5, '2026-11-20T10:00:02Z')",
            (SESSION,),
        )
        database.close()
        archive.catch_up()
        assert archive.sessions()[0].own.tokens.total == 505
        again = archive.catch_up()
        assert sum(agent.new + agent.changed for agent in again.agents) == 0

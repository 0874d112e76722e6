"""What is known to go wrong with Qwen Code's chats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.ingest.machines import imported
from tests.sources.gemini import chats as gemini
from tests.sources.qwen.chats import (
    SESSION,
    answer,
    called,
    journal,
    notice,
    parse,
    prompt,
    result,
    row,
    told,
)

from reenact.events.blocks import Text, Tokens
from reenact.events.bodies import (
    AgentFinished,
    CompactionFinished,
    ContextInjected,
    ContextReverted,
    FileChanged,
    LoopStarted,
    ModelFailed,
    SessionStarted,
    SessionTitled,
    ToolFinished,
    TurnStarted,
    UsageRecorded,
    UserMessage,
)

AGENT = "general-purpose-c4"


def main_rows() -> list[dict[str, Any]]:
    """Gives a chat whose sub-agent has a file of its own, which the notices repeat."""
    of_agent: dict[str, Any] = {"subagent_name": "general-purpose", "subagent_id": AGENT}
    return [
        prompt("p", "hi", provenance="real_user"),
        notice("n1", "p", 100, 10),
        answer("a", "n1", called("c4", "agent", prompt="help", subagent_type="general-purpose"), usageMetadata=told(100, 10)),
        result("r", "a", "c4", "agent", f"Background agent launched.\ntask_id: {AGENT} (internal)"),
        notice("n2", "r", 50, 5, prompt_id=f"{SESSION}#{AGENT}#0", **of_agent),
        notice("n3", "n2", 60, 6, prompt_id=f"{SESSION}#{AGENT}#1", **of_agent),
        notice("n4", "n3", 200, 20, 5),
        answer("b", "n4", {"text": "Done."}, second=5, usageMetadata=told(200, 20, 40, 3)),
    ]  # fmt: skip


def agent_rows() -> list[dict[str, Any]]:
    side: dict[str, Any] = {"agentId": AGENT, "agentName": "general-purpose", "isSidechain": True}
    return [
        prompt("t", "help", **side),
        answer("x", "t", usageMetadata=told(50, 5), agentRound=1, **side),
        answer("y", "x", called("d1", "read_file", file_path="a"), **side),
        result("z", "y", "d1", "read_file", "text"),
        answer("w", "z", {"text": "Helped."}, usageMetadata=told(60, 6), agentRound=2, **side),
    ]  # fmt: skip


def home(folder: Path, *, with_agent: bool = True, in_background: bool = True) -> Path:
    project = folder / ".qwen" / "projects" / "-home-dev-code-todo"
    chats = project / "chats"
    chats.mkdir(parents=True)
    (chats / f"{SESSION}.jsonl").write_bytes(journal(*main_rows()))
    if with_agent:
        beside = project / "subagents" / SESSION
        beside.mkdir(parents=True)
        (beside / f"agent-{AGENT}.jsonl").write_bytes(journal(*agent_rows()))
        meta: dict[str, Any] = {"agentId": AGENT, "toolUseId": "c4", "parentAgentId": None}
        meta |= {"model": "qwen-stub"} if in_background else {"persistedCliFlags": {"model": "qwen-stub"}}
        (beside / f"agent-{AGENT}.meta.json").write_text(json.dumps(meta))
    return folder


def test_x01_usage_repeated_while_an_answer_streams_counts_its_last_word() -> None:
    found = parse(
        journal(
            prompt("p", "hi"),
            answer("a", "p", {"text": "One"}, usageMetadata=told(1000, 10)),
            answer("b", "a", {"text": " two"}, usageMetadata=told(1000, 25)),
            answer("c", "b", {"text": " three."}, usageMetadata=told(1000, 40, 300, 7)),
            prompt("q", "more", "c", 5),
            answer("d", "q", {"text": "Yes."}, usageMetadata=told(1100, 8), second=6),
        )
    )
    assert found.spent() == Tokens(input=1800, cache_read=300, output=48, reasoning=7)
    assert len(found.bodies(TurnStarted)) == 2


def test_two_answers_in_a_row_are_two_where_a_tool_ran_between() -> None:
    found = parse(
        journal(
            prompt("p", "hi"),
            answer("a", "p", called("c1", "read_file", file_path="a"), usageMetadata=told(1000, 10)),
            result("r", "a", "c1", "read_file", "text"),
            answer("b", "r", {"text": "Done."}, usageMetadata=told(1000, 10)),
        )
    )
    assert found.spent().output == 20


def test_an_answer_that_only_a_notice_tells_counts_too() -> None:
    found = parse(
        journal(
            prompt("p", "hi"),
            notice("n", "p", 100, 10),
            answer("a", "n", {"text": "x"}, usageMetadata=told(100, 10)),
            notice("side", "a", 700, 7, 3),
            prompt("q", "more", "side", 5),
        )
    )
    assert found.spent().total == 110 + 707
    assert len(found.bodies(UsageRecorded)) == 2


def test_output_holds_the_thoughts_where_the_total_says_so() -> None:
    inside = parse(
        journal(prompt("p", "hi"), answer("a", "p", {"text": "x"}, usageMetadata=told(100, 30, 0, 10)))
    )
    assert inside.spent() == Tokens(input=100, output=30, reasoning=10)
    apart = {**told(100, 30, 0, 10), "totalTokenCount": 140}
    outside = parse(journal(prompt("p", "hi"), answer("a", "p", {"text": "x"}, usageMetadata=apart)))
    assert outside.spent() == Tokens(input=100, output=40, reasoning=10)


@pytest.mark.parametrize("in_background", [True, False])
def test_a_sub_agents_file_and_the_notices_about_it_count_once(in_background: bool, tmp_path: Path) -> None:
    with imported(tmp_path / "archive", home(tmp_path, in_background=in_background)) as archive:
        rows = {each.native_id: each for each in archive.sessions()}
        main, sub = rows[SESSION], rows[f"{SESSION}#{AGENT}"]
        assert (main.own.tokens.total, sub.own.tokens.total) == (110 + 220, 55 + 66)
        assert (sub.kind, sub.parent, sub.tool_calls, sub.turns) == ("subagent", main.id, 1, 2)
        assert sub.models == ("qwen-stub",)


def test_a_sub_agent_without_a_file_counts_by_the_notices(tmp_path: Path) -> None:
    with imported(tmp_path / "archive", home(tmp_path, with_agent=False)) as archive:
        rows = {each.native_id: each for each in archive.sessions()}
        assert rows[f"{SESSION}#{AGENT}"].own.tokens.total == 55 + 66
        assert rows[f"{SESSION}#{AGENT}"].parent == rows[SESSION].id


def test_a_branch_copies_its_past_and_counts_its_own(tmp_path: Path) -> None:
    other = "66666666-6666-4666-8666-666666666666"
    copied = [
        {**each, "sessionId": other, "forkedFrom": {"sessionId": SESSION, "messageUuid": each["uuid"]}}
        for each in main_rows()
    ]
    own = [
        {**prompt("q", "else", "b", 8), "sessionId": other},
        {**answer("e", "q", {"text": "Else."}, second=9, usageMetadata=told(300, 30)), "sessionId": other},
    ]
    living = home(tmp_path)
    path = living / ".qwen" / "projects" / "-home-dev-code-todo" / "chats" / f"{other}.jsonl"
    path.write_bytes(journal(*copied, *own))
    with imported(tmp_path / "archive", living) as archive:
        rows = {each.native_id: each for each in archive.sessions()}
        fork = rows[other]
        assert (fork.kind, fork.parent) == ("fork", rows[SESSION].id)
        assert (fork.own.tokens.total, fork.loops, fork.turns, fork.tool_calls) == (330, 1, 1, 0)
        assert rows[SESSION].own.tokens.total == 330


def test_reminders_are_not_the_persons_words() -> None:
    parts = [{"text": "<system-reminder>\nx\n</system-reminder>"}, {"text": "And again"}]
    found = parse(journal(row("p", "user", None, message={"role": "user", "parts": parts})))
    (said,) = found.bodies(UserMessage)
    assert (said.human, len(said.blocks)) == (True, 1)
    assert [body.origin for body in found.bodies(ContextInjected)] == ["reminder"]


def test_notifications_and_control_texts_are_no_humans() -> None:
    found = parse(
        journal(
            prompt("p", "hi"),
            prompt("n", "a task is done", "p", subtype="notification", provenance="system"),
            prompt("m", "wait", "n", subtype="mid_turn_user_message"),
        )
    )
    assert [body.human for body in found.bodies(UserMessage)] == [True, False, True]
    assert len(found.bodies(LoopStarted)) == 2


def test_what_the_system_notes_is_told() -> None:
    error = {
        "event.name": "qwen-code.api_error",
        "status_code": 429,
        "error_message": "slow down",
        "error_type": "RateLimit",
    }
    compressed = {
        "info": {"originalTokenCount": 900, "newTokenCount": 90},
        "compressedHistory": [{"role": "user", "parts": [{"text": "In short."}]}],
    }
    diff = {"fileDiff": "@@ -0,0 +1 @@\n+x\n", "fileName": "a", "originalContent": "", "newContent": "x\n"}
    found = parse(
        journal(
            prompt("p", "hi"),
            row("e", "system", "p", subtype="ui_telemetry", systemPayload={"uiEvent": error}),
            answer("a", "e", called("c1", "write_file", file_path="/w/a", content="x\n"), usageMetadata=told(9, 1)),
            result("r", "a", "c1", "write_file", "Successfully created and wrote", resultDisplay=diff, durationMs=12),
            row("k", "system", "r", subtype="chat_compression", systemPayload=compressed),
            row("t", "system", "k", subtype="custom_title", systemPayload={"customTitle": "Ours", "titleSource": "manual"}),
            row("s", "system", "t", subtype="attribution_snapshot", systemPayload={}),
            row("u", "system", "s", subtype="new_thing", systemPayload={}),
            row("v", "dream", "u"),
        )
    )  # fmt: skip
    assert [(body.status, body.error) for body in found.bodies(ModelFailed)] == [(429, "slow down")]
    assert [(body.before, body.after, body.summary) for body in found.bodies(CompactionFinished)] == [
        (900, 90, "In short.")
    ]
    assert [(body.title, body.by) for body in found.bodies(SessionTitled)] == [("Ours", "user")]
    assert [(body.path, body.op, body.after) for body in found.bodies(FileChanged)] == [
        ("/w/a", "create", "x\n")
    ]
    assert [body.duration for body in found.bodies(ToolFinished)] == [12_000]
    assert [name for each in found.parsed for name in each.unknown] == ["system/new_thing", "dream"]


def test_a_rewind_goes_back_to_what_it_hangs_on() -> None:
    found = parse(
        journal(
            prompt("p", "one"), answer("a", "p", {"text": "first"}, usageMetadata=told(9, 1)),
            prompt("q", "two", "a"), answer("b", "q", {"text": "second"}, usageMetadata=told(19, 1)),
            row("w", "system", "a", subtype="rewind", systemPayload={"truncatedCount": 2}),
            prompt("r", "three", "w"),
        )
    )  # fmt: skip
    (body,) = found.bodies(ContextReverted)
    assert body.to is not None
    assert found.spent().output == 2


def test_an_agent_in_the_foreground_ends_with_its_result() -> None:
    display = {"type": "task_execution", "status": "completed", "result": "42"}
    found = parse(
        journal(
            prompt("p", "hi"),
            answer("a", "p", called("c", "agent", prompt="x", subagent_type="s"), usageMetadata=told(9, 1)),
            result("r", "a", "c", "agent", "42", resultDisplay=display),
        )
    )
    assert [(body.status, body.result) for body in found.bodies(AgentFinished)] == [("completed", "42")]


def test_the_version_that_wrote_it_is_told() -> None:
    told_by = parse(journal(*main_rows())).bodies(SessionStarted)
    assert [body.agent_version for body in told_by] == ["0.24.4"]


def test_chats_of_the_first_releases_are_geminis(tmp_path: Path) -> None:
    chats = tmp_path / ".qwen" / "tmp" / gemini.PROJECT / "chats"
    chats.mkdir(parents=True)
    data = gemini.whole(gemini.prompt("p", "hi"), gemini.answer("a", "Hello."))
    (chats / "session-2025-10-10T10-00-11111111.json").write_bytes(data)
    with imported(tmp_path / "archive", tmp_path) as archive:
        (found,) = archive.sessions()
        assert (found.agent, found.own.tokens.output, found.title) == ("qwen", 60, "hi")


def test_what_a_compression_keeps_beside_its_summary_is_in_the_context(tmp_path: Path) -> None:
    history = [
        {"role": "user", "parts": [{"text": "In short."}]},
        {"role": "model", "parts": [{"text": "Understood."}, called("c1", "read_file")]},
        {"role": "user", "parts": [{"text": "A file read last."}]},
        {"role": "user", "parts": []},
    ]
    info = {"originalTokenCount": 900, "newTokenCount": 90, "triggerReason": "manual"}
    payload = {"info": info, "compressedHistory": history}
    chats = tmp_path / ".qwen" / "projects" / "-home-dev-code-todo" / "chats"
    chats.mkdir(parents=True)
    rows = [
        prompt("p", "hi"),
        answer("a", "p", {"text": "x"}, usageMetadata=told(9, 1)),
        row("k", "system", "a", subtype="chat_compression", systemPayload=payload),
        prompt("q", "more", "k", 5),
    ]
    (chats / f"{SESSION}.jsonl").write_bytes(journal(*rows))
    with imported(tmp_path / "archive", tmp_path) as archive:
        (found,) = archive.sessions()
        bodies = {event.id: event.body for event in archive.events(found.id)}
        context = [bodies[part.id] for part in archive.tree(found.id).at(found.events).context]
    assert [body.trigger for body in context if isinstance(body, CompactionFinished)] == ["manual"]
    said = [(body.role, *body.blocks) for body in context if isinstance(body, ContextInjected)]
    assert said == [("assistant", Text(text="Understood.")), ("user", Text(text="A file read last."))]
    assert isinstance(context[-1], UserMessage)

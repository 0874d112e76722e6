from __future__ import annotations

from reenact import ids
from reenact.events.blocks import File, Image, Other, Reasoning, Text, Tokens
from reenact.events.bodies import (
    AssistantMessage,
    CompactionFinished,
    ContextInjected,
    ContextTrimmed,
    LoopEnded,
    LoopStarted,
    ModelSwitched,
    SessionStarted,
    TurnStarted,
    UsageRecorded,
    UserMessage,
)

from .transcripts import SESSION, Log, session_id, use

MAIN = session_id(SESSION)


def test_every_prompt_starts_a_loop_and_every_response_a_turn() -> None:
    log = Log()
    first = log.prompt("one")
    log.says("a", message="msg_1")
    log.says("b", message="msg_1")
    second = log.prompt("two")
    log.says("c", message="msg_2")
    found = log.read()
    assert [(body.continuation, body.parent_loop) for body in found.of(LoopStarted)] == [
        ("initial", None),
        ("default", first["uuid"]),
    ]
    assert [(body.index, body.trigger) for body in found.of(TurnStarted)] == [(1, "user"), (2, "user")]
    loops = [draft.loop for draft in found.drafts if isinstance(draft.body, AssistantMessage)]
    assert loops == [first["uuid"], first["uuid"], second["uuid"]]
    turns = [
        draft.turn for draft in found.drafts if isinstance(draft.body, (AssistantMessage, UsageRecorded))
    ]
    assert turns == ["msg_1", "msg_1", "msg_1", "msg_2", "msg_2"]


def test_a_prompt_on_an_answered_message_is_a_branch_even_across_rows_between() -> None:
    log = Log()
    log.prompt("one")
    answer = log.says("a", message="msg_1")
    log.attach("prompt_snapshot", systemPrompt=["you are"])
    log.prompt("two")
    log.says("b", message="msg_2")
    edited = log.prompt("two, edited", parent=answer["uuid"])
    found = log.read()
    assert [body.continuation for body in found.of(LoopStarted)] == ["initial", "default", "branch"]
    (draft,) = [draft for draft in found.drafts if draft.record == edited["uuid"]]
    assert draft.parent == answer["uuid"]


def test_rows_without_a_draft_are_passed_when_parents_are_named() -> None:
    log = Log(version="2.1.39")
    prompt = log.prompt("one")
    log.row("progress", data={"type": "bash_progress"}, parentToolUseID="toolu_x")
    log.notice("turn_duration", durationMs=5)
    answer = log.says("a")
    found = log.read()
    (draft,) = [draft for draft in found.drafts if draft.record == answer["uuid"]]
    assert draft.parent == prompt["uuid"]


def test_a_missing_parent_is_a_gap_and_no_new_root() -> None:
    log = Log()
    prompt = log.prompt("one")
    answer = log.says("a", parent="gone")
    (draft,) = [draft for draft in log.read().drafts if draft.record == answer["uuid"]]
    assert draft.parent == prompt["uuid"]


def test_an_interrupt_ends_the_loop() -> None:
    log = Log()
    log.prompt("one")
    log.prompt([{"type": "text", "text": "[Request interrupted by user for tool use]"}])
    ended = log.read().one(LoopEnded)
    assert (ended.status, ended.reason) == ("aborted", "[Request interrupted by user for tool use]")


def test_a_slash_command_starts_a_loop_when_the_model_answers_it() -> None:
    log = Log(version="1.0.98")
    log.prompt("<command-message>init is analyzing…</command-message>\n<command-name>/init</command-name>")
    log.prompt([{"type": "text", "text": "expanded"}], isMeta=True)
    log.says("working")
    log.prompt("<command-name>/cost</command-name>")
    log.prompt("<local-command-stdout>$1</local-command-stdout>")
    found = log.read()
    assert [(body.continuation, body.tag) for body in found.of(LoopStarted)] == [("initial", "init")]


def test_work_that_goes_on_after_a_compaction_is_a_loop_of_its_own() -> None:
    log = Log()
    log.prompt("one")
    log.says("a", message="msg_1")
    log.notice("compact_boundary", parent=None, logicalParentUuid=log.last, compactMetadata={})
    log.prompt("summary", isCompactSummary=True)
    log.says("b", message="msg_2")
    assert [body.continuation for body in log.read().of(LoopStarted)] == ["initial", "compaction"]


def test_a_summary_without_a_boundary_is_a_compaction_all_the_same() -> None:
    log = Log(version="1.0.98")
    log.prompt("This session is being continued …", isCompactSummary=True)
    log.says("going on")
    found = log.read()
    assert found.one(CompactionFinished).summary == "This session is being continued …"
    assert found.of(UserMessage) == []
    assert [body.continuation for body in found.of(LoopStarted)] == ["compaction"]


def test_results_that_were_taken_out_of_the_context_are_named() -> None:
    log = Log()
    log.prompt()
    log.says(use("Read", "toolu_1", file_path="/a"), stop="tool_use")
    result = log.result("toolu_1", "long")
    log.notice("microcompact_boundary", microcompactMetadata={"compactedToolIds": ["toolu_1", "toolu_gone"]})
    assert log.read().one(ContextTrimmed).removed == (ids.event_id(MAIN, result["uuid"]),)


def test_a_compaction_tells_which_rows_it_kept() -> None:
    log = Log()
    log.prompt("one", uuid="r1")
    log.says("a", message="msg_1", uuid="r2")
    log.prompt("two", uuid="r3")
    log.says("b", message="msg_2", uuid="r4")
    segment = {"headUuid": "r2", "anchorUuid": "x", "tailUuid": "r3"}
    log.notice(
        "compact_boundary", parent=None, logicalParentUuid="r4", compactMetadata={"preservedSegment": segment}
    )
    log.prompt("next")
    found = log.read()
    done = found.one(CompactionFinished)
    assert done.summary is None
    assert done.kept == tuple(ids.event_id(MAIN, record) for record in ("r2", "r3"))


def test_a_change_of_model_is_told() -> None:
    log = Log()
    log.prompt()
    log.says("a", message="msg_1", model="claude-opus-4-6")
    log.says("x", message="synthetic", model="<synthetic>")
    log.says("b", message="msg_2", model="claude-haiku-4-5")
    assert log.read().one(ModelSwitched) == ModelSwitched(
        model="claude-haiku-4-5", previous="claude-opus-4-6"
    )


def test_blocks_keep_what_the_protocol_needs() -> None:
    log = Log()
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
    log.prompt([{"type": "text", "text": "look"}, image])
    odd = {"type": "hologram", "data": 1}
    log.says(
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "ZW5j"},
        odd,
        stop="end_turn",
    )
    found = log.read()
    assert found.one(UserMessage).blocks == (Text(text="look"), Image(media_type="image/png", data="aGk="))
    assert found.one(AssistantMessage).blocks == (
        Reasoning(text="hm", signature="c2ln"),
        Reasoning(encrypted="ZW5j"),
        Other(raw=odd),
    )
    assert found.unknown == ["block/hologram"]


def test_documents_and_bare_texts_are_blocks_too() -> None:
    log = Log()
    pdf = {
        "type": "document",
        "title": "a.pdf",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="},
    }
    note = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hi"}}
    log.prompt([pdf, note, "bare"])
    log.prompt({"type": "text", "text": "an object"})
    one, two = log.read().of(UserMessage)
    assert one.blocks == (
        File(name="a.pdf", media_type="application/pdf", data="aGk="),
        File(media_type="text/plain", text="hi"),
        Text(text="bare"),
    )
    assert two.blocks == (Text(text="an object"),)


def test_what_an_editor_puts_beside_a_prompt_is_context() -> None:
    log = Log(version="2.0.74")
    opened = {"type": "text", "text": "<ide_opened_file>The user opened a.py</ide_opened_file>"}
    log.prompt([opened, {"type": "text", "text": "rename it"}])
    log.prompt([opened])
    found = log.read()
    assert [body.blocks for body in found.of(UserMessage)] == [
        (Text(text="rename it"),),
        (Text(text=opened["text"]),),
    ]
    context = found.one(ContextInjected)
    assert (context.origin, context.blocks) == ("beside_prompt", (Text(text=opened["text"]),))


def test_a_session_tells_its_task_where_no_prompt_does() -> None:
    sub = Log(agent="a1b2c3d")
    sub.prompt("look around")
    assert sub.read().one(SessionStarted).task == "look around"
    command = Log()
    command.prompt(
        "<command-message>init is analyzing…</command-message>\n<command-name>/init</command-name>"
    )
    assert command.read().one(SessionStarted).task == "/init"
    main = Log()
    main.prompt("a prompt")
    assert main.read().one(SessionStarted).task is None


def test_a_response_names_the_request_that_it_answers() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.says("a", requestRef="req-1")
    said = log.read().one(AssistantMessage)
    assert (said.exchange, said.message, said.stop_reason) == ("req-1", "msg_1", "end_turn")


def test_usage_is_told_once_for_rows_that_say_the_same() -> None:
    log = Log()
    log.prompt()
    for _ in range(3):
        log.says("a")
    log.says("b", out=41)
    found = log.read().of(UsageRecorded)
    assert [body.tokens.output for body in found] == [40, 41]
    assert found[0].tokens == Tokens(
        input=10, cache_read=100, cache_write=30, cache_write_5m=20, cache_write_1h=10, output=40
    )
    assert (found[0].final, found[0].quality, found[0].tier) == (True, "measured", "standard")

from __future__ import annotations

from typing import Any

import pytest

from reenact import ids
from reenact.events.blocks import File, Image, Other, PlanItem, Reasoning, Text, Tokens
from reenact.events.bodies import (
    AgentFinished,
    AgentSpawned,
    AssistantMessage,
    CompactionFinished,
    ContextInjected,
    ContextTrimmed,
    FileChanged,
    HookRan,
    LimitHit,
    LoopEnded,
    LoopStarted,
    ModeChanged,
    ModelFailed,
    ModelSwitched,
    ParseWarning,
    PermissionAnswered,
    PlanUpdated,
    SessionForked,
    SessionStarted,
    SessionTagged,
    SessionTitled,
    SystemMessage,
    ToolCalled,
    ToolFinished,
    TurnStarted,
    Unknown,
    UsageRecorded,
    UserMessage,
)

from .transcripts import OTHER, SESSION, Log, read, session_id, use

MAIN = session_id(SESSION)


# -- sessions ---------------------------------------------------------------------------------


def test_a_session_starts_with_the_first_time_in_the_file_and_what_its_first_row_tells() -> None:
    log = Log(version="2.1.329")
    queued = log.stamp()
    log.meta("mode", mode="normal")
    log.meta("queue-operation", operation="enqueue", timestamp=queued)
    log.prompt(entrypoint="cli")
    found = log.read()
    first = found.drafts[0]
    assert isinstance(first.body, SessionStarted)
    assert first.ts == 1_772_359_201_000_000
    assert first.body.imported
    assert (first.body.cwd, first.body.agent_version) == ("/home/dev/code/todo", "2.1.329")
    assert first.body.repo is not None
    assert first.body.repo.branch == "main"
    assert first.body.config == {"entrypoint": "cli"}
    header = found.headers[MAIN]
    assert (header.native_id, header.kind, header.parent) == (SESSION, "main", None)


def test_the_name_of_the_file_beats_the_session_that_its_rows_name() -> None:
    log = Log(OTHER)
    log.prompt()
    assert set(log.read(key=SESSION).headers) == {MAIN}


def test_titles_tags_and_modes_make_an_event_only_when_they_change() -> None:
    log = Log()
    log.meta("mode", mode="plan")
    log.prompt(permissionMode="default")
    for _ in range(3):
        log.meta("ai-title", aiTitle="Fix the list")
        log.meta("custom-title", customTitle="Mine")
        log.meta("tag", tag="work")
        log.meta("mode", mode="plan")
        log.meta("permission-mode", permissionMode="acceptEdits")
    log.meta("ai-title", aiTitle="Fix the list and more")
    log.meta("tag", tag="")
    found = log.read()
    assert found.of(SessionTitled) == [
        SessionTitled(title="Fix the list", by="agent"),
        SessionTitled(title="Mine", by="user"),
        SessionTitled(title="Fix the list and more", by="agent"),
    ]
    assert found.of(SessionTagged) == [SessionTagged(add=("work",)), SessionTagged(remove=("work",))]
    assert found.of(ModeChanged) == [
        ModeChanged(mode="plan", what="autonomy", previous="normal"),
        ModeChanged(mode="acceptEdits", what="permission", previous="default"),
    ]
    assert found.dispositions[0] == "joined"
    assert found.dispositions.count("repeat") == 11


def test_a_summary_titles_the_session_only_when_its_leaf_is_in_the_file() -> None:
    log = Log(version="2.0.64")
    log.meta("summary", summary="Another conversation", leafUuid="elsewhere")
    log.meta("summary", summary="This one", leafUuid="leaf")
    log.prompt(uuid="leaf")
    found = log.read()
    assert found.of(SessionTitled) == [SessionTitled(title="This one", by="summary")]
    assert found.dispositions[:2] == ["metadata", "metadata"]


def test_a_fork_made_by_the_sdk_names_its_parent_and_the_event_it_left_at() -> None:
    log = Log(OTHER)
    for place, text in enumerate(("one", "two")):
        log.prompt(text, forkedFrom={"sessionId": SESSION, "messageUuid": f"parent-{place}"})
    log.prompt("own")
    found = log.read()
    header = found.headers[session_id(OTHER)]
    assert (header.kind, header.parent) == ("fork", MAIN)
    forked = found.one(SessionForked)
    assert forked == SessionForked(
        parent=MAIN, at=ids.event_id(MAIN, "parent-1"), mode="copy", parent_native=SESSION
    )
    assert found.kinds.index("session.forked") < found.kinds.index("message.user", 6)


# -- loops, turns, branches -------------------------------------------------------------------


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


# -- content ----------------------------------------------------------------------------------


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


# -- tools ------------------------------------------------------------------------------------


def one_call(block: dict[str, Any], output: Any, structured: Any = None, **fields: Any) -> Any:
    log = Log()
    log.prompt()
    log.says(block, stop="tool_use")
    log.result("toolu_1", output, structured, **fields)
    return log.read()


@pytest.mark.parametrize(
    ("name", "kind", "server"),
    [
        ("Bash", "shell", None),
        ("Read", "file_read", None),
        ("MultiEdit", "file_edit", None),
        ("Write", "file_write", None),
        ("Grep", "search", None),
        ("Task", "sub_agent", None),
        ("Agent", "sub_agent", None),
        ("WebFetch", "web", None),
        ("NotebookEdit", "notebook", None),
        ("mcp__linear__list_issues", "other", "linear"),
        ("mcp__a_b__c__d", "other", "a_b"),
        ("Whatever", "other", None),
    ],
)
def test_a_call_has_its_kind_and_its_server(name: str, kind: str, server: str | None) -> None:
    called = one_call(use(name, x=1), "ok").one(ToolCalled)
    assert (called.name, called.tool_kind, called.mcp_server, called.input) == (name, kind, server, {"x": 1})


@pytest.mark.parametrize(
    ("output", "structured", "fields", "expected"),
    [
        ("hi", {"stdout": "hi", "interrupted": False}, {}, (True, None, 0)),
        ("started", {"stdout": "", "backgroundTaskId": "b1"}, {}, (True, None, None)),
        ("Exit code 3\noops", "Error: Exit code 3\noops", {"error": True}, (False, "error", 3)),
        ("No such file", "Error: No such file", {"error": True}, (False, "error", None)),
        ("cut", {"stdout": "cut", "interrupted": True}, {}, (False, "interrupted", None)),
        (
            "The user doesn't want to proceed with this tool use. The tool use was rejected",
            "User rejected tool use",
            {"error": True},
            (False, "denied", None),
        ),
        ("no", "Error: no", {"error": True, "toolDenialKind": "user-rejected"}, (False, "denied", None)),
    ],
    ids=["ran", "background", "exit code", "failed", "interrupted", "rejected", "denied"],
)
def test_a_result_tells_how_the_call_ended(
    output: str, structured: Any, fields: dict[str, Any], expected: tuple[bool, str | None, int | None]
) -> None:
    found = one_call(use("Bash", command="x"), output, structured, **fields)
    done = found.one(ToolFinished)
    assert (done.ok, done.category, done.exit_code) == expected
    assert done.output == output
    denied = found.of(PermissionAnswered)
    assert [body.granted for body in denied] == ([False] if expected[1] == "denied" else [])


def test_a_permission_that_people_gave_is_told_and_one_by_rule_is_not() -> None:
    by_user = {"decision": "accept", "source": "user_temporary", "reasonType": "asked"}
    found = one_call(use("Bash", command="x"), "ok", permissionDecision=by_user)
    assert found.one(PermissionAnswered) == PermissionAnswered(
        granted=True, call="toolu_1", tool="Bash", reason="asked", source="user_temporary"
    )
    by_rule = {"decision": "accept", "source": "config", "reasonType": "mode"}
    assert one_call(use("Bash", command="x"), "ok", permissionDecision=by_rule).of(PermissionAnswered) == []


def test_an_edit_has_the_file_before_and_after() -> None:
    hunk = {"oldStart": 1, "oldLines": 2, "newStart": 1, "newLines": 2, "lines": ["-a - b", "+a + b", " end"]}
    structured = {
        "filePath": "/p/app.py",
        "oldString": "a - b",
        "newString": "a + b",
        "originalFile": "a - b\nend\n",
        "structuredPatch": [hunk],
        "replaceAll": False,
    }
    given = use("Edit", file_path="/p/app.py", old_string="a - b", new_string="a + b")
    found = one_call(given, "updated", structured)
    assert found.one(FileChanged) == FileChanged(
        path="/p/app.py",
        before="a - b\nend\n",
        after="a + b\nend\n",
        before_known=True,
        after_known=True,
        patch="@@ -1,2 +1,2 @@\n-a - b\n+a + b\n end\n",
        plus=1,
        minus=1,
        call="toolu_1",
    )
    assert found.one(ToolFinished).data == {"filePath": "/p/app.py", "replaceAll": False}


def test_an_edit_that_people_changed_leaves_the_text_after_it_unknown() -> None:
    structured = {
        "filePath": "/p",
        "oldString": "a",
        "newString": "b",
        "originalFile": "a",
        "userModified": True,
    }
    changed = one_call(use("Edit", file_path="/p"), "updated", structured).one(FileChanged)
    assert (changed.before, changed.after_known, changed.after) == ("a", False, None)


def test_several_edits_of_one_call_apply_in_order() -> None:
    edits = [
        {"old_string": "a", "new_string": "b"},
        {"old_string": "b", "new_string": "c", "replace_all": True},
    ]
    structured = {"filePath": "/p", "edits": edits, "originalFile": "a b"}
    changed = one_call(use("MultiEdit", file_path="/p", edits=edits), "ok", structured).one(FileChanged)
    assert changed.after == "c c"


def test_a_written_file_is_new_or_replaces_what_was_there() -> None:
    new: dict[str, Any] = {
        "type": "create",
        "filePath": "/p",
        "content": "x\ny",
        "structuredPatch": [],
        "originalFile": None,
    }
    changed = one_call(use("Write", file_path="/p", content="x\ny"), "File created", new).one(FileChanged)
    assert (changed.op, changed.before, changed.before_known, changed.after, changed.plus) == (
        "create",
        None,
        True,
        "x\ny",
        2,
    )
    over = {"type": "update", "filePath": "/p", "content": "new", "originalFile": "old"}
    changed = one_call(use("Write", file_path="/p", content="new"), "updated", over).one(FileChanged)
    assert (changed.op, changed.before, changed.after) == ("modify", "old", "new")


def test_without_a_structured_result_the_call_tells_what_it_can() -> None:
    done = one_call(use("Write", file_path="/p", content="x"), "File created successfully at: /p")
    changed = done.one(FileChanged)
    assert (changed.op, changed.after, changed.before_known) == ("create", "x", True)
    done = one_call(use("Edit", file_path="/p", old_string="a", new_string="b"), "updated")
    changed = done.one(FileChanged)
    assert (changed.path, changed.before_known, changed.after_known) == ("/p", False, False)


def test_a_notebook_cell_changes_its_file() -> None:
    structured = {"new_source": "x", "original_file": "{}", "updated_file": '{"x":1}', "error": ""}
    changed = one_call(use("NotebookEdit", notebook_path="/n.ipynb"), "ok", structured).one(FileChanged)
    assert (changed.path, changed.before, changed.after) == ("/n.ipynb", "{}", '{"x":1}')
    assert one_call(use("NotebookEdit", notebook_path="/n"), "ok", {"error": "no cell"}).of(FileChanged) == []
    assert one_call(use("Edit"), "ok").of(FileChanged) == []  # no path, no file


@pytest.mark.parametrize(
    ("before", "old", "new", "after", "op"),
    [
        ("", "", "all new", "all new", "create"),
        ("text", "", "x", None, "modify"),
        ("text", "absent", "x", None, "modify"),
        ("text", None, None, None, "modify"),
    ],
    ids=["into an empty file", "nothing to replace", "not there", "untold"],
)
def test_an_edit_that_does_not_fit_leaves_the_text_after_it_unknown(
    before: str, old: str | None, new: str | None, after: str | None, op: str
) -> None:
    structured = {"filePath": "/p", "oldString": old, "newString": new, "originalFile": before}
    changed = one_call(use("Edit", file_path="/p"), "ok", structured).one(FileChanged)
    assert (changed.after, changed.after_known, changed.op) == (after, after is not None, op)


def test_reads_and_failed_edits_change_nothing() -> None:
    file = {"filePath": "/p", "content": "secret\n" * 9, "numLines": 9}
    found = one_call(use("Read", file_path="/p"), "1\tsecret", {"type": "text", "file": file})
    assert found.of(FileChanged) == []
    assert found.one(ToolFinished).data == {"type": "text", "file": {"filePath": "/p", "numLines": 9}}
    assert one_call(use("Edit", file_path="/p"), "no", "Error: no", error=True).of(FileChanged) == []


def test_the_plan_follows_the_tools_that_keep_it() -> None:
    todos = [{"content": "one", "status": "completed"}, {"content": "two", "status": "pending", "id": "2"}]
    found = one_call(use("TodoWrite", todos=todos), "ok", {"oldTodos": [], "newTodos": todos})
    assert found.one(PlanUpdated).items == (
        PlanItem(text="one", status="completed"),
        PlanItem(text="two", id="2"),
    )
    log = Log()
    log.prompt()
    log.says(use("TaskCreate", "toolu_1", subject="one"), stop="tool_use")
    log.result("toolu_1", "Task #1 created", {"task": {"id": "1", "subject": "one"}})
    log.says(use("TaskUpdate", "toolu_2", taskId="1", status="completed"), message="msg_2", stop="tool_use")
    log.result("toolu_2", "Updated task #1", {"success": True})
    log.says(use("TaskUpdate", "toolu_3", taskId="1", status="deleted"), message="msg_3", stop="tool_use")
    log.result("toolu_3", "Updated task #1", {"success": True})
    assert [body.items for body in log.read().of(PlanUpdated)] == [
        (PlanItem(text="one", id="1"),),
        (PlanItem(text="one", status="completed", id="1"),),
        (),
    ]
    found = one_call(use("ExitPlanMode", plan="1. do"), "User has approved", {"plan": None})
    assert found.one(PlanUpdated).text == "1. do"


def test_tools_of_the_provider_have_call_and_result_in_the_message() -> None:
    log = Log()
    log.prompt()
    asked = {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "x"}}
    given = {"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": [{"url": "u"}]}
    wrong = {
        "type": "web_fetch_tool_result",
        "tool_use_id": "srv_2",
        "content": {"type": "web_fetch_tool_result_error"},
    }
    log.says(asked, given, wrong)
    found = log.read()
    assert (found.one(ToolCalled).server, found.one(ToolCalled).tool_kind) == (True, "web")
    assert [(body.ok, body.executor) for body in found.of(ToolFinished)] == [
        (True, "provider"),
        (False, "provider"),
    ]


# -- sub-agents -------------------------------------------------------------------------------


def test_a_sub_agent_is_linked_both_ways() -> None:
    main = Log(version="2.1.329")
    main.prompt()
    call = use("Agent", "toolu_1", prompt="look", subagent_type="Explore")
    main.says(call, stop="tool_use")
    structured = {"status": "completed", "agentId": "a20e0c00114079789", "totalDurationMs": 7}
    main.result("toolu_1", "found", structured)
    found = main.read()
    child = session_id(f"{SESSION}/a20e0c00114079789")
    spawned = found.one(AgentSpawned)
    assert (spawned.child, spawned.call, spawned.name, spawned.task) == (child, "toolu_1", "Explore", "look")
    assert (found.one(ToolFinished).child, found.one(ToolFinished).duration) == (child, 7000)
    assert found.one(AgentFinished) == AgentFinished(child=child, call="toolu_1", status="completed")

    sub = Log(version="2.1.329", agent="a20e0c00114079789")
    sub.prompt("look")
    sub.says("found", message="msg_2")
    meta = b'{"agentType":"Explore","description":"Look around","toolUseId":"toolu_1"}'
    read_sub = sub.read(sidecars={"meta.json": meta})
    header = read_sub.headers[child]
    assert (header.kind, header.parent, header.parent_call) == ("subagent", MAIN, "toolu_1")
    assert header.native_id == "a20e0c00114079789"
    assert read_sub.one(SessionTitled).title == "Look around"
    said = read_sub.one(UserMessage)
    assert (said.human, said.origin) == (False, "task")
    assert read_sub.one(TurnStarted).trigger == "sub_agent"


def test_a_sub_agent_of_a_sub_agent_is_found_by_the_text_of_its_result() -> None:
    outer = Log(version="2.1.50", agent="a111111")
    outer.prompt("look")
    outer.says(use("Task", "toolu_9", prompt="deeper"), stop="tool_use")
    told = [
        {"type": "text", "text": "found"},
        {"type": "text", "text": "agentId: a222222 (for resuming to continue this agent's work)"},
    ]
    outer.result("toolu_9", told)
    found = outer.read(sidecars={"meta.json": b"not json"})
    assert found.one(AgentSpawned).child == session_id(f"{SESSION}/a222222")
    assert found.one(ToolFinished).child == session_id(f"{SESSION}/a222222")


def test_large_structures_are_not_kept_twice() -> None:
    structured = {"note": "x" * 20_000, "rows": [{"n": "y" * 20_000}], "short": [1], "odd": ["\ud800"]}
    assert one_call(use("Other"), "ok", structured).one(ToolFinished).data == {
        "short": [1],
        "odd": ["\ufffd"],
    }


def test_a_background_agent_ends_with_its_notification() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.says(use("Agent", "toolu_1", prompt="look"), stop="tool_use")
    log.result("toolu_1", "launched", {"status": "async_launched", "agentId": "abcdef0123"})
    told = (
        "<task-notification>\n<task-id>abcdef0123</task-id>\n<tool-use-id>toolu_1</tool-use-id>\n"
        "<status>completed</status>\n<summary>done</summary>\n<result>It is 42.</result>\n</task-notification>"
    )
    log.prompt(told, origin={"kind": "task-notification"})
    log.prompt(told.replace("abcdef0123", "shell1"), origin={"kind": "task-notification"})
    found = log.read()
    child = session_id(f"{SESSION}/abcdef0123")
    assert found.one(AgentSpawned).background
    assert found.one(AgentFinished) == AgentFinished(
        child=child, call="toolu_1", status="completed", result="It is 42."
    )


def test_side_chains_of_old_versions_are_sessions_of_their_own() -> None:
    log = Log(version="1.0.30")
    log.prompt("go")
    calls = [use("Task", "toolu_1", prompt="first"), use("Task", "toolu_2", prompt="second")]
    for block in calls:
        log.says(block, stop="tool_use")
    main = log.last
    one = log.prompt("first", parent=None, isSidechain=True)
    two = log.prompt("second", parent=None, isSidechain=True)
    log.says("1", message="msg_a", parent=one["uuid"], isSidechain=True)
    log.says("2", message="msg_b", parent=two["uuid"], isSidechain=True)
    log.last = main
    log.result("toolu_2", "2")
    log.result("toolu_1", "1")
    found = log.read()
    children = {
        header.parent_call: header.id for header in found.headers.values() if header.kind == "subagent"
    }
    assert children == {
        "toolu_1": session_id(f"{SESSION}/sidechain-{one['uuid']}"),
        "toolu_2": session_id(f"{SESSION}/sidechain-{two['uuid']}"),
    }
    assert {body.call: body.child for body in found.of(ToolFinished)} == children
    assert {body.call: body.child for body in found.of(AgentSpawned)} == children
    said = {
        draft.session: draft.body.message
        for draft in found.drafts
        if isinstance(draft.body, AssistantMessage)
    }
    assert said[children["toolu_1"]] == "msg_a"
    assert said[children["toolu_2"]] == "msg_b"
    first = next(draft for draft in found.drafts if draft.session == children["toolu_1"])
    assert first.body.kind == "session.started"


def test_a_warm_up_whose_session_got_another_id_follows_it() -> None:
    sub = Log(OTHER, version="2.0.76", agent="a3a85e1")
    sub.prompt("Warmup")
    sub.says("ready", sessionId=SESSION)
    found = sub.read(hints={"owner": "rows"})
    header = found.headers[session_id(f"{OTHER}/a3a85e1")]
    assert (header.parent, header.hidden) == (MAIN, True)


def test_an_agent_that_summarises_for_a_compaction_is_hidden() -> None:
    sub = Log(version="2.1.39", agent="acompact-946d2b")
    sub.prompt("Your task is to summarise", parent="in-the-main-file")
    assert sub.read().headers[session_id(f"{SESSION}/acompact-946d2b")].hidden


# -- failures and limits ----------------------------------------------------------------------


def test_a_try_that_failed_tells_when_the_next_one_comes() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.meta("api-request", id="req-1", params={}, tail=[])
    error = {"status": 429, "formatted": "429 Slow down.", "rateLimits": None}
    log.notice("api_error", error=error, retryInMs=2282, retryAttempt=1, maxRetries=10)
    assert log.read().one(ModelFailed) == ModelFailed(
        exchange="req-1", status=429, error="429 Slow down.", retry_after=2.282, attempt=1, max_attempts=10
    )


def test_the_nested_errors_of_older_versions_are_read_too() -> None:
    log = Log(version="2.0.64")
    log.prompt()
    inner = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    log.notice("api_error", error={"status": 529, "error": inner}, retryInMs=500.5)
    failed = log.read().one(ModelFailed)
    assert (failed.status, failed.error, failed.category) == (529, "Overloaded", "overloaded_error")
    assert failed.retry_after == 0.5005


@pytest.mark.parametrize(
    ("said", "scope", "resets"),
    [
        ("Claude AI usage limit reached|1772400000", "usage", 1_772_400_000_000_000),
        ("You've hit your session limit · resets 3pm", "session", None),
        ("You've hit your weekly limit · resets Mon 9am", "weekly", None),
        ("You've hit your limit · resets 3pm (Europe/Berlin)", "usage", None),
        ("5-hour limit reached ∙ resets 3pm", "session", None),
        ("Opus limit reached", "opus", None),
        ("API Error: Request rejected (429) · This would exceed your account's rate limit.", "rate", None),
        ("You're out of extra usage · resets 5am", "spend", None),
    ],
)
def test_a_limit_that_was_hit_has_its_scope_and_its_end(said: str, scope: str, resets: int | None) -> None:
    log = Log()
    log.prompt()
    log.says(said, model="<synthetic>", isApiErrorMessage=True, error="rate_limit")
    hit = log.read().one(LimitHit)
    assert (hit.scope, hit.resets_at, hit.message) == (scope, resets, said)


def test_rate_limits_of_a_failed_try_are_told() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    limits = {"status": "rejected", "rateLimitType": "five_hour", "resetsAt": 1_772_400_000}
    log.notice("api_error", error={"status": 429, "rateLimits": limits})
    hit = log.read().one(LimitHit)
    assert (hit.scope, hit.resets_at) == ("session", 1_772_400_000_000_000)


def test_a_synthetic_message_that_is_no_error_hits_no_limit() -> None:
    log = Log()
    log.prompt()
    log.says("No response requested.", model="<synthetic>", stop="stop_sequence", isApiErrorMessage=False)
    found = log.read()
    assert found.one(AssistantMessage).error == "synthetic"
    assert found.of(ModelFailed) == []


# -- beside the dialog ------------------------------------------------------------------------


def test_attachments_put_their_rendered_text_into_the_context() -> None:
    log = Log(version="2.1.329")
    log.attach("date", "<system-reminder>Today</system-reminder>", date="2026-03-01")
    log.attach(
        "prompt_snapshot", systemPrompt=["You are", "an agent"], tools=[{"name": "Bash"}], reminderFold=False
    )
    log.attach("todo_reminder", content=[], itemCount=0)
    one, two, three = log.read().of(ContextInjected)
    assert one == ContextInjected(
        blocks=(Text(text="<system-reminder>Today</system-reminder>"),),
        role="system",
        origin="date",
        data={"date": "2026-03-01"},
    )
    assert two.blocks == (Text(text="You are"), Text(text="an agent"))
    assert (two.role, two.data) == ("system", {"reminderFold": False, "tools": ["Bash"]})
    assert three.data == {"type": "todo_reminder", "content": [], "itemCount": 0}


def test_traces_of_hooks_are_runs_of_hooks() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.attach(
        "hook_success", hookName="PreToolUse:Bash", hookEvent="PreToolUse", toolUseID="toolu_1", stdout="fine"
    )
    blocking = {"blockingError": "not this", "command": "check"}
    log.attach("hook_blocking_error", hookName="Stop", hookEvent="Stop", blockingError=blocking)
    log.attach(
        "hook_additional_context",
        "<hint>",
        hookName="SessionStart",
        hookEvent="SessionStart",
        content=["hint"],
    )
    log.attach("hook_permission_decision", hookEvent="PermissionRequest", decision="allow")
    infos = [{"command": "a"}, {"command": "b"}]
    log.notice("stop_hook_summary", hookInfos=infos, hookErrors=[], preventedContinuation=False)
    log.row("progress", data={"type": "hook_progress", "hookEvent": "Stop", "hookName": "Stop"})
    found = log.read()
    assert [(body.name, body.event, body.outcome, body.output) for body in found.of(HookRan)] == [
        ("PreToolUse:Bash", "PreToolUse", "success", "fine"),
        ("Stop", "Stop", "blocking_error", None),
        ("SessionStart", "SessionStart", "additional_context", "hint"),
        ("hook_permission_decision", "PermissionRequest", "permission_decision:allow", None),
        ("a", "Stop", "success", None),
        ("b", "Stop", "success", None),
        ("Stop", "Stop", None, None),
    ]
    assert found.of(HookRan)[1].reason == "not this"
    assert found.one(ContextInjected).origin == "hook_additional_context"


def test_plan_mode_and_queued_prompts_come_as_attachments() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.attach("plan_mode", "Plan mode is active")
    log.attach("plan_mode_exit")
    log.attach("queued_command", prompt="and this too", commandMode="prompt")
    log.attach(
        "queued_command", prompt="<task-notification>x</task-notification>", commandMode="task-notification"
    )
    found = log.read()
    assert [(body.mode, body.what) for body in found.of(ModeChanged)] == [
        ("plan", "plan"),
        ("default", "plan"),
    ]
    assert [(body.human, body.origin) for body in found.of(UserMessage)] == [
        (True, "prompt"),
        (True, "prompt"),
        (False, "notification"),
    ]
    assert found.one(ContextInjected).origin == "plan_mode"
    assert found.kinds.count("loop.started") == 1


def test_notices_have_their_own_events() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.notice("local_command", content="<command-name>/model</command-name>")
    log.notice("away_summary", content="While you were away …")
    log.notice("microcompact_boundary", microcompactMetadata={"tokensSaved": 5})
    log.notice("model_fallback", content="Switched", originalModel="a", fallbackModel="b")
    log.notice("permission_denied", tool_name="Bash", tool_use_id="toolu_1", message="not allowed")
    log.notice("turn_duration", durationMs=1)
    found = log.read()
    assert [(body.origin, body.human) for body in found.of(UserMessage)][1:] == [("command", False)]
    assert found.one(SystemMessage).origin == "away_summary"
    assert found.one(ContextTrimmed).reason == "microcompact"
    assert found.one(ModelSwitched) == ModelSwitched(model="b", previous="a", reason="Switched")
    assert found.one(PermissionAnswered) == PermissionAnswered(
        granted=False, call="toolu_1", tool="Bash", reason="not allowed"
    )
    assert found.dispositions[-1] == "metadata"


# -- drift ------------------------------------------------------------------------------------


def test_what_we_do_not_know_is_kept_whole_and_counted() -> None:
    log = Log(version="3.0.0")
    log.prompt()
    log.meta("hologram", depth=3)
    log.meta("hologram", depth=3)
    log.attach("aura", strength=1)
    log.attach("glow", "<system-reminder>glow</system-reminder>")
    log.notice("quantum_boundary", x=1)
    log.row("user", message="not an object")
    log.rows.append({"no": "type"})
    found = log.read()
    assert found.unknown == [
        "hologram",
        "hologram",
        "attachment/aura",
        "attachment/glow",
        "system/quantum_boundary",
        "user",
        "(no type)",
    ]
    raws = [(body.name, body.raw) for body in found.of(Unknown)]
    assert raws[0] == ("hologram", {"type": "hologram", "depth": 3, "sessionId": SESSION})
    assert [name for name, _ in raws] == [
        "hologram",
        "hologram",
        "attachment/aura",
        "system/quantum_boundary",
        "user",
        "(no type)",
    ]
    assert found.one(ContextInjected).origin == "glow"
    assert len({draft.record for draft in found.drafts}) == len(found.drafts)
    assert {line.agent_version for line in found.parsed} == {"3.0.0"}


def test_a_file_of_garbage_has_a_hundred_samples_and_every_line_counted() -> None:
    found = read(b"".join(b"garbage %d\n" % number for number in range(250)))
    assert found.dispositions == ["warning"] * 250
    assert len(found.of(ParseWarning)) == 100
    assert found.kinds[0] == "session.started"


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, [1, None, "x", {}], {"type": "text"}, True])
@pytest.mark.parametrize(
    "field",
    ["message", "attachment", "data", "error", "toolUseResult", "rendered", "uuid", "parentUuid", "timestamp",
     "compactMetadata", "hookInfos", "tail", "params", "version", "type", "subtype", "isSidechain", "forkedFrom",
     "permissionDecision", "origin", "content"],
)  # fmt: skip
def test_a_field_may_hold_anything(field: str, value: Any) -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.says("a", use("Bash", command="x"))
    log.result("toolu_1", "out", {"stdout": "out"})
    log.attach("date", "today")
    log.notice("api_error", error={"status": 1})
    log.notice("stop_hook_summary", hookInfos=[{"command": "a"}])
    log.notice("compact_boundary", compactMetadata={"preservedMessages": {"uuids": ["x"]}})
    log.row("progress", data={"type": "hook_progress"})
    log.meta("api-request", id="r", params={}, tail=[])
    for row in list(log.rows):
        log.rows.append({**row, "uuid": f"{row.get('uuid')}-odd", field: value})
    assert len(log.read().parsed) == len(log.rows)


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, [1, None, "x", {}], True])
@pytest.mark.parametrize("field", ["id", "model", "content", "usage", "stop_reason", "role"])
def test_a_field_of_a_message_may_hold_anything(field: str, value: Any) -> None:
    log = Log(version="2.1.329")
    log.prompt()["message"][field] = value
    log.says("a", use("Bash", command="x"))["message"][field] = value
    log.says({"type": "tool_use", "id": value, "name": value, "input": value}, message="msg_2")
    log.result(value, value, value)
    assert len(log.read().parsed) == 4

"""What rows become that no gotcha speaks of."""

from __future__ import annotations

from reenact import ids
from reenact.events.blocks import Image, Reasoning, Text, ToolCall, ToolResult
from reenact.events.bodies import (
    AgentFinished,
    AgentSpawned,
    AgentStatus,
    AssistantMessage,
    CheckpointCreated,
    CompactionFinished,
    ContextInjected,
    ContextReverted,
    FileChanged,
    LimitHit,
    LoopEnded,
    LoopStarted,
    ModeChanged,
    ModelFailed,
    ModelSwitched,
    ParseWarning,
    PlanUpdated,
    SessionTitled,
    SystemMessage,
    ToolCalled,
    ToolFinished,
    ToolProgress,
    TurnStarted,
    UserMessage,
    WorkspaceChanged,
)

from .rollouts import bodies_of, drafts_of, lines_of, parse, parse_rows
from .rows import (
    CHILD,
    NEW_TURN,
    OLD_TURN,
    PARENT,
    Row,
    answer,
    as_bytes,
    call,
    completed,
    context,
    count,
    done,
    event,
    item,
    meta,
    output,
    prompt,
    record,
    row,
    said,
    spent,
    started,
)

AGENT = "/root"
"""The name of the first agent, as Codex writes it; the others' names hang below it."""


def test_a_prompt_begins_a_loop_where_the_log_tells_no_turns() -> None:
    parsed = parse_rows([meta(), *prompt("Go"), *answer("Gone."), *prompt("Go"), *answer("Gone.")])
    assert [body.continuation for body in bodies_of(parsed, LoopStarted)] == ["initial", "default"]
    assert [body.status for body in bodies_of(parsed, LoopEnded)] == ["completed"]
    loops = [d.loop for d in drafts_of(parsed) if isinstance(d.body, UserMessage)]
    assert len(set(loops)) == 2


def test_a_turn_that_the_log_does_not_end_was_broken_off() -> None:
    parsed = parse_rows([meta(), started(OLD_TURN), *prompt("Go"), started(NEW_TURN, 9), done(NEW_TURN)])
    ends = [(d.loop, d.body.status) for d in drafts_of(parsed) if isinstance(d.body, LoopEnded)]
    assert ends == [(OLD_TURN, "aborted"), (NEW_TURN, "completed")]


def test_a_turn_is_one_response_and_the_calls_it_makes() -> None:
    rows = [meta(), started(OLD_TURN), *prompt("Go"), *answer("A"), call("a", "c1"), call("b", "c2")]
    rows += [record("r1", spent(9, 0, 1), spent(9, 0, 1)), output("c1", ""), output("c2", "")]
    rows += [*answer("B"), record("r2", spent(9, 0, 1), spent(18, 0, 2)), done(OLD_TURN)]
    parsed = parse_rows(rows)
    assert [body.index for body in bodies_of(parsed, TurnStarted)] == [1, 2]
    of_kind = {d.body.kind: d.turn for d in drafts_of(parsed) if d.body.kind.startswith("tool")}
    first = next(d.turn for d in drafts_of(parsed) if isinstance(d.body, TurnStarted))
    assert set(of_kind.values()) == {first}


def test_usage_that_comes_before_its_items_opens_their_turn() -> None:
    rows = [meta(), *prompt("Go"), *answer("A"), count(spent(9, 0, 1)), call("a", "c1"), output("c1", "")]
    rows += [count(spent(30, 0, 3), spent(21, 0, 2)), call("b", "c2"), output("c2", ""), call("c", "c3")]
    parsed = parse_rows(rows)
    turns = {d.body.call: d.turn for d in drafts_of(parsed) if isinstance(d.body, ToolCalled)}
    assert turns["c2"] == turns["c3"] != turns["c1"]


def test_a_completed_item_adds_what_the_output_does_not_say() -> None:
    whole = {"id": "c1", "status": "completed", "exit_code": 0, "aggregated_output": "a whole lot"}
    rows = [meta(), started(OLD_TURN), call("exec_command", "c1", cmd="ls")]
    rows += [completed("CommandExecution", **whole, duration={"secs": 1, "nanos": 0}), output("c1", "a …")]
    finished = bodies_of(parse_rows(rows), ToolFinished)[0]
    assert (finished.ok, finished.exit_code, finished.duration) == (True, 0, 1_000_000)
    assert (finished.output, finished.full_output) == ("a …", "a whole lot")


def test_a_call_whose_output_never_came_ends_as_people_saw_it() -> None:
    shown = {"id": "c1", "status": "failed", "exit_code": 1, "aggregated_output": "no"}
    rows = [
        meta(),
        started(OLD_TURN),
        call("exec_command", "c1", cmd="x"),
        completed("CommandExecution", **shown),
    ]
    finished = bodies_of(parse_rows([*rows, done(OLD_TURN)]), ToolFinished)
    assert [(b.ok, b.exit_code, b.output, b.category) for b in finished] == [(False, 1, "no", "failed")]
    late = parse_rows([*rows[:3], done(OLD_TURN), rows[3]])
    assert [(b.ok, b.output) for b in bodies_of(late, ToolFinished)] == [(False, "no")]


def test_a_command_of_the_user_is_a_call_of_its_own() -> None:
    found = {"id": "u1", "command": ["ls"], "source": "user_shell", "status": "completed", "exit_code": 0}
    parsed = parse_rows([meta(), completed("CommandExecution", **found)])
    assert [(b.name, b.input) for b in bodies_of(parsed, ToolCalled)] == [("exec_command", ["ls"])]
    assert [(b.ok, b.executor) for b in bodies_of(parsed, ToolFinished)] == [(True, "user")]


def test_a_second_output_of_a_call_is_progress() -> None:
    parsed = parse_rows([meta(), call("a", "c1"), output("c1", "one"), output("c1", "two")])
    assert [b.data for b in bodies_of(parsed, ToolProgress)] == ["two"]


def test_an_mcp_call_names_its_server_and_fails_by_its_result() -> None:
    failed: Row = {"Ok": {"is_error": True, "content": []}}
    rows = [meta(), call("mcp__files__read", "c1", path="a"), output("c1", "gone")]
    rows.insert(2, event("mcp_tool_call_end", call_id="c1", invocation={"server": "files"}, result=failed))
    parsed = parse_rows(rows)
    assert bodies_of(parsed, ToolCalled)[0].mcp_server == "files"
    finished = bodies_of(parsed, ToolFinished)[0]
    assert (finished.ok, finished.data["result"]) == (False, failed)


def test_tools_of_the_provider_are_done_when_they_are_logged() -> None:
    action = {"type": "search", "query": "q"}
    rows = [
        meta(),
        item("web_search_call", id="ws_1", status="completed", action=action),
        event("web_search_end", call_id="ws_1", query="q"),
        event("web_search_end", call_id="ws_2", query="p"),
        item("web_search_call", status="completed", action={"type": "search", "query": "p"}),
        item("image_generation_call", id="ig_1", status="completed", revised_prompt="A cat", result="aGk="),
        event("image_generation_end", call_id="ig_1"),
    ]
    parsed = parse_rows(rows)
    assert [(b.name, b.server) for b in bodies_of(parsed, ToolCalled)] == [
        ("web_search", True), ("web_search", True), ("image_generation", True),
    ]  # fmt: skip
    assert len(bodies_of(parsed, ToolFinished)) == 3
    assert bodies_of(parsed, AssistantMessage)[0].blocks == (Image(media_type="image/png", data="aGk="),)


def test_local_shell_and_tool_search_are_calls_too() -> None:
    rows = [meta(), item("local_shell_call", call_id="c1", action={"command": ["ls"]}), output("c1", "x")]
    rows += [
        item("tool_search_call", call_id="c2", arguments={"q": 1}),
        item("tool_search_output", call_id="c2", tools=[{}]),
    ]
    parsed = parse_rows(rows)
    assert [(b.name, b.tool_kind) for b in bodies_of(parsed, ToolCalled)] == [
        ("local_shell", "shell"),
        ("tool_search", "search"),
    ]
    assert bodies_of(parsed, ToolFinished)[1].output == [{}]


def test_a_patch_changes_files_once_by_the_best_that_the_log_has() -> None:
    patch = "*** Begin Patch\n*** Add File: a.py\n+x\n*** End Patch"
    asked = item("custom_tool_call", name="apply_patch", call_id="c1", input=patch)
    good = item("custom_tool_call_output", call_id="c1", output='{"output":"ok","metadata":{"exit_code":0}}')
    bad = item("custom_tool_call_output", call_id="c1", output='{"output":"no","metadata":{"exit_code":1}}')
    told = completed(
        "FileChange", id="c1", status="completed", changes={"/todo/a.py": {"type": "add", "content": "x\n"}}
    )
    refused = completed(
        "FileChange", id="c1", status="declined", changes={"/todo/a.py": {"type": "add", "content": "x\n"}}
    )
    paths = [
        [body.path for body in bodies_of(parse_rows([meta(), *rows]), FileChanged)]
        for rows in ([asked, good], [asked, told, good], [asked, bad], [asked, refused, bad], [told])
    ]
    assert paths == [["a.py"], ["/todo/a.py"], [], [], ["/todo/a.py"]]
    declined = bodies_of(
        parse_rows([meta(), asked, refused, output("c1", "patch rejected by user")]), ToolFinished
    )
    assert [(b.ok, b.category) for b in declined] == [(False, "denied")]


def test_a_patch_in_a_shell_command_changes_files_too() -> None:
    script = "apply_patch <<'E'\n*** Begin Patch\n*** Delete File: a.py\n*** End Patch\nE"
    rows = [
        meta(),
        call("shell", "c1", command=["bash", "-lc", script]),
        output("c1", "Exit code: 0\nOutput:\n"),
    ]
    assert [(b.path, b.op) for b in bodies_of(parse_rows(rows), FileChanged)] == [("a.py", "delete")]


def test_a_plan_counts_when_it_was_accepted() -> None:
    plan = [{"step": "Look", "status": "completed"}, {"step": "Fix"}]
    rows = [meta(), call("update_plan", "c1", plan=plan), output("c1", "Plan updated")]
    items = bodies_of(parse_rows(rows), PlanUpdated)[0].items
    assert [(each.text, each.status) for each in items] == [("Look", "completed"), ("Fix", "pending")]
    assert (
        bodies_of(parse_rows([*rows[:2], output("c1", "unsupported call: update_plan")]), PlanUpdated) == []
    )
    assert bodies_of(parse_rows([meta(), completed("Plan", text="First.")]), PlanUpdated)[0].text == "First."


def test_reasoning_is_one_event_with_what_only_the_item_has() -> None:
    summary = [{"type": "summary_text", "text": "One."}, {"type": "summary_text", "text": "Two."}]
    rows = [meta(), event("agent_reasoning", text="One."), event("agent_reasoning", text="Two.")]
    rows.append(item("reasoning", id="rs_1", summary=summary, content=None, encrypted_content="abc"))
    (body,) = bodies_of(parse_rows(rows), AssistantMessage)
    assert body.blocks == (Reasoning(text="One.\n\nTwo.", encrypted="abc", id="rs_1"),)


def test_reasoning_whose_item_never_came_is_kept() -> None:
    rows = [
        meta(),
        started(OLD_TURN),
        event("agent_reasoning", text="Hm."),
        event("turn_aborted", turn_id=OLD_TURN),
    ]
    (body,) = bodies_of(parse_rows(rows), AssistantMessage)
    assert body.blocks == (Reasoning(text="Hm."),)


def test_a_compaction_is_one_event_with_a_bounded_replacement() -> None:
    history = [
        said("user", "short")["payload"],
        said("user", "x" * 70_000)["payload"],
        said("user", "z")["payload"],
    ]
    payload = {"message": "In short.", "replacement_history": history, "window_id": "w"}
    rows = [
        meta(),
        row("compacted", payload),
        completed("ContextCompaction", id="x"),
        event("context_compacted"),
    ]
    parsed = parse_rows(rows)
    first, second = bodies_of(parsed, CompactionFinished)
    assert (first.summary, first.strategy, second.strategy) == ("In short.", "summary", "provider")
    assert first.replacement[0] == Text(text="short", extra={"role": "user"})
    assert first.replacement[1].raw == {"omitted_items": 2}
    assert bodies_of(parsed, UserMessage) == []


def test_what_goes_on_around_the_model_is_told() -> None:
    rows = [
        meta(),
        context(turn_id=OLD_TURN, approval_policy="never", sandbox_policy={"type": "read-only"}),
        context("other", turn_id=OLD_TURN, approval_policy={"granular": True}),
        event("thread_settings_applied", thread_settings={"cwd": "/b", "model_provider_id": "p"}),
        event("thread_rolled_back", num_turns=2),
        event("entered_review_mode"),
        event("entered_review_mode"),
        completed("ExitedReviewMode"),
        event("thread_name_updated", thread_name="Fix it"),
        completed("HookPrompt", fragments=[{"text": "Mind."}]),
        item("ghost_snapshot", ghost_commit={"id": "abc"}),
        item("additional_tools", tools=[{"name": "functions"}]),
        said("system", "Be kind."),
    ]
    parsed = parse_rows(rows)
    assert [(b.model, b.previous) for b in bodies_of(parsed, ModelSwitched)] == [("other", "gpt-5.2-codex")]
    modes = [b.mode for b in bodies_of(parsed, ModeChanged)]
    assert (modes[0], modes[2:]) == ("never/read-only", ["review", "default"])
    assert [b.cwd for b in bodies_of(parsed, WorkspaceChanged)] == ["/b"]
    assert [b.turns for b in bodies_of(parsed, ContextReverted)] == [2]
    assert [b.title for b in bodies_of(parsed, SessionTitled)] == ["Fix it"]
    assert [b.origin for b in bodies_of(parsed, ContextInjected)] == ["hook", "tools"]
    assert bodies_of(parsed, CheckpointCreated)[0].data["ghost_commit"] == {"id": "abc"}
    assert [b.origin for b in bodies_of(parsed, SystemMessage)] == ["system"]
    assert [each.disposition for each in parsed][6] == "repeat"


def test_a_subagent_is_linked_by_every_sign_once() -> None:
    path = f"{AGENT}/a"
    rows = [
        meta(),
        call("spawn_agent", "c1", message="Look"),
        completed(
            "CollabAgentToolCall", id="c1", tool="spawn_agent", receiver_thread_ids=[CHILD], prompt="Look"
        ),
        completed("SubAgentActivity", id="c1", kind="started", agent_thread_id=CHILD, agent_path=path),
        output("c1", f'{{"agent_id":"{CHILD}","nickname":"Poincare"}}'),
        completed("SubAgentActivity", id="x", kind="completed", agent_thread_id=CHILD, agent_path=path),
        item(
            "agent_message",
            author=path,
            recipient="/root",
            content="Message Type: FINAL_ANSWER\nPayload:\n42",
        ),
        call("wait_agent", "c2"),
        output("c2", f'{{"status":{{"{CHILD}":{{"errored":"no"}}}},"timed_out":false}}'),
        said(
            "user",
            f'<subagent_notification>\n{{"agent_path":"{path}","status":"shutdown"}}\n</subagent_notification>',
        ),
        said("user", "<subagent_notification>\nnot json {\n</subagent_notification>"),
    ]
    parsed = parse_rows(rows)
    child = ids.session_id("codex", CHILD)
    assert [(b.child, b.call, b.task) for b in bodies_of(parsed, AgentSpawned)] == [(child, "c1", "Look")]
    assert bodies_of(parsed, ToolFinished)[0].child == child
    assert [b.status for b in bodies_of(parsed, AgentStatus)] == ["completed"]
    ends = [(b.child, b.status, b.result) for b in bodies_of(parsed, AgentFinished)]
    assert ends == [(child, "completed", "42"), (child, "errored", "no"), (child, "shutdown", None)]


def test_a_failed_request_is_told_in_the_providers_own_words() -> None:
    error = {"message": '{"error": {"message": "That cannot be asked."}}', "codex_error_info": {"http": {}}}
    parsed = parse_rows([meta(), started(OLD_TURN), done(OLD_TURN, error=error)])
    assert [(b.error, b.category) for b in bodies_of(parsed, ModelFailed)] == [
        ("That cannot be asked.", "http")
    ]
    odd = parse_rows([meta(), started(OLD_TURN), done(OLD_TURN, error={"message": "{odd"})])
    assert bodies_of(odd, ModelFailed)[0].error == "{odd"


def test_a_limit_that_is_reached_is_told_once() -> None:
    rates = {
        "rate_limit_reached_type": "primary",
        "limit_id": "codex_other",
        "secondary": {"used_percent": 1},
    }
    rows = [event("token_count", info=None, rate_limits=rates)] * 2
    parsed = parse_rows([meta(), *rows])
    assert [b.scope for b in bodies_of(parsed, LimitHit)] == ["primary"]
    assert [each.disposition for each in parsed[1:]] == ["events", "metadata"]


def test_the_past_of_a_fork_keeps_calls_and_files_without_counting_them() -> None:
    changes = {"/todo/a.py": {"type": "delete"}}
    copied = [
        started(OLD_TURN, 20),
        context(turn_id=OLD_TURN),
        said("developer", "Rules", 20),
        *prompt("Go", 20),
        item("reasoning", 20, summary=[{"type": "summary_text", "text": "Hm."}]),
        call("shell", "c1", 20),
        output("c1", "x", 20),
        event("patch_apply_end", 20, call_id="c2", changes=changes, success=True),
        completed("FileChange", 20, id="c3", changes=changes, status="failed"),
        completed("CommandExecution", 20, id="c1"),
        completed("UserMessage", 20, content=[{"type": "text", "text": "Go on"}]),
        record("resp_1", spent(9, 0, 1), spent(9, 0, 1), 20),
        event("thread_rolled_back", 20, num_turns=1),
        event("hum", 20),
        row("compacted", {"message": "Short."}, 20),
    ]
    rows = [
        meta(CHILD, 20, forked_from_id=PARENT),
        meta(PARENT, 20),
        *copied,
        started(NEW_TURN, 30),
        *answer("Ok", 31),
    ]
    parsed = parse_rows(rows, key=CHILD)
    assert bodies_of(parsed, ToolCalled) == []
    assert [len(bodies_of(parsed, kind)) for kind in (LoopStarted, TurnStarted)] == [1, 1]
    inside = [block for body in bodies_of(parsed, AssistantMessage) for block in body.blocks]
    assert [type(block) for block in inside] == [Reasoning, ToolCall, Text]
    results = [body.blocks for body in bodies_of(parsed, UserMessage) if body.origin == "tool_result"]
    assert results == [(ToolResult(call="c1", output="x"),)]
    assert [body.path for body in bodies_of(parsed, FileChanged)] == ["/todo/a.py"]
    lanes = {
        draft.lane
        for draft in drafts_of(parsed)
        if draft.loop is None and draft.body.kind.startswith("message")
    }
    assert lanes == {"inherited"}
    assert [name for each in parsed for name in each.unknown] == ["event_msg/hum"]


def test_a_file_that_lost_its_head_is_read_under_its_key() -> None:
    parsed = parse_rows([*prompt("Go"), meta(), *answer("Gone.")], key=PARENT)
    assert {draft.session for draft in drafts_of(parsed)} == {ids.session_id("codex", PARENT)}
    assert [d.body.kind for d in drafts_of(parsed)].count("session.started") == 1
    assert bodies_of(parsed, WorkspaceChanged)[0].cwd == "/home/dev/code/todo"
    assert [each.agent_version for each in parsed if each.agent_version] == ["0.121.0"]
    again = parse_rows([meta(), meta()], key=PARENT)
    assert [each.disposition for each in again] == ["events", "repeat"]


def test_damaged_lines_are_warnings_and_what_is_whole_in_them_is_kept() -> None:
    good = as_bytes([meta()])
    spliced = as_bytes(prompt("Go")[:1])[:-1] + as_bytes(answer("Gone.")[:1])
    data = good + b"\x00\x00{broken\n" + spliced + b'{"timestamp":"2026'
    parsed = parse(lines_of(data))
    assert [each.disposition for each in parsed] == ["events", "warning", "warning", "held"]
    assert len(bodies_of(parsed, ParseWarning)) == 2
    assert [b.blocks[0].text for b in bodies_of(parsed, UserMessage)] == ["Go"]
    first = parse(lines_of(b"{broken\n" + good), key=PARENT)
    assert {draft.session for draft in drafts_of(first)} == {ids.session_id("codex", PARENT)}


def test_what_0_58_says_after_a_compaction_is_not_the_models_word() -> None:
    done_note = event("agent_message", message="Compact task completed")
    parsed = parse_rows([meta(), *prompt("Go"), row("compacted", {"message": "In short."}), done_note])
    assert bodies_of(parsed, AssistantMessage) == []
    assert parsed[-1].disposition == "joined"

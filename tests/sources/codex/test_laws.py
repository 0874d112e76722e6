"""Laws that hold for any rows in any order, also for rows that no Codex ever wrote."""

from __future__ import annotations

from hypothesis import given, settings
from tests.sources.laws import ParserLaws, drafts_of

from reenact.sources import Setting
from reenact.sources.codex import SOURCE

from .rollouts import ledger
from .rows import (
    CHILD,
    NEW_TURN,
    OLD_TURN,
    PARENT,
    Row,
    answer,
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

_CHANGES = {"/todo/a.py": {"type": "update", "unified_diff": "@@\n-a\n+b\n", "move_path": None}}
_PATCH = "*** Begin Patch\n*** Add File: b.py\n+x\n*** Delete File: c.py\n*** End Patch\n"
_REPLACED = [said("user", "Go")["payload"], said("assistant", "Gone.")["payload"]]
_RATES = {"primary": {"used_percent": 5.0, "window_minutes": 300, "resets_in_seconds": 60}}
POOL: list[Row] = [
    meta(),
    meta(CHILD, 1, forked_from_id=PARENT),
    meta(CHILD, 1, source={"subagent": {"thread_spawn": {"parent_thread_id": PARENT}}}),
    started(OLD_TURN),
    started(NEW_TURN),
    done(OLD_TURN),
    done(NEW_TURN, error={"message": "Over.", "codex_error_info": {"other": {}}}),
    event("turn_aborted", turn_id=OLD_TURN, reason="interrupted"),
    event("thread_rolled_back", num_turns=1),
    event("thread_settings_applied", thread_settings={"model": "b", "cwd": "/b", "approval_policy": "never"}),
    context(turn_id=OLD_TURN, approval_policy="on-request", sandbox_policy={"type": "read-only"}),
    context("other-model"),
    *prompt("Go"),
    *answer("Gone."),
    said("developer", "<permissions instructions>All.</permissions instructions>"),
    said(
        "user",
        '<subagent_notification>{"agent_path":"x-1","status":{"completed":"Yes."}}</subagent_notification>',
    ),
    event("agent_reasoning", text="Hm."),
    event("agent_reasoning_raw_content", text="Hm!"),
    item("reasoning", summary=[{"type": "summary_text", "text": "Hm."}], encrypted_content="abc"),
    completed("Reasoning", id="rs", summary_text=["Hm."]),
    completed("UserMessage", id="item-1", content=[{"type": "text", "text": "Go"}]),
    completed("AgentMessage", id="item-2", content=[{"type": "Text", "text": "Gone."}]),
    call("exec_command", "c1", cmd="ls"),
    output("c1", "Process exited with code 1\nOutput:\nno"),
    completed("CommandExecution", id="c1", status="failed", exit_code=1, aggregated_output="no"),
    item("custom_tool_call", name="apply_patch", call_id="c2", input=_PATCH),
    item("custom_tool_call_output", call_id="c2", output='{"output":"ok","metadata":{"exit_code":0}}'),
    completed("FileChange", id="c2", changes=_CHANGES, status="completed"),
    event("patch_apply_end", call_id="c2", changes=_CHANGES, success=True),
    call("update_plan", "c3", plan=[{"step": "a", "status": "pending"}]),
    output("c3", "Plan updated"),
    call("spawn_agent", "c4", message="Look"),
    output("c4", '{"agent_id":"x-1","nickname":"Poincare"}'),
    completed("CollabAgentToolCall", id="c4", tool="spawn_agent", receiver_thread_ids=["x-1"], prompt="Look"),
    completed("SubAgentActivity", id="c4", kind="started", agent_thread_id="x-1", agent_path=f"{AGENT}/a"),
    completed("SubAgentActivity", id="z", kind="completed", agent_thread_id="x-1", agent_path=f"{AGENT}/a"),
    item(
        "agent_message",
        author=f"{AGENT}/a",
        recipient="/root",
        content="Message Type: FINAL_ANSWER\nPayload:\nYes",
    ),
    item("local_shell_call", call_id="c5", action={"type": "exec", "command": ["ls"]}),
    item("web_search_call", id="ws_1", status="completed", action={"type": "search", "query": "q"}),
    event("web_search_end", call_id="ws_1", query="q"),
    completed("WebSearch", id="ws_2", query="q"),
    item("image_generation_call", id="ig_1", status="completed", result="aGk="),
    item("tool_search_call", call_id="c6", arguments={"query": "x"}),
    item("tool_search_output", call_id="c6", tools=[{"name": "x"}]),
    item("ghost_snapshot", ghost_commit={"id": "abc"}),
    item("additional_tools", role="developer", tools=[{"name": "x"}]),
    item("compaction", encrypted_content="x"),
    event("mcp_tool_call_end", call_id="c7", invocation={"server": "s", "tool": "t"}, result={"Ok": {}}),
    completed("McpToolCall", id="c7", server="s", tool="t", status="failed", error={"message": "no"}),
    row("compacted", {"message": "In short.", "replacement_history": _REPLACED, "window_id": "w1"}),
    event("context_compacted"),
    completed("ContextCompaction", id="cc"),
    completed("Plan", id="p", text="First."),
    completed("HookPrompt", id="h", fragments=[{"text": "Mind."}]),
    completed("Extension", id="e"),
    completed("ImageView", id="c1", path="/a.png"),
    event("entered_review_mode"),
    event("exited_review_mode"),
    event("thread_name_updated", thread_name="Title"),
    event("thread_goal_updated", goal={"text": "Done"}),
    count(spent(100, 10, 5), None, 0, **_RATES),
    count(spent(250, 20, 9), spent(150, 10, 4)),
    event("token_count", info=None, rate_limits={"rate_limit_reached_type": "primary"}),
    record("resp_1", spent(300, 0, 7), spent(300, 0, 7)),
    record("resp_1", spent(300, 0, 9), spent(300, 0, 9)),
    row("world_state", {"full": True}),
    row("inter_agent_communication", {"a": 1}),
    row("inter_agent_communication_metadata", {"trigger_turn": True}),
    row("hologram", {"a": 1}),
    event("hum"),
    {"record_type": "state"},
    said("user", "Go")["payload"],
    {"id": PARENT, "timestamp": "2025-08-01T10:00:00Z"},
    {"session": {"id": PARENT}, "items": [said("user", "Go")["payload"], 7]},
]


class TestCodex(ParserLaws):
    source = SOURCE
    pool = POOL
    beside = (Setting(agent="codex", key=PARENT),)

    def test_a_copy_counts_nothing_more(self) -> None:
        @settings(max_examples=100, deadline=None)
        @given(some=self.some)
        def law(some: tuple[bytes, Setting]) -> None:
            once = drafts_of(self.parse(*some))
            assert ledger(once) == ledger([*once, *drafts_of(self.parse(*some))])

        law()

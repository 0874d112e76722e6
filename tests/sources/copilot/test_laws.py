"""Laws that hold for any rows in any order, also for rows that no Copilot ever wrote."""

from __future__ import annotations

import json

from tests.sources.laws import ParserLaws

from reenact.sources import Setting
from reenact.sources.copilot import SOURCE

from .transcripts import AGENT, SESSION, Log, Row, counts

_STORED = b"".join(
    json.dumps({"id": n, "model": "gpt-5.5", "input_tokens": 10 * n, "output_tokens": n, "initiator": kind, "created_at": f"2026-11-20T10:00:{n:02d}Z"}).encode()
    + b"\n"
    for n, kind in enumerate(["user", "agent", "compaction", "agent"])
)  # fmt: skip


def _pool() -> list[Row]:
    log = Log()
    log.start()
    log.prompt(
        "Go", attachments=[{"type": "file", "path": "a.py"}, {"mimeType": "image/png", "data": "aGk="}]
    )
    log.prompt("Go", "i2", source="skill-x", transformedContent="<x>Go")
    log.add("system.message", {"role": "system", "content": "Be terse."})
    log.answer("Hm.", tools=[("c1", "bash", {"command": "ls"})], usage=counts(100, 10, 5), reasoningText="Hm")
    log.tool("c1", "bash", {"command": "ls"}, shellExecution={"exitCode": 1})
    log.tool("c2", "edit", {"path": "a"}, fileEdits=[{"path": "a", "kind": "edit"}])
    log.tool("c3", "update_todo", {"todos": "- [x] a\n- [ ] b"})
    log.tool(
        "c4",
        "create",
        {"path": "b", "file_text": "x"},
        success=False,
        error={"message": "no", "code": "denied"},
    )
    log.end_turn()
    log.answer("Old.", call="resp-2", interaction="i2", outputTokens=7)
    log.end_turn()
    log.add("assistant.reasoning", {"reasoningId": "r", "content": "Hm."})
    log.add("tool.execution_start", {"toolCallId": "c5", "toolName": "task", "arguments": {"prompt": "Look"}})
    log.add("subagent.started", {"toolCallId": "c5", "agentName": "general"}, agent=AGENT)
    log.prompt("Look", "i3", agent=AGENT)
    log.answer("Seen.", call="resp-3", interaction="i3", agent=AGENT, usage=counts(50, 5))
    log.end_turn(agent=AGENT)
    log.add("subagent.completed", {"toolCallId": "c5", "totalTokens": 55}, agent=AGENT)
    log.add("subagent.failed", {"toolCallId": "c5", "error": "no"})
    log.add("session.compaction_start", {"trigger": "manual"})
    log.add("session.compaction_complete", {"success": True, "compactionTokensUsed": counts(9, 1)})
    log.add("session.compaction_complete", {"success": False, "error": "no"})
    log.add("session.model_change", {"newModel": "gpt-6"})
    log.add("session.mode_changed", {"newMode": "plan"})
    log.add("session.permissions_changed", {"allowAllPermissions": True})
    log.add("session.context_changed", {"cwd": "/b", "branch": "b"})
    log.add("session.truncation", {"messagesRemovedDuringTruncation": 2})
    log.add("session.context_cleared", {})
    log.add("session.plan_changed", {"operation": "create"})
    log.add(
        "permission.requested", {"requestId": "p", "permissionRequest": {"kind": "shell", "toolCallId": "c1"}}
    )
    log.add("permission.completed", {"requestId": "p", "result": {"kind": "denied-interactively-by-user"}})
    log.add("hook.start", {"hookType": "preToolUse"})
    log.add("hook.end", {"hookType": "preToolUse", "success": True})
    log.add("skill.invoked", {"name": "review"})
    log.add("session.info", {"message": "hi"})
    log.add("session.error", {"errorType": "quota", "message": "no", "statusCode": 402})
    log.add("abort", {"reason": "user_abort"})
    log.shutdown({"gpt-5.5": {**counts(200, 20), "count": 2}}, totalPremiumRequests=1)
    log.resume()
    log.shutdown({"gpt-5.5": {**counts(10, 1), "count": 1}}, shutdownType="error")
    log.add("session.hologram", {})
    return log.rows


class TestCopilot(ParserLaws):
    source = SOURCE
    pool = _pool()
    beside = (
        Setting(agent="copilot", key=SESSION),
        Setting(
            agent="copilot",
            key=SESSION,
            sidecars={"usage": _STORED, "workspace.yaml": b'name: "A \\"title\\""\nuser_named: true\n'},
        ),
    )

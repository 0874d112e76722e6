"""Laws that hold for any rows in any order, also for rows that no Copilot ever wrote."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reenact.events import FORMAT, Event, decode, encode

from .transcripts import AGENT, SESSION, Log, Row, counts, drafts_of, parse

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


POOL = _pool()
rows = st.lists(st.sampled_from(POOL), max_size=40)
stored = st.sampled_from(
    [{}, {"usage": _STORED, "workspace.yaml": b'name: "A \\"title\\""\nuser_named: true\n'}]
)
junk = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def as_bytes(chosen: list[Row]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in chosen)


@settings(max_examples=150, deadline=None)
@given(rows=rows, beside=stored, cut=st.floats(0, 1))
def test_drafts_of_a_prefix_are_a_prefix_of_the_drafts(
    rows: list[Row], beside: dict[str, bytes], cut: float
) -> None:
    data = as_bytes(rows)
    whole = drafts_of(parse(data, sidecars=beside))
    part = drafts_of(parse(data[: int(len(data) * cut)], sidecars=beside))
    assert part == whole[: len(part)]


@settings(max_examples=150, deadline=None)
@given(rows=rows, beside=stored)
def test_every_line_is_accounted_for_and_every_record_named_once(
    rows: list[Row], beside: dict[str, bytes]
) -> None:
    parsed = parse(as_bytes(rows), sidecars=beside)
    assert len(parsed) == len(rows)
    assert all(bool(each.drafts) <= (each.disposition == "events") for each in parsed)
    names = [(draft.session, draft.record) for draft in drafts_of(parsed)]
    assert len(names) == len(set(names))
    told: set[str] = set()
    for each in parsed:
        told.update(header.id for header in each.headers)
        assert {draft.session for draft in each.drafts} <= told


@settings(max_examples=100, deadline=None)
@given(rows=rows, beside=stored)
def test_every_draft_can_be_written_and_read_back(rows: list[Row], beside: dict[str, bytes]) -> None:
    for seq, draft in enumerate(drafts_of(parse(as_bytes(rows), sidecars=beside)), 1):
        whole = Event(v=FORMAT, seq=seq, id="x", session=draft.session, recorded_at=0, body=draft.body)
        assert decode(encode(whole)).body == draft.body


@settings(max_examples=400, deadline=None)
@given(row=st.sampled_from(POOL), data=st.data())
def test_a_row_with_anything_anywhere_never_raises(row: Row, data: st.DataObject) -> None:
    value: Any = json.loads(json.dumps(row))
    place = value
    while True:
        name = data.draw(st.sampled_from(sorted(place)))
        if isinstance(place[name], dict) and place[name] and data.draw(st.booleans()):
            place = place[name]
            continue
        place[name] = data.draw(junk)
        break
    around = [POOL[0], POOL[1], *POOL[4:8]]
    for parsed in (parse(as_bytes([*around, value, *POOL[-4:]])), parse(as_bytes([value]))):
        for draft in drafts_of(parsed):
            encode(Event(v=FORMAT, seq=1, id="x", session=SESSION, recorded_at=0, body=draft.body))

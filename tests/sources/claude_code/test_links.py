from __future__ import annotations

from reenact.events.bodies import (
    AgentFinished,
    AgentSpawned,
    AssistantMessage,
    SessionTitled,
    ToolFinished,
    TurnStarted,
    UserMessage,
)

from .transcripts import OTHER, SESSION, Log, session_id, use

MAIN = session_id(SESSION)


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


def test_a_sub_agent_of_a_sub_agent_has_the_outer_one_as_parent_where_its_meta_file_tells() -> None:
    inner = Log(version="2.1.329", agent="a222222")
    inner.prompt("deeper")
    found = inner.read(sidecars={"meta.json": b'{"parentAgentId":"a111111","spawnDepth":2}'})
    assert found.headers[session_id(f"{SESSION}/a222222")].parent == session_id(f"{SESSION}/a111111")


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

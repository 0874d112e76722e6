"""The Claude Agent SDK with the client it carries, offline: hooks and transcript against the endpoint's books."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import claude_agent_sdk
import pytest
from claude_agent_sdk import (
    ClaudeAgentOptions,
    ClaudeSDKClient,
    HookMatcher,
    PermissionResultAllow,
    PermissionResultDeny,
    query,
)
from tests.clients.endpoint import Endpoint
from tests.clients.run import Machine
from tests.clients.script import Call, Say, Script, Talk
from tests.integrations.rooms import bodies_of, tree_of

import reenact
from reenact.archive import Archive, open_archive
from reenact.integrations.claude_agent import recording

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not any((Path(claude_agent_sdk.__file__).parent / "_bundled").glob("claude*")),
        reason="the SDK was installed without the client that it drives",
    ),
]
FILES = {"README.md": "# todo\n", "todo/store.py": "TASKS = []\n"}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path / "machine", project="todo", files=FILES)
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in made.environment().items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def archive(tmp_path: Path, machine: Machine) -> Iterator[Archive]:
    variables = {"HOME": str(machine.home), "TZ": "UTC"}
    with open_archive(tmp_path / "archive", variables=variables) as opened:
        yield opened


def options(machine: Machine, endpoint: Endpoint, **more: Any) -> ClaudeAgentOptions:
    env = {
        "ANTHROPIC_BASE_URL": endpoint.url, "ANTHROPIC_API_KEY": "dummy", "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1", "IS_SANDBOX": "1",
    }  # fmt: skip
    return ClaudeAgentOptions(cwd=machine.cwd, env=env, **{"permission_mode": "bypassPermissions", **more})


def talks(machine: Machine) -> list[Talk]:
    task = {"description": "Look", "prompt": "Tell me what the store does.", "subagent_type": "general-purpose",
            "run_in_background": False}  # fmt: skip
    return [
        Talk(
            says="What is here?",
            answers=(
                Say(
                    text="I look.",
                    calls=(
                        Call(name="Read", input={"file_path": str(machine.cwd / "README.md")}),
                        Call(name="Bash", input={"command": "false", "description": "Fail"}),
                    ),
                ),
                Say(calls=(Call(name="Agent", input=task),)),
                Say(text="A list of tasks."),
            ),
        ),
        Talk(
            says="Tell me what the store does.",
            lane="sub",
            answers=(
                Say(calls=(Call(name="Read", input={"file_path": str(machine.cwd / "todo/store.py")}),)),
                Say(text="It keeps tasks."),
            ),
        ),
    ]


async def ask(prompt: str, given: ClaudeAgentOptions) -> list[Any]:
    return [message async for message in query(prompt=prompt, options=given)]


def test_hooks_and_the_transcript_are_what_the_endpoint_saw(archive: Archive, machine: Machine) -> None:
    with (
        Endpoint(Script(talks(machine), seed="a")) as endpoint,
        recording(archive, options(machine, endpoint)) as given,
    ):
        session = reenact.current()
        asyncio.run(ask("What is here?", given))
    assert session is not None
    entries = [entry for entry in endpoint.books.entries() if entry.talk]
    asked = {lane: {} for lane in ("main", "sub")}  # type: dict[str, dict[str, str]]
    for entry in entries:
        asked[entry.lane] |= {call: name for name, call in _named(entry)}
    (started,) = [call for call, name in asked["main"].items() if name == "Agent"]
    below, linked = tree_of(archive, session.id).children
    assert (below.call, below.name, below.status) == (started, "general-purpose", "completed")
    assert below.session is not None
    for identity, lane in ((session.id, "main"), (below.session, "sub")):
        called = {body.call: body.name for body in bodies_of(archive, identity, "tool.called")}
        assert called == asked[lane]
        ended = {body.call: body for body in bodies_of(archive, identity, "tool.finished")}
        assert {call: body.ok for call, body in ended.items()} == {
            call: name != "Bash" for call, name in called.items()
        }
        assert all(body.duration is not None for body in ended.values())
    assert [body.result for body in bodies_of(archive, session.id, "agent.finished")] == ["It keeps tasks."]
    assert [body.blocks[0].text for body in bodies_of(archive, session.id, "message.user")] == [
        "What is here?"
    ]
    assert linked.session is not None
    rows = {row.id: row for row in archive.sessions()}
    transcript = rows[linked.session]
    assert (transcript.agent, transcript.original is not None) == ("claude_code", True)
    spent = endpoint.books.spent("main")
    tokens = transcript.own.tokens
    assert (tokens.input, tokens.output) == (spent.input, spent.output)
    (agent,) = [row for row in rows.values() if row.parent == linked.session]
    assert (agent.own.tokens.input, agent.own.tokens.output) == (
        endpoint.books.spent("sub").input,
        endpoint.books.spent("sub").output,
    )


async def fire(given: ClaudeAgentOptions, event: str, call: str | None = None, **told: Any) -> Any:
    """What the client sends when a hook fires, and what it is answered."""
    assert given.hooks is not None
    (matcher,) = given.hooks[event]  # type: ignore[index]  # any event's name
    tool = {"tool_name": told.pop("tool", "Read"), "tool_input": told.pop("wanted", {}), "tool_use_id": call}
    everything: Any = {"hook_event_name": event, "session_id": "s", **(tool if call else {}), **told}
    return await matcher.hooks[0](everything, call, {"signal": None})


async def two_at_once(given: ClaudeAgentOptions) -> list[Any]:
    inside = [{"agent_id": f"a{number}", "agent_type": "finder"} for number in range(2)]
    for number in range(2):
        await fire(given, "PreToolUse", f"start{number}", tool="Agent", wanted={"subagent_type": "finder"})
    answers = [await fire(given, "SubagentStart", **each) for each in inside]
    answers += [await fire(given, "PreToolUse", f"c{n}", **each) for n, each in enumerate(inside)]
    for number, each in reversed(list(enumerate(inside))):
        await fire(given, "PostToolUse", f"c{number}", tool_response="x", **each)
    await fire(given, "SubagentStop", **inside[0], last_assistant_message="found")
    return answers


def test_sub_agents_side_by_side_have_a_session_each(archive: Archive) -> None:
    with archive.record(agent="app") as session, recording(archive) as given:
        asyncio.run(two_at_once(given))
    assert [body.call for body in bodies_of(archive, session.id, "tool.called")] == ["start0", "start1"]
    children = tree_of(archive, session.id).children
    assert [(child.call, child.status) for child in children] == [(None, "completed"), (None, "aborted")]
    for number, child in enumerate(children):  # which call began which, nothing tells
        assert child.session is not None
        assert [body.call for body in bodies_of(archive, child.session, "tool.called")] == [f"c{number}"]
        assert [body.ok for body in bodies_of(archive, child.session, "tool.finished")] == [True]


def test_a_sub_agent_that_is_rejected_may_call_nothing(archive: Archive) -> None:
    hooks = reenact.Hooks()

    @hooks.on("before_session")
    def never(ask: reenact.Ask) -> Any:
        return reenact.Deny("no finders") if ask.name == "finder" else None

    with archive.record(agent="app", hooks=hooks), recording(archive) as given:
        answers = asyncio.run(two_at_once(given))
    decisions = [answer.get("hookSpecificOutput", {}).get("permissionDecision") for answer in answers]
    assert decisions == [None, None, "deny", "deny"]


def _named(entry: Any) -> list[tuple[str, str]]:
    return list(entry.calls)


def one_call(machine: Machine) -> list[Talk]:
    write = Call(name="Write", input={"file_path": str(machine.cwd / "note.txt"), "content": "x"})
    return [Talk(says="Write it.", answers=(Say(calls=(write,)), Say(text="Done.")))]


def test_a_deciding_hook_of_the_session_denies_for_the_client(archive: Archive, machine: Machine) -> None:
    hooks = reenact.Hooks()

    @hooks.on("before_tool")
    def never(ask: reenact.Ask) -> Any:
        return reenact.Deny("no writing today")

    with (
        Endpoint(Script(one_call(machine), seed="b")) as endpoint,
        archive.record(agent="app", hooks=hooks) as session,
        recording(archive, options(machine, endpoint)) as given,
    ):
        asyncio.run(ask("Write it.", given))
    assert not (machine.cwd / "note.txt").exists()
    (ended,) = bodies_of(archive, session.id, "tool.finished")
    assert (ended.category, ended.error) == ("denied", "no writing today")


def test_a_deciding_hook_puts_another_input_in_place(archive: Archive, machine: Machine) -> None:
    hooks = reenact.Hooks()
    elsewhere = machine.cwd / "other.txt"

    @hooks.on("before_tool")
    def move(ask: reenact.Ask) -> Any:
        return reenact.Replace({**ask.value, "file_path": str(elsewhere)})

    with (
        Endpoint(Script(one_call(machine), seed="c")) as endpoint,
        archive.record(agent="app", hooks=hooks),
        recording(archive, options(machine, endpoint)) as given,
    ):
        asyncio.run(ask("Write it.", given))
    assert elsewhere.read_text() == "x"


def test_tools_of_ones_own_tell_their_server_and_why_they_failed(archive: Archive, machine: Machine) -> None:
    @claude_agent_sdk.tool("boom", "Fails", {"x": str})
    async def boom(given: Any) -> Any:
        raise ValueError(f"no {given['x']}")

    @claude_agent_sdk.tool("fine", "Works", {"x": str})
    async def fine(given: Any) -> Any:
        return {"content": [{"type": "text", "text": f"fine {given['x']}"}]}

    server = claude_agent_sdk.create_sdk_mcp_server("mine", tools=[boom, fine])
    calls = tuple(
        Call(name=f"mcp__mine__{name}", input={"x": x})
        for name, x in (("boom", "1"), ("fine", "2"), ("fine", "3"))
    )
    talk = Talk(says="Go.", answers=(Say(calls=calls), Say(text="Done.")))
    with (
        Endpoint(Script([talk], seed="e")) as endpoint,
        archive.record(agent="app") as session,
        recording(
            archive, options(machine, endpoint, mcp_servers={"mine": server}, include_partial_messages=True)
        ) as given,
    ):
        asyncio.run(ask("Go.", given))
    asked = [call for entry in endpoint.books.entries() if entry.talk for call in _named(entry)]
    called = bodies_of(archive, session.id, "tool.called")
    assert [(body.name, body.call) for body in called] == asked
    assert {body.mcp_server for body in called} == {"mine"}
    ended = {body.call: body for body in bodies_of(archive, session.id, "tool.finished")}
    told = [(ended[call].ok, ended[call].error, ended[call].output) for _, call in asked]
    assert told == [
        (False, "no 1", None),
        (True, None, [{"type": "text", "text": "fine 2"}]),
        (True, None, [{"type": "text", "text": "fine 3"}]),
    ]


@pytest.mark.parametrize("granted", [True, False], ids=["granted", "denied"])
def test_permissions_are_recorded_and_hooks_of_ones_own_still_run(
    archive: Archive, machine: Machine, granted: bool
) -> None:
    seen: list[str] = []

    async def decide(name: str, _: dict[str, Any], __: Any) -> Any:
        return PermissionResultAllow() if granted else PermissionResultDeny(message="not that")

    async def watch(told: Any, _: str | None, __: Any) -> Any:
        seen.append(told["tool_name"])
        return {}

    async def main(given: ClaudeAgentOptions) -> None:
        async with ClaudeSDKClient(given) as client:
            await client.query(_said("Write it."))
            async for _ in client.receive_response():
                pass

    with Endpoint(Script(one_call(machine), seed="d")) as endpoint:
        mine = options(
            machine,
            endpoint,
            permission_mode="default",
            can_use_tool=decide,
            hooks={"PreToolUse": [HookMatcher(hooks=[watch])]},
        )
        with archive.record(agent="app") as session, recording(archive, mine) as given:
            asyncio.run(main(given))
    assert seen == ["Write"]
    (answered,) = bodies_of(archive, session.id, "permission.answered")
    assert (answered.granted, answered.tool, answered.source) == (granted, "Write", "can_use_tool")
    (ended,) = bodies_of(archive, session.id, "tool.finished")
    assert ended.ok is granted
    assert (machine.cwd / "note.txt").exists() is granted


async def _said(prompt: str) -> AsyncIterator[dict[str, Any]]:
    yield {"type": "user", "message": {"role": "user", "content": prompt}, "parent_tool_use_id": None,
           "session_id": "default"}  # fmt: skip

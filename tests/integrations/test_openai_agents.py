"""A help desk of agents on the real SDK: the tree is what the scripted model's books say, nested as it ran."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import agents
import httpx2
import openai
import pytest
from agents import InputGuardrailTripwireTriggered
from tests.integrations import desk
from tests.integrations.rooms import Books, archive_in, bodies_of, events_of, family_of, tree_of, wire_of

from reenact.archive import Archive
from reenact.errors import UsageError
from reenact.integrations.httpx2 import AsyncRecordingTransport
from reenact.integrations.mock import DivergedError
from reenact.integrations.openai_agents import Conversation, Recorder
from reenact.testing import Script, Tokens


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    agents.set_trace_processors([Recorder()])
    with archive_in(tmp_path) as opened:
        yield opened
    agents.set_trace_processors([])


def wired(address: str, *, is_recorded: bool = True) -> openai.AsyncOpenAI:
    http_client = httpx2.AsyncClient(transport=AsyncRecordingTransport() if is_recorded else None)
    client = openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="none", http_client=http_client)
    agents.set_default_openai_client(client, use_for_tracing=False)
    return client


def record(
    archive: Archive, books: Books, *, stream: bool, is_wired: bool = True, prompt: str = "help me"
) -> str:
    """Runs the desk in a session; gives its id."""

    async def main() -> str:
        async with wired(books.address, is_recorded=is_wired), archive.record(agent="desk") as session:
            assert await desk.run(prompt, stream=stream) == "It is paid."
        return session.id

    return asyncio.run(main())


def shape(archive: Archive, session: str) -> Any:
    """What a session did: its agents' loops, each with the tools of each of its turns."""
    return [
        (loop.agent, loop.status, [[step.name for step in turn.tools] for turn in loop.turns])
        for loop in tree_of(archive, session).loops
    ]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("is_wired", [True, False], ids=["wire", "spans"])
def test_the_tree_is_what_ran(archive: Archive, stream: bool, is_wired: bool) -> None:
    with Books(desk.answer) as books:
        main = record(archive, books, stream=stream, is_wired=is_wired)
    family = family_of(archive, main)
    rows = {row.id: row for row in archive.sessions()}
    assert [rows[each].agent for each in family] == ["desk", "guard", "expert"]
    assert shape(archive, main) == [
        ("triage", "completed", [["weather", "weather", "ask_expert"], ["transfer_to_billing"]]),
        ("billing", "completed", [[]]),
    ]
    assert shape(archive, family[1]) == [("guard", "completed", [[]])]
    assert shape(archive, family[2]) == [("expert", "completed", [["look_up"], []])]
    tree = tree_of(archive, main)
    assert [(child.session, child.call) for child in tree.children] == [
        (family[1], None),
        (family[2], "call_t3"),
    ]
    assert tree.loops[1].parent_loop == tree.loops[0].id
    (guarded,) = bodies_of(archive, main, "hook.ran")
    assert (guarded.name, guarded.outcome) == ("harmless", "allow")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_archive_holds_what_the_models_books_hold(archive: Archive, stream: bool) -> None:
    with Books(desk.answer) as books:
        main = record(archive, books, stream=stream)
    family = family_of(archive, main)
    booked = [(one.path, one.request, one.answer) for one in books.entries]
    assert wire_of(archive, *family) == booked
    assert len(booked) == 6
    spent = [body.tokens for each in family for body in bodies_of(archive, each, "usage.recorded")]
    usages = [_told(one.answer)["usage"] for one in books.entries]
    expected = [
        Tokens(input=usage["input_tokens"] - 7, cache_read=7, output=usage["output_tokens"], reasoning=3)
        for usage in usages
    ]
    key = lambda tokens: (tokens.input, tokens.output)  # noqa: E731
    assert sorted(spent, key=key) == sorted(expected, key=key)
    by_whom = [
        (each, [body.exchange for body in bodies_of(archive, each, "model.requested")]) for each in family
    ]
    assert [len(asked) for _, asked in by_whom] == [3, 1, 2]


def _told(answer: bytes) -> Any:
    if answer.startswith(b"{"):
        return json.loads(answer)
    return json.loads(answer.strip().rpartition(b"data: ")[2])["response"]


def test_tools_have_the_calls_ids_inputs_and_outputs(archive: Archive) -> None:
    with Books(desk.answer) as books:
        main = record(archive, books, stream=False)
    called = {body.call: body for body in bodies_of(archive, main, "tool.called")}
    ended = {body.call: body for body in bodies_of(archive, main, "tool.finished")}
    assert {call: (body.name, body.input, ended[call].output) for call, body in called.items()} == {
        "call_t1": ("weather", {"city": "Paris"}, "sun in Paris"),
        "call_t2": ("weather", {"city": "Rome"}, "sun in Rome"),
        "call_t3": ("ask_expert", {"input": "what is the answer?"}, "Forty-two."),
        "call_t4": ("transfer_to_billing", {}, {"from": "triage", "to": "billing"}),
    }


def test_without_the_wire_spans_tell_requests_answers_and_usage(archive: Archive) -> None:
    with Books(desk.answer) as books:
        main = record(archive, books, stream=False, is_wired=False)
    family = family_of(archive, main)
    asked = [body for each in family for body in bodies_of(archive, each, "model.requested")]
    assert len(asked) == len(books.entries) == 6
    assert {body.fidelity for each in family for body in bodies_of(archive, each, "model.responded")} == {
        "journal"
    }
    spent = [body.tokens for each in family for body in bodies_of(archive, each, "usage.recorded")]
    assert sum(one.input + one.cache_read for one in spent) == sum(
        json.loads(one.answer)["usage"]["input_tokens"] for one in books.entries
    )


def test_a_guardrail_that_trips_is_recorded(archive: Archive) -> None:
    async def main(address: str) -> str:
        async with wired(address), archive.record(agent="desk") as session:
            with pytest.raises(InputGuardrailTripwireTriggered):
                await desk.run("a bomb", stream=False)
        return session.id

    with Books(desk.answer) as books:
        session = asyncio.run(main(books.address))
    (guarded,) = bodies_of(archive, session, "hook.ran")
    assert guarded.outcome == "deny"
    assert [loop.status for loop in tree_of(archive, session).loops] == ["rejected"]


def test_a_tool_that_raises_tells_why_and_what_is_cancelled_with_it_did_not_succeed(
    archive: Archive,
) -> None:
    async def main(address: str) -> str:
        begun = asyncio.Event()

        @agents.function_tool
        async def weather(city: str) -> str:
            begun.set()
            await asyncio.Event().wait()
            return city

        @agents.function_tool(failure_error_function=None)
        async def ask_expert(input: str) -> str:  # noqa: A002 - the desk's word
            await begun.wait()
            raise ValueError(f"nobody knows {input}")

        agent: agents.Agent[Any] = agents.Agent(
            name="triage", instructions=desk.TRIAGE, model="gpt-test", tools=[weather, ask_expert]
        )
        async with wired(address), archive.record(agent="desk") as session:
            with pytest.raises(agents.exceptions.UserError):
                await agents.Runner.run(agent, "help me")
        return session.id

    with Books(desk.answer) as books:
        session = asyncio.run(main(books.address))
    ended = {body.call: body for body in bodies_of(archive, session, "tool.finished")}
    assert {call: (body.ok, body.error) for call, body in ended.items()} == {
        "call_t1": (False, "cancelled"),
        "call_t2": (False, "cancelled"),
        "call_t3": (False, "Error running tool: nobody knows what is the answer?"),
    }
    assert [loop.status for loop in tree_of(archive, session).loops] == ["aborted"]


def test_a_sub_agent_that_is_cancelled_did_not_complete(archive: Archive) -> None:
    async def main(address: str) -> str:
        asked = asyncio.Event()

        @agents.function_tool
        async def look_up(key: str) -> str:
            asked.set()
            await asyncio.Event().wait()
            return key

        @agents.function_tool(failure_error_function=None)
        async def weather(city: str) -> str:
            await asked.wait()
            raise ValueError("no sky")

        expert: agents.Agent[Any] = agents.Agent(
            name="expert", instructions=desk.EXPERT, model="gpt-test", tools=[look_up]
        )
        agent: agents.Agent[Any] = agents.Agent(
            name="triage",
            instructions=desk.TRIAGE,
            model="gpt-test",
            tools=[weather, expert.as_tool("ask_expert", "Asks")],
        )
        async with wired(address), archive.record(agent="desk") as session:
            with pytest.raises(agents.exceptions.UserError):
                await agents.Runner.run(agent, "help me")
        return session.id

    with Books(desk.answer) as books:
        main_session, expert_session = family_of(archive, asyncio.run(main(books.address)))
    rows = {row.id: row for row in archive.sessions()}
    assert rows[main_session].status == "completed"  # the program went on
    assert rows[expert_session].status == "aborted"
    assert [loop.status for loop in tree_of(archive, expert_session).loops] == ["aborted"]
    (call,) = bodies_of(archive, expert_session, "tool.finished")
    assert (call.ok, bool(call.error)) == (False, True)


def test_runs_side_by_side_keep_apart(archive: Archive) -> None:
    async def main(address: str) -> str:
        async with wired(address), archive.record(agent="desk") as session:
            await asyncio.gather(*(desk.run("help me", stream=False) for _ in range(3)))
        return session.id

    with Books(desk.answer) as books:
        session = asyncio.run(main(books.address))
    assert len(books.entries) == 18
    family = family_of(archive, session)
    assert len(family) == 7
    loops = tree_of(archive, session).loops
    assert sorted((loop.agent, len(loop.turns)) for loop in loops) == sorted(
        [("triage", 2), ("billing", 1)] * 3
    )


def test_outside_of_sessions_a_trace_is_a_session_where_an_archive_is_given(archive: Archive) -> None:
    agents.set_trace_processors([Recorder(archive)])

    async def main(address: str) -> None:
        async with wired(address):
            await desk.run("help me", stream=False)

    with Books(desk.answer) as books:
        asyncio.run(main(books.address))
    rows = [row for row in archive.sessions() if row.kind == "main"]
    assert [(row.agent, row.status) for row in rows] == [("Agent workflow", "completed")]
    assert len(wire_of(archive, *family_of(archive, rows[0].id))) == 6


def test_without_a_session_nothing_is_recorded(archive: Archive) -> None:
    async def main(address: str) -> None:
        async with wired(address):
            assert await desk.run("help me", stream=False) == "It is paid."

    with Books(desk.answer) as books:
        asyncio.run(main(books.address))
    assert archive.sessions() == []


# -- mock model ---------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_recorded_desk_runs_again_on_a_mock_model(archive: Archive, stream: bool) -> None:
    with Books(desk.answer) as books:
        main = record(archive, books, stream=stream)
    model = archive.mock(main, "openai-agents")
    assert asyncio.run(desk.run("help me", stream=stream, model=model)) == "It is paid."
    model.mock.check()
    assert (model.mock.call_count, model.mock.is_exhausted) == (6, True)


def test_another_prompt_is_an_error_that_names_the_step(archive: Archive) -> None:
    with Books(desk.answer) as books:
        main = record(archive, books, stream=False)
    model = archive.mock(main, "openai-agents")
    with pytest.raises(openai.BadRequestError, match="call 1 of the main lane"):
        asyncio.run(desk.run("help him", stream=False, model=model))
    with pytest.raises(DivergedError, match="step 1: changed"):
        model.mock.check()


def test_a_written_script_plays_agents_too(archive: Archive) -> None:
    said = {"content": "well", "usage": {"input": 3, "cache_read": 4, "output": 5}}
    model = archive.mock(
        Script.from_messages([{"tool_calls": [{"name": "weather", "input": {"city": "Rome"}}]}, said]),
        "openai-agents",
    )
    agent: agents.Agent[Any] = agents.Agent(name="a", tools=[desk.weather], model=model)
    told = asyncio.run(agents.Runner.run(agent, "hi"))
    assert told.final_output == "well"
    assert told.raw_responses[1].usage.input_tokens_details.cached_tokens == 4
    model.mock.check()


def test_a_script_in_another_language_is_refused(archive: Archive) -> None:
    with pytest.raises(UsageError, match="speaks none of what was recorded: /v1/messages"):
        archive.mock(Script.from_messages(["hi"], dialect="anthropic"), "openai-agents")


# -- conversations ------------------------------------------------------------------------------


def test_a_conversation_keeps_what_the_sdk_gives_it(archive: Archive) -> None:
    conversation = Conversation(archive, "chat 1")

    async def main(address: str) -> list[Any]:
        async with wired(address):
            await desk.run("help me", stream=False, session=conversation)
            return [await conversation.get_items(), await conversation.get_items(limit=2)]

    with Books(desk.answer) as books:
        whole, last = asyncio.run(main(books.address))
    conversation.close()
    kinds = [item.get("type", item.get("role")) for item in whole]
    assert kinds == ["user", *["function_call"] * 3, *["function_call_output"] * 3, "function_call",
                     "function_call_output", "message"]  # fmt: skip
    assert last == whole[-2:]
    assert asyncio.run(Conversation(archive, "chat 1").get_items()) == whole


def test_pops_and_clears_are_events_and_take_nothing_from_the_archive(archive: Archive) -> None:
    user: Any = {"role": "user", "content": "one"}
    rich: Any = {
        "role": "user",
        "content": [{"type": "input_image", "image_url": "data:image/png;base64,xx"}],
    }
    call: Any = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}

    async def main() -> None:
        first = Conversation(archive, "x")
        await first.add_items([user, rich, call])
        assert await first.pop_item() == call
        first.close()
        again = Conversation(archive, "x")
        assert await again.get_items() == [user, rich]
        assert await again.get_items(limit=0) == []
        await again.clear_session()
        assert await again.pop_item() is None
        await again.add_items([call])
        again.close()
        assert await Conversation(archive, "x").get_items() == [call]

    asyncio.run(main())
    (row,) = archive.sessions()
    kinds = [event.body.kind for event in events_of(archive, row.id)]
    assert [kind for kind in kinds if not kind.startswith("session.")] == [
        "message.user", "custom", "custom", "context.reverted", "context.reset", "custom",
    ]  # fmt: skip


def test_the_sdk_takes_a_conversation_for_a_session(archive: Archive) -> None:
    from agents.memory import Session

    assert isinstance(Conversation(archive, "x"), Session)

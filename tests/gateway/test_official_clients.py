"""OpenAI's and Google's own clients, recorded and then replayed: they notice nothing.

The provider is on loopback and written by hand (`speakers`). What a client read from it is the
oracle for what it reads from the replay.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from google import genai
from google.genai import errors, types
from tests.gateway.providers import Provider
from tests.gateway.rooms import archive_in, recorded, recording
from tests.gateway.speakers import speak

from reenact.archive import Archive
from reenact.events import Tokens
from reenact.events.bodies import ModelRequested, ModelResponded, UsageRecorded
from reenact.gateway import ReplayingApp, Server
from reenact.replay import Player, Script, declare

Talk = Callable[[str, str], list[Any]]
"""A conversation with the address of a provider and a prompt; gives all that was read."""

KEY = "test-key"
LOOK: Any = {
    "name": "look",
    "description": "Reads a file",
    "parameters": {"type": "object", "properties": {"path": {"type": "string"}}},
}


# -- chat completions ---------------------------------------------------------------------------


def _chat_turn(client: openai.OpenAI, messages: list[Any], manner: str) -> Any:
    tools: Any = [{"type": "function", "function": LOOK}]
    if manner == "whole":
        return client.chat.completions.create(model="gpt-test", messages=messages, tools=tools)
    if manner == "helper":
        with client.chat.completions.stream(
            model="gpt-test", messages=messages, tools=tools, stream_options={"include_usage": True}
        ) as stream:
            for _ in stream:
                pass
            return stream.get_final_completion()
    return list(
        client.chat.completions.create(
            model="gpt-test",
            messages=messages,
            tools=tools,
            stream=True,
            stream_options={"include_usage": True},
        )
    )


def chat(manner: str) -> Talk:
    def talk(address: str, prompt: str) -> list[Any]:
        with openai.OpenAI(base_url=f"{address}/v1", api_key=KEY, max_retries=0) as client:
            messages: list[Any] = [{"role": "system", "content": "Be brief."}]
            messages.append({"role": "user", "content": prompt})
            read: list[Any] = []
            for _ in range(3):
                answer = _chat_turn(client, messages, manner)
                read.append([one.to_dict() for one in answer] if manner == "raw" else answer.to_dict())
                if manner == "raw":
                    text = "".join(c.choices[0].delta.content or "" for c in answer if c.choices)
                    messages += [
                        {"role": "assistant", "content": text},
                        {"role": "user", "content": "tool said"},
                    ]
                    continue
                said = answer.choices[0].message
                messages.append(said.to_dict())
                if said.tool_calls:
                    call = said.tool_calls[0]
                    messages.append({"role": "tool", "tool_call_id": call.id, "content": "tool said yes"})
                else:
                    messages.append({"role": "user", "content": "and then?"})
            return read

    return talk


def chat_async(address: str, prompt: str) -> list[Any]:
    async def run() -> list[Any]:
        async with openai.AsyncOpenAI(base_url=f"{address}/v1", api_key=KEY, max_retries=0) as client:

            async def one(word: str) -> list[Any]:
                stream = await client.chat.completions.create(
                    model="gpt-test", messages=[{"role": "user", "content": f"{prompt} {word}"}], stream=True
                )
                return [chunk.to_dict() async for chunk in stream]

            return list(await asyncio.gather(*map(one, ("one", "two", "three"))))

    return asyncio.run(run())


# -- responses ----------------------------------------------------------------------------------


def responses(manner: str) -> Talk:
    def turn(client: openai.OpenAI, **asked: Any) -> Any:
        if manner == "whole":
            return client.responses.create(model="gpt-test", **asked)
        if manner == "helper":
            with client.responses.stream(model="gpt-test", **asked) as stream:
                for _ in stream:
                    pass
                return stream.get_final_response()
        *_, last = client.responses.create(model="gpt-test", stream=True, **asked)
        return last.response

    def talk(address: str, prompt: str) -> list[Any]:
        tools = [{"type": "function", "strict": False, **LOOK}]
        with openai.OpenAI(base_url=f"{address}/v1", api_key=KEY, max_retries=0) as client:
            first = turn(client, input=prompt, instructions="Be brief.", tools=tools)
            call = next(item for item in first.output if item.type == "function_call")
            given = {"type": "function_call_output", "call_id": call.call_id, "output": "tool said yes"}
            kept = turn(client, input=[given], previous_response_id=first.id, tools=tools)
            history = [{"role": "user", "content": prompt}, *(item.to_dict() for item in first.output), given]
            whole = turn(client, input=history, tools=tools, store=False)
            return [answer.to_dict() for answer in (first, kept, whole)]

    return talk


def responses_async(address: str, prompt: str) -> list[Any]:
    async def run() -> list[Any]:
        async with openai.AsyncOpenAI(base_url=f"{address}/v1", api_key=KEY, max_retries=0) as client:
            stream = await client.responses.create(model="gpt-test", input=prompt, stream=True)
            events = [event.to_dict() async for event in stream]
            whole = await client.responses.create(model="gpt-test", input=f"{prompt}!")
            return [events, whole.to_dict()]

    return asyncio.run(run())


def twins(address: str, prompt: str) -> list[Any]:
    """Two conversations that say the same, told apart by the response they continue alone."""
    with openai.OpenAI(base_url=f"{address}/v1", api_key=KEY, max_retries=0) as client:
        starts = [client.responses.create(model="gpt-test", input=f"{prompt} {word}") for word in "ab"]
        read = [
            client.responses.create(model="gpt-test", input="go on", previous_response_id=start.id)
            for start in reversed(starts)
        ]
        return [answer.to_dict() for answer in (*starts, *read)]


# -- embeddings ---------------------------------------------------------------------------------


def embeddings(address: str, prompt: str) -> list[Any]:
    with openai.OpenAI(base_url=f"{address}/v1", api_key=KEY, max_retries=0) as client:
        asked: list[Any] = [prompt, [prompt, "other"], prompt]
        return [
            client.embeddings.create(model="vectors", input=one, encoding_format="float").to_dict()
            for one in asked
        ]


# -- gemini -------------------------------------------------------------------------------------


def _genai(address: str) -> genai.Client:
    return genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=address))


def _dumped(answer: Any) -> Any:
    return answer.model_dump(mode="json", exclude={"sdk_http_response"})


def gemini(*, is_stream: bool) -> Talk:
    def talk(address: str, prompt: str) -> list[Any]:
        config = types.GenerateContentConfig(
            system_instruction="Be brief.",
            tools=[types.Tool(function_declarations=[types.FunctionDeclaration(**LOOK)])],
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        )
        contents: list[Any] = [types.UserContent(prompt)]
        read: list[Any] = []
        with _genai(address) as client:
            for _ in range(2):
                asked: Any = {"model": "gemini-test", "contents": contents, "config": config}
                if is_stream:
                    answers = list(client.models.generate_content_stream(**asked))
                else:
                    answers = [client.models.generate_content(**asked)]
                read += map(_dumped, answers)
                parts = [part for one in answers for part in one.candidates[0].content.parts]  # type: ignore[index,union-attr]  # the provider gives them
                contents.append(types.Content(role="model", parts=parts))
                given = types.Part.from_function_response(name="look", response={"output": "tool said yes"})
                contents.append(types.Content(role="user", parts=[given]))
            read.append(_dumped(client.models.count_tokens(model="gemini-test", contents=prompt)))
        return read

    return talk


def gemini_async(address: str, prompt: str) -> list[Any]:
    async def run() -> list[Any]:
        with _genai(address) as owner:
            async with owner.aio as client:
                stream = await client.models.generate_content_stream(model="gemini-test", contents=prompt)
                found = [_dumped(one) async for one in stream]
                whole = await client.models.generate_content(model="gemini-test", contents=f"{prompt}!")
                vectors = await client.models.embed_content(
                    model="gemini-vectors", contents=[prompt, "other"]
                )
        return [*found, _dumped(whole), _dumped(vectors)]

    return asyncio.run(run())


TALKS: dict[str, Talk] = {
    "chat whole": chat("whole"),
    "chat raw stream": chat("raw"),
    "chat stream helper": chat("helper"),
    "chat async": chat_async,
    "responses whole": responses("whole"),
    "responses raw stream": responses("raw"),
    "responses stream helper": responses("helper"),
    "responses async": responses_async,
    "responses twins": twins,
    "embeddings": embeddings,
    "gemini whole": gemini(is_stream=False),
    "gemini stream": gemini(is_stream=True),
    "gemini async": gemini_async,
}
each_talk = pytest.mark.parametrize("talk", TALKS.values(), ids=TALKS.keys())


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with archive_in(tmp_path / "archive") as opened:
        yield opened


def record(archive: Archive, talk: Talk, prompt: str) -> tuple[list[Any], Provider]:
    with Provider(speak) as provider, recording(archive, provider.address) as gateway:
        return talk(gateway.address, prompt), provider


@contextmanager
def replaying(archive: Archive) -> Iterator[tuple[str, Player]]:
    script = Script.from_recording(recorded(archive), lambda name: archive.store.blob(name) or b"")
    player = Player(script, declare())
    with Server(ReplayingApp(player, scrub=archive.guard.text)) as server:
        yield server.address, player


@each_talk
def test_a_client_reads_through_the_gateway_what_the_provider_says(archive: Archive, talk: Talk) -> None:
    with Provider(speak) as provider:
        alone = talk(provider.address, "hello")
    read, _ = record(archive, talk, "hello")
    assert read == alone


@each_talk
def test_a_client_reads_the_same_from_the_replay(archive: Archive, talk: Talk) -> None:
    read, provider = record(archive, talk, "hello")
    with replaying(archive) as (address, player):
        assert talk(address, "hello") == read
    report = player.report()
    assert (report.diverged, report.unplayed, report.stubs) == (False, (), ())
    assert sum(report.matched.values()) + report.auxiliary == len(provider.asked)
    assert set(report.matched) <= {"fp0", "fp1"}


@each_talk
def test_a_changed_prompt_is_refused_at_its_place(archive: Archive, talk: Talk) -> None:
    record(archive, talk, "hello")
    with (
        replaying(archive) as (address, player),
        pytest.raises((openai.BadRequestError, errors.ClientError)) as refused,
    ):
        talk(address, "hello there")
    report = player.report()
    first = report.divergences[0]
    assert "diverged" in str(refused.value)
    assert (first.kind, first.consequence) == ("changed", "refused")
    place = first.differences[0]
    assert place.section == "messages"
    assert "hello there" in (place.actual or "") or any("hello there" in line for line in place.lines)
    assert report.diverged


@pytest.mark.parametrize(
    "name", ["chat raw stream", "chat stream helper", "responses whole", "gemini stream"]
)
def test_what_a_call_cost_is_counted_in_the_ledgers_terms(archive: Archive, name: str) -> None:
    record(archive, TALKS[name], "hello")
    bodies = [event.body for event in recorded(archive)]
    answers = [body for body in bodies if isinstance(body, ModelResponded) and body.usage is not None]
    spent = [body for body in bodies if isinstance(body, UsageRecorded)]
    written = 10 if name.startswith("responses") else 0
    expected = Tokens(input=70 - written, cache_read=30, cache_write=written, output=20, reasoning=5)
    assert len(answers) >= 2
    assert {body.usage for body in answers} == {expected}
    assert [(body.tokens, body.quality) for body in spent] == [(expected, "measured")] * len(answers)
    assert [body.key for body in spent] == [f"resp:{body.message}" for body in answers]


def test_the_secret_in_an_address_is_not_kept(archive: Archive) -> None:
    with Provider(speak) as provider, recording(archive, provider.address) as gateway:
        path = "/v1beta/models/gemini-test:generateContent?key=AIzaSyAnotherSecretThatIsLongEnough000"
        httpx2.post(f"{gateway.address}{path}", json={"contents": []}, trust_env=False)
    (asked,) = [event.body for event in recorded(archive) if isinstance(event.body, ModelRequested)]
    assert "SecretThatIs" not in json.dumps(asked.params)
    assert (asked.model, asked.dialect) == ("gemini-test", "gemini")

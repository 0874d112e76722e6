"""Mock models over a recording and over hand-written scripts: strict, and told step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx
import httpx2
import openai
import pytest
from google import genai
from tests.gateway.speakers import speak
from tests.integrations import agents
from tests.integrations.rooms import Books, archive_in

from reenact.archive import Archive
from reenact.errors import ReenactError, UsageError
from reenact.integrations import httpx2 as over_httpx2
from reenact.integrations.mock import DivergedError
from reenact.testing import Dropped, Failed, Image, Reasoning, Said, Script, Text, Tokens, ToolCall

SPENT = Tokens(input=100, cache_read=7, output=20, reasoning=5)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with archive_in(tmp_path) as opened:
        yield opened


def asking(transport: Any, **more: Any) -> openai.OpenAI:
    client = (httpx2 if isinstance(transport, httpx2.BaseTransport) else httpx).Client(transport=transport)
    return openai.OpenAI(base_url="http://mock/v1", api_key="none", http_client=client, **more)


def record_family(archive: Archive, *, stream: bool) -> str:
    """Records an agent with a sub-agent; gives what it said in the end."""
    with Books(speak) as books, archive.record(agent="main") as session:
        transport = over_httpx2.RecordingTransport(session)
        http_client = httpx2.Client(transport=transport)
        with openai.OpenAI(base_url=f"{books.address}/v1", api_key="none", http_client=http_client) as client:
            look = agents.recorded_look(session, client, stream=stream)
            return agents.chat(client, "what is in it?", stream=stream, look=look)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_a_recorded_program_runs_again_without_a_provider(
    archive: Archive, library: str, stream: bool
) -> None:
    told = record_family(archive, stream=stream)
    transport = archive.mock("last", library)
    with asking(transport) as client:

        def look(*_: object) -> str:
            return f"tool said {agents.chat(client, 'tool said: read', stream=stream, look=None)}"

        assert agents.chat(client, "what is in it?", stream=stream, look=look) == told
    transport.mock.check()
    assert (transport.mock.call_count, transport.mock.is_exhausted) == (3, True)


def test_another_question_is_an_error_that_names_the_step(archive: Archive) -> None:
    record_family(archive, stream=False)
    transport = archive.mock("last", "httpx2")
    with (
        asking(transport) as client,
        pytest.raises(openai.BadRequestError, match=r"call 1 of the main lane.*messages"),
    ):
        agents.chat(client, "what is NOT in it?", stream=False, look=None)
    with pytest.raises(DivergedError, match="step 1: changed") as caught:
        transport.mock.check()
    assert caught.value.report.refusals == 1


def test_what_was_never_asked_is_told_at_the_end(archive: Archive) -> None:
    record_family(archive, stream=False)
    transport = archive.mock("last", "httpx2")
    with pytest.raises(DivergedError, match="step 1: missing"):
        transport.mock.check()
    assert not transport.mock.is_exhausted


def test_answers_come_in_the_order_in_which_they_were_written(archive: Archive) -> None:
    script = Script.from_messages(
        ["one", ToolCall(call="c1", name="foo", input={"a": 1}), "three"], dialect="openai-chat"
    )
    transport = archive.mock(script, "httpx2")
    with asking(transport, max_retries=0) as client:
        said = [
            client.chat.completions.create(model="m", messages=[{"role": "user", "content": word}])
            for word in ("a", "b", "c")
        ]
        told = [one.choices[0].message for one in said]
        call: Any = (told[1].tool_calls or [])[0]
        assert (told[0].content, told[2].content) == ("one", "three")
        assert (call.function.name, call.function.arguments) == ("foo", '{"a": 1}')
        assert (transport.mock.is_exhausted, transport.mock.call_count) == (True, 3)
        with pytest.raises(openai.BadRequestError, match="call 4 of the main lane"):
            client.chat.completions.create(model="m", messages=[{"role": "user", "content": "d"}])
    with pytest.raises(DivergedError, match="step 4"):
        transport.mock.check()


def test_the_same_question_twice_gets_the_next_answer(archive: Archive) -> None:
    transport = archive.mock(Script.from_messages(["one", "two"]), "httpx2")
    with asking(transport) as client:
        told = [client.responses.create(model="m", input="same").output_text for _ in range(2)]
    assert told == ["one", "two"]


def test_cached_tokens_reasoning_and_images_are_carried(archive: Archive) -> None:
    pixel = "iVBORw0KGgo="
    said = Said(blocks=(Reasoning(text="hm"), Image(data=pixel), Text(text="there")), usage=SPENT)
    with (
        asking(archive.mock(Script.from_messages([said]), "httpx2")) as client,
        client.responses.stream(model="m", input="draw") as stream,
    ):
        told = [event.type for event in stream]
        response = stream.get_final_response()
    thought, image, message = response.output
    assert thought.type == "reasoning"
    assert thought.summary[0].text == "hm"
    assert image.type == "image_generation_call"
    assert image.result == pixel
    assert message.type == "message"
    assert "response.output_text.delta" in told
    assert response.usage is not None
    spent = response.usage
    assert (spent.input_tokens, spent.input_tokens_details.cached_tokens) == (107, 7)
    assert (spent.output_tokens, spent.output_tokens_details.reasoning_tokens) == (20, 5)


def test_scripts_are_written_in_anthropics_and_googles_words_too(archive: Archive) -> None:
    lines = [
        Said(blocks=(Reasoning(text="hm"), Text(text="so"), ToolCall(call="t1", name="foo")), usage=SPENT)
    ]
    transport = archive.mock(Script.from_messages(lines, dialect="anthropic"), "httpx2")
    claude = anthropic.Anthropic(api_key="none", http_client=httpx2.Client(transport=transport))
    with claude.messages.stream(
        model="m", max_tokens=9, messages=[{"role": "user", "content": "x"}]
    ) as stream:
        message = stream.get_final_message()
    assert [block.type for block in message.content] == ["thinking", "text", "tool_use"]
    assert message.usage.cache_read_input_tokens == 7
    transport = archive.mock(Script.from_messages(lines, dialect="gemini"), "httpx2")
    options = genai.types.HttpOptions(httpx_client=httpx2.Client(transport=transport))
    google = genai.Client(api_key="none", http_options=options)
    pieces = list(google.models.generate_content_stream(model="m", contents="x"))
    parts = [p for piece in pieces for p in ((piece.candidates or [])[0].content or genai.types.Content()).parts or []]  # fmt: skip
    assert [(p.text, bool(p.thought), p.function_call and p.function_call.name) for p in parts] == [
        ("hm", True, None),
        ("so", False, None),
        (None, False, "foo"),
    ]
    spent = pieces[-1].usage_metadata
    assert spent is not None
    assert (spent.prompt_token_count, spent.cached_content_token_count, spent.thoughts_token_count) == (107, 7, 5)  # fmt: skip


def test_errors_are_injected_before_the_answer_that_asking_again_gives(archive: Archive) -> None:
    script = Script.from_messages([Failed(status=429, message="slow down", retry_after=0.01), "at last"])
    transport = archive.mock(script, "httpx2")
    with asking(transport, max_retries=2) as client:
        assert client.responses.create(model="m", input="x").output_text == "at last"
    transport.mock.check()
    transport = archive.mock(script, "httpx2")
    with (
        asking(transport, max_retries=0) as client,
        pytest.raises(openai.RateLimitError, match="slow") as caught,
    ):
        client.responses.create(model="m", input="x")
    assert caught.value.response.headers["retry-after"] == "0.01"


def test_an_error_at_the_end_stays(archive: Archive) -> None:
    transport = archive.mock(Script.from_messages([Failed(status=401, message="who?")]), "httpx2")
    with asking(transport) as client:
        for _ in range(2):
            with pytest.raises(openai.AuthenticationError, match=r"who\?"):
                client.responses.create(model="m", input="x", stream=True)


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_a_stream_is_dropped_halfway(archive: Archive, library: str) -> None:
    transport = archive.mock(Script.from_messages([Dropped(), "whole"]), library)
    with asking(transport, max_retries=0) as client:
        with pytest.raises(openai.APIConnectionError) as caught:
            list(client.responses.create(model="m", input="x", stream=True))
        assert "breaks off" in str(caught.value.__cause__)
        events = list(client.responses.create(model="m", input="x", stream=True))
    assert events[-1].type == "response.completed"


def test_asynchronous_clients_are_answered_by_the_same_transport(archive: Archive) -> None:
    transport = archive.mock(Script.from_messages(["one", "two", "three"]), "httpx2")

    async def run() -> list[str]:
        client = httpx2.AsyncClient(transport=transport)
        async with openai.AsyncOpenAI(base_url="http://m/v1", api_key="none", http_client=client) as one:
            return await agents.responses_async(one, "a", "b", "c")

    assert sorted(asyncio.run(run())) == ["one", "three", "two"]


def test_what_is_no_answer_is_refused_when_the_script_is_written() -> None:
    with pytest.raises(UsageError, match=r"line 1 .* role 'user'"):
        Script.from_messages([{"role": "user", "content": "hi"}])
    with pytest.raises(UsageError, match="no script is written in 'latin'"):
        Script.from_messages(["hi"], dialect="latin")
    with pytest.raises(UsageError, match="anthropic has no word for a Image"):
        Script.from_messages([Image(data="x")], dialect="anthropic")
    with pytest.raises(UsageError, match="line 2"):
        Script.from_messages(["hi", 3])  # type: ignore[list-item]  # that is the point


def test_a_client_that_is_not_known_or_not_installed_is_said(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script.from_messages(["hi"])
    with pytest.raises(UsageError, match="no mock for 'telegraph'"):
        archive.mock(script, "telegraph")

    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name="httpx")

    monkeypatch.setattr("reenact.archive.mocking.import_module", missing)
    with pytest.raises(ReenactError, match="httpx is not installed"):
        archive.mock(script, "httpx")

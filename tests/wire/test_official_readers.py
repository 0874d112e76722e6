"""The official clients read what we render: whole, raw streams, and through their stream helpers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import openai
import pytest
from google import genai
from google.genai import errors, types
from hypothesis import given, settings
from tests.wire.answers import completions, contents, responses

from reenact.wire import Dialect, dialect_named
from reenact.wire.reply import JSON_HEADERS, STREAM_HEADERS
from reenact.wire.request import Form

few = settings(max_examples=25)


def transport(dialect: Dialect, message: dict[str, Any]) -> httpx2.MockTransport:
    """Answers every request with this message, in the form that it asks for."""

    def answer(asked: httpx2.Request) -> httpx2.Response:
        path = asked.url.raw_path.decode()
        request = dialect.parse_request(asked.content, path=path)
        form: Form = request.wanted
        headers = STREAM_HEADERS if form == "sse" else JSON_HEADERS
        return httpx2.Response(200, headers=headers, content=b"".join(dialect.render(message, form)))

    return httpx2.MockTransport(answer)


@contextmanager
def client(name: str, message: dict[str, Any]) -> Iterator[openai.OpenAI]:
    http = httpx2.Client(transport=transport(dialect_named(name), message))
    with openai.OpenAI(api_key="k", base_url="http://provider/v1", http_client=http, max_retries=0) as opened:
        yield opened


def known(value: Any) -> Any:
    """Leaves out what says nothing: a client's models add fields with null."""
    if isinstance(value, dict):
        return {name: known(item) for name, item in value.items() if item is not None}
    return [known(item) for item in value] if isinstance(value, list) else value


@few
@given(completions())
def test_a_completion_is_read_the_same_in_every_way(message: dict[str, Any]) -> None:
    asked: Any = {"model": "gpt-test", "messages": [{"role": "user", "content": "hi"}]}
    with client("openai-chat", message) as opened:
        whole = opened.chat.completions.create(**asked)
        chunks = list(opened.chat.completions.create(**asked, stream=True))
    assert known(whole.to_dict(warnings=False)) == known(message)
    for choice in message["choices"]:
        said = [
            part.delta.content or ""
            for chunk in chunks
            for part in chunk.choices
            if part.index == choice["index"]
        ]
        assert "".join(said) == (choice["message"]["content"] or "")
    usage = [chunk.usage for chunk in chunks if chunk.usage]
    assert known(usage[0].to_dict(warnings=False)) == message["usage"]


@few
@given(completions())
def test_the_stream_helper_puts_the_same_completion_together(message: dict[str, Any]) -> None:
    calls = [call for choice in message["choices"] for call in choice["message"].get("tool_calls", ())]
    if any(call["type"] == "custom" for call in calls):
        return  # the helper knows only functions
    with (
        client("openai-chat", message) as opened,
        opened.chat.completions.stream(
            model="gpt-test", messages=[{"role": "user", "content": "hi"}]
        ) as stream,
    ):
        for _ in stream:
            pass
        final = stream.get_final_completion()
    for choice, told in zip(final.choices, message["choices"], strict=True):
        assert (choice.message.content or "") == (told["message"]["content"] or "")
        assert choice.finish_reason == told["finish_reason"]
        made = [
            (call.id, call.function.name, call.function.arguments) for call in choice.message.tool_calls or ()
        ]
        assert made == [
            (call["id"], call["function"]["name"], call["function"]["arguments"])
            for call in told["message"].get("tool_calls", ())
        ]


# The client itself complains of kinds of items that it does not know, and reads on.
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@few
@given(responses())
def test_a_response_is_read_the_same_in_every_way(message: dict[str, Any]) -> None:
    with client("openai-responses", message) as opened:
        whole = opened.responses.create(model="gpt-test", input="hi")
        *_, last = opened.responses.create(model="gpt-test", input="hi", stream=True)
        with opened.responses.stream(model="gpt-test", input="hi") as stream:
            kinds = [event.type for event in stream]
    assert known(whole.to_dict(warnings=False)) == known(message)
    assert known(last.to_dict(warnings=False)["response"]) == known(message)
    assert kinds[0] == "response.created"
    assert kinds.count("response.output_item.done") == len(message["output"])


@few
@given(contents())
def test_a_gemini_answer_is_read_the_same_in_every_way(message: dict[str, Any]) -> None:
    dialect = dialect_named("gemini")
    http = httpx2.Client(transport=transport(dialect, message))
    options = types.HttpOptions(base_url="http://provider", httpx_client=http)
    with http, genai.Client(api_key="k", http_options=options) as opened:
        whole = opened.models.generate_content(model="gemini-test", contents="hi")
        pieces = list(opened.models.generate_content_stream(model="gemini-test", contents="hi"))
    told = message["candidates"][0]
    parts = told["content"]["parts"]
    texts = [part.text or "" for part in (whole.candidates or [])[0].content.parts or ()]  # type: ignore[union-attr]  # there is one
    assert texts == [part.get("text", "") for part in parts]
    for thought in (None, True):
        said = [
            part.text or ""
            for piece in pieces
            for candidate in piece.candidates or ()
            if (candidate.index or 0) == 0 and candidate.content
            for part in candidate.content.parts or ()
            if part.thought is thought
        ]
        assert "".join(said) == "".join(p.get("text", "") for p in parts if p.get("thought") is thought)
    usage = pieces[-1].usage_metadata
    assert usage is not None
    assert usage.prompt_token_count == message["usageMetadata"]["promptTokenCount"]


def refusing(name: str, times: list[int]) -> httpx2.MockTransport:
    def answer(_: httpx2.Request) -> httpx2.Response:
        times.append(1)
        reply = dialect_named(name).refusal("reenact: the replay diverged", divergence="d1")
        return httpx2.Response(reply.status, headers=reply.headers, content=reply.body)

    return httpx2.MockTransport(answer)


@pytest.mark.parametrize("name", ["openai-chat", "openai-responses", "openai-embeddings"])
def test_a_refusal_is_told_and_not_asked_again(name: str) -> None:
    times: list[int] = []
    http = httpx2.Client(transport=refusing(name, times))
    with openai.OpenAI(api_key="k", base_url="http://provider/v1", http_client=http, max_retries=3) as opened:
        asks: dict[str, Any] = {
            "openai-chat": lambda: opened.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "hi"}]
            ),
            "openai-responses": lambda: opened.responses.create(model="m", input="hi"),
            "openai-embeddings": lambda: opened.embeddings.create(model="m", input="hi"),
        }
        with pytest.raises(openai.BadRequestError, match="the replay diverged"):
            asks[name]()
    assert len(times) == 1


def test_geminis_client_tells_a_refusal_and_does_not_ask_again() -> None:
    times: list[int] = []
    http = httpx2.Client(transport=refusing("gemini", times))
    options = types.HttpOptions(base_url="http://provider", httpx_client=http)
    with (
        http,
        genai.Client(api_key="k", http_options=options) as opened,
        pytest.raises(errors.ClientError, match="the replay diverged"),
    ):
        opened.models.generate_content(model="gemini-test", contents="hi")
    assert len(times) == 1


def test_an_asynchronous_client_reads_a_stream() -> None:
    message = dialect_named("openai-responses").stub("gpt-test", "said in pieces, one after another")

    async def run() -> str:
        http = httpx2.AsyncClient(transport=transport(dialect_named("openai-responses"), message))
        async with (
            openai.AsyncOpenAI(api_key="k", base_url="http://provider/v1", http_client=http) as opened,
            opened.responses.stream(model="gpt-test", input="hi") as stream,
        ):
            async for _ in stream:
                pass
            return (await stream.get_final_response()).output_text

    assert asyncio.run(run()) == "said in pieces, one after another"

"""Hooks decide over the model calls of the official clients: what is denied never leaves, what is replaced does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx
import httpx2
import openai
import pytest
from google.genai import errors as google_errors
from tests.gateway.providers import Asked, Reply, streamed
from tests.gateway.speakers import speak
from tests.integrations import agents
from tests.integrations.rooms import Books, archive_in, bodies_of, tree_of, wire_of

import reenact
from reenact.archive import Archive
from reenact.integrations import httpx as over_httpx
from reenact.integrations import httpx2 as over_httpx2

LIBRARIES = [pytest.param((httpx, over_httpx), id="httpx"), pytest.param((httpx2, over_httpx2), id="httpx2")]
Client = tuple[Callable[[str, Any], str], str, type[Exception]]
"""What asks, where its request holds the messages, what it raises."""


def ask_anthropic(address: str, client: Any) -> str:
    return agents.messages(
        anthropic.Anthropic(base_url=address, api_key=agents.KEY, http_client=client), "first"
    )


def ask_responses(address: str, client: Any) -> str:
    asking = openai.OpenAI(base_url=f"{address}/v1", api_key=agents.KEY, http_client=client)
    return agents.responses(asking, "first")


def ask_chat(address: str, client: Any) -> str:
    asking = openai.OpenAI(base_url=f"{address}/v1", api_key=agents.KEY, http_client=client)
    return agents.chat(asking, "first", stream=True, look=lambda *_: "tool said nothing")


def ask_gemini(address: str, client: Any) -> str:
    return agents.gemini(agents.gemini_client(address, client), "first")


CLIENTS = [
    pytest.param((ask_anthropic, "messages", anthropic.PermissionDeniedError), id="anthropic"),
    pytest.param((ask_responses, "input", openai.PermissionDeniedError), id="openai-responses"),
    pytest.param((ask_chat, "messages", openai.PermissionDeniedError), id="openai-chat"),
    pytest.param((ask_gemini, "contents", google_errors.ClientError), id="gemini"),
]

PAIRS = [
    pytest.param(*way.values, *client.values, id=f"{client.id}-{way.id}")
    for way in LIBRARIES
    for client in CLIENTS
    if (way.id, client.id) != ("httpx", "anthropic")  # that client takes httpx2 alone
]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with archive_in(tmp_path) as opened:
        yield opened


def answer(asked: Asked) -> Reply:
    assert int(asked.headers["content-length"]) == len(asked.body)
    return Reply(*streamed("hello")) if asked.path == "/v1/messages" else speak(asked)


def outcomes(archive: Archive, session: str) -> list[tuple[str, str | None]]:
    return [(ran.outcome, ran.reason) for ran in bodies_of(archive, session, "hook.ran")]


@pytest.mark.parametrize(("way", "client"), PAIRS)
def test_a_denied_call_never_leaves_and_the_client_says_why(
    archive: Archive, way: Any, client: Client
) -> None:
    (library, ours), (use, field, error) = way, client
    hooks, asked = reenact.Hooks(), []

    @hooks.on("before_model")
    def guard(ask: reenact.Ask) -> reenact.Decision:
        asked.append(ask)
        return reenact.Deny("not on a Saturday")

    with Books(answer) as books, archive.record(agent="main", hooks=hooks) as session:
        http = library.Client(transport=ours.RecordingTransport(session))
        with http, pytest.raises(error, match="denied by guard: not on a Saturday"):
            use(books.address, http)
    assert books.entries == []
    (ask,) = asked  # no client asks again
    assert "first" in str(ask.value[field])
    assert ask.name in {"claude-opus-5-5", agents.MODEL, "gemini-test"}
    assert outcomes(archive, session.id) == [("deny", "not on a Saturday")]
    (failed,) = bodies_of(archive, session.id, "model.failed")
    assert (failed.category, failed.error) == ("denied", "not on a Saturday")
    assert bodies_of(archive, session.id, "model.requested") == []
    (turn,) = [turn for loop in tree_of(archive, session.id).loops for turn in loop.turns]
    assert turn.error == "not on a Saturday"


@pytest.mark.parametrize(("way", "client"), PAIRS)
def test_a_replaced_request_is_sent_and_recorded(archive: Archive, way: Any, client: Client) -> None:
    (library, ours), (use, field, _) = way, client
    hooks = reenact.Hooks()

    @hooks.on("before_model")
    def other_words(ask: reenact.Ask) -> reenact.Decision:
        text = reenact.events.canonical(ask.value).decode().replace('"first"', '"a very different word — ü"')
        return reenact.Replace(text.encode(), reason="politer")

    @hooks.on("before_model")
    def watch(ask: reenact.Ask) -> reenact.Decision:
        assert "very different" in str(ask.value)
        return reenact.Allow(reason="fine")

    with Books(answer) as books, archive.record(agent="main", hooks=hooks) as session:
        http = library.Client(transport=ours.RecordingTransport(session))
        with http:
            assert use(books.address, http)
    assert books.entries
    for entry in books.entries:
        assert "a very different word — ü" in str(entry.request[field])
        assert "'first'" not in str(entry.request[field])
    told = [(entry.path, entry.request, entry.answer) for entry in books.entries]
    assert wire_of(archive, session.id) == told
    assert outcomes(archive, session.id) == [("replace", "politer"), ("allow", "fine")] * len(told)


@pytest.mark.parametrize("client", CLIENTS)
def test_an_injected_text_is_said_to_the_model(archive: Archive, client: Client) -> None:
    use, field, _ = client
    hooks = reenact.Hooks()
    hooks.on("before_model", name="reminder")(lambda _: reenact.Inject("mind the gap"))
    with Books(answer) as books, archive.record(agent="main", hooks=hooks) as session:
        http = httpx2.Client(transport=over_httpx2.RecordingTransport(session))
        with http:
            assert use(books.address, http)
    for entry in books.entries:
        messages = entry.request[field]
        assert "first" in str(messages[0])
        assert messages[-1]["role"] == "user"
        assert "mind the gap" in str(messages[-1])
        assert str(messages).count("mind the gap") == 1
    told = [(entry.path, entry.request, entry.answer) for entry in books.entries]
    assert wire_of(archive, session.id) == told
    injected = bodies_of(archive, session.id, "context.injected")
    assert [one.origin for one in injected] == ["reminder"] * len(told)


@pytest.mark.parametrize("way", LIBRARIES)
def test_asynchronous_clients_are_decided_over_too(archive: Archive, way: Any) -> None:
    library, ours = way
    hooks = reenact.Hooks()

    @hooks.on("before_model")
    def choose(ask: reenact.Ask) -> reenact.Decision:
        if ask.value["input"] == "two":
            return reenact.Deny("two is too much")
        return reenact.Replace({**ask.value, "input": ask.value["input"] + " indeed"})

    async def run(address: str) -> tuple[str, list[Any]]:
        async with archive.record(agent="main", hooks=hooks) as session:
            client = library.AsyncClient(transport=ours.AsyncRecordingTransport(session))
            async with openai.AsyncOpenAI(
                base_url=f"{address}/v1", api_key=agents.KEY, http_client=client
            ) as asking:
                calls = (agents.responses_async(asking, word) for word in ("one", "two", "three"))
                return session.id, await asyncio.gather(*calls, return_exceptions=True)

    with Books(answer) as books:
        session, told = asyncio.run(run(books.address))
    assert isinstance(told[1], openai.PermissionDeniedError)
    assert sorted(entry.request["input"] for entry in books.entries) == ["one indeed", "three indeed"]
    assert sorted(request["input"] for _, request, _ in wire_of(archive, session)) == [
        "one indeed",
        "three indeed",
    ]


def test_what_a_hook_decided_holds_where_recording_fails(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("no room")

    hooks = reenact.Hooks()
    hooks.on("before_model")(lambda ask: reenact.Replace({**ask.value, "input": "changed"}))
    with Books(answer) as books, archive.record(agent="main", hooks=hooks) as session:
        monkeypatch.setattr(session.exchanges, "requested", fail)
        with httpx2.Client(transport=over_httpx2.RecordingTransport(session)) as http:
            assert ask_responses(books.address, http)
    assert [entry.request["input"] for entry in books.entries] == ["changed"]
    assert "not recorded: ValueError: no room" in capsys.readouterr().err


def test_a_hook_that_raises_or_only_allows_changes_nothing(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    hooks = reenact.Hooks()

    @hooks.on("before_model")
    def broken(ask: reenact.Ask) -> reenact.Decision:
        ask.value["input"] = "scribbled"
        raise ValueError("no idea")

    hooks.on("before_model", name="nod")(lambda _: reenact.Allow())
    with Books(answer) as books, archive.record(agent="main", hooks=hooks) as session:
        http = httpx2.Client(transport=over_httpx2.RecordingTransport(session))
        with http:
            assert ask_responses(books.address, http)
    assert [entry.request["input"] for entry in books.entries] == ["first"]
    assert outcomes(archive, session.id) == [("failed", "ValueError: no idea"), ("allow", None)]
    assert "hook broken failed" in capsys.readouterr().err

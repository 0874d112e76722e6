"""The official clients, recorded at their transport: the archive holds what the provider's own books hold."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import anthropic
import httpx
import httpx2
import openai
import pytest
from tests.gateway.providers import Asked, Reply, streamed
from tests.gateway.speakers import speak
from tests.integrations import agents
from tests.integrations.rooms import (
    Books,
    archive_in,
    bodies_of,
    events_of,
    family_of,
    tree_of,
    wire_of,
)

from reenact.archive import Archive
from reenact.integrations import httpx as over_httpx
from reenact.integrations import httpx2 as over_httpx2
from reenact.integrations import tap as tapping

LIBRARIES = [pytest.param(httpx, over_httpx, id="httpx"), pytest.param(httpx2, over_httpx2, id="httpx2")]
FOLDER = Path(tapping.__file__).parent


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with archive_in(tmp_path) as opened:
        yield opened


def books_of(books: Books) -> list[tuple[str, Any, bytes]]:
    return [(one.path, one.request, one.answer) for one in books.entries]


def openai_client(library: Any, address: str, transport: Any, **more: Any) -> openai.OpenAI:
    client = library.Client(transport=transport)
    more = {"max_retries": 0, **more}
    return openai.OpenAI(base_url=f"{address}/v1", api_key=agents.KEY, http_client=client, **more)


def test_both_files_are_one_text() -> None:
    texts = [(FOLDER / f"{name}.py").read_text() for name in ("httpx", "httpx2")]
    assert texts[0].replace("httpx", "httpx2").split() == texts[1].split()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("library", "ours"), LIBRARIES)
def test_an_agent_and_its_sub_agent_are_recorded_as_the_provider_saw_them(
    archive: Archive, library: ModuleType, ours: Any, stream: bool
) -> None:
    with Books(speak) as books, archive.record(agent="main") as session:
        client = openai_client(library, books.address, ours.RecordingTransport(session))
        with client:
            look = agents.recorded_look(session, client, stream=stream)
            told = agents.chat(client, "what is in it?", stream=stream, look=look)
    assert told.startswith("heard")
    main, below = family_of(archive, session.id)
    assert wire_of(archive, main, below) == books_of(books)
    assert [one.path for one in books.entries] == ["/v1/chat/completions"] * 3
    asked_by_child = bodies_of(archive, below, "model.requested")
    assert len(asked_by_child) == 1
    tree = tree_of(archive, main)
    turns = [turn for loop in tree.loops for turn in loop.turns]
    assert [[step.name for step in turn.tools] for turn in turns] == [["look"], []]
    assert [(child.session, child.call) for child in tree.children] == [(below, turns[0].tools[0].call)]
    spent = [one.tokens for each in (main, below) for one in bodies_of(archive, each, "usage.recorded")]
    assert [(one.input, one.cache_read, one.output, one.reasoning) for one in spent] == [(70, 30, 20, 5)] * 3


def test_every_dialect_is_recorded(archive: Archive) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(*streamed("hello")) if asked.path == "/v1/messages" else speak(asked)

    with Books(answer) as books, archive.record(agent="main") as session:
        transport = over_httpx2.RecordingTransport(session)
        with httpx2.Client(transport=transport) as client:
            told = [
                agents.messages(
                    anthropic.Anthropic(base_url=books.address, api_key=agents.KEY, http_client=client), "a"
                ),
                agents.responses(
                    openai.OpenAI(base_url=f"{books.address}/v1", api_key=agents.KEY, http_client=client), "b"
                ),
                agents.gemini(agents.gemini_client(books.address, client), "c"),
            ]
    assert all(told)
    assert wire_of(archive, session.id) == books_of(books)
    spoken = [one.dialect for one in bodies_of(archive, session.id, "model.requested")]
    assert spoken == ["anthropic", "openai-responses", "gemini"]
    assert len(bodies_of(archive, session.id, "usage.recorded")) == 3


@pytest.mark.parametrize(("library", "ours"), LIBRARIES)
def test_asynchronous_calls_side_by_side_are_each_recorded(archive: Archive, library: Any, ours: Any) -> None:
    async def run(address: str) -> list[str]:
        async with archive.record(agent="main") as session:
            transport = ours.AsyncRecordingTransport(session)
            client = library.AsyncClient(transport=transport)
            async with openai.AsyncOpenAI(
                base_url=f"{address}/v1", api_key=agents.KEY, http_client=client
            ) as asking:
                told = await agents.responses_async(asking, "one", "two", "three")
        return [session.id, *told]

    with Books(speak) as books:
        session, *told = asyncio.run(run(books.address))
    assert len(set(told)) == 3
    key: Callable[[Any], str] = lambda entry: json.dumps(entry[1])  # noqa: E731
    assert sorted(wire_of(archive, session), key=key) == sorted(books_of(books), key=key)


def test_a_retried_call_is_recorded_with_its_failure(archive: Archive) -> None:
    def answer(asked: Asked) -> Reply:
        if len(books.entries) == 0:
            body = b'{"error": {"type": "rate_limit", "message": "slower"}}'
            return Reply(body, status=429, kind="application/json", headers={"retry-after": "0"})
        return speak(asked)

    with Books(answer) as books, archive.record(agent="main") as session:
        transport = over_httpx2.RecordingTransport(session)
        with openai_client(httpx2, books.address, transport, max_retries=2) as client:
            agents.responses(client, "hi")
    assert [one.status for one in books.entries] == [429, 200]
    (failed,) = bodies_of(archive, session.id, "model.failed")
    assert (failed.status, failed.error, failed.retry_after) == (429, "slower", 0)
    assert wire_of(archive, session.id) == books_of(books)


def test_a_stream_that_breaks_off_is_kept_as_far_as_it_came(archive: Archive) -> None:
    def answer(_: Asked) -> Reply:
        return Reply(*streamed("never whole")[:3], torn=True)

    with Books(answer) as books, archive.record(agent="main") as session:
        client = httpx2.Client(transport=over_httpx2.RecordingTransport(session))
        asking = anthropic.Anthropic(
            base_url=books.address, api_key=agents.KEY, http_client=client, max_retries=0
        )
        with client, pytest.raises(Exception, match=r"closed|incomplete"):
            agents.messages(asking, "hi")
    (answered,) = bodies_of(archive, session.id, "model.responded")
    assert answered.tape.end == "upstream_error"
    assert wire_of(archive, session.id) == books_of(books)


def test_a_provider_that_cannot_be_reached_is_a_failed_call(archive: Archive) -> None:
    with Books(speak) as books:
        address = books.address
    with archive.record(agent="main") as session:
        transport = over_httpx2.RecordingTransport(session)
        with (
            openai_client(httpx2, address, transport) as client,
            pytest.raises(openai.APIConnectionError),
        ):
            agents.responses(client, "hi")
    (failed,) = bodies_of(archive, session.id, "model.failed")
    assert failed.category == "unreachable"


def test_pieces_are_passed_on_as_they_come(archive: Archive) -> None:
    """The provider sends the second piece only when the first one has been read."""
    has_read = threading.Event()

    def wait(number: int) -> None:
        if number == 1:
            assert has_read.wait(10)

    pieces = streamed("hello there")
    with Books(lambda _: Reply(*pieces, before=wait)) as books, archive.record(agent="main") as session:
        client = httpx2.Client(transport=over_httpx2.RecordingTransport(session))
        body = {"model": "m", "max_tokens": 9, "messages": [], "stream": True}
        with client, client.stream("POST", f"{books.address}/v1/messages", json=body) as response:
            read = b""
            for piece in response.iter_bytes():
                read += piece
                has_read.set()
    assert read == b"".join(pieces)
    (answered,) = bodies_of(archive, session.id, "model.responded")
    assert len(answered.tape.chunks) > 1


def test_a_reader_that_leaves_early_is_told(archive: Archive) -> None:
    with (
        Books(lambda _: Reply(*streamed("a long answer"))) as books,
        archive.record(agent="main") as session,
    ):
        client = httpx2.Client(transport=over_httpx2.RecordingTransport(session))
        body = {"model": "m", "max_tokens": 9, "messages": [], "stream": True}
        with client, client.stream("POST", f"{books.address}/v1/messages", json=body) as response:
            next(response.iter_raw(chunk_size=10))
    (answered,) = bodies_of(archive, session.id, "model.responded")
    assert answered.tape.end == "client_abort"


@pytest.mark.parametrize(("library", "ours"), LIBRARIES)
def test_a_compressed_answer_is_kept_as_it_was_before(archive: Archive, library: Any, ours: Any) -> None:
    def answer(asked: Asked) -> Reply:
        plain = speak(asked)
        data = gzip.compress(b"".join(plain.pieces))
        return Reply(data[:20], data[20:], kind="application/json", headers={"content-encoding": "gzip"})

    with Books(answer) as books, archive.record(agent="main") as session:
        transport = ours.RecordingTransport(session)
        with openai_client(library, books.address, transport) as client:
            told = client.responses.create(model=agents.MODEL, input="hi")
    ((_, _, body),) = wire_of(archive, session.id)
    assert body == gzip.decompress(books.entries[0].answer)
    assert json.loads(body)["id"] == told.id


def test_no_credential_reaches_the_disk(archive: Archive, tmp_path: Path) -> None:
    def answer(asked: Asked) -> Reply:
        assert any(agents.KEY in value for value in asked.headers.values())
        return speak(asked)

    with Books(answer) as books, archive.record(agent="main") as session:
        client = httpx2.Client(transport=over_httpx2.RecordingTransport(session))
        with client:
            openai.OpenAI(
                base_url=f"{books.address}/v1", api_key=agents.KEY, http_client=client
            ).responses.create(model=agents.MODEL, input=f"my key is {agents.KEY}")
            agents.gemini(agents.gemini_client(books.address, client), "c")
    archive.store.catch_up()
    assert len(books.entries) == 2
    held = [path for path in (tmp_path / "archive").rglob("*") if path.is_file()]
    assert [path for path in held if agents.KEY.encode() in path.read_bytes()] == []


def test_an_archive_begins_a_session_with_the_first_call_and_ends_it(archive: Archive) -> None:
    with Books(speak) as books:
        transport = over_httpx2.RecordingTransport(archive, agent="script")
        with openai_client(httpx2, books.address, transport) as client:
            assert archive.sessions() == []
            agents.responses(client, "one")
            agents.responses(client, "two")
    (row,) = archive.sessions()
    assert (row.agent, row.status) == ("script", "completed")
    assert wire_of(archive, row.id) == books_of(books)


def test_without_a_session_calls_pass_and_within_one_they_are_recorded(archive: Archive) -> None:
    with (
        Books(speak) as books,
        openai_client(httpx2, books.address, over_httpx2.RecordingTransport()) as client,
    ):
        agents.responses(client, "one")
        assert archive.sessions() == []
        with archive.record(agent="main") as session:
            agents.responses(client, "two")
        agents.responses(client, "three")
    assert [request["input"] for _, request, _ in wire_of(archive, session.id)] == ["two"]


def test_other_calls_pass_unseen(archive: Archive) -> None:
    with (
        Books(lambda _: Reply(b"{}", kind="application/json")) as books,
        archive.record(agent="main") as session,
        httpx2.Client(transport=over_httpx2.RecordingTransport(session)) as client,
    ):
        assert client.get(f"{books.address}/weather").json() == {}
    assert [event.body.kind for event in events_of(archive, session.id)] == [
        "session.started",
        "session.ended",
    ]


def test_recording_that_fails_never_stops_the_agent(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("no room")

    with Books(speak) as books, archive.record(agent="main") as session:
        monkeypatch.setattr(session.exchanges, "requested", fail)
        transport = over_httpx2.RecordingTransport(session)
        with openai_client(httpx2, books.address, transport) as client:
            assert agents.responses(client, "hi")
    assert "not recorded: ValueError: no room" in capsys.readouterr().err


def stuck(read: threading.Event) -> Callable[[Asked], Reply]:
    """A provider that sends one piece, and the next one only when told."""
    pieces = streamed("a long answer")

    def wait(number: int) -> None:
        if number == 1:
            read.wait(10)

    return lambda _: Reply(*pieces, before=wait)


BODY = {"model": "m", "max_tokens": 9, "messages": [], "stream": True}


@pytest.mark.parametrize(("library", "ours"), LIBRARIES)
def test_a_cancelled_stream_keeps_what_came(archive: Archive, library: Any, ours: Any) -> None:
    go = threading.Event()

    async def run(address: str) -> str:
        heard = asyncio.Event()

        async def read(client: Any) -> None:
            async with client.stream("POST", f"{address}/v1/messages", json=BODY) as response:
                async for _ in response.aiter_raw():
                    heard.set()

        async with archive.record(agent="main") as session:
            async with library.AsyncClient(transport=ours.AsyncRecordingTransport(session)) as client:
                reading = asyncio.create_task(read(client))
                await asyncio.wait_for(heard.wait(), 10)
                reading.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await reading
            answered = bodies_of(archive, session.id, "model.responded")  # at once, not at the session's end
            assert [one.tape.end for one in answered] == ["client_abort"]
        return session.id

    with Books(stuck(go)) as books:
        session = asyncio.run(run(books.address))
        go.set()
    (answered,) = bodies_of(archive, session, "model.responded")
    assert sum(length for _, length in answered.tape.chunks) > 0
    (loop,) = tree_of(archive, session).loops
    assert loop.status == "completed"


@pytest.mark.parametrize(("library", "ours"), LIBRARIES)
def test_a_call_cancelled_before_its_answer_is_an_aborted_one(
    archive: Archive, library: Any, ours: Any
) -> None:
    go, asked = threading.Event(), threading.Event()

    def answer(_: Asked) -> Reply:
        asked.set()
        go.wait(10)
        return Reply(*streamed("too late"))

    async def run(address: str) -> str:
        async with archive.record(agent="main") as session:
            client = library.AsyncClient(transport=ours.AsyncRecordingTransport(session))
            asking = asyncio.create_task(client.post(f"{address}/v1/messages", json=BODY))
            await asyncio.to_thread(asked.wait, 10)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await client.aclose()
        return session.id

    with Books(answer) as books:
        session = asyncio.run(run(books.address))
        go.set()
    (failed,) = bodies_of(archive, session, "model.failed")
    assert (failed.category, failed.error) == ("client_abort", "CancelledError")
    assert bodies_of(archive, session, "model.responded") == []


@pytest.mark.parametrize(("library", "ours"), LIBRARIES)
def test_a_stream_that_nobody_closes_is_kept(archive: Archive, library: Any, ours: Any) -> None:
    go = threading.Event()
    with Books(stuck(go)) as books, archive.record(agent="main") as session:
        client = library.Client(transport=ours.RecordingTransport(session))
        response = client.send(
            client.build_request("POST", f"{books.address}/v1/messages", json=BODY), stream=True
        )
        pieces = response.iter_raw()
        next(pieces)
        del pieces, response  # left midway
        answered = bodies_of(archive, session.id, "model.responded")
        assert [one.tape.end for one in answered] == ["client_abort"]
        go.set()
        client.close()


def test_a_session_that_ends_first_keeps_what_came_of_its_calls(archive: Archive) -> None:
    go = threading.Event()
    with Books(stuck(go)) as books:
        with archive.record(agent="main") as session:
            client = httpx2.Client(transport=over_httpx2.RecordingTransport(session))
            request = client.build_request("POST", f"{books.address}/v1/messages", json=BODY)
            response = client.send(request, stream=True)
            pieces = response.iter_raw()
            first = next(pieces)
        go.set()
        rest = b"".join(pieces)  # the reader goes on, and nothing is said twice
        client.close()
    assert session.degraded is None
    (answered,) = bodies_of(archive, session.id, "model.responded")
    assert answered.tape.end == "client_abort"
    assert answered.tape.text == first.decode()
    assert rest
    kinds = [event.body.kind for event in events_of(archive, session.id)]
    assert kinds[-1] == "session.ended"

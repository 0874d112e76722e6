"""The Responses API over a socket: passed on frame by frame, recorded as exchanges, served again.

The client is OpenAI's own; the provider's frames are written by hand (`speakers`).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx2
import openai
import pytest
from tests.gateway import providers
from tests.gateway.rooms import archive_in, recorded, recording, recording_app
from tests.gateway.speakers import speak
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.sync.server import Server as SocketServer
from websockets.sync.server import ServerConnection, serve

from reenact.archive import Archive
from reenact.events import Tokens
from reenact.events.bodies import ModelFailed, ModelRequested, ModelResponded
from reenact.gateway import ReplayingApp, Server
from reenact.replay import Player, Script, declare

# OpenAI's client opens its sockets in a way that the library below it is about to give up.
pytestmark = pytest.mark.filterwarnings("ignore:connect.. must be used as a context manager")


class SocketProvider:
    """Answers `response.create` over a socket; a request that says `break` is answered in part."""

    def __init__(self, *, status: int | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

        def refuse(connection: ServerConnection, _request: Any) -> Any:
            return connection.respond(status, "no sockets here") if status is not None else None

        self._server: SocketServer = serve(self._talk, "127.0.0.1", 0, process_request=refuse)
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.socket.getsockname()[1]}"

    def _talk(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.headers.append({name.lower(): value for name, value in connection.request.headers.raw_items()})
        for frame in connection:
            asked = json.loads(frame)
            self.asked.append(asked)
            if asked.pop("type") != "response.create":
                continue
            body = json.dumps({**asked, "stream": True}).encode()
            frames = as_frames(providers.Asked("POST", "/v1/responses", {}, body))
            is_broken = "break" in json.dumps(asked["input"])
            for one in frames[: 4 if is_broken else None]:
                connection.send(one)
            if is_broken:
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()


def as_frames(asked: providers.Asked) -> list[str]:
    """Gives the events of the hand-written answer, one frame each."""
    lines = b"".join(speak(asked).pieces).decode().splitlines()
    return [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]


def converse(address: str, *prompts: str) -> list[dict[str, Any]]:
    """Says these things over one socket, each continuing the response before; gives every event."""
    read: list[dict[str, Any]] = []
    with (
        openai.OpenAI(base_url=f"{address}/v1", api_key="k", max_retries=0) as client,
        client.responses.connect() as connection,
    ):
        last: str | None = None
        for prompt in prompts:
            told: Any = {} if last is None else {"previous_response_id": last}
            connection.response.create(model="gpt-test", input=prompt, **told)
            while True:
                event = connection.recv()
                read.append(event.to_dict())
                if event.type == "response.completed":
                    last = event.response.id
                    break
                if event.type == "error":
                    return read
    return read


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with archive_in(tmp_path / "archive") as opened:
        yield opened


@contextmanager
def replaying(archive: Archive, upstream: str | None = None) -> Iterator[tuple[str, Player]]:
    script = Script.from_recording(recorded(archive), lambda name: archive.store.blob(name) or b"")
    player = Player(script, declare(), policy="fail" if upstream is None else "live")
    live = None if upstream is None else recording_app(archive, upstream, "branch")[0]
    with Server(ReplayingApp(player, scrub=archive.guard.text, live=live)) as server:
        yield server.address, player


def bodies(archive: Archive, kind: type[Any]) -> list[Any]:
    return [event.body for event in recorded(archive) if isinstance(event.body, kind)]


def test_a_socket_is_passed_on_and_its_exchanges_are_kept(archive: Archive) -> None:
    with SocketProvider() as provider:
        alone = converse(provider.address, "hello", "go on")
        with recording(archive, provider.address) as gateway:
            assert converse(gateway.address, "hello", "go on") == alone
    assert provider.headers[1]["authorization"] == "Bearer k"
    asked, said = bodies(archive, ModelRequested), bodies(archive, ModelResponded)
    assert [one.dialect for one in asked] == ["openai-responses"] * 2
    assert [one.model for one in asked] == ["gpt-test"] * 2
    expected = Tokens(input=60, cache_read=30, cache_write=10, output=20, reasoning=5)
    assert [one.usage for one in said] == [expected] * 2
    assert [one.tape.end for one in said] == ["complete"] * 2
    for one in said:
        assert sum(length for _, length in one.tape.chunks) == len(tape(archive, one))
    assert [one.message for one in said] == [
        event["response"]["id"] for event in alone if event["type"] == "response.completed"
    ]


def tape(archive: Archive, said: ModelResponded) -> bytes:
    assert said.tape is not None
    kept: str | None = getattr(said.tape, "text", None)
    return kept.encode() if kept is not None else archive.store.blob(said.tape.body or "") or b""


def test_a_socket_is_served_from_the_recording(archive: Archive) -> None:
    with SocketProvider() as provider, recording(archive, provider.address) as gateway:
        read = converse(gateway.address, "hello", "go on", "and on")
    with replaying(archive) as (address, player):
        assert converse(address, "hello", "go on", "and on") == read
    report = player.report()
    assert (report.diverged, report.matched, report.unplayed) == (False, {"fp0": 3}, ())


def test_what_was_recorded_over_a_socket_is_served_to_one_who_posts(archive: Archive) -> None:
    with SocketProvider() as provider, recording(archive, provider.address) as gateway:
        read = converse(gateway.address, "hello")
    with (
        replaying(archive) as (address, player),
        openai.OpenAI(base_url=f"{address}/v1", api_key="k", max_retries=0) as client,
    ):
        whole = client.responses.create(model="gpt-test", input="hello")
    assert whole.to_dict() == read[-1]["response"]
    assert not player.report().diverged


def test_a_changed_request_is_refused_over_the_socket(archive: Archive) -> None:
    with SocketProvider() as provider, recording(archive, provider.address) as gateway:
        converse(gateway.address, "hello", "go on")
    with replaying(archive) as (address, player):
        *_, last = converse(address, "hello", "go away")
    assert (last["type"], last["status"]) == ("error", 400)
    assert "diverged" in last["error"]["message"]
    (told,) = player.report().divergences
    assert (told.kind, told.differences[0].where) == ("changed", "input[0].content[0].text")


def test_an_answer_that_breaks_off_is_kept_as_far_as_it_came(archive: Archive) -> None:
    with (
        SocketProvider() as provider,
        recording(archive, provider.address) as gateway,
        connect(f"{gateway.address.replace('http', 'ws')}/v1/responses") as socket,
    ):
        socket.send(json.dumps({"type": "response.create", "model": "m", "input": "break"}))
        assert len(list(socket)) == 4
    (said,) = bodies(archive, ModelResponded)
    assert said.tape.end == "upstream_error"
    assert tape(archive, said).count(b"event: ") == 4


def test_a_provider_without_sockets_says_so_itself(archive: Archive) -> None:
    with SocketProvider(status=426) as provider, recording(archive, provider.address) as gateway:
        with pytest.raises(InvalidStatus) as refused:
            connect(f"{gateway.address.replace('http', 'ws')}/v1/responses")
        assert refused.value.response.status_code == 426
    assert recorded(archive) == []


def test_where_a_run_may_go_on_live_clients_are_asked_to_post(archive: Archive) -> None:
    with SocketProvider() as provider:
        with recording(archive, provider.address) as gateway:
            converse(gateway.address, "hello")
        with replaying(archive, provider.address) as (address, _), pytest.raises(InvalidStatus) as refused:
            connect(f"{address.replace('http', 'ws')}/v1/responses")
    assert refused.value.response.status_code == 426


@pytest.mark.parametrize("path", ["/", "/v1/realtime", "/v1/chat/completions"])
def test_other_sockets_are_not_opened(archive: Archive, path: str) -> None:
    with recording(archive, "http://127.0.0.1:9") as gateway:
        with pytest.raises(InvalidStatus) as refused:
            connect(f"{gateway.address.replace('http', 'ws')}{path}")
        assert refused.value.response.status_code == 426


def test_a_provider_that_is_not_there_is_a_bad_gateway(archive: Archive) -> None:
    with recording(archive, "http://127.0.0.1:9") as gateway:
        with pytest.raises(InvalidStatus) as refused:
            connect(f"{gateway.address.replace('http', 'ws')}/v1/responses")
        assert refused.value.response.status_code == 502
        assert httpx2.get(f"{gateway.address}/v1/models", trust_env=False).status_code == 502
    assert bodies(archive, ModelFailed) == []

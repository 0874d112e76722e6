"""What passes through the gateway is passed on as it is, and kept as it was."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.gateway.providers import Asked, Provider, Reply, event, request, streamed
from tests.gateway.rooms import archive_in, recorded, recording

from reenact.archive import Archive
from reenact.events import Tokens
from reenact.events.blocks import Tape
from reenact.events.bodies import ModelFailed, ModelRequested, ModelResponded, UsageRecorded


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with archive_in(tmp_path / "archive") as opened:
        yield opened


def post(address: str, body: dict[str, object], **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.post(f"{address}/v1/messages?beta=true", json=body, headers=named, trust_env=False)


def test_an_answer_comes_through_byte_for_byte_and_is_kept(archive: Archive) -> None:
    pieces = streamed("Hello from the model – ☀")
    with Provider(lambda _: Reply(*pieces)) as provider, recording(archive, provider.address) as gateway:
        answer = post(gateway.address, request("hi"))
    assert answer.content == b"".join(pieces)
    assert answer.headers["content-type"] == "text/event-stream"
    (asked,) = provider.asked
    assert json.loads(asked.body) == request("hi")
    assert asked.path == "/v1/messages?beta=true"
    requested, responded, spent = (item.body for item in recorded(archive))
    assert isinstance(requested, ModelRequested)
    assert isinstance(responded, ModelResponded)
    assert responded.tape is not None
    assert kept_answer(archive, responded.tape) == b"".join(pieces)
    assert sum(length for _, length in responded.tape.chunks) == len(b"".join(pieces))
    assert (responded.message, responded.stop_reason) == ("msg_1", "end_turn")
    assert responded.usage == Tokens(input=11, output=7)
    assert isinstance(spent, UsageRecorded)
    assert (spent.key, spent.tokens, spent.quality) == ("msg:msg_1", responded.usage, "measured")


def test_nothing_is_held_back(archive: Archive) -> None:
    pieces = streamed("slow")
    seen = threading.Event()

    def wait_for_the_reader(number: int) -> None:
        if number == 1:
            assert seen.wait(20), "the first piece was held back"

    with (
        Provider(lambda _: Reply(*pieces, before=wait_for_the_reader)) as provider,
        recording(archive, provider.address) as gateway,
        httpx2.Client(trust_env=False) as client,
        client.stream("POST", f"{gateway.address}/v1/messages", json=request("hi")) as answer,
    ):
        incoming = answer.iter_raw()
        first = next(incoming)
        seen.set()
        assert first + b"".join(incoming) == b"".join(pieces)
    assert first == pieces[0]


def test_a_history_is_kept_once(archive: Archive) -> None:
    with (
        Provider(lambda _: Reply(*streamed("yes"))) as provider,
        recording(archive, provider.address) as gateway,
    ):
        said = ["one"]
        for number in range(5):
            post(gateway.address, request(*said))
            said += ["yes", f"and {number}?"]
    requests = [item.body for item in recorded(archive) if isinstance(item.body, ModelRequested)]
    references = [body.request for body in requests]
    assert [len(reference.messages) for reference in references if reference] == [1, 2, 2, 2, 2]
    assert [reference.keep for reference in references if reference] == [0, 1, 3, 5, 7]
    assert [body.history_len for body in requests] == [1, 3, 5, 7, 9]


def test_other_calls_pass_unrecorded(archive: Archive) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(asked.method.encode() + b" " + asked.path.encode(), status=207, kind="text/plain")

    with Provider(answer) as provider, recording(archive, provider.address) as gateway:
        got = httpx2.get(f"{gateway.address}/v1/models?limit=2", trust_env=False)
        assert (got.status_code, got.text) == (207, "GET /v1/models?limit=2")
        counted = httpx2.post(f"{gateway.address}/v1/messages/count_tokens", json={}, trust_env=False)
        assert counted.status_code == 207
    assert recorded(archive) == []


@pytest.mark.parametrize("status", [400, 429, 500, 529])
def test_an_error_is_passed_on_with_its_headers_and_kept(archive: Archive, status: int) -> None:
    body = json.dumps({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}).encode()
    reply = Reply(body, status=status, kind="application/json", headers={"retry-after": "3"})
    with Provider(lambda _: reply) as provider, recording(archive, provider.address) as gateway:
        answer = post(gateway.address, request("hi"))
    assert (answer.status_code, answer.content, answer.headers["retry-after"]) == (status, body, "3")
    failed = [item.body for item in recorded(archive) if isinstance(item.body, ModelFailed)]
    assert [(each.status, each.error, each.retry_after) for each in failed] == [(status, "busy", 3.0)]


def test_a_provider_that_is_not_there_is_told_and_kept(archive: Archive) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with recording(archive, nowhere) as gateway:
            answer = post(gateway.address, request("hi"))
    assert answer.status_code == 502
    assert answer.json()["error"]["message"].startswith("reenact: the provider cannot be reached")
    assert isinstance(recorded(archive)[-1].body, ModelFailed)


def test_an_answer_that_breaks_off_is_kept_as_broken_off(archive: Archive) -> None:
    pieces = streamed("never finished")[:4]
    with (
        Provider(lambda _: Reply(*pieces, torn=True)) as provider,
        recording(archive, provider.address) as gateway,
        pytest.raises(httpx2.HTTPError),
    ):
        post(gateway.address, request("hi"))
    answer, spent = recorded(archive)[-2:]
    body = answer.body
    assert isinstance(body, ModelResponded)
    assert body.tape is not None
    assert body.tape.end == "upstream_error"
    assert isinstance(spent.body, UsageRecorded)
    assert spent.body.quality == "partial"
    assert kept_answer(archive, body.tape) == b"".join(pieces)
    assert answer.completeness == "partial"


@pytest.mark.parametrize(("heard", "end"), [("first", "client_abort"), ("last", "complete")])
def test_a_client_that_leaves_is_noticed(archive: Archive, heard: str, end: str) -> None:
    """One that leaves at the stream's last event, before the connection ends, heard all of it."""
    pieces = [*streamed("a long answer that nobody waits for"), b": the connection stays open\n\n"]
    held = 2 if heard == "first" else len(pieces) - 1
    gone = threading.Event()

    def wait_until_gone(number: int) -> None:
        if number == held:
            gone.wait(20)

    with Provider(lambda _: Reply(*pieces, before=wait_until_gone)) as provider:
        with recording(archive, provider.address) as gateway:
            with (
                httpx2.Client(trust_env=False) as client,
                client.stream("POST", f"{gateway.address}/v1/messages", json=request("hi")) as answer,
            ):
                got = b""
                for piece in answer.iter_raw():
                    got += piece
                    if heard == "first" or b"message_stop" in got:
                        break
            for _ in range(2000):
                if len(recorded(archive)) >= 2:
                    break
                threading.Event().wait(0.005)
            gone.set()
        (responded,) = [item for item in recorded(archive) if isinstance(item.body, ModelResponded)]
    assert isinstance(responded.body, ModelResponded)
    assert responded.body.tape is not None
    assert responded.body.tape.end == end
    assert responded.completeness == ("full" if end == "complete" else "partial")


SECRET = "sk-ant-api03-" + "Zx9" * 30
KEY = "canary-credential-0123456789"


def test_no_secret_reaches_the_disk(archive: Archive, tmp_path: Path) -> None:
    answer = streamed(f"the key is {SECRET}, keep it")
    answer.insert(2, event({"type": "ping", "note": SECRET}))
    body = request(f"use {SECRET} please", system=f"password={SECRET}", metadata={"user_id": SECRET})
    with Provider(lambda _: Reply(*answer)) as provider, recording(archive, provider.address) as gateway:
        got = httpx2.post(
            f"{gateway.address}/v1/messages?key={SECRET}",
            json=body,
            headers={
                "x-api-key": KEY,
                "authorization": f"Bearer {KEY}",
                "cookie": f"s={KEY}",
                "x-other": SECRET,
            },
            trust_env=False,
        )
    (asked,) = provider.asked
    assert json.loads(asked.body) == body, "the provider gets what the agent sent"
    assert asked.headers["x-api-key"] == KEY
    assert SECRET in got.text or got.content == b"".join(answer)
    kept = [path.read_bytes() for path in (tmp_path / "archive").rglob("*") if path.is_file()]
    kept += [archive.store.blob(name) or b"" for name in archive_blobs(archive)]
    assert kept
    for data in kept:
        assert SECRET.encode() not in data
        assert KEY.encode() not in data


def kept_answer(archive: Archive, tape: Tape) -> bytes | None:
    """Gives an answer from its event where it is small, else from its blob."""
    return archive.store.blob(tape.body or "") if tape.text is None else tape.text.encode()


def archive_blobs(archive: Archive) -> list[str]:
    names: list[str] = []
    for item in recorded(archive):
        match item.body:
            case ModelRequested(request=reference) if reference is not None:
                names += [reference.shape or "", *reference.messages]
            case ModelResponded(tape=tape) if tape is not None:
                names.append(tape.body or "")
            case _:
                pass
    return names

"""What was recorded is served as it was; what was not is refused, or goes on live where that is allowed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from tests.gateway.providers import Asked, Provider, Reply, request, streamed
from tests.gateway.rooms import archive_in, recorded, recording, recording_app

from reenact.archive import Archive
from reenact.events.bodies import ModelResponded
from reenact.gateway import ReplayingApp, Server
from reenact.replay import Player, Policy, Script, Timing, declare

SECRET = "sk-ant-api03-" + "Qy7" * 30


def answer(asked: Asked) -> Reply:
    """Answers with a text that depends on how much was said, so that every answer is another."""
    count = len(json.loads(asked.body)["messages"])
    return Reply(*streamed(f"answer {count}", message=f"msg_{count}"))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with archive_in(tmp_path / "archive") as opened:
        yield opened


def talk(address: str, *texts: str) -> httpx2.Response:
    return httpx2.post(f"{address}/v1/messages", json=request(*texts), trust_env=False)


def record(archive: Archive, *talks: tuple[str, ...]) -> list[bytes]:
    with Provider(answer) as provider, recording(archive, provider.address) as gateway:
        return [talk(gateway.address, *texts).content for texts in talks]


@contextmanager
def replaying(
    archive: Archive,
    *,
    policy: Policy = "fail",
    until: int | None = None,
    timing: Timing = "none",
    upstream: str | None = None,
) -> Iterator[tuple[str, Player]]:
    script = Script.from_recording(recorded(archive), lambda name: archive.store.blob(name) or b"")
    player = Player(script, declare(), policy=policy, until=until, timing=timing)
    live, recorder = (None, None) if upstream is None else recording_app(archive, upstream, "branch")
    with Server(ReplayingApp(player, scrub=archive.guard.text, live=live)) as server:
        yield server.address, player
    if recorder is not None:
        recorder.close()


TALKS = (("one",), ("one", "answer 1", "two"), ("one", "answer 1", "two", "answer 3", "three"))


@pytest.mark.parametrize("timing", ["none", "recorded"])
def test_what_was_recorded_is_served_byte_for_byte(archive: Archive, timing: Timing) -> None:
    expected = record(archive, *TALKS)
    with replaying(archive, timing=timing) as (address, player):
        assert [talk(address, *texts).content for texts in TALKS] == expected
        report = player.report()
    assert not report.diverged
    assert report.matched == {"fp0": 3}


def test_a_secret_in_a_request_does_not_keep_it_from_matching(archive: Archive) -> None:
    (expected,) = record(archive, (f"use {SECRET} please",))
    with replaying(archive) as (address, player):
        assert talk(address, f"use {SECRET} please").content == expected
        assert not player.report().diverged


def test_what_was_not_recorded_is_refused_and_stays_refused(archive: Archive) -> None:
    record(archive, *TALKS)
    with replaying(archive) as (address, player):
        refused = talk(address, "another")
        again = talk(address, "one")
        report = player.report()
    assert refused.status_code == again.status_code == 410
    assert refused.headers["x-should-retry"] == "false"
    assert refused.headers["x-reenact-divergence"] == report.divergences[0].id
    assert refused.json()["type"] == "error"
    assert report.diverged
    assert report.divergences[0].cause.startswith("messages[0]")


def test_what_is_left_unasked_is_reported(archive: Archive) -> None:
    record(archive, *TALKS)
    with replaying(archive) as (address, player):
        talk(address, *TALKS[0])
        report = player.report()
    assert report.diverged
    assert [unplayed.step for unplayed in report.unplayed] == [2, 3]


def test_until_a_point_then_live_and_the_live_part_is_kept(archive: Archive) -> None:
    expected = record(archive, *TALKS)
    with (
        Provider(lambda _: Reply(*streamed("live", message="msg_live"))) as provider,
        replaying(archive, until=2, upstream=provider.address) as (address, player),
    ):
        got = [talk(address, *texts).content for texts in TALKS]
        assert len(provider.asked) == 1
        assert json.loads(provider.asked[0].body) == request(*TALKS[2])
        assert player.report().live == 1
    assert got[:2] == expected[:2]
    assert got[2] == b"".join(streamed("live", message="msg_live"))
    branch = [item.body for item in recorded(archive, "branch")]
    assert [body.message for body in branch if isinstance(body, ModelResponded)] == ["msg_live"]


def test_nothing_goes_live_unasked(archive: Archive) -> None:
    record(archive, *TALKS)
    with Provider(answer) as provider:
        with replaying(archive, upstream=provider.address) as (address, _):
            assert talk(address, "another").status_code == 410
        assert provider.asked == []


def test_calls_beside_the_conversation_never_block_it(archive: Archive) -> None:
    expected = record(archive, *TALKS)
    with replaying(archive) as (address, player):
        got = []
        for texts in TALKS:
            beside = httpx2.post(f"{address}/v1/messages/count_tokens", json=request("x"), trust_env=False)
            assert beside.status_code == 200
            got.append(talk(address, *texts).content)
        report = player.report()
    assert got == expected
    assert not report.diverged
    assert len(report.stubs) == len(TALKS)


@pytest.mark.parametrize("torn_at", [1, 4])
def test_an_answer_that_broke_off_breaks_off_again(archive: Archive, torn_at: int) -> None:
    pieces = streamed("never finished")[:torn_at]
    with (
        Provider(lambda _: Reply(*pieces, torn=True)) as provider,
        recording(archive, provider.address) as gateway,
        pytest.raises(httpx2.HTTPError),
    ):
        talk(gateway.address, "one")
    with replaying(archive) as (address, _), pytest.raises(httpx2.HTTPError):
        talk(address, "one")

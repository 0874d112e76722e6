"""Calls of an agent that keeps a log are counted by its log; where it left none, by the recording."""

from __future__ import annotations

from pathlib import Path

import httpx2
from tests.gateway.providers import Provider, Reply, request, streamed
from tests.gateway.rooms import SESSION, archive_in, recording

from reenact import launch
from reenact.events import Header
from reenact.ids import CountingMinter

NATIVE = "11111111-1111-4111-8111-111111111111"


def test_what_no_log_counts_the_recording_counts_once(tmp_path: Path) -> None:
    with archive_in(tmp_path / "archive") as archive:
        with (
            Provider(lambda _: Reply(*streamed("yes"))) as provider,
            recording(archive, provider.address) as gateway,
        ):
            httpx2.post(
                f"{gateway.address}/v1/messages",
                json=request("hi"),
                headers={"x-claude-code-session-id": NATIVE},
                trust_env=False,
            )
        archive.store.catch_up()
        assert archive.session(SESSION).own.tokens.total == 0, "a log is expected to count it"
        tools = launch.Tools(
            store=archive.store,
            clock=archive.clock,
            minter=CountingMinter("later"),
            scrub=archive.guard.value,
            scrub_text=archive.guard.text,
            is_clean=archive.guard.is_clean,
        )
        header = Header(id=SESSION, agent="agent", native_id=SESSION)
        assert [launch.count(tools, header, []) for _ in range(2)] == [1, 0]
        archive.store.catch_up()
        # The provider says 11 tokens in and 7 out.
        assert archive.session(SESSION).own.tokens.total == 18

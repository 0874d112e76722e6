"""Real clients, followed while they work: what came is what a later import of their logs gives."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import pytest
from tests.clients import install, stories
from tests.clients.stage import perform
from tests.e2e.conftest import _is_required
from tests.ingest.machines import answers

from reenact.archive import open_archive

pytestmark = pytest.mark.e2e
PLAYED = (
    "claude-2.1.329/subagent",
    "claude-2.1.329/resume-fork",
    "codex-0.169.0/subagent",
    "codex-0.169.0/tools",
)
QUIET = 5
"""Rounds without anything new after the client ended."""


@pytest.mark.parametrize("polled", [False, True], ids=["notified", "polled"])
@pytest.mark.parametrize("name", PLAYED)
def test_what_came_while_it_worked_is_what_a_later_import_gives(
    name: str, polled: bool, tmp_path: Path
) -> None:
    client, story = next(
        (client, story) for client, story in stories.PLAYED if f"{client}/{story.name}" == name
    )
    if install.command(client) is None:
        missing = f"{client} is not installed: python tests/clients/install.py {client}"
        if _is_required(client):
            pytest.fail(missing)
        pytest.skip(missing)
    failed: list[BaseException] = []

    def play() -> None:
        try:
            perform(story, client, tmp_path / "machine", pace=0.03)
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            failed.append(error)

    home = tmp_path / "machine" / "home" / "dev"
    variables = {"HOME": str(home), "TZ": "UTC"}
    came: list[tuple[str, str]] = []
    early, states = 0, set[str]()
    with (
        open_archive(tmp_path / "archive", variables=variables) as archive,
        archive.follow(polled=polled) as live,
    ):
        player = threading.Thread(target=play)
        player.start()
        quiet = 0
        while player.is_alive() or quiet < QUIET:
            found = live.step(0.2)
            came += [(each.event.session, each.event.id) for each in found]
            if player.is_alive():
                early = len(came)
                states |= {row.status for row in archive.standing() if row.kind != "subagent"}
            else:
                quiet = 0 if found else quiet + 1
        player.join()
        assert failed == []
        assert early > 0  # it was followed, and not only read afterwards
        if not name.endswith("resume-fork"):  # its starts are shorter than a look at processes lasts
            assert states & {"working", "idle"}
        kept = [(event.session, event.id) for row in archive.sessions() for event in archive.events(row.id)]
        assert Counter(came) == Counter(kept)
        followed = answers(archive)
    with open_archive(tmp_path / "later", variables=variables) as later:
        later.catch_up()
        assert followed == answers(later)

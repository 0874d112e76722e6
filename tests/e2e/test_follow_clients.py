"""Real clients, followed while they work: what came is what a later import of their logs gives."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from tests.clients import install, stories
from tests.clients.rules_endpoint import Rule, RulesEndpoint
from tests.clients.stage import perform
from tests.e2e.conftest import _is_required
from tests.e2e.test_copilot_opencode import _BOOM, COPILOT, OPENCODE, Desk, _helper, _with_path, _work
from tests.e2e.test_more_clients import CLIENTS, Client
from tests.e2e.watching import Seen, watched

from reenact.sources.life import LOCKS

pytestmark = pytest.mark.e2e
PLAYED = (
    "claude-2.1.329/subagent",
    "claude-2.1.329/resume-fork",
    "codex-0.169.0/subagent",
    "codex-0.169.0/tools",
)
PAUSE = 0.4
"""Seconds before each answer, in which a follower sees what was written until then."""


def _installed(client: str) -> None:
    if install.command(client) is None:
        missing = f"{client} is not installed: python tests/clients/install.py {client}"
        if _is_required(client):
            pytest.fail(missing)
        pytest.skip(missing)


@pytest.mark.parametrize("polled", [False, True], ids=["notified", "polled"])
@pytest.mark.parametrize("name", PLAYED)
def test_what_came_while_it_worked_is_what_a_later_import_gives(
    name: str, polled: bool, tmp_path: Path
) -> None:
    client, story = next(
        (client, story) for client, story in stories.PLAYED if f"{client}/{story.name}" == name
    )
    _installed(client)
    machine = tmp_path / "machine"
    seen = watched(
        lambda: perform(story, client, machine, pace=0.03), machine / "home" / "dev", tmp_path, polled=polled
    )
    assert seen.early > 0  # it was followed, and not only read afterwards
    if not name.endswith("resume-fork"):  # its starts are shorter than a look at processes lasts
        assert seen.statuses & {"working", "idle"}
    _is_the_same(seen)


def _is_the_same(seen: Seen) -> None:
    assert seen.came == seen.kept
    assert seen.followed == seen.later


def _gave_signs(seen: Seen) -> None:
    if os.path.exists(LOCKS):
        assert seen.alive == {
            row["id"] for row in seen.later["list"] if row["kind"] == "main" and not row["hidden"]
        }


class Slow(RulesEndpoint):
    """An endpoint that leaves a follower time to look."""

    def choose(self, words: str) -> Rule | None:
        time.sleep(PAUSE)
        return super().choose(words)


def _work_of(client: Client, home: Path) -> None:
    cwd = home / "code" / "todo"
    with Slow(client.rules(cwd)) as endpoint:
        variables = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
        variables |= client.settle(home, endpoint.url)
        for arguments in (("-p", "what is the magic number"), (*client.resume, "-p", "And again")):
            done = subprocess.run(
                [*(install.command(client.name) or []), *client.arguments, *arguments],
                cwd=cwd, env=variables, capture_output=True, text=True, timeout=100, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr[-2000:]
    assert endpoint.strays == []


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_followed_slowly_it_is_what_a_later_import_gives(client: Client, tmp_path: Path) -> None:
    _installed(client.name)
    home = tmp_path / "home"
    (home / "code" / "todo").mkdir(parents=True)
    (home / "code" / "todo" / "README.md").write_text("# todo\nThe magic number is 42.\n", encoding="utf-8")
    seen = watched(lambda: _work_of(client, home), home, tmp_path)
    assert seen.early > 0
    _gave_signs(seen)
    if client.name == "gemini-0.34.0":
        _is_the_same_but_for_what_was_overwritten(seen)
    else:
        _is_the_same(seen)


def _is_the_same_but_for_what_was_overwritten(seen: Seen) -> None:
    """0.34 lets a sub-agent write into the main chat's file, and overwrites that: only a follower saw it."""
    there = {row["id"]: row for row in seen.later["list"]}
    for row in seen.followed["list"]:
        if row["id"] in there:
            assert seen.followed["events"][row["id"]] == seen.later["events"][row["id"]]
            assert row["usage"] == there[row["id"]]["usage"]
            assert row["loops"] == there[row["id"]]["loops"]
        else:
            assert (row["kind"], row["parent"] in there) == ("subagent", True)
            assert row["removed_at_source"] == row["events"]
    assert there.keys() <= {row["id"] for row in seen.followed["list"]}
    assert not seen.kept - seen.came


@pytest.mark.parametrize("client", [COPILOT, OPENCODE])
def test_rows_that_change_in_place_are_what_a_later_import_gives(client: str, tmp_path: Path) -> None:
    _installed(client)
    root = tmp_path / "machine"
    file, read = ("path", "view") if client == COPILOT else ("filePath", "read")
    more = (
        {"agent_type": "general-purpose", "name": "helper", "mode": "sync"}
        if client == COPILOT
        else {"subagent_type": "general"}
    )
    first, second = _work(file, _BOOM, read)
    given = {"description": "Look", "prompt": "Helper task: find the number", **more}
    desk = Desk(root, (_with_path(first, root), second, *_helper("task", given)))
    desk.endpoint.pace = PAUSE
    run = desk.copilot if client == COPILOT else desk.opencode
    how = ("-p",) if client == COPILOT else ()

    def play() -> None:
        with desk.endpoint:
            assert run(*how, "Find the number") == 0
            assert run("--continue", *how, "And again") == 0
            assert run("--continue", *how, "Ask a helper") == 0

    seen = watched(play, desk.machine.home, tmp_path)
    assert seen.early > 0
    _is_the_same(seen)
    _gave_signs(seen)

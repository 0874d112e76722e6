"""What an agent is told of the gateway, and what a run is surrounded by."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reenact.clock import ManualClock
from reenact.errors import UsageError
from reenact.launch import agents, surroundings


@pytest.mark.parametrize(
    ("command", "agent"),
    [(["claude", "-p"], "claude_code"), (["/opt/x/claude"], "claude_code"), (["./mine.py"], "mine.py")],
)
def test_an_agent_is_known_by_its_command(command: list[str], agent: str) -> None:
    assert agents.agent_of(command) == agent


def test_no_command_is_wrong_usage() -> None:
    with pytest.raises(UsageError):
        agents.check([])


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=e@example.com", *words],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_the_state_of_the_repository_is_told_without_credentials(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "trunk")
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-q", "-m", "first")
    git(tmp_path, "remote", "add", "origin", "https://me:secret@example.com/x.git")
    found = surroundings.repository_of(str(tmp_path))
    assert found is not None
    assert (found.branch, found.dirty, found.head) == ("trunk", False, git(tmp_path, "rev-parse", "HEAD"))
    assert found.remote == "https://example.com/x.git"
    (tmp_path / "a").write_text("2")
    changed = surroundings.repository_of(str(tmp_path))
    assert changed is not None
    assert changed.dirty is True


def test_a_folder_without_a_repository_has_no_state(tmp_path: Path) -> None:
    assert surroundings.repository_of(str(tmp_path)) is None
    assert surroundings.repository_of(str(tmp_path / "gone")) is None


def test_a_run_declares_where_when_and_as_whom_it_runs(tmp_path: Path) -> None:
    clock = ManualClock(1_772_409_600_000_000)  # 2026-03-02T00:00:00Z
    variables = {"HOME": "/home/dev", "TZ": "Pacific/Niue", "TMPDIR": "/scratch", "USER": "dev"}
    found = surroundings.declared(variables, clock, cwd=str(tmp_path))
    assert (found.cwd, found.home, found.temp) == (str(tmp_path), "/home/dev", "/scratch")
    assert found.dates == ("2026-03-01",), "the date of the zone, not of Greenwich"
    assert {named.name: named.value for named in found.further}["user"] == "dev"

"""Where the real client runs: a place it is recorded at, one that differs in every way, and reenact before it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.clients import install
from tests.clients.run import LIMIT, Machine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.clients.stage import Story

CLIENT = "claude-2.1.329"
needs_client = pytest.mark.skipif(
    install.command(CLIENT) is None and not os.environ.get("REENACT_REQUIRE_CLIENTS"),
    reason="the real client is not installed",
)
# 25 hours apart: the local dates of these two always differ.
EAST, WEST = "Pacific/Kiritimati", "Pacific/Niue"


class Here(Machine):
    """Where a story is recorded. `HOME` holds the project."""

    def __init__(self, root: Path, story: Story) -> None:
        super().__init__(root, project=story.project, files=story.files)

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        return super().environment({"TZ": WEST, **(extra or {})})


class Elsewhere(Machine):
    """Another home, a project outside of it with another name and a space, another day, user and commit."""

    def __init__(self, root: Path, story: Story) -> None:
        self.shift = root / "work copies"
        super().__init__(root, project=story.project, files=story.files)
        self.home = root / "users" / "maria-b"
        self.home.mkdir(parents=True)
        (root / "scratch").mkdir()
        self.shift.mkdir()
        self.cwd = self.cwd.rename(self.shift / "second-copy-of-it")
        again = ["commit", "-q", "--amend", "-m", "first", "--reset-author"]
        subprocess.run(["git", *again], cwd=self.cwd, env=self.environment(), check=True)

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        day = {f"GIT_{role}_DATE": "2026-02-07T11:30:00Z" for role in ("AUTHOR", "COMMITTER")}
        place = {"TZ": EAST, "TMPDIR": str(self.root / "scratch"), "USER": "maria-b", "LOGNAME": "maria-b"}
        return super().environment({**day, **place, **(extra or {})})


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How a command under reenact ended. `result` is the last thing the agent said."""

    code: int
    result: str
    session: str
    stdout: str
    stderr: str
    report: dict[str, Any]

    @property
    def matched(self) -> int:
        """Calls that were played after nothing more than what belongs to each run was taken out."""
        return sum(self.report["matched"].get(level, 0) for level in ("fp0", "fp1", "fp1_union"))


def claude(prompt: str, *options: str, allow: bool = True) -> list[str]:
    """Gives the command line of a headless run."""
    command = install.command(CLIENT)
    assert command is not None
    how = ["--output-format", "stream-json", "--verbose", *options]
    return [*command, "-p", prompt, *how, *(["--dangerously-skip-permissions"] if allow else [])]


def environment(
    machine: Machine, archive: Path, *, upstream: str | None, extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Gives what a client under reenact is started with; without `upstream` it knows of no model."""
    told = {"IS_SANDBOX": "1", "REENACT_HOME": str(archive), **(extra or {})}
    if upstream is not None:
        told |= {
            "ANTHROPIC_BASE_URL": upstream,
            "ANTHROPIC_API_KEY": "dummy",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
        }
    return machine.environment(told)


def reenact(*words: str) -> list[str]:
    """Gives a command line of ours."""
    return [sys.executable, "-m", "reenact", "--debug", *words]


def start(words: Sequence[str], machine: Machine, variables: Mapping[str, str]) -> subprocess.Popen[str]:
    """Starts a command in the machine's project, in a session of its own so that it can be signalled."""
    return subprocess.Popen(
        words,
        cwd=machine.cwd,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def end(process: subprocess.Popen[str], report: Path | None = None) -> Ended:
    """Waits for a command's end and reads what it said."""
    try:
        out, err = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        pytest.fail(f"no end after {LIMIT} s: {out[-2000:]} {err[-2000:]}")
    told = [json.loads(line) for line in out.splitlines() if line.startswith('{"')]
    results = [one for one in told if one.get("type") == "result"]
    sessions = [one["session_id"] for one in told if one.get("session_id")]
    return Ended(
        code=process.returncode,
        result=str(results[-1].get("result", "")) if results else "",
        session=sessions[-1] if sessions else "",
        stdout=out,
        stderr=err,
        report=json.loads(report.read_bytes()) if report is not None and report.exists() else {},
    )


def run_reenact(machine: Machine, archive: Path, *words: str) -> Any:
    """Runs one of our commands at a machine and reads its JSON (None where it says none)."""
    ended = end(start(reenact(*words), machine, environment(machine, archive, upstream=None)))
    assert ended.code == 0, ended.stderr
    return json.loads(ended.stdout) if ended.stdout.startswith(("{", "[")) else None


def files_of(machine: Machine) -> dict[str, bytes]:
    """Gives the files of the project, git's own left out, the project's place named CWD."""
    return {
        str(path.relative_to(machine.cwd)): path.read_bytes().replace(bytes(machine.cwd), b"CWD")
        for path in sorted(machine.cwd.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


def neutral(text: str, machine: Machine) -> str:
    """Gives a text with the machine's places named, and the address of whatever answered."""
    text = re.sub(r"127\.0\.0\.1:\d+", "ADDRESS", text)
    return text.replace(str(machine.cwd), "CWD").replace(str(machine.home), "HOME")

"""The real Claude Code, recorded and replayed: elsewhere, by someone else, from a recording or from its log."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.clients import install
from tests.clients.endpoint import Endpoint
from tests.clients.run import Machine
from tests.clients.script import Script
from tests.clients.stage import Story
from tests.clients.stories_claude import NEWEST

CLIENT = "claude-2.1.329"
PROMPTS = {
    "plain": "Say hello to the todo list.",
    "tools": "Mend the store and leave a note.",
    "subagent": "Ask a helper what the store does.",
    "subagents-parallel": "Ask two helpers at once.",
}
STORIES = {story.name: story for story in NEWEST if story.name in PROMPTS}

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        install.command(CLIENT) is None and not os.environ.get("REENACT_REQUIRE_CLIENTS"),
        reason="the real client is not installed",
    ),
]


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """How a command under reenact ended."""

    code: int
    result: str
    stderr: str
    report: dict[str, Any]


def under_reenact(
    machine: Machine, archive: Path, words: Sequence[str], prompt: str, *options: str, upstream: str | None
) -> Done:
    """Runs Claude Code behind `reenact WORDS` and reads what it said last."""
    claude = install.command(CLIENT)
    assert claude is not None
    environment = machine.environment({"IS_SANDBOX": "1", "REENACT_HOME": str(archive)})
    if upstream is not None:
        environment |= {
            "ANTHROPIC_BASE_URL": upstream,
            "ANTHROPIC_API_KEY": "dummy",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
        }
    report = archive.parent / "report.json"
    report.unlink(missing_ok=True)
    done = subprocess.run(
        [
            sys.executable, "-m", "reenact", "--debug", *words, "--json", str(report), "--",
            *claude, "-p", prompt, "--output-format", "stream-json", "--verbose",
            "--dangerously-skip-permissions", *options,
        ],
        cwd=machine.cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    results = [json.loads(line) for line in done.stdout.splitlines() if '"type":"result"' in line]
    return Done(
        code=done.returncode,
        result=results[-1].get("result", "") if results else "",
        stderr=done.stderr,
        report=json.loads(report.read_text()) if report.exists() else {},
    )


def files_of(machine: Machine) -> dict[str, bytes]:
    """Gives the files of the project, git's own left out."""
    return {
        str(path.relative_to(machine.cwd)): path.read_bytes().replace(bytes(machine.cwd), b"CWD")
        for path in sorted(machine.cwd.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    story: Story
    archive: Path
    machine: Machine
    done: Done
    requests: int


@pytest.fixture(params=list(STORIES))
def recorded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Recorded]:
    story = STORIES[request.param]
    machine = Machine(tmp_path / "a", project=story.project, files=story.files)
    archive = tmp_path / "archive"
    with Endpoint(Script(story.talks(machine), seed=story.name)) as endpoint:
        done = under_reenact(machine, archive, ["record"], PROMPTS[request.param], upstream=endpoint.url)
        requests = len(endpoint.books.entries())
    assert done.code == 0, done.stderr
    yield Recorded(story=story, archive=archive, machine=machine, done=done, requests=requests)


@pytest.mark.parametrize("origin", ["recording", "log"])
def test_a_recorded_run_replays_elsewhere(recorded: Recorded, tmp_path: Path, origin: str) -> None:
    assert recorded.done.report["exchanges"] == recorded.requests
    (transcript,) = recorded.done.report["transcripts"]
    elsewhere = Machine(tmp_path / "another place", project="todo-elsewhere", files=recorded.story.files)
    words = ["replay", recorded.done.report["session"]]
    if origin == "log":
        words = ["replay", transcript, "--from-log"]
    played = under_reenact(
        elsewhere, recorded.archive, words, PROMPTS[recorded.story.name], upstream=None
    )
    assert played.code == 0, played.stderr
    assert played.report["diverged"] is False
    assert sum(played.report["matched"].get(level, 0) for level in ("fp0", "fp1", "fp1_union")) == recorded.requests
    assert played.result.replace(str(elsewhere.cwd), "CWD") == recorded.done.result.replace(
        str(recorded.machine.cwd), "CWD"
    )
    assert files_of(elsewhere) == files_of(recorded.machine)


def test_another_prompt_is_refused_and_located(recorded: Recorded, tmp_path: Path) -> None:
    elsewhere = Machine(tmp_path / "b", project="todo", files=recorded.story.files)
    prompt = PROMPTS[recorded.story.name].replace("the", "a", 1).replace("helper", "friend")
    played = under_reenact(
        elsewhere, recorded.archive, ["replay", recorded.done.report["session"]], prompt, upstream=None
    )
    assert played.code == 3
    assert "messages[" in played.report["divergences"][0]["cause"]
    assert "prompt" in played.report["divergences"][0]["classification"]

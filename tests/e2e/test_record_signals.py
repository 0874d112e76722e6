"""An agent or its recorder is stopped while an answer hangs: what had come is kept, and says it is cut."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.clients.endpoint import Endpoint
from tests.clients.script import Script
from tests.clients.stories_claude import NEWEST
from tests.e2e.places import (
    Elsewhere,
    Here,
    claude,
    end,
    environment,
    needs_client,
    reenact,
    run_reenact,
    start,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

STORY = next(story for story in NEWEST if story.name == "interrupt")
PROMPT = "Think for a very long time."
LIMIT = 60.0

pytestmark = [pytest.mark.e2e, pytest.mark.crash, needs_client]


def children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        yield from map(int, (task / "children").read_text().split())


def agent_of(recorder: subprocess.Popen[str]) -> int:
    """Gives the process group of the agent: what reenact started lives in a group of its own."""
    (pid,) = children(recorder.pid)
    assert os.getpgid(pid) == pid
    return pid


class Stopped(msgspec.Struct, frozen=True, kw_only=True):
    """A recording that was stopped in its second answer."""

    code: int
    row: dict[str, Any]
    archive: Path
    machine: Here


def stopped(root: Path, number: int, *, who: str) -> Stopped:
    machine = Here(root / "a", STORY)
    archive = root / "archive"
    with Endpoint(Script(STORY.talks(machine), seed="signals")) as endpoint:
        variables = environment(machine, archive, upstream=endpoint.url)
        recorder = start([*reenact("record", "--"), *claude(PROMPT)], machine, variables)
        assert endpoint.hanging.wait(LIMIT)
        # The client needs a moment to read what was streamed; nothing can tell us when it has.
        endpoint.closing.wait(1.0)
        agent = agent_of(recorder)
        if who == "agent":
            os.killpg(agent, number)
        else:
            os.kill(recorder.pid, number)
        code = end(recorder).code if number != signal.SIGKILL or who == "agent" else _abandon(recorder, agent)
    listed = run_reenact(machine, archive, "list", "--json")["sessions"]
    (row,) = [row for row in listed if "recording" in row["tags"]]
    return Stopped(code=code, row=row, archive=archive, machine=machine)


def _abandon(recorder: subprocess.Popen[str], agent: int) -> int:
    """Ends the agent whose recorder was killed: without a gateway it would go on trying for minutes."""
    with suppress(ProcessLookupError):
        os.killpg(agent, signal.SIGKILL)
    return end(recorder).code


def plays_its_beginning(found: Stopped, root: Path) -> None:
    """The first answer is served, the second is told to be missing, and nothing hangs."""
    elsewhere = Elsewhere(root / "b", STORY)
    report = root / "report.json"
    words = reenact("replay", found.row["id"], "--json", str(report), "--")
    variables = environment(elsewhere, found.archive, upstream=None)
    ended = end(start([*words, *claude(PROMPT)], elsewhere, variables), report)
    assert ended.code == 3
    assert (ended.matched, ended.report["recorded"]) == (1, 1)
    (told,) = ended.report["divergences"]
    assert (told["kind"], told["step"]) == ("extra", 2)
    assert told["cause"] == "the request was recorded, but its answer was not"


def is_sound(found: Stopped) -> None:
    damage = end(
        start(
            reenact("verify", "--json"),
            found.machine,
            environment(found.machine, found.archive, upstream=None),
        )
    )
    assert damage.code == 0, damage.stdout + damage.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_agent_that_is_stopped_leaves_a_recording_cut_short(
    number: signal.Signals, tmp_path: Path
) -> None:
    found = stopped(tmp_path, number, who="agent")
    # On SIGINT this agent tidies up and says that all is well.
    assert found.code == (0 if number == signal.SIGINT else 128 + number)
    assert (found.row["status"], found.row["completeness"]) == ("interrupted", "partial")
    is_sound(found)
    plays_its_beginning(found, tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_recorder_passes_on_what_it_is_told_and_ends_with_its_agent(
    number: signal.Signals, tmp_path: Path
) -> None:
    found = stopped(tmp_path, number, who="recorder")
    assert found.code == (0 if number == signal.SIGINT else 128 + number)
    assert (found.row["status"], found.row["completeness"]) == ("interrupted", "partial")
    is_sound(found)


def test_a_killed_recorder_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    found = stopped(tmp_path, signal.SIGKILL, who="recorder")
    assert found.code == -signal.SIGKILL
    assert found.row["status"] == "aborted"
    is_sound(found)
    kinds = events_of(found)
    assert kinds.count("model.requested") == 2
    assert kinds.count("model.responded") == 1
    plays_its_beginning(found, tmp_path)


def events_of(found: Stopped) -> list[str]:
    shown = end(
        start(
            reenact("export", found.row["id"], "--format", "jsonl"),
            found.machine,
            environment(found.machine, found.archive, upstream=None),
        )
    )
    assert shown.code == 0, shown.stderr
    lines = [json.loads(line) for line in shown.stdout.splitlines()]
    return [line["body"]["kind"] for line in lines if "body" in line]

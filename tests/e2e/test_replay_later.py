"""A replay forty-five days later, where the machine has a program that lies about the time."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.clients.stories_claude import NEWEST
from tests.e2e import stages
from tests.e2e.places import claude, end, environment, files_of, needs_client, neutral, reenact, start

# Debian's faketime; its library alone and for the client alone: it breaks programs that Python starts.
LIBRARY = next((str(path) for path in Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
LATER = {"LD_PRELOAD": LIBRARY or "", "FAKETIME": "+45d"}

pytestmark = [
    pytest.mark.e2e,
    needs_client,
    pytest.mark.skipif(LIBRARY is None, reason="faketime is not installed"),
]


@pytest.fixture(autouse=True)
def _tidy() -> Iterator[None]:
    """Removes what the library leaves behind: the next process of that number would trip over it."""
    before = set(Path("/dev/shm").glob("sem.faketime_sem_*"))
    yield
    for path in set(Path("/dev/shm").glob("sem.faketime_sem_*")) - before:
        path.unlink(missing_ok=True)


def today(**variables: str) -> str:
    return subprocess.run(
        ["date", "+%F"], env={**os.environ, **variables}, capture_output=True, text=True, check=True
    ).stdout


def test_a_replay_on_another_day_is_the_recorded_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert today(**LATER) != today()
    story = next(story for story in NEWEST if story.name == "subagent")
    recording = stages.record(story, tmp_path_factory.mktemp("later"))
    machine = recording.elsewhere()
    report = machine.root / "report.json"
    words = reenact("replay", recording.runs[0].report["session"], "--json", str(report), "--")
    (prompt,) = {talk.says for talk in story.talks(machine) if talk.lane is None}
    variables = environment(machine, recording.archive, upstream=None)
    later = ["env", *(f"{name}={value}" for name, value in LATER.items())]
    ended = end(start([*words, *later, *claude(prompt)], machine, variables), report)
    assert (ended.code, ended.matched, ended.report["diverged"]) == (0, recording.requests, False), (
        ended.stderr
    )
    assert neutral(ended.result, machine) == recording.results[0]
    assert files_of(machine) == recording.files

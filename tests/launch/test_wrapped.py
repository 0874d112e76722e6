"""A wrapped run of an agent that keeps a transcript: found, followed, linked, and nothing of it lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from reenact.archive import Archive, open_archive
from reenact.events.bodies import AssistantMessage, Custom, SessionEnded
from reenact.launch import likeness
from reenact.launch.finding import TRANSCRIPT
from reenact.launch.record import INCOMPLETE

FAKES = Path(__file__).with_name("fake_agents.py")
PROMPT = "mend the store"


@pytest.fixture
def variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A home, a folder to work in, and fake agents on the search path."""
    for folder in ("bin", "home", "work"):
        (tmp_path / folder).mkdir()
    for agent in ("claude", "codex", "gemini"):
        program = tmp_path / "bin" / agent
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{FAKES}" {agent} "$@"\n')
        program.chmod(0o755)
    monkeypatch.chdir(tmp_path / "work")
    found = {
        "HOME": str(tmp_path / "home"),
        "TZ": "UTC",
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


@pytest.fixture
def archive(tmp_path: Path, variables: dict[str, str]) -> Iterator[Archive]:
    with open_archive(tmp_path / "archive", variables=variables) as opened:
        yield opened


@pytest.mark.parametrize("agent", ["claude", "codex", "gemini"])
def test_a_run_is_one_row_and_its_recording_says_by_what_it_was_found(archive: Archive, agent: str) -> None:
    recorded = archive.record_command([agent, "-p", PROMPT], output=True)
    (transcript,) = archive.transcripts_of(recorded.native_sessions)
    rows = {row.id: row for row in archive.sessions()}
    assert {name: row.hidden for name, row in rows.items()} == {recorded.session: True, transcript: False}
    assert rows[transcript].title == PROMPT
    said = [e.body for e in archive.events(transcript) if isinstance(e.body, AssistantMessage)]
    assert len(said) == 1
    linked = [
        event.body.data
        for event in archive.events(recorded.session)
        if isinstance(event.body, Custom) and event.body.name == TRANSCRIPT
    ]
    assert [each["native_id"] for each in linked] == list(recorded.native_sessions)


def test_an_id_that_the_command_names_is_the_surest_sign(archive: Archive) -> None:
    mine = "0b9d2a3e-0000-4000-8000-000000000001"
    recorded = archive.record_command(["claude", "-p", PROMPT, "--session-id", mine], output=True)
    assert recorded.native_sessions == (mine,)


def test_what_is_missing_lowers_the_completeness_and_is_told(archive: Archive) -> None:
    recorded = archive.record_command(["codex", "-p", PROMPT, "--silent"], wire=False, output=True)
    assert recorded.missing == (
        "model calls were not to be recorded",
        "no transcript of the agent's own was found",
    )
    row = archive.session(recorded.session)
    assert (row.completeness, row.hidden, row.status) == ("partial", False, "completed")
    told = [
        event.body.data["reason"]
        for event in archive.events(row.id)
        if isinstance(event.body, Custom) and event.body.name == INCOMPLETE
    ]
    assert tuple(told) == recorded.missing


def test_a_run_can_be_noted_while_it_runs(archive: Archive, variables: dict[str, str]) -> None:
    with _started(archive, variables, ["claude", "-p", PROMPT]) as process:
        assert process.stdout is not None
        process.stdout.readline()
        archive.store.catch_up()
        (running,) = [row for row in archive.sessions() if row.original is None]
        assert running.status == "running"
        archive.note(running.id, "looks good", add=("kept",))
        assert process.wait(60) == 0
    archive.store.catch_up()
    assert "kept" in archive.session(running.id).tags
    assert [each.text for each in archive.notes(running.id)] == ["looks good"]


@pytest.mark.parametrize("victim", ["agent", "wrapper"])
def test_a_kill_loses_nothing_that_was_written(
    archive: Archive, variables: dict[str, str], victim: str
) -> None:
    with _started(archive, variables, ["claude", "-p", PROMPT, "--endless"]) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert json.loads(process.stdout.readline()) == {"written": True}
        os.kill(told["pid"] if victim == "agent" else process.pid, signal.SIGKILL)
        code = process.wait(60)
    assert code == (128 + signal.SIGKILL if victim == "agent" else -signal.SIGKILL)
    if victim == "wrapper":
        os.kill(told["pid"], signal.SIGKILL)
    archive.catch_up()
    rows = {row.native_id: row for row in archive.sessions()}
    transcript = rows.pop(told["session"])
    (recording,) = rows.values()
    assert transcript.title == PROMPT
    assert sum(isinstance(e.body, AssistantMessage) for e in archive.events(transcript.id)) == 1
    assert recording.status == ("interrupted" if victim == "agent" else "aborted")
    ends = [e.body for e in archive.events(recording.id) if isinstance(e.body, SessionEnded)]
    assert len(ends) == (victim == "agent")
    said = "".join(
        e.body.data["text"]
        for e in archive.events(recording.id)
        if isinstance(e.body, Custom) and e.body.name == "reenact.stdout"
    )
    assert "written" in said


def _started(archive: Archive, variables: dict[str, str], command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "reenact", "record", "-q", "--", *command],
        env={**variables, "REENACT_HOME": str(archive.path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _said(*texts: str) -> likeness.Said:
    return likeness.Said(texts=frozenset(texts), calls=frozenset(), asked="")


def test_a_log_is_of_a_run_where_it_says_nothing_that_the_model_did_not() -> None:
    wire = _said("Let me look.", "It is 42.", "a title")
    assert likeness.is_same(wire, _said("Let me look.", "It is 42."))
    assert not likeness.is_same(wire, _said("Let me look.", "It is 43."))
    assert not likeness.is_same(wire, _said())
    called = msgspec.structs.replace(_said(), calls=frozenset({'read {"path":"a"}'}))
    assert likeness.is_same(msgspec.structs.replace(wire, calls=called.calls), called)

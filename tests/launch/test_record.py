"""A program without a log of its own: recorded, counted, replayed, diverged."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reenact.archive import Archive, open_archive
from reenact.archive.guard import Guard
from reenact.events import encode
from reenact.events.bodies import SessionEnded, SessionStarted
from reenact.launch import Options, playback
from reenact.launch.demo import ScriptedModel

PROMPT = "How many tasks are there?"


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as running:
        yield running


@pytest.fixture
def archive(tmp_path: Path, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    work = tmp_path / "work"
    work.mkdir()
    (work / "tasks.txt").write_text("one\ntwo\n")
    monkeypatch.chdir(work)
    variables = {
        "HOME": str(tmp_path / "home"),
        "TZ": "UTC",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "ANTHROPIC_BASE_URL": model.address,
    }
    with open_archive(tmp_path / "archive", variables=variables) as opened:
        yield opened


def agent(prompt: str = PROMPT) -> list[str]:
    return [sys.executable, "-m", "reenact.launch.demo.agent", prompt]


def test_a_recording_is_a_session_with_its_calls_counted(archive: Archive, model: ScriptedModel) -> None:
    recorded = archive.record_command(agent())
    assert (recorded.exit_code, recorded.exchanges, recorded.lost) == (0, 2, 0)
    row = archive.session("last")
    assert row.id == recorded.session
    assert row.status == "completed"
    assert "recording" in row.tags
    assert model.calls == 2
    # The scripted model says 40 tokens in for its first call and 80 for its second, 20 out for each.
    assert (row.own.tokens.input, row.own.tokens.output) == (120, 40)
    assert archive.usage("model").totals.sum.tokens.total == 160
    bodies = [event.body for event in archive.events(row.id)]
    assert isinstance(bodies[0], SessionStarted)
    assert bodies[0].command == tuple(agent())
    assert isinstance(bodies[-1], SessionEnded)


def test_what_holds_no_secret_is_not_searched_rule_by_rule(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[str] = []

    def search(self: Guard, value: Any) -> Any:
        searched.append(value["kind"] if isinstance(value, dict) else value)
        return value

    monkeypatch.setattr(Guard, "value", search)
    monkeypatch.setattr(Guard, "text", search)
    recorded = archive.record_command([sys.executable, "-c", "print('one line')"], output=True)
    assert recorded.exit_code == 0
    recorded = archive.record_command(agent())
    assert recorded.exchanges == 2
    assert set(searched) <= {"session.started"}  # it tells of the environment: names of secrets among it


def test_a_secret_of_a_wrapped_command_is_not_kept(archive: Archive) -> None:
    secret = "sk-ant-api03-" + "Ab3dEf6hIj" * 9 + "kAA"
    recorded = archive.record_command([sys.executable, "-c", f"print('key {secret}')"], output=True)
    kept = b"".join(encode(event) for event in archive.events(recorded.session))
    assert b"reenact.stdout" in kept
    assert secret.encode() not in kept


def test_a_failing_command_is_a_failed_session(archive: Archive) -> None:
    recorded = archive.record_command([sys.executable, "-c", "raise SystemExit(5)"])
    assert (recorded.exit_code, recorded.exchanges) == (5, 0)
    assert archive.session(recorded.session).status == "failed"
    with pytest.raises(playback.NothingToPlayError):
        archive.script(recorded.session)


def test_a_replay_asks_no_model_and_tells_a_difference(archive: Archive, model: ScriptedModel) -> None:
    recorded = archive.record_command(agent())
    replayed = archive.replay_command(recorded.session, agent(), options=Options())
    assert (replayed.exit_code, replayed.report.diverged, replayed.child) == (0, False, None)
    assert model.calls == 2
    changed = archive.replay_command(recorded.session, agent(PROMPT + "!"), options=Options())
    assert changed.report.diverged
    assert changed.report.divergences[0].cause.startswith("messages[0]")
    assert model.calls == 2


def test_a_replay_can_go_on_live_and_keeps_what_came(archive: Archive, model: ScriptedModel) -> None:
    recorded = archive.record_command(agent())
    replayed = archive.replay_command(recorded.session, agent(), options=Options(until=1))
    assert replayed.exit_code == 0
    assert model.calls == 3
    assert replayed.child is not None
    archive.store.catch_up()
    child = archive.session(replayed.child)
    assert (child.kind, child.parent) == ("fork", recorded.session)


def test_an_imported_session_without_a_journal_cannot_be_replayed(archive: Archive) -> None:
    from reenact.samples import SAMPLES

    archive.catch_up(archive.find(paths=[str(SAMPLES / "codex")]))
    row = next(row for row in archive.sessions() if row.agent == "codex")
    with pytest.raises(playback.NothingToPlayError, match="cannot be replayed"):
        archive.script(row.id)

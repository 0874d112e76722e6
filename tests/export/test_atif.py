"""What is exported as ATIF keeps the format's rules, and comes back with the same numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.ingest.machines import DATA, imported, opened

from reenact.archive import Archive
from reenact.errors import NotFoundError

HOMES = sorted(path for path in DATA.glob("*/*") if path.is_dir())

ROOT = {
    "schema_version", "session_id", "trajectory_id", "agent", "steps", "notes", "final_metrics",
    "continued_trajectory_ref", "extra", "subagent_trajectories",
}  # fmt: skip
STEP = {
    "step_id", "timestamp", "source", "model_name", "reasoning_effort", "message", "reasoning_content",
    "tool_calls", "observation", "metrics", "is_copied_context", "llm_call_count", "extra",
}  # fmt: skip
AGENTS_OWN = {"model_name", "reasoning_effort", "reasoning_content", "tool_calls", "metrics"}


def keep_the_rules(document: dict[str, Any]) -> None:
    """Checks what the format's own models check, written from its description."""
    assert set(document) <= ROOT
    assert isinstance(document["agent"]["name"], str)
    assert isinstance(document["agent"]["version"], str)
    assert [step["step_id"] for step in document["steps"]] == list(range(1, len(document["steps"]) + 1))
    assert document["steps"]
    below = document.get("subagent_trajectories", [])
    names = [each["trajectory_id"] for each in below]
    assert len(set(names)) == len(names)
    for step in document["steps"]:
        assert set(step) <= STEP
        assert isinstance(step["message"], str | list)
        assert step["source"] in {"system", "user", "agent"}
        assert step["source"] == "agent" or not AGENTS_OWN & set(step)
        calls = {call["tool_call_id"] for call in step.get("tool_calls", [])}
        assert all(isinstance(call["arguments"], dict) for call in step.get("tool_calls", []))
        for result in step.get("observation", {"results": []})["results"]:
            assert result.get("source_call_id") is None or result["source_call_id"] in calls
            for reference in result.get("subagent_trajectory_ref", []):
                assert reference["trajectory_id"] in names
    for each in below:
        keep_the_rules(each)


@pytest.fixture(params=HOMES, ids=lambda path: f"{path.parent.name}/{path.name}")
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
    with imported(tmp_path / "archive", request.param) as archive:
        yield archive


def test_the_rules_hold_and_the_numbers_come_back(archive: Archive, tmp_path: Path) -> None:
    mains = [row for row in archive.sessions() if row.kind != "subagent"]
    assert mains
    for row in mains:
        text = archive.export_atif(row.id)
        keep_the_rules(json.loads(text))
        path = tmp_path / f"{row.id}.json"
        path.write_bytes(text)
        with opened(tmp_path / f"again-{row.id}", tmp_path / "empty") as other:
            other.catch_up(other.find(paths=[str(path)]))
            again = other.sessions()
            assert sum(each.own.tokens.total for each in again) == row.total.tokens.total
            assert sum(each.own.tokens.output for each in again) == row.total.tokens.output
            (main,) = [each for each in again if each.kind != "subagent"]
            assert main.tool_calls == row.tool_calls


def test_secrets_stay_here_unless_they_are_asked_for(tmp_path: Path) -> None:
    secret = "sk-ant-api03-" + "aB3" * 31
    home = tmp_path / "home" / ".claude" / "projects" / "-p"
    home.mkdir(parents=True)
    row = {
        "type": "user", "uuid": "u1", "sessionId": "11111111-1111-4111-8111-111111111111", "parentUuid": None,
        "timestamp": "2026-03-03T10:00:00.000Z", "cwd": "/p", "version": "2.1.329", "isSidechain": False,
        "message": {"role": "user", "content": f"use {secret}"},
    }  # fmt: skip
    (home / "11111111-1111-4111-8111-111111111111.jsonl").write_text(json.dumps(row) + "\n")
    with imported(tmp_path / "archive", tmp_path / "home") as archive:
        assert secret.encode() not in archive.export_atif("last")
        assert secret.encode() in archive.export_atif("last", raw=True)


def test_a_session_in_which_nothing_was_said_has_no_trajectory(tmp_path: Path) -> None:
    home = tmp_path / "home" / ".claude" / "projects" / "-p"
    home.mkdir(parents=True)
    row = {
        "type": "custom-title",
        "customTitle": "Empty",
        "sessionId": "11111111-1111-4111-8111-111111111111",
    }
    (home / "11111111-1111-4111-8111-111111111111.jsonl").write_text(json.dumps(row) + "\n")
    with imported(tmp_path / "archive", tmp_path / "home") as archive:
        for row_ in archive.sessions():
            with pytest.raises(NotFoundError, match="nothing was said"):
                archive.export_atif(row_.id)


@pytest.mark.parametrize("home", HOMES[:4], ids=lambda path: path.name)
def test_the_formats_own_models_take_it(home: Path, tmp_path: Path) -> None:
    models = pytest.importorskip("harbor.models.trajectories")
    with imported(tmp_path / "archive", home) as archive:
        for row in archive.sessions():
            if row.kind != "subagent":
                models.Trajectory.model_validate_json(archive.export_atif(row.id))

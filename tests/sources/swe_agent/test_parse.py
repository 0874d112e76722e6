"""Trajectories of SWE-agent and of mini-swe-agent become sessions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.ingest.machines import opened

from reenact.archive import Archive
from reenact.events import Tokens, bodies

MINI = Path(__file__).parent / "data" / "mini-2.4.6.traj.json"
"""Written by mini-swe-agent 2.4.6 with a scripted model, for a story of ours."""

FULL: dict[str, Any] = {
    "environment": "swe_main",
    "history": [
        {"role": "system", "content": "You repair programs.", "agent": "primary"},
        {"role": "user", "content": "A demonstration.", "agent": "primary", "is_demo": True},
        {"role": "user", "content": "The list is sorted wrongly.", "agent": "primary"},
        {"role": "assistant", "content": "First look.", "thought": "First look.", "action": "ls\n", "agent": "primary"},
        {"role": "user", "content": "todo.py", "agent": "primary"},
    ],
    "trajectory": [
        {
            "action": "ls\n", "observation": "todo.py", "response": "First look.", "thought": "First look.",
            "execution_time": 0.25, "state": '{"open_file": "n/a", "working_dir": "/repo"}\n',
        },
        {"action": "submit\n", "observation": None, "response": "Done.", "state": {"working_dir": "/repo"}},
    ],
    "info": {
        "exit_status": "submitted",
        "submission": "diff --git a/todo.py b/todo.py",
        "model_stats": {"instance_cost": 1.25, "tokens_sent": 900, "tokens_received": 40, "api_calls": 2},
    },
}  # fmt: skip


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return opened(tmp_path / "archive", tmp_path / "home")


def take(archive: Archive, path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document))
    archive.catch_up(archive.find(paths=[str(path)]))


def test_a_run_of_swe_agent_is_a_session_with_the_sums_that_it_tells(
    archive: Archive, tmp_path: Path
) -> None:
    take(archive, tmp_path / "run.traj", FULL)
    (row,) = archive.sessions()
    assert (row.agent, row.status, row.turns, row.tool_calls) == ("swe_agent", "completed", 2, 2)
    assert row.own.tokens == Tokens(input=900, output=40)
    told = [event.body for event in archive.events(row.id)]
    assert [body.kind for body in told if body.kind.startswith(("message", "context", "tool"))] == [
        "message.system", "context.injected", "message.user", "message.assistant", "tool.called",
        "tool.finished", "message.assistant", "tool.called", "tool.finished",
    ]  # fmt: skip
    assert [body.cwd for body in told if isinstance(body, bodies.WorkspaceChanged)] == ["/repo"]
    finished = next(body for body in told if isinstance(body, bodies.ToolFinished))
    assert (finished.output, finished.duration) == ("todo.py", 250_000)
    (ended,) = [body for body in told if isinstance(body, bodies.SessionEnded)]
    assert ended.result == FULL["info"]["submission"]


def test_a_run_that_gave_up_failed(archive: Archive, tmp_path: Path) -> None:
    take(archive, tmp_path / "run.traj", {**FULL, "info": {"exit_status": "exit_cost"}})
    (row,) = archive.sessions()
    assert row.status == "failed"
    assert row.own.tokens == Tokens()


def test_a_run_that_goes_on_is_the_same_session(archive: Archive, tmp_path: Path) -> None:
    take(archive, tmp_path / "run.traj", {**FULL, "trajectory": FULL["trajectory"][:1], "info": {}})
    before = archive.sessions()[0].id
    take(archive, tmp_path / "moved.traj", FULL)
    (row,) = archive.sessions()
    assert row.id == before
    assert row.turns == 2


def test_a_genuine_run_of_mini_swe_agent_is_a_session(archive: Archive) -> None:
    archive.catch_up(archive.find(paths=[str(MINI)]))
    (row,) = archive.sessions()
    assert (row.agent_version, row.status, row.turns, row.tool_calls) == ("2.4.6", "completed", 3, 3)
    assert row.started_at is not None
    done = [e.body for e in archive.events(row.id) if isinstance(e.body, bodies.ToolFinished)]
    assert [(body.ok, body.exit_code) for body in done[:2]] == [(True, 0), (False, 1)]
    told = [e.body for e in archive.events(row.id) if isinstance(e.body, bodies.UsageRecorded)]
    assert [body.cost for body in told] == ["1"]


@pytest.mark.parametrize("text", ["[]", "{}", '{"trajectory": 3}', '{"messages": [1, {"role": []}]}', "{"])
def test_rubbish_raises_nothing(archive: Archive, tmp_path: Path, text: str) -> None:
    (tmp_path / "run.traj").write_text(text)
    archive.catch_up(archive.find(paths=[str(tmp_path)]))
    for row in archive.sessions():
        list(archive.events(row.id))

"""Trajectories of every version become sessions, and cost what they say, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.ingest.machines import opened

from reenact.archive import Archive
from reenact.events import Tokens, blocks, bodies

AGENT = {"name": "scout", "version": "3.1", "model_name": "gpt-5.5"}


def step(number: int, source: str, message: Any = "", **more: Any) -> dict[str, Any]:
    return {
        "step_id": number,
        "source": source,
        "message": message,
        "timestamp": f"2026-03-03T10:00:{number:02}Z",
        **more,
    }


def call(name: str, number: int = 1, **arguments: Any) -> dict[str, Any]:
    return {"tool_call_id": f"call-{number}", "function_name": name, "arguments": arguments}


STEPS = [
    step(1, "system", "Be brief."),
    step(2, "user", "List the files."),
    step(
        3,
        "agent",
        "Looking.",
        reasoning_content="ls will do",
        tool_calls=[call("run_shell", command="ls")],
        observation={"results": [{"source_call_id": "call-1", "content": "a.py\nb.py"}]},
        metrics={"prompt_tokens": 120, "cached_tokens": 100, "completion_tokens": 9, "cost_usd": 0.0012},
    ),
    step(
        4, "agent", "Two files.", metrics={"prompt_tokens": 140, "completion_tokens": 5}, model_name="gpt-6"
    ),
]


def trajectory(steps: list[dict[str, Any]] = STEPS, **more: Any) -> dict[str, Any]:
    return {"schema_version": "ATIF-v1.8", "session_id": "run-1", "agent": AGENT, "steps": steps, **more}


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return opened(tmp_path / "archive", tmp_path / "home")


def take(archive: Archive, tmp_path: Path, name: str, document: dict[str, Any], **how: Any) -> None:
    path = tmp_path / name
    path.write_text(json.dumps(document, **how))
    archive.catch_up(archive.find(paths=[str(path)]))


@pytest.mark.parametrize("version", [f"ATIF-v1.{minor}" for minor in range(9)])
def test_a_trajectory_of_any_version_is_a_session(archive: Archive, tmp_path: Path, version: str) -> None:
    take(archive, tmp_path, "t.json", {**trajectory(), "schema_version": version}, indent=2)
    (row,) = archive.sessions()
    assert (row.agent, row.native_id, row.agent_version, row.models) == (
        "atif",
        "run-1",
        "3.1",
        ("gpt-5.5", "gpt-6"),
    )
    assert (row.turns, row.tool_calls, row.loops) == (2, 1, 1)
    assert row.own.tokens == Tokens(input=160, cache_read=100, output=14)
    told = [event.body for event in archive.events(row.id)]
    assert [body.kind for body in told if body.kind.startswith(("message", "tool"))] == [
        "message.system", "message.user", "message.assistant", "tool.called", "tool.finished", "message.assistant",
    ]  # fmt: skip
    (called,) = [body for body in told if isinstance(body, bodies.ToolCalled)]
    assert (called.name, called.tool_kind, called.input) == ("run_shell", "shell", {"command": "ls"})
    (finished,) = [body for body in told if isinstance(body, bodies.ToolFinished)]
    assert finished.output == "a.py\nb.py"
    answer = next(body for body in told if isinstance(body, bodies.AssistantMessage))
    assert answer.blocks == (blocks.Reasoning(text="ls will do"), blocks.Text(text="Looking."))


def test_x05_steps_copied_for_context_cost_nothing_again(archive: Archive, tmp_path: Path) -> None:
    copied = [{**each, "is_copied_context": True} for each in STEPS]
    more = step(
        5, "agent", "Done.", metrics={"prompt_tokens": 200, "cached_tokens": 150, "completion_tokens": 1}
    )
    take(archive, tmp_path, "t.json", trajectory())
    take(archive, tmp_path, "t.cont-1.json", trajectory([*copied, more]))
    rows = {row.native_id: row for row in archive.sessions()}
    assert len(rows) == 2
    (continued,) = [row for name, row in rows.items() if name != "run-1"]
    assert continued.own.tokens == Tokens(input=50, cache_read=150, output=1)
    assert continued.parent == rows["run-1"].id or continued.kind == "main"


def test_embedded_trajectories_are_sub_agents_of_the_call_that_started_them(
    archive: Archive, tmp_path: Path
) -> None:
    child = {**trajectory([step(1, "user", "Count."), STEPS[3] | {"step_id": 2}]), "trajectory_id": "child-1"}
    reference = {
        "source_call_id": "call-1",
        "content": "2",
        "subagent_trajectory_ref": [{"trajectory_id": "child-1"}],
    }
    steps = [
        step(1, "user", "Delegate."),
        step(2, "agent", tool_calls=[call("delegate")], observation={"results": [reference]}),
    ]
    take(archive, tmp_path, "t.json", trajectory(steps, trajectory_id="root", subagent_trajectories=[child]))
    rows = {row.kind: row for row in archive.sessions()}
    assert rows["subagent"].parent == rows["main"].id
    assert rows["subagent"].parent_call == "call-1"
    assert rows["main"].own.tokens == Tokens()
    assert rows["main"].total.tokens == rows["subagent"].own.tokens == Tokens(input=140, output=5)


def test_sums_count_where_no_step_tells_what_it_used(archive: Archive, tmp_path: Path) -> None:
    sums = {
        "total_prompt_tokens": 500,
        "total_cached_tokens": 200,
        "total_completion_tokens": 30,
        "total_cost_usd": 0.5,
    }
    take(archive, tmp_path, "t.json", trajectory(STEPS[:2], final_metrics=sums))
    take(archive, tmp_path, "u.json", trajectory(STEPS, session_id="run-2", final_metrics=sums))
    rows = {row.native_id: row for row in archive.sessions()}
    assert rows["run-1"].own.tokens == Tokens(input=300, cache_read=200, output=30)
    assert rows["run-2"].own.tokens == Tokens(input=160, cache_read=100, output=14)


def test_images_and_observations_without_a_call_are_kept(archive: Archive, tmp_path: Path) -> None:
    picture = {"type": "image", "source": {"media_type": "image/png", "path": "shots/1.png"}}
    steps = [
        step(1, "user", [{"type": "text", "text": "What is this?"}, picture]),
        step(2, "agent", "A cat.", observation={"results": [{"content": "the window closed"}]}),
    ]
    take(archive, tmp_path, "t.json", trajectory(steps))
    (row,) = archive.sessions()
    said = [event.body for event in archive.events(row.id) if isinstance(event.body, bodies.UserMessage)]
    assert said[0].blocks[1] == blocks.Image(media_type="image/png", url="shots/1.png")
    assert (said[1].human, said[1].origin) == (False, "observation")


@pytest.mark.parametrize(
    "text",
    [
        '{"schema_version": "ATIF-v1.6", "steps": 3}',
        '{"schema_version": "ATIF-v1.6", "steps": [1, null, {"source": "robot"}], "agent": []}',
        '{"schema_version": "ATIF-v1.6", "session_id": 7, "steps": [{"source": "agent", "tool_calls": {}}]}',
        '{"schema_version": "ATIF-v1.6", "steps": [',
    ],
)
def test_rubbish_raises_nothing(archive: Archive, tmp_path: Path, text: str) -> None:
    (tmp_path / "t.json").write_text(text)
    report = archive.catch_up(archive.find(paths=[str(tmp_path)]))
    assert not report.problems
    for row in archive.sessions():
        list(archive.events(row.id))


def test_other_json_is_no_trajectory(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('{"steps": [], "note": "ATIF-v1.6"}')
    assert archive.find(paths=[str(tmp_path)]) == []


def test_an_import_twice_or_of_a_copy_is_one(archive: Archive, tmp_path: Path) -> None:
    take(archive, tmp_path, "t.json", trajectory())
    take(archive, tmp_path, "copy.json", trajectory())
    take(archive, tmp_path, "t.json", trajectory())
    (row,) = archive.sessions()
    assert row.own.tokens.total == 274

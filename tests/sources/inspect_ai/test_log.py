"""Samples of evaluation logs become sessions; a log that is broken or meant to harm stops nothing."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.ingest.machines import opened

from reenact.archive import Archive
from reenact.events import Tokens, bodies

GENUINE = Path(__file__).parent / "data" / "lines-0.3.285.eval"
"""Written by Inspect 0.3.285 with its mock model, for a task and a tool of ours."""

HEAD = {
    "version": 2,
    "status": "success",
    "eval": {"eval_id": "e1", "task": "lines", "model": "openai/gpt-5.5"},
}


def model_event(number: int, **more: Any) -> dict[str, Any]:
    message = {"id": f"a{number}", "role": "assistant", "content": [{"type": "reasoning", "reasoning": "hm"}]}
    usage = {"input_tokens": 10, "output_tokens": 4, "input_tokens_cache_read": 7}
    output = {"model": "gpt-5.5", "choices": [{"message": message, "stop_reason": "stop"}], "usage": usage}
    return {
        "event": "model",
        "uuid": f"m{number}",
        "timestamp": f"2026-03-03T10:00:0{number}+00:00",
        "output": output,
        **more,
    }


def sample(**more: Any) -> dict[str, Any]:
    events = [
        model_event(
            1, input=[{"id": "u1", "role": "user", "source": "input", "content": "attachment://abc"}]
        ),
        {
            "event": "tool",
            "id": "c9",
            "uuid": "t1",
            "function": "bash",
            "arguments": {},
            "result": "ok",
            "working_time": 0.5,
        },
        {"event": "space_probe", "uuid": "x1"},
    ]
    return {
        "id": "one/two",
        "epoch": 1,
        "input": "Go.",
        "events": events,
        "attachments": {"abc": "Go."},
        **more,
    }


def write(path: Path, *samples: dict[str, Any], head: object = HEAD) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as log:
        for number, each in enumerate(samples):
            log.writestr(f"samples/{number}_epoch_1.json", json.dumps(each))
        log.writestr("header.json", json.dumps(head))
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return opened(tmp_path / "archive", tmp_path / "home")


def take(archive: Archive, path: Path) -> Any:
    return archive.catch_up(archive.find(paths=[str(path)]))


def test_a_genuine_sample_is_a_session_with_the_usage_that_its_log_states(archive: Archive) -> None:
    take(archive, GENUINE)
    (row,) = archive.sessions()
    assert (row.agent, row.status, row.turns, row.tool_calls) == ("inspect", "completed", 3, 2)
    assert row.own.tokens == Tokens(input=310, cache_read=50, cache_write=5, output=24, reasoning=9)
    told = [event.body for event in archive.events(row.id)]
    assert [body.human for body in told if isinstance(body, bodies.UserMessage)] == [True]
    finished = [body for body in told if isinstance(body, bodies.ToolFinished)]
    assert [(body.ok, body.category) for body in finished] == [(True, None), (False, "file_not_found")]
    assert all(account.balances for account in archive.accounts())


def test_every_sample_is_a_session_and_new_ones_come_behind(archive: Archive, tmp_path: Path) -> None:
    path = write(tmp_path / "a.eval", sample())
    take(archive, path)
    (first,) = archive.sessions()
    write(path, sample(), sample(id="three", error={"message": "it broke"}))
    report = take(archive, path)
    rows = {row.id: row for row in archive.sessions()}
    assert len(rows) == 2
    assert rows[first.id].events == first.events
    assert {row.status for row in rows.values()} == {"completed", "failed"}
    assert sum(agent.new for agent in report.agents) == 1


def test_texts_that_the_log_keeps_apart_are_put_back(archive: Archive, tmp_path: Path) -> None:
    take(archive, write(tmp_path / "a.eval", sample()))
    (row,) = archive.sessions()
    told = [event.body for event in archive.events(row.id)]
    (prompt,) = [body for body in told if isinstance(body, bodies.UserMessage)]
    assert prompt.blocks[0].text == "Go."  # type: ignore[union-attr]  # a text
    assert row.own.tokens == Tokens(input=10, cache_read=7, output=4)
    assert [body.name for body in told if isinstance(body, bodies.Unknown)] == ["event/space_probe"]
    assert [body.duration for body in told if isinstance(body, bodies.ToolFinished)] == [500_000]


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04 torn", b"no zip at all", GENUINE.read_bytes()[:-200], GENUINE.read_bytes()[:3000]],
    ids=["empty", "torn", "other", "without its end", "half"],
)
def test_a_log_that_is_no_log_is_named_and_stops_nothing(
    archive: Archive, tmp_path: Path, data: bytes
) -> None:
    (tmp_path / "bad.eval").write_bytes(data)
    write(tmp_path / "good.eval", sample())
    take(archive, tmp_path)
    assert len(archive.sessions()) == 1
    assert [problem.path for problem in archive.problems(paths=[str(tmp_path)])] == [
        str(tmp_path / "bad.eval")
    ]


def test_a_member_that_would_fill_the_memory_is_refused(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "bomb.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as log:
        log.writestr("header.json", json.dumps(HEAD))
        with log.open("samples/big_epoch_1.json", "w") as member:
            for _ in range(300):
                member.write(b"0" * 1024 * 1024)
    report = take(archive, path)
    assert archive.sessions() == []
    assert "too large" in report.problems[0].reason


@pytest.mark.parametrize("head", [{}, [], {"eval": {"eval_id": "../../x"}}, {"eval": 3}])
def test_a_header_that_names_no_evaluation_gives_no_session(
    archive: Archive, tmp_path: Path, head: object
) -> None:
    take(archive, write(tmp_path / "a.eval", sample(), head=head))
    assert archive.sessions() == []

"""Whoever runs an agent sees what it does, and nothing that an agent read can move the cursor."""

from __future__ import annotations

from pathlib import Path

import pytest

import reenact
from reenact.archive import open_archive


def run(folder: Path, said: list[str]) -> None:
    with (
        open_archive(folder, variables={"HOME": str(folder), "TZ": "UTC"}) as archive,
        archive.record(task="fix it", agent="mine") as session,
    ):
        session.observe(reenact.progress(said.append))
        session.message("user", "fix the tests")
        with session.turn():
            with session.tool("shell", {"command": "pytest -q"}) as tool:
                tool.finish("3 failed\x1b[2J\r\nmore", ok=False)
            session.message("assistant", "Three tests fail.")


def test_a_line_tells_each_thing(tmp_path: Path) -> None:
    said: list[str] = []
    run(tmp_path, said)
    assert [line.rstrip() for line in said] == [
        "[turn 0] told: fix the tests",
        "[turn 1] tool shell pytest -q",
        "[turn 1] failed: 3 failed [2J more",
        "[turn 1] said: Three tests fail.",
        "[turn 1] completed",
    ]


def test_lines_go_to_stderr_and_hold_nothing_that_moves_the_cursor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        open_archive(tmp_path, variables={"HOME": str(tmp_path), "TZ": "UTC"}) as archive,
        archive.record(agent="mine") as session,
    ):
        session.observe(reenact.progress())
        session.message("assistant", "\x1b]0;title\x07 \u202e" + "long " * 200)
    told = capsys.readouterr()
    assert told.out == ""
    lines = told.err.splitlines()
    assert all(line.isprintable() and len(line) <= 160 for line in lines)
    assert lines[0].startswith("[turn 1] said:") or lines[0].startswith("[turn 0] said:")

"""`reenact fork`: from the command line to a session that goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Run

import reenact


@pytest.mark.usefixtures("full_home")
def test_a_fork_prints_its_id_and_can_be_gone_on_with(run: Run, tmp_path: Path) -> None:
    parent = run("list", "--json", "--agent", "claude_code").document["sessions"][0]
    told = run("fork", parent["id"], "--at", "3", "--name", "side")
    assert told.code == 0
    fork = told.out.strip()
    assert "at 3" in told.err
    shown = run("list", "--json").document["sessions"]
    (row,) = (row for row in shown if row["id"] == fork)
    assert (row["kind"], row["parent"], row["native_id"]) == ("fork", parent["id"], "side")
    assert run("show", fork).code == 0
    with reenact.open(tmp_path / "archive") as archive:
        side = archive.live().open("side")
        shared = side.length()
        side.inject("user", "go on")
        assert side.length() == shared + 1


@pytest.mark.usefixtures("full_home")
def test_the_document_tells_where_it_left(run: Run) -> None:
    parent = run("list", "--json", "--agent", "codex").document["sessions"][0]
    document = run("fork", parent["id"], "--on-unpaired", "include", "--json").document
    assert document["version"] == 1
    assert document["fork"]["parent"] == parent["id"]
    assert document["fork"]["at"] == parent["events"]
    assert document["fork"]["messages"] > 0
    assert document["session"]["kind"] == "fork"


@pytest.mark.usefixtures("full_home")
def test_what_cannot_be_forked_is_told(run: Run) -> None:
    missing = run("fork", "ghost")
    assert (missing.code, "ghost" in missing.err) == (4, True)
    assert run("fork", "last", "--name", "twice").code == 0
    again = run("fork", "last", "--name", "twice")
    assert (again.code, "twice" in again.err) == (2, True)
    assert "hint" in again.err

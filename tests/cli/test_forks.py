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


@pytest.mark.usefixtures("full_home")
def test_the_tree_of_a_fork_shows_what_it_shares_and_counts_it_nowhere(run: Run, tmp_path: Path) -> None:
    with reenact.open(tmp_path / "archive") as archive:
        with archive.record(agent="mine", task="t") as session:
            session.message("user", "the first question")
            session.model_call({"model": "m", "messages": []}, "the answer")
            with session.tool("shell", {"command": "ls -la"}) as tool:
                tool.finish("nothing")
            session.message("user", "the second question")
        at = next(e.seq for e in archive.events(session.id) if e.body.kind == "tool.finished")
        near = archive.fork(session.id, at=at)
        near.message("user", "another question")
        far = near.fork()
        far.message("user", "one more question")
        far.close()
        near.close()
    out = run("tree", far.id).out
    assert f"forked from {near.id[:8]}" in out
    assert f"forked from {session.id[:8]}: 1 to {at} are shared" in out
    for words in ("the first question", "shell", "another question", "one more question"):
        assert words in out
    assert "the second question" not in out
    document = run("tree", near.id, "--json").document
    assert document["past"] == {"session": session.id, "seq": at}
    assert "the first question" not in str(document["loops"])
    assert run("show", near.id, "--at", "3", "--json").document["past"] == document["past"]
    assert run("tree", session.id, "--json").document["past"] is None
    (row,) = (row for row in run("list", "--json").document["sessions"] if row["id"] == near.id)
    assert (row["turns"], row["tool_calls"]) == (0, 0)

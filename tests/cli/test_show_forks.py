"""A fork by reference shows what it goes on from."""

from __future__ import annotations

import pytest
from tests.cli.conftest import Run


@pytest.mark.usefixtures("full_home")
def test_a_fork_without_a_copy_of_its_past_says_where_it_left_its_parent(run: Run) -> None:
    sessions = run("list", "--json").document["sessions"]
    fork = next(each for each in sessions if each["kind"] == "fork" and each["agent"] == "codex")
    past = run("show", fork["id"], "--at", "1", "--json").document["past"]
    assert past["session"] == fork["parent"]
    parent = next(each for each in sessions if each["id"] == fork["parent"])
    assert 1 < past["seq"] <= parent["events"]
    assert f"goes on from {past['seq']} of" in run("show", fork["id"]).out


@pytest.mark.usefixtures("full_home")
def test_other_sessions_have_no_past_elsewhere(run: Run) -> None:
    for each in run("list", "--json").document["sessions"]:
        if not (each["kind"] == "fork" and each["agent"] == "codex"):
            assert run("show", each["id"], "--at", "1", "--json").document["past"] is None

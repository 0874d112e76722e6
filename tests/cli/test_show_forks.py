"""A fork by reference shows what it goes on from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run

SAMPLES = Path(__file__).parents[1] / "data" / "transcripts"


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


@pytest.mark.parametrize(
    ("sample", "shared"),
    [
        ("claude-2.1.329/resume-fork", ["2 of the 5 turns are copied from 22ce1045"]),
        ("codex-0.121.0/fork-by-copy", ["2 turns copied from 84aa0b4f, not counted above"]),
        ("codex-0.169.0/resume-fork", ["3 turns up to 24 of ", "2 turns up to 19 of "]),
    ],
)
def test_a_list_and_the_sums_count_the_same_and_say_what_is_shared(
    run: Run, sample: str, shared: list[str]
) -> None:
    run("import", str(SAMPLES / sample))
    books = json.loads((SAMPLES / sample / "expected.json").read_text())["sessions"]
    requests = {session["id"]: session["requests"] for session in books}
    told = []
    for each in run("list", "--json").document["sessions"]:
        sums = run("show", each["id"], "--summary", "--json").document
        for name in ("loops", "turns", "events", "tool_calls", "warnings"):
            assert sums["statistics"][name] == each[name]
        assert each["turns"] - sums["statistics"]["turns_copied"] == requests[each["native_id"]]
        words = [one for one in run("show", each["id"], "--summary").out.splitlines() if "shared" in one]
        assert bool(words) == (each["kind"] == "fork")
        told += words
        if sums["past"] is not None:
            parent = run("show", sums["past"]["session"], "--at", str(sums["past"]["seq"]), "--json").document
            assert sums["past"]["session"] == parent["session"]["id"]
            assert f"{sums['past']['turns']} turn" in words[0]
    assert [any(one in words for words in told) for one in shared] == [True] * len(shared), told

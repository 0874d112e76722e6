"""Notes and tags: put on from anywhere, shown, found again, and never in what was recorded."""

from __future__ import annotations

import pytest
from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("full_home")


def test_a_note_is_shown_and_the_events_stay_as_they_were(run: Run) -> None:
    before = run("show", "last", "--json").document["events"]
    noted = run("note", "the", "second", "answer", "is", "wrong", "--at", "3")
    assert noted.code == 0
    assert noted.out.startswith("noted of ")
    assert "★ note of 3: the second answer is wrong" in run("show", "last").out
    document = run("show", "last", "--json").document
    assert [(note["text"], note["seq"]) for note in document["notes"]] == [("the second answer is wrong", 3)]
    assert document["events"] == before


def test_tags_are_put_on_taken_off_and_found(run: Run) -> None:
    rows = run("list", "--json").document["sessions"]
    one, other = rows[0]["id"], rows[1]["id"]
    assert "tagged good, slow" in run("note", "-t", "good", "-t", "slow", "--session", one).out
    run("note", "-t", "good", "--session", other)
    run("note", "--untag", "slow", "--session", one)
    tagged = run("list", "--tag", "good", "--json").document["sessions"]
    assert {row["id"]: row["tags"] for row in tagged} == {one: ["good"], other: ["good"]}
    assert run("list", "--tag", "slow", "--json").document["sessions"] == []
    spent = run("usage", "session", "--tag", "good", "--json").document
    assert spent["totals"]["usage"]["total"] <= sum(row["usage_total"]["total"] for row in tagged)


def test_a_secret_in_a_note_is_taken_out(run: Run) -> None:
    secret = "sk-ant-api03-" + "aB3" * 31
    run("note", f"the key was {secret}")
    assert secret not in run("show", "last").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "nothing to note"),
        (("x", "--at", "99999"), 4, "no event 99999"),
        (("x", "--session", "nobody"), 4, "nobody"),
        (("-t", " "), 2, "at least one letter"),
    ],
    ids=["nothing", "no event", "no session", "empty tag"],
)
def test_what_cannot_be_noted_is_said(run: Run, words: tuple[str, ...], code: int, said: str) -> None:
    told = run("note", *words)
    assert told.code == code
    assert said in told.err


def test_a_tag_is_a_field_of_the_query_language(run: Run) -> None:
    run("note", "last", "--tag", "Keep me")
    (tagged,) = run("list", "--json", 'tag:"keep me"').document["sessions"]
    every = {row["id"] for row in run("list", "--json").document["sessions"]}
    others = {row["id"] for row in run("list", "--json", "--", '-tag:"keep me"').document["sessions"]}
    assert others == every - {tagged["id"]}
    hits = run("search", "--json", "--limit", "1000", "tag:keep*").document["hits"]
    assert {hit["session"] for hit in hits} == {tagged["id"]}
    assert run("list", "tag:keep").code == 4
    refused = run("list", "tag:")
    assert (refused.code, "a value right after 'tag:'" in refused.err) == (2, True)

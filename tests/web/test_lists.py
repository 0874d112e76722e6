"""The list of sessions: where a query's words stand, and its heads."""

from __future__ import annotations

import msgspec
import pytest
from tests.tree.builders import START, Script
from tests.web.conftest import NOW, Browser, write

from reenact.archive import Archive
from reenact.events import Header

DAY = 86_400_000_000


@pytest.fixture(scope="module")
def weeks(filled: Archive) -> Archive:
    """Sessions of today, of some weeks ago, and of a day long ago that cost the most."""
    for number, days in enumerate((0, 1, 9, 30, 400), 1):
        script = Script()
        at = START - days * DAY
        script.human(f"a walrus of {days} days", ts=at)
        script.says("sk-acme-0123456789abcdef keeps the walrus warm", f"w{number}", ts=at + 1)
        script.spends(f"w{number}", 1000 * number, ts=at + 1)
        header = Header(id=f"w{number}", agent="claude_code", native_id=f"native-w{number}")
        write(
            filled,
            header,
            [msgspec.structs.replace(each, id=f"w{number}-{each.id}") for each in script.events],
        )
    filled.texts.index()
    return filled


def test_a_word_is_shown_where_it_was_said_last_and_scrubbed(browser: Browser, weeks: Archive) -> None:
    rows = browser.get("/api/sessions?q=walrus").json["rows"]
    assert [row["id"] for row in rows] == ["w1", "w2", "w3", "w4", "w5"]
    assert all("keeps the walrus warm" in row["snippet"] for row in rows)
    assert all("sk-acme" not in row["snippet"] for row in rows)
    assert {row["snippet_seq"] for row in rows} == {2}


@pytest.mark.parametrize("query", ["", "agent:claude_code", "-walrus", "is:error"])
def test_a_query_without_words_shows_none(browser: Browser, weeks: Archive, query: str) -> None:
    assert {row["snippet"] for row in browser.get(f"/api/sessions?q={query}").json["rows"]} == {None}


def test_words_of_several_events_show_the_newest(browser: Browser, weeks: Archive) -> None:
    rows = browser.get("/api/sessions?q=warm+days+-nowhere").json["rows"]
    assert rows[0]["snippet_seq"] == 2


def test_the_heads_part_the_list_and_their_costs_are_all_that_was_spent(
    browser: Browser, weeks: Archive
) -> None:
    groups = browser.get("/api/groups").json["groups"]
    total = browser.get("/api/sessions").json["total"]
    assert [group["first"] for group in groups] == [
        sum(group["count"] for group in groups[:number]) for number in range(len(groups))
    ]
    assert sum(group["count"] for group in groups) == total
    assert [group["title"] for group in groups][:2] == ["Today", "Yesterday"]
    spent = sum(row["cost_total_known_usd"] for row in browser.get("/api/sessions").json["rows"])
    assert sum(group["cost_known"] for group in groups) == pytest.approx(spent)
    assert NOW > START


def test_what_was_spent_today_is_in_the_heads_at_once(browser: Browser, weeks: Archive) -> None:
    before = browser.get("/api/groups").json["groups"]
    script = Script()
    script.says("more", "late", ts=START + 10)
    script.spends("late", 5_000_000, ts=START + 10)
    write(weeks, Header(id="late", agent="claude_code", native_id="native-late"), script.events)
    after = browser.get("/api/groups").json["groups"]
    assert after[0]["cost_known"] > before[0]["cost_known"]
    assert after[1:] == [{**group, "first": group["first"] + 1} for group in before[1:]]


def test_a_tag_chooses_sessions_and_is_offered(browser: Browser, weeks: Archive) -> None:
    weeks.note("w2", add=["keep me"])
    rows = browser.get('/api/sessions?q=tag:"keep%20me"').json
    assert ([row["id"] for row in rows["rows"]], rows["matched"], rows["problems"]) == (["w2"], 1, [])
    assert rows["rows"][0]["tags"] == ["keep me"]
    assert browser.get('/api/sessions?q=tag:"keep%20me"+nowhere').json["matched"] == 0
    assert browser.get("/api/sessions?q=walrus+tag:other").json["matched"] == 0
    assert [group["count"] for group in browser.get('/api/groups?q=tag:"keep%20me"').json["groups"]] == [1]
    offered = browser.get("/api/suggest?field=tag").json["values"]
    assert offered == [{"value": '"keep me"', "count": 1}]


def test_notes_beside_a_session_are_in_the_inspector(browser: Browser, weeks: Archive) -> None:
    weeks.note("w3", "look here sk-acme-0123456789abcdef", at=2)
    weeks.note("w3", "all of it")
    notes = browser.get("/api/sessions/w3/step/1").json["notes"]
    assert [(note["seq"], note["text"].split()[0]) for note in notes] == [(None, "all"), (2, "look")]
    assert "sk-acme" not in notes[1]["text"]

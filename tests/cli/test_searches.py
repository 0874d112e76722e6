"""`search`, and lists and removals by query, as a person meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from reenact.cli.searches import query_text

HIT_KEYS = {
    "session", "native_id", "agent", "project", "title", "seq", "event", "ts", "kind", "tool", "snippet", "marks",
}  # fmt: skip


@pytest.mark.usefixtures("full_home")
class TestSearch:
    def test_hits_are_shown_by_session_in_80_columns_with_their_place(self, run: Run) -> None:
        shown = run("search", "overdue", "--limit", "5")
        assert shown.code == 0
        assert shown.out.count("  #") == 5
        assert "overdue" in shown.out
        assert all(len(line) <= 80 for line in shown.out.splitlines())

    def test_the_document_says_where_the_words_stand(self, run: Run) -> None:
        document = run("search", "overdue", "--json", "--limit", "500").document
        assert set(document) == {"version", "query", "hits", "cursor"}
        assert all(set(hit) == HIT_KEYS for hit in document["hits"])
        marked = [hit["snippet"][start:end] for hit in document["hits"] for start, end in hit["marks"]]
        assert {word.lower() for word in marked} == {"overdue"}
        times = [hit["ts"] for hit in document["hits"] if hit["ts"]]
        assert times == sorted(times, reverse=True)

    def test_ranked_and_scanned_hits_are_of_the_same_events(self, run: Run) -> None:
        def events(*words: str) -> set[str]:
            return {
                hit["event"] for hit in run("search", *words, "--json", "--limit", "900").document["hits"]
            }

        assert events("overdue") == events("overdue", "--rank") <= events("overdue", "--scan")

    def test_nothing_found_is_exit_code_4_and_still_a_document(self, run: Run) -> None:
        assert run("search", "nowhere_to_be_found").code == 4
        shown = run("search", "nowhere_to_be_found", "--json")
        assert (shown.code, shown.document["hits"], shown.document["cursor"]) == (4, [], None)

    def test_a_query_that_cannot_be_read_is_exit_code_2_with_its_column(self, run: Run) -> None:
        for words in (("search", "a", "(b"), ("list", "colour:red"), ("rm", "is:odd")):
            shown = run(*words)
            assert shown.code == 2
            assert "column" in shown.err
            assert "expected" in shown.err
        assert run("search").code == 2

    def test_an_expression_finds_what_the_index_cannot(self, run: Run) -> None:
        assert run("search", "--scan", r"/def over\w+\(/", "--limit", "1").code == 0
        assert run("search", r"over").code == 4

    def test_a_list_by_query_has_the_sessions_in_which_it_is_true(self, run: Run) -> None:
        hits = run("search", "is:error", "--json", "--limit", "900").document["hits"]
        rows = run("list", "is:error", "--json").document["sessions"]
        assert {row["id"] for row in rows} == {hit["session"] for hit in hits}
        assert run("list", "nowhere_to_be_found").code == 4
        assert len(run("list", "tokens:>1", "--agent", "codex", "--json").document["sessions"]) > 0

    def test_a_removal_by_query_takes_what_the_list_shows(self, run: Run) -> None:
        rows = run("list", "agent:codex", "--json").document["sessions"]
        would = run("rm", "--dry-run", "--json", "agent:codex").document
        assert set(would["removed"]) == {row["id"] for row in rows}
        assert run("rm", "--yes", "--with-forks", "agent:codex").code == 0
        assert run("list", "agent:codex").code == 4
        assert run("search", "agent:codex").code == 4
        assert run("rm", "--yes", "agent:codex").code == 4


def test_what_is_found_in_hostile_text_cannot_move_the_cursor(home: Path, run: Run) -> None:
    folder = home / ".claude" / "projects" / "-tmp"
    folder.mkdir(parents=True)
    row = {
        "type": "user", "uuid": "u1", "sessionId": "11111111-1111-4111-8111-111111111111", "cwd": "/tmp",
        "version": "2.1.0", "timestamp": "2026-03-01T10:00:00.000Z", "parentUuid": None, "isSidechain": False,
        "message": {"role": "user", "content": "\x1b]0;gotcha\x07 needle\x1b[2J \u202e reversed\r\nmore"},
    }  # fmt: skip
    (folder / f"{row['sessionId']}.jsonl").write_text(json.dumps(row) + "\n")
    shown = run("search", "needle")
    assert "needle" in shown.out
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(shown.out)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("a b",), "a b"),
        (("a", "b"), "a b"),
        (("a", "b c"), 'a "b c"'),
        (("a", "since:2 hours ago"), 'a since:"2 hours ago"'),
        (("a", "-b c"), 'a -"b c"'),
        (("a", "(b or c)"), "a (b or c)"),
        (("a", '"b c"'), 'a "b c"'),
    ],
)
def test_words_that_the_shell_held_together_are_phrases(words: tuple[str, ...], text: str) -> None:
    assert query_text(words) == text

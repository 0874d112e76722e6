"""Real clients against the scripted endpoint: its books, the clients' own words and their logs agree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.clients.books import add
from tests.clients.stage import last_message
from tests.e2e.conftest import CHOSEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.run import Run
    from tests.e2e.conftest import Live

pytestmark = pytest.mark.e2e
PUBLISHED = Path(__file__).parent.parent / "data" / "transcripts"
# Stories that start the client more than once: its own sums go on counting from start to start.
SEVERAL_STARTS = ("resume-fork", "compact", "autocompact")


def only(wanted: Callable[[str], bool]) -> pytest.MarkDecorator:
    """Narrow a test to the stories it is about."""
    return pytest.mark.parametrize("live", [name for name in CHOSEN if wanted(name)], indirect=True)


def printed(run: Run, kind: str) -> list[dict[str, Any]]:
    """The events of one kind in what a headless client printed."""
    lines = (json.loads(line) for line in run.stdout.splitlines() if line.startswith("{"))
    return [event for event in lines if event.get("type") == kind]


def test_every_request_of_the_story_was_one_we_scripted(live: Live) -> None:
    strays = [e for e in live.played.entries if e.talk is None and e.lane in ("main", "sub")]
    assert [e.opening for e in strays] == []


def test_every_answer_of_the_story_is_in_the_log(live: Live) -> None:
    assert [m for m in live.expected["not_in_log"] if m["lane"] in ("main", "sub")] == []
    assert all((live.home / file).is_file() for s in live.expected["sessions"] for file in s["files"])


@only(lambda name: not name.startswith("codex-0.42"))  # that one prints events of a form of its own
def test_the_client_prints_the_last_thing_it_was_told(live: Live) -> None:
    last = [e for e in live.played.entries if e.lane == "main" and e.outcome == "complete"][-1]
    assert last_message(live.played.runs[-1]) == last.text


@only(lambda name: name.endswith("/tools"))
def test_the_tools_really_worked_on_the_project(live: Live) -> None:
    cwd = live.played.machine.cwd
    assert '"due"] < today' in (cwd / "todo/store.py").read_text(encoding="utf-8")
    assert "naïve ☀" in (cwd / "notes.txt").read_text(encoding="utf-8")


def test_the_totals_are_those_of_the_sessions_and_of_the_books(live: Live) -> None:
    told = live.expected["totals"]["all"]
    logged = [e for e in live.played.entries if e.outcome == "complete" and e.lane != "side"]
    spent = add(*(e.usage for e in logged))
    if live.played.client == "claude-2.1.50":  # its log never learns the final output
        assert told["output"] < spent.output
    elif live.played.story.name != "autocompact":  # Codex logs the call that compacts
        assert told["output"] == spent.output
        assert told["input"] == spent.input


@only(lambda name: name.startswith("claude-2.1.329/") and name.split("/")[1] not in SEVERAL_STARTS)
def test_claude_counts_what_the_books_count(live: Live) -> None:
    (result,) = printed(live.played.runs[0], "result")
    spent = add(*(e.usage for e in live.played.entries if e.outcome == "complete"))
    models = result["modelUsage"].values()
    assert sum(m["inputTokens"] for m in models) == spent.input
    assert sum(m["outputTokens"] for m in models) == spent.output
    assert sum(m["cacheReadInputTokens"] for m in models) == spent.cache_read
    assert sum(m["cacheCreationInputTokens"] for m in models) == spent.cache_write_5m + spent.cache_write_1h


@only(lambda name: name.startswith("codex-0.1") and name.split("/")[1] not in SEVERAL_STARTS)
def test_codex_counts_what_the_books_count(live: Live) -> None:
    (done,) = printed(live.played.runs[0], "turn.completed")
    spent = add(*(e.usage for e in live.played.entries if e.outcome == "complete" and e.lane != "sub"))
    assert done["usage"]["input_tokens"] == spent.prompt
    assert done["usage"]["cached_input_tokens"] == spent.cache_read
    assert done["usage"]["output_tokens"] == spent.output


def test_what_we_published_has_the_kinds_of_rows_that_the_client_writes(live: Live) -> None:
    assert _kinds(live.home) == _kinds(PUBLISHED / live.name)


def _kinds(home: Path) -> set[str]:
    kinds = set()
    for path in [*home.glob(".claude/projects/**/*.jsonl"), *home.glob(".codex/sessions/**/*.jsonl")]:
        for line in path.read_bytes().split(b"\n"):
            if line:
                row = json.loads(line)
                inner = row.get("payload") or row.get("attachment") or {}
                kinds.add(f"{row['type']}/{inner.get('type') or row.get('subtype') or ''}")
    return kinds

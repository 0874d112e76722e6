"""How a session stands: a table of last words, life and time."""

from __future__ import annotations

from typing import Any

import pytest

from reenact.tree.status import GONE, QUIET, Last, Life, status

NOW = 1_790_000_000_000_000


def stands(life: dict[str, Any], *, age: int | None = 0, **last: Any) -> str:
    return status(Last(at=None if age is None else NOW - age, **last), Life(**life), now=NOW)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ({"word": "unknown"}, "working"),
        ({"word": "running"}, "working"),
        ({"word": "completed"}, "idle"),
        ({"word": "failed"}, "idle"),
        ({"word": "interrupted"}, "idle"),
        ({"word": "unknown", "asks": "permission"}, "waiting"),
        ({"word": "unknown", "asks": "question"}, "waiting"),
        ({"word": "unknown", "age": 10 * GONE}, "working"),  # a tool may take its time
    ],
    ids=str,
)
def test_a_living_process_works_waits_or_idles(last: dict[str, Any], expected: str) -> None:
    assert stands({"is_alive": True}, **last) == expected


@pytest.mark.parametrize("doing", ["working", "waiting", "idle"])
@pytest.mark.parametrize("word", ["unknown", "completed", "failed"])
def test_what_the_agent_says_of_itself_counts_more(doing: str, word: str) -> None:
    assert stands({"is_alive": True, "doing": doing}, word=word) == doing


@pytest.mark.parametrize("is_alive", [False, None])
@pytest.mark.parametrize("word", ["completed", "failed", "interrupted", "aborted"])
def test_last_words_stay_when_the_process_is_gone(is_alive: bool | None, word: str) -> None:
    assert stands({"is_alive": is_alive}, word=word, age=10 * GONE) == word


def test_a_process_gone_in_the_middle_leaves_a_stale_session() -> None:
    assert stands({"is_alive": False}, word="unknown") == "stale"
    assert stands({"is_alive": False}, word="unknown", asks="permission") == "stale"


@pytest.mark.parametrize(
    ("age", "asks", "expected"),
    [
        (0, None, "working"),
        (QUIET, None, "working"),
        (QUIET + 1, None, "idle"),
        (GONE, None, "idle"),
        (GONE + 1, None, "stale"),
        (1, "question", "waiting"),
        (GONE + 1, "question", "stale"),
        (None, None, "unknown"),
        (-QUIET, None, "working"),
        (-QUIET - 1, None, "unknown"),
        (-QUIET - 1, "question", "unknown"),
    ],
)
def test_s5_51_where_nothing_tells_the_time_does(age: int | None, asks: str | None, expected: str) -> None:
    assert stands({}, word="unknown", age=age, asks=asks) == expected

from __future__ import annotations

from typing import Any

import pytest

from reenact.events import AnyBlock, blocks
from reenact.tree import argument, failure, first_words, json_text, plain, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (" a\n\tb  c ", "a b c"),
        ("x" * 300, "x" * 239 + "…"),
        ("", ""),
        ("caf\u00e9 \ud800", "café ?"),
    ],
)
def test_first_words_are_one_short_line(text: str, words: str) -> None:
    assert first_words(text) == words


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param((), "", id="nothing"),
        pytest.param((blocks.Image(), blocks.Text(text="look")), "look", id="text comes first"),
        pytest.param((blocks.Text(text=" "), blocks.Image()), "[image]", id="empty text"),
        pytest.param(
            (blocks.File(name="a.pdf"), blocks.File(), blocks.Audio()),
            "[file a.pdf] [file] [audio]",
            id="files",
        ),
        pytest.param((blocks.Reasoning(text="hm"),), "hm", id="thoughts"),
        pytest.param((blocks.Reasoning(text="hm", summary="short"),), "short", id="summary of thoughts"),
        pytest.param((blocks.ToolCall(call="c", name="Bash"),), "[Bash]", id="call"),
        pytest.param((blocks.ToolResult(call="c", output="out"),), "out", id="result"),
        pytest.param((blocks.Other(raw={}),), "[other]", id="unknown"),
    ],
)
def test_a_message_is_told_by_its_text_or_by_what_it_holds(content: tuple[AnyBlock, ...], words: str) -> None:
    assert words_of(content) == words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("as it is\n", "as it is\n"),
        ([{"type": "text", "text": "a"}, {"type": "image", "source": {}}], "a\n[image]"),
        ({"type": "text", "text": "a"}, "a"),
        ({"output": "a", "metadata": {}}, "a"),
        ({"n": 1}, '{"n":1}'),
        ([1, 2], "[1,2]"),
        ([], "[]"),
        (7, "7"),
    ],
)
def test_an_output_is_shown_as_text(value: Any, text: str) -> None:
    assert plain(value) == text


def test_what_json_cannot_hold_is_shown_all_the_same() -> None:
    assert json_text({1, 2} | {"x"}) != ""
    assert "object" in json_text(object())
    assert json_text("\ud800") == repr("\ud800")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"description": "list files", "command": "ls -la"}, "ls -la"),
        ({"command": ["bash", "-lc", "make"]}, "bash -lc make"),
        ({"file_path": "a.py", "content": "x" * 9}, "a.py"),
        ({"other": "words", "n": 1}, "words"),
        ({"n": 1, "deep": {"a": [1]}}, '{"n":1,"deep":"…"}'),
        ("*** Begin Patch\n", "*** Begin Patch"),
        ([{"a": "b"}], '[{"a":"b"}]'),
        ([[1], "x"], '["…","x"]'),
        (None, ""),
        ({}, ""),
        (0, "0"),
    ],
)
def test_a_call_is_told_by_the_member_that_says_most(value: Any, words: str) -> None:
    assert argument(value) == words


@pytest.mark.parametrize(
    ("output", "error", "words"),
    [
        pytest.param(
            {"errors": ["a", "b"], "hint": "h", "message": "m"}, None, "a; b | hint: h", id="errors and hint"
        ),
        pytest.param({"errors": ["a"]}, None, "a", id="errors"),
        pytest.param({"message": "m", "error": "e"}, None, "m", id="message"),
        pytest.param({"error": "e"}, None, "e", id="error"),
        pytest.param({"code": 2}, None, '{"code":2}', id="anything"),
        pytest.param("plain\noutput", None, "plain output", id="text"),
        pytest.param("output", "told", "told", id="what the source tells"),
        pytest.param(None, None, "", id="nothing"),
        pytest.param({}, None, "", id="empty"),
    ],
)
def test_a_failure_says_why_as_well_as_it_can(output: Any, error: str | None, words: str) -> None:
    assert failure(output, error) == words


def test_first_words_of_something_huge_look_at_its_beginning_only() -> None:
    huge = {"content": "x" * 5_000_000, "items": [{"y": "z" * 1000}] * 1000}
    assert argument(huge) == "x" * 239 + "…"
    assert len(argument([huge] * 1000)) == 240

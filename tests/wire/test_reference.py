"""The page on what counts names every rule, every dropped field and every kind of difference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from reenact.wire import dialect_named, openai
from reenact.wire.anthropic.fingerprint import CLAUDE_CODE, DROPPED_FIELDS
from reenact.wire.diff import Class
from reenact.wire.gemini import fingerprint as gemini
from reenact.wire.openai_chat import fingerprint as chat
from reenact.wire.openai_responses import fingerprint as responses

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "wire.md").read_text()


def test_every_rule_is_on_the_page_and_none_else() -> None:
    section = PAGE.partition("\n| rule | place |")[2].partition("\n## ")[0]
    assert {rule.name for rule in CLAUDE_CODE.rules} == set(
        re.findall(r"^\| `([\w-]+)` \|", section, re.MULTILINE)
    )
    for rule in CLAUDE_CODE.rules:
        assert re.search(rf"^\| `{rule.name}` \| .+ \| {rule.does} \|$", section, re.MULTILINE)


def test_every_field_that_is_left_out_is_on_the_page() -> None:
    assert [name for name in DROPPED_FIELDS if f"`{name}`" not in PAGE] == []


def test_every_kind_of_difference_is_on_the_page() -> None:
    section = PAGE.partition("| kind | meaning |")[2].partition("\n\n")[0]
    named = {
        name
        for row in re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    assert named == set(get_args(Class))


@pytest.mark.parametrize("name", ["openai-chat", "openai-responses", "gemini"])
def test_every_rule_of_a_dialect_is_on_the_page(name: str) -> None:
    section = PAGE.partition("| dialect | rule | place |")[2].partition("\n\n")[0]
    for rule in dialect_named(name).rules.rules:
        assert re.search(rf"^\| [^|]+ \| `{rule.name}` \| .+ \| {rule.does} \|$", section, re.MULTILINE)


def test_every_field_that_a_dialect_leaves_out_is_on_the_page() -> None:
    fields = {*openai.DROPPED, *openai.SEALED, *responses.TRANSPORT, *responses.MARKS, *chat.TRANSPORT}
    fields |= {*gemini.DROPPED, *gemini.SEALED}
    assert sorted(name for name in fields if f"`{name}`" not in PAGE) == []

"""The page on what counts names every rule, every dropped field and every kind of difference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from reenact.wire.anthropic.fingerprint import CLAUDE_CODE, DROPPED_FIELDS
from reenact.wire.diff import Class

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "wire.md").read_text()


def test_every_rule_is_on_the_page_and_none_else() -> None:
    section = PAGE.partition("| rule | place |")[2].partition("\n## ")[0]
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

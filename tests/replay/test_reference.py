"""The page on divergence reports names every field and every word a report can hold."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from reenact.replay import Difference, Divergence, Report, model

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "divergence.md").read_text()
CELLS = {
    word
    for row in re.findall(r"^\| ([^|]+) \|", PAGE, re.MULTILINE)
    for word in re.findall(r"`([^`]+)`", row)
}


@pytest.mark.parametrize("value", [Report, Divergence, Difference])
def test_every_field_has_a_row(value: type[msgspec.Struct]) -> None:
    assert set(value.__struct_fields__) <= CELLS


@pytest.mark.parametrize(
    "words",
    [
        model.DivergenceKind,
        model.Classification,
        model.Consequence,
        model.Level,
        model.Section,
        model.Change,
    ],
)
def test_every_word_is_told(words: object) -> None:
    assert [word for word in get_args(words) if f"`{word}`" not in PAGE] == []

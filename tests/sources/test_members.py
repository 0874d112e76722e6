"""Members of foreign objects: what is missing or of another type reads as absent."""

from __future__ import annotations

from typing import Any

import pytest

from reenact.sources import members

ODD: dict[str, Any] = {
    "text": "x", "empty": "", "whole": 3, "float": 3.0, "half": 3.5, "true": True, "huge": 2**60, "minus": -2,
    "nan": float("nan"), "list": [1, {"a": 1}], "object": {"a": 1}, "null": None,
}  # fmt: skip


def test_only_texts_with_something_in_them_are_texts() -> None:
    assert [name for name in (*ODD, "missing") if members.text(ODD, name) is not None] == ["text"]


def test_whole_numbers_that_every_reader_can_hold_are_integers() -> None:
    found = {name: members.integer(ODD, name) for name in (*ODD, "missing")}
    assert {name: value for name, value in found.items() if value is not None} == {
        "whole": 3,
        "float": 3,
        "minus": -2,
    }


def test_counts_are_never_negative_and_never_unknown() -> None:
    assert [members.count(ODD, name) for name in ("whole", "minus", "text", "missing")] == [3, 0, 0, 0]


@pytest.mark.parametrize(
    ("name", "value"), [("half", 3.5), ("whole", 3.0), ("true", None), ("nan", None), ("huge", None)]
)
def test_numbers_are_finite_and_no_truth_values(name: str, value: float | None) -> None:
    assert members.number(ODD, name) == value


def test_objects_and_lists_are_there_or_empty() -> None:
    assert members.mapping(ODD, "object") == {"a": 1}
    assert members.mapping(ODD, "list") == {}
    assert members.items(ODD, "text") == []
    assert members.mappings(ODD, "list") == [{"a": 1}]

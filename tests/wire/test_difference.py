"""Differences are named leaf by leaf and line by line; messages are paired before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.wire.alignment import Item, align
from reenact.wire.difference import LineChange, Side, leaf_changes, line_changes
from reenact.wire.volatile import suggest_rule

if TYPE_CHECKING:
    from reenact.wire.canonical import Json

VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "a\nb", "b\na\nb"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)


def same(value: Json) -> Side:
    return Side(sent=value, normal=_sorted(value))


def _sorted(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def changes(old: Json, new: Json) -> list[tuple[tuple[str | int, ...], str, Json, Json]]:
    return [
        (leaf.path, leaf.change, leaf.recorded, leaf.actual) for leaf in leaf_changes(same(old), same(new))
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
        ({"a": 1}, {"a": 2}, [(("a",), "changed", 1, 2)]),
        ({"a": 1}, {}, [(("a",), "missing", 1, None)]),
        ({}, {"a": None}, [(("a",), "extra", None, None)]),
        ([1, 2, 3], [1, 5, 3], [((1,), "changed", 2, 5)]),
        ([1, 2, 3], [1, 3], [((1,), "missing", 2, None)]),
        ([1, 3], [1, 2, 3], [((1,), "extra", None, 2)]),
        ([1], [True], [((0,), "changed", 1, True)]),
        ({"a": [1]}, {"a": "1"}, [(("a",), "changed", [1], "1")]),
    ],
)
def test_leaves_that_differ_are_named(old: Json, new: Json, expected: object) -> None:
    assert changes(old, new) == expected


@given(VALUES, VALUES)
def test_values_differ_where_and_only_where_a_leaf_does(old: Json, new: Json) -> None:
    equal = old == new and repr(_sorted(old)) == repr(_sorted(new))
    assert (changes(old, new) == []) is equal
    mirrored = {"missing": "extra", "extra": "missing", "changed": "changed"}
    assert [(path, mirrored[kind], b, a) for path, kind, a, b in changes(old, new)] == changes(new, old)


def test_lines_are_shown_as_sent_and_compared_as_normalised() -> None:
    old = Side(sent="in /home/a\nx\nold\nend", normal="in <cwd>\nx\nold\nend")
    new = Side(sent="in /data/b\nx\nnew\nmore\nend", normal="in <cwd>\nx\nnew\nmore\nend")
    (leaf,) = leaf_changes(old, new)
    assert leaf.lines == (
        LineChange(recorded_line=3, actual_line=3, recorded="old", actual="new"),
        LineChange(actual_line=4, actual="more"),
    )


def test_a_value_that_spans_lines_is_shown_normalised() -> None:
    (leaf,) = leaf_changes(Side(sent="a\nb x", normal="<v> x"), Side(sent="c\nd\ne y", normal="<v> y"))
    assert leaf.lines == (LineChange(recorded_line=1, actual_line=1, recorded="<v> x", actual="<v> y"),)


def test_many_changed_lines_are_counted_beyond_the_listed() -> None:
    (leaf,) = leaf_changes(same("\n".join(["a"] * 700)), same("\n".join(["b"] * 700)))
    assert (len(leaf.lines), leaf.more_lines) == (100, 600)


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_unlisted_lines_are_equal(old: list[str], new: list[str]) -> None:
    found = line_changes(old, new, old, new)
    gone = {line.recorded_line for line in found} - {None}
    come = {line.actual_line for line in found} - {None}
    assert [line for n, line in enumerate(old, 1) if n not in gone] == [
        line for n, line in enumerate(new, 1) if n not in come
    ]


def test_names_that_normalise_to_one_are_compared_as_normalised() -> None:
    old = Side(sent={"/a": 1, "/b": 2}, normal={"<p>": 2})
    new = Side(sent={"/a": 1, "/c": 3}, normal={"<p>": 3})
    (leaf,) = leaf_changes(old, new)
    assert (leaf.path, leaf.recorded, leaf.actual) == (("<p>",), 2, 3)


# -- pairing messages -----------------------------------------------------------------------------


def items(text: str) -> list[Item]:
    """One item per letter; capital letters speak as the assistant."""
    return [Item(digest=letter, role="assistant" if letter.isupper() else "user") for letter in text]


@pytest.mark.parametrize(
    ("left", "right", "head", "tail", "pairs"),
    [
        ("aBc", "aBc", 3, 0, ()),
        ("aBc", "aBcDe", 3, 0, ((None, 3), (None, 4))),
        ("aBcDe", "aBxDe", 2, 2, ((2, 2),)),
        ("aBcDe", "aDe", 1, 2, ((1, None), (2, None))),
        ("aBc", "aBxc", 2, 1, ((None, 2),)),
        ("aBcDe", "xBcDy", 0, 0, ((0, 0), (4, 4))),
        ("ab", "aB", 1, 0, ((1, 1),)),
        ("abc", "aX", 1, 0, ((1, None), (2, 1))),
        ("", "", 0, 0, ()),
    ],
    ids=["equal", "longer", "edited", "dropped", "added", "both ends", "other role", "left over", "empty"],
)
def test_messages_are_paired(
    left: str, right: str, head: int, tail: int, pairs: tuple[tuple[int | None, int | None], ...]
) -> None:
    found = align(items(left), items(right))
    assert (found.head, found.tail, found.pairs) == (head, tail, pairs)


@given(st.text("abAB", max_size=8), st.text("abAB", max_size=8))
def test_every_message_is_placed_once_and_in_order(left: str, right: str) -> None:
    found = align(items(left), items(right))
    ours = [place for place, _ in found.pairs if place is not None]
    theirs = [place for _, place in found.pairs if place is not None]
    gone = [place for place in range(found.head, len(left) - found.tail) if place not in ours]
    come = [place for place in range(found.head, len(right) - found.tail) if place not in theirs]
    assert ours == sorted(set(ours))
    assert theirs == sorted(set(theirs))
    # Messages that are equal and not listed are paired silently, in order.
    assert [left[place] for place in gone] == [right[place] for place in come]
    assert left[: found.head] == right[: found.head]
    assert not found.tail or left[-found.tail :] == right[-found.tail :]


# -- values that look volatile --------------------------------------------------------------------


def line(recorded: str | None, actual: str | None) -> LineChange:
    return LineChange(recorded=recorded, actual=actual)


@pytest.mark.parametrize(
    ("recorded", "actual", "name"),
    [
        ("at 2026-11-20T10:00:00.123Z", "at 2026-11-21T11:00:00.456Z", "timestamp"),
        ("on 2026-11-20", "on 2026-11-21", "date"),
        ("10:00:01 start", "11:30:59 start", "time"),
        ("1 passed in 0.12s", "1 passed in 0.31s", "duration"),
        ("done in 12 ms", "done in 7 ms", "number"),
        ("server pid 4711", "server pid 12", "number"),
        ("wrote /tmp/abc123/x", "wrote /tmp/zzz/x", "temp-path"),
        ("epoch 1795000000123", "epoch 1795000099999", "epoch"),
        ("commit 42c3d3f done", "commit 99aabbc done", "hash"),
        ("id 0b6f6a52-0d3c-4f7e-9a43-0d4f4d0a9d11", "id 7c1f6a52-0d3c-4f7e-9a43-0d4f4d0a9d22", "uuid"),
    ],
)
def test_what_looks_volatile_gets_a_rule_that_matches_both(recorded: str, actual: str, name: str) -> None:
    import re

    rule = suggest_rule([line(recorded, actual)])
    assert rule is not None
    assert rule.name == name
    found = [re.search(rule.pattern, text) for text in (recorded, actual)]
    rests = {match.string[: match.start(1)] + match.string[match.end(1) :] for match in found if match}
    assert len(rests) == 1
    assert None not in found


@pytest.mark.parametrize(
    ("recorded", "actual"),
    [
        ("3 passed", "4 passed"),
        ("fix the tests", "fix the docs"),
        ("on 2026-11-20 x", "on 2026-11-21 y"),
        ("deadbeef", "feedface"),
        ("took 1 ms", "took 1 ms longer"),
        ("port 80 pid 1", "port 80 pid x"),
        (None, "new line"),
        ("old line", None),
    ],
)
def test_what_may_be_content_gets_no_rule(recorded: str | None, actual: str | None) -> None:
    assert suggest_rule([line(recorded, actual)]) is None


def test_one_line_of_content_among_volatile_ones_means_no_rule() -> None:
    assert suggest_rule([line("pid 1", "pid 2"), line("a", "b")]) is None
    assert suggest_rule([]) is None

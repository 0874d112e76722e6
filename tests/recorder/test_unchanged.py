"""What is remembered of a value is its JSON, and a value that was changed in place is noticed."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from reenact.recorder.unchanged import Unchanged, UnchangedMembers

values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(-2, 2) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
edits = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), values), max_size=8)


@given(st.lists(values, max_size=6), edits)
def test_the_json_is_always_that_of_the_values_as_they_are(history: list[Any], changes: list[Any]) -> None:
    known = Unchanged(msgspec.json.encode)
    for where, how, value in [(0, 9, None), *changes]:
        if where < len(history):
            change(history, where, how, value)
        assert known.encoded(history) == [msgspec.json.encode(each) for each in history]


def change(history: list[Any], where: int, how: int, value: Any) -> None:
    """Changes the history somewhere, in place where that can be done."""
    item = history[where]
    if isinstance(item, list) and how < 3:
        item.append(value)
    elif isinstance(item, dict) and how < 3:
        item["k"] = value
    elif isinstance(item, dict) and item and how == 3:
        name = next(iter(item))
        item[name] = value
    elif how == 4:
        history.insert(where, value)
    elif how == 5:
        del history[where]


def test_one_and_true_are_told_apart_in_place() -> None:
    known, message = Unchanged(msgspec.json.encode), {"role": "user", "flag": 1}
    found = []
    for flag in (1, True, 1.0):
        message["flag"] = flag
        found += known.encoded([message])
    assert found == [msgspec.json.encode({"role": "user", "flag": flag}) for flag in (1, True, 1.0)]


def test_what_did_not_change_is_not_encoded_again() -> None:
    asked: list[Any] = []

    def encode(value: Any) -> bytes:
        asked.append(value)
        return msgspec.json.encode(value)

    known = Unchanged(encode)
    history: list[Any] = [{"role": "user", "content": "a"}]
    for _ in range(3):
        known.encoded(history)
        history.append({"role": "user", "content": [{"type": "text", "text": "b"}]})
    assert len(asked) == 3


objects = st.dictionaries(st.text(max_size=3), values, max_size=4)


@given(st.lists(objects, max_size=5))
def test_an_object_is_always_written_as_it_is(states: list[dict[str, Any]]) -> None:
    known, fields = UnchangedMembers(msgspec.json.encode), dict[str, Any]()
    for state in states:
        fields.clear()
        fields.update(state)
        assert known.encoded(fields) == msgspec.json.encode(fields)


def test_an_object_that_did_not_change_is_the_same_bytes_and_a_change_within_is_noticed() -> None:
    known, tool = UnchangedMembers(msgspec.json.encode), {"name": "a"}
    fields = {"model": "m", "tools": [tool]}
    first = known.encoded(fields)
    assert known.encoded({"model": "m", "tools": [dict(tool)]}) is first
    tool["name"] = "b"
    assert known.encoded(fields) == b'{"model":"m","tools":[{"name":"b"}]}'

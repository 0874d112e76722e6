"""Strings are changed decoded, wherever JSON holds them, and nothing else changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.wire.leaves import holds_json, map_leaves, map_literals, opened

if TYPE_CHECKING:
    from reenact.wire.canonical import Json

VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def marked(text: str) -> str:
    return f"{text}!"


def home(text: str) -> str:
    return text.replace("/home/dev", "/users/maria")


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_changing_json_text_is_changing_the_value(value: Json, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert json.loads(map_literals(text, marked)) == map_leaves(value, marked)


@given(VALUES, st.sampled_from([None, 1]), st.integers(0, 400))
def test_json_text_that_breaks_off_stays_where_nothing_changes(
    value: Json, indent: int | None, end: int
) -> None:
    text = json.dumps(value, indent=indent)[:end]
    assert map_literals(text, str) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": "/home/dev/x",  "n": 1.0}', '{"a": "/users/maria/x",  "n": 1.0}'),
        ('{"a": "line\\n/home/dev"}', '{"a": "line\\n/users/maria"}'),
        ('{"a": "é \\u00e9 /home/dev"}', '{"a": "é é /users/maria"}'),
        ('{"a": "x", "b": "/home/dev/to', '{"a": "x", "b": "/users/maria/to'),
        ('{"b": "say \\"/home/dev', '{"b": "say \\"/users/maria'),
        ('{"b": "/home/dev\\', '{"b": "/home/dev\\'),
        ('{"b": "/home/dev\\u00', '{"b": "/home/dev\\u00'),
        ('{"/home/dev": 1}', '{"/users/maria": 1}'),
    ],
    ids=[
        "spaces stay",
        "line break",
        "escapes",
        "torn",
        "torn after quote",
        "torn escape",
        "torn \\u",
        "name",
    ],
)
def test_literals_are_changed_and_the_rest_stays_as_written(text: str, expected: str) -> None:
    assert map_literals(text, home) == expected


def test_json_held_in_json_held_in_json_is_opened() -> None:
    inner = json.dumps({"path": "a\n/home/dev"})
    outer = json.dumps([json.dumps({"arguments": inner}), "/home/dev"])
    changed = opened(home)(outer)
    assert json.loads(json.loads(json.loads(changed)[0])["arguments"]) == {"path": "a\n/users/maria"}


def test_a_string_that_only_looks_like_json_is_a_text() -> None:
    assert opened(home)('{not "json /home/dev}') == '{not "json /users/maria}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":1}', True),
        (' ["x"] ', True),
        ("[1]", False),
        ('{"a"', False),
        ("x", False),
        ("", False),
        ('"a"', False),
    ],
)
def test_only_objects_and_arrays_with_strings_need_opening(text: str, expected: bool) -> None:
    assert holds_json(text) is expected

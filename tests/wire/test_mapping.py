"""Recorded values become actual ones, in texts and in the JSON that texts hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.wire.declared import Declared
from reenact.wire.mapping import mapper, pair_ids
from reenact.wire.recut import fragments, recut

RECORDED = Declared(
    cwd="/home/dev/code/todo-api",
    home="/home/dev",
    temp="/tmp",
    dates=("2026-11-21",),
    sessions=("session-one",),
    git_heads=("42c3d3f0a1b2c3d4e5f60718293a4b5c6d7e8f90",),
)
ACTUAL = Declared(
    cwd="/data/checkouts/second-copy/todo-service",
    home="/users/maria-b",
    temp="/data/scratch",
    dates=("2027-01-05",),
    sessions=("session-two",),
    git_heads=("99aabbccddeeff00112233445566778899aabbcc",),
)
MAPPER = mapper(RECORDED, ACTUAL, ids={"a43c6dbb1a86cf607": "affb77ef728774701"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat /home/dev/code/todo-api/app.py", "cat /data/checkouts/second-copy/todo-service/app.py"),
        ("/home/dev/.cache and /tmp/x", "/users/maria-b/.cache and /data/scratch/x"),
        ("-home-dev-code-todo-api", "-data-checkouts-second-copy-todo-service"),
        ("/home/dev/code/other", "/data/checkouts/second-copy/other"),
        ("git show 42c3d3f", "git show 99aabbc"),
        ("git show 42c3d3f0a1", "git show 99aabbccdd"),
        ("on 2026-11-21, a Saturday, November 21, 2026", "on 2027-01-05, a Tuesday, January 5, 2027"),
        ("to: 'a43c6dbb1a86cf607'.", "to: 'affb77ef728774701'."),
        ("session-one", "session-two"),
        ("*** Update File: /home/dev/code/todo-api/a.py\n+x", "*** Update File: /data/checkouts/second-copy/todo-service/a.py\n+x"),
        ("nothing to do", "nothing to do"),
    ],
)  # fmt: skip
def test_a_text_is_told_for_the_actual_run(text: str, expected: str) -> None:
    assert MAPPER.text(text) == expected


def test_values_swapped_between_the_sides_are_not_replaced_twice() -> None:
    swap = mapper(Declared(cwd="/one", home="/two"), Declared(cwd="/two", home="/one"))
    assert swap.text("/one /two") == "/two /one"


def test_json_is_mapped_in_its_strings_and_kept_as_written() -> None:
    text = '{ "command" : "ls\\n/home/dev/code/todo-api", "n": 1.0 }'
    expected = '{ "command" : "ls\\n/data/checkouts/second-copy/todo-service", "n": 1.0 }'
    assert MAPPER.json_text(text) == expected
    assert MAPPER.text(text) == expected
    assert MAPPER.json_text('{"path": "/home/dev/code/todo-api/a') == (
        '{"path": "/data/checkouts/second-copy/todo-service/a'
    )
    assert MAPPER.value({"a": [json.dumps({"p": "/tmp"}), 5]}) == {"a": ['{"p": "/data/scratch"}', 5]}


@pytest.mark.parametrize(
    ("recorded", "actual"),
    [(Declared(), ACTUAL), (RECORDED, Declared()), (RECORDED, RECORDED)],
    ids=["nothing recorded", "nothing actual", "same place"],
)
def test_where_sides_agree_or_one_is_silent_nothing_changes(recorded: Declared, actual: Declared) -> None:
    same = mapper(recorded, actual, ids={"x": "x"})
    assert same.is_identity
    assert same.text("/tmp /home/dev") == "/tmp /home/dev"
    assert same.json_text('["/tmp"]') == '["/tmp"]'
    assert same.value(["/tmp"]) == ["/tmp"]


def test_a_cut_slug_is_left_alone() -> None:
    long = mapper(Declared(cwd="/a" * 150), Declared(cwd="/b" * 150))
    assert long.text("-a" * 100 + "-hash1") == "-a" * 100 + "-hash1"


def test_ids_of_a_matched_pair_are_zipped() -> None:
    assert pair_ids(("a", "b", "c"), ("a", "x", "y")) == {"b": "x", "c": "y"}


@given(st.text(), st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_a_recut_text_has_as_many_pieces_and_joins_again(text: str, lengths: list[int]) -> None:
    pieces = recut(text, lengths)
    assert len(pieces) == len(lengths)
    assert "".join(pieces) == text
    assert all(len(piece) <= length for piece, length in zip(pieces[:-1], lengths, strict=False))


@given(st.text(), st.integers(1, 30))
def test_fragments_join_again(text: str, size: int) -> None:
    pieces = fragments(text, size)
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= size for piece in pieces)


def test_no_lengths_are_no_pieces() -> None:
    assert recut("abc", []) == []

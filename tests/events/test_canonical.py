from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.events.values import json_values, lone_surrogates, texts

from reenact.events import Tokens, blob_hash, canonical, content_hash
from reenact.events.blocks import Text


def shuffled(value: Any, draw: st.DataObject) -> Any:
    """An equal value whose objects have their keys in another order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key], draw) for key in draw.draw(st.permutations(list(value)))}
    return [shuffled(each, draw) for each in value] if isinstance(value, list) else value


@given(json_values, st.data())
def test_equal_values_have_equal_bytes_whatever_the_order_of_keys(value: Any, data: st.DataObject) -> None:
    other = shuffled(value, data)
    assert canonical(other) == canonical(value)
    assert content_hash(other) == content_hash(value)


@given(json_values)
def test_canonical_bytes_are_json_of_the_value(value: Any) -> None:
    data = canonical(value)
    assert json.loads(data) == value
    assert canonical(msgspec.json.decode(data)) == data


@given(json_values, json_values)
def test_different_values_have_different_bytes(one: Any, two: Any) -> None:
    if json.dumps(one, sort_keys=True) != json.dumps(two, sort_keys=True):
        assert canonical(one) != canonical(two)


@given(texts, lone_surrogates, st.data())
def test_lone_surrogates_have_bytes_too(text: str, lone: str, data: st.DataObject) -> None:
    value = {"z": [text + lone], lone: 1, "a": None}
    assert canonical(shuffled(value, data)) == canonical(value)
    assert canonical(lone) == json.dumps(lone, ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert canonical(Text(text=lone)) == b'{"text":%b,"type":"text"}' % canonical(lone)


def test_keys_are_in_the_order_of_code_points() -> None:
    keys = ["\U0001f600", "\uffff", "é", "z", "a", "A", ""]
    assert list(json.loads(canonical(dict.fromkeys(keys, 1)))) == [
        "",
        "A",
        "a",
        "z",
        "é",
        "\uffff",
        "\U0001f600",
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": [True, None, 1.5, "é\n"]}, '{"a":[true,null,1.5,"é\\n"],"b":1}'),
        (Tokens(input=3, reasoning=1), '{"input":3,"reasoning":1}'),
        (2**70, "1180591620717411303424"),
    ],
)
def test_canonical_bytes_are_compact_and_never_change(value: Any, expected: str) -> None:
    assert canonical(value) == expected.encode()


def test_hashes_tell_their_algorithm() -> None:
    assert content_hash({}) == "sha256:" + hashlib.sha256(b"{}").hexdigest()
    assert blob_hash(b"\x00") == "sha256:" + hashlib.sha256(b"\x00").hexdigest()

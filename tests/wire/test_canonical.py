"""Canonical JSON: equal values, equal bytes, as ECMAScript writes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.wire import canonical

if TYPE_CHECKING:
    from reenact.wire.canonical import Json

TEXT = st.text(st.characters() | st.sampled_from(["\udfff", "\ue000", "\U0001f600"]))
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (1e16, "10000000000000000"),
        (1e21, "1e+21"),
        (1.5e22, "1.5e+22"),
        (1e-6, "0.000001"),
        (1.25e-5, "0.0000125"),
        (-1.25e-5, "-0.0000125"),
        (1e-7, "1e-7"),
        (5e-324, "5e-324"),
        (0.1, "0.1"),
        (float("nan"), "null"),
        (float("-inf"), "null"),
        (2**70, "1180591620717411303424"),
    ],
)
def test_a_number_is_written_as_ecmascript_writes_it(value: float, expected: str) -> None:
    assert canonical.encode(value) == expected.encode()


def test_keys_are_sorted_by_utf16_code_units() -> None:
    # U+E000 has a higher UTF-16 unit than the surrogates of an astral character.
    assert canonical.encode({"\ue000": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ue000":1}'.encode()


def test_a_lone_surrogate_stays_an_escape() -> None:
    assert canonical.encode("\ud800é") == b'"\\ud800\xc3\xa9"'
    assert canonical.encode({"\udc00": ["\ud800"]}) == b'{"\\udc00":["\\ud800"]}'


def test_control_characters_are_escaped_and_nothing_else_is() -> None:
    expected = b'"\\u0000\\u001f\x7f\xe2\x80\xa8\\b\\f\\n\\r\\t\\"\\\\/"'
    assert canonical.encode('\x00\x1f\x7f\u2028\b\f\n\r\t"\\/') == expected
    # The slow path (a float makes it necessary) escapes the same.
    assert canonical.encode(['\x00\x1f\x7f\u2028\b\f\n\r\t"\\/', 1.0]) == b"[" + expected + b",1]"


def test_empty_containers_are_written_on_both_paths() -> None:
    assert canonical.encode([{}, [], 1.0, None, True]) == b"[{},[],1,null,true]"
    assert canonical.encode([{}, [], 1, None, True]) == b"[{},[],1,null,true]"


@given(VALUES)
def test_what_is_encoded_decodes_to_an_equal_value(value: Json) -> None:
    assert canonical.decode(canonical.encode(value)) == value


@given(st.dictionaries(TEXT, VALUES))
def test_the_order_of_keys_does_not_matter(value: dict[str, Json]) -> None:
    turned = dict(reversed(value.items()))
    assert canonical.encode(turned) == canonical.encode(value)
    assert canonical.content_hash(turned) == canonical.content_hash(value)


@given(VALUES)
def test_spaces_and_escapes_of_the_source_do_not_matter(value: Json) -> None:
    assert canonical.encode(canonical.decode(json.dumps(value, indent=1))) == canonical.encode(value)


def test_a_content_hash_names_its_algorithm() -> None:
    # sha256 of the two bytes "{}", computed with sha256sum.
    expected = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert canonical.content_hash({}) == expected


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b'"\\ud800"', "\ud800"),
        (b'"\xff"', "\ufffd"),
        ('"\\ud800"', "\ud800"),
        (b'{"a":1,"a":2}', {"a": 2}),
    ],
    ids=["byte order mark", "lone surrogate", "bad utf-8", "text", "double key"],
)
def test_what_strict_readers_refuse_is_read(data: bytes | str, value: Json) -> None:
    assert canonical.decode(data) == value


@pytest.mark.parametrize("data", [b"", b"{", b"<html>", b"[" * 200_000])
def test_what_is_no_json_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        canonical.decode(data)


def test_a_part_that_strict_readers_refuse_is_read_and_written() -> None:
    raw = msgspec.Raw(b'{"a": "\\ud800"}')
    value = canonical.decode_raw(raw)
    assert value == {"a": "\ud800"}
    assert canonical.dump(value) == b'{"a":"\\ud800"}'
    assert canonical.dump({"b": 1, "a": "\u00e9"}) == b'{"b":1,"a":"\xc3\xa9"}'


def test_a_part_that_nobody_can_read_is_nothing() -> None:
    assert canonical.decode_raw(msgspec.Raw(b"{")) is None


def test_deep_nesting_is_a_value_error_in_both_readers() -> None:
    for deep in (b"[" * 200_000 + b"]" * 200_000, b"[NaN," + b"[" * 200_000):
        with pytest.raises(ValueError):
            canonical.decode(deep)

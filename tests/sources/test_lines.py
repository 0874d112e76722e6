from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reenact.sources.lines import MAX_RECORD, RAW_HEAD, Decoded, decode, looks_like_row
from reenact.sources.protocol import Line

ROW = {
    "type": "user",
    "uuid": "u-1",
    "sessionId": "s-1",
    "message": {"role": "user", "content": [{"type": "text", "text": "hello {you}"}]},
}
ENVELOPE = {"timestamp": "2026-01-01T00:00:00Z", "type": "event_msg", "payload": {"type": "token_count"}}


def line(data: bytes, *, terminated: bool = True, oversized: bool = False) -> Line:
    return Line(number=1, offset=0, length=len(data), data=data, terminated=terminated, oversized=oversized)


def dump(value: object) -> bytes:
    return json.dumps(value).encode()


def category(found: Decoded) -> str | None:
    return found.warning.category if found.warning else None


@pytest.mark.parametrize(
    ("data", "values", "kind"),
    [
        pytest.param(dump(ROW), (ROW,), None, id="a whole row"),
        pytest.param(b"\xef\xbb\xbf" + dump(ROW), (ROW,), None, id="a byte order mark"),
        pytest.param(b'{"type":"x","n":NaN}', None, None, id="a number that JSON does not have"),
        pytest.param(b'{"a":"\\ud800"}', ({"a": "�"},), None, id="a lone surrogate"),
        pytest.param(b'{"a":"\\ud83d\\ude00","b":"\\ud800"}', ({"a": "😀", "b": "�"},), None, id="a pair"),
        pytest.param(b'{"a":"\xff"}', ({"a": "�"},), "encoding", id="bytes that are not UTF-8"),
        pytest.param(b"\x00" * 900 + dump(ROW), (ROW,), "nul", id="a NUL run before a row"),
        pytest.param(dump(ROW) + b"\x00\x00", (ROW,), "nul", id="a NUL run behind a row"),
        pytest.param(b"\x00" * 900, (), "nul", id="nothing but NUL"),
        pytest.param(b"  \t", (), None, id="nothing but white space"),
        pytest.param(b"", (), None, id="an empty line"),
        pytest.param(b"[1, 2]", (), "not_an_object", id="a list"),
        pytest.param(b'"text"', (), "not_an_object", id="a text"),
        pytest.param(b"not json", (), "malformed", id="garbage"),
        pytest.param(dump(ROW) + dump(ENVELOPE), (ROW, ENVELOPE), "spliced", id="a missing line end"),
        pytest.param(dump(ROW)[:70] + dump(ENVELOPE), (ENVELOPE,), "spliced", id="a row behind a torn one"),
        pytest.param(b"garbage " + dump(ROW), (ROW,), "spliced", id="a row behind garbage"),
        pytest.param(dump(ROW) + b"garbage", (ROW,), "spliced", id="a row before garbage"),
        pytest.param(
            dump(ROW)[:70] + dump(ENVELOPE) + dump(ROW), (ENVELOPE, ROW), "spliced", id="two behind a torn one"
        ),
        pytest.param(dump(ROW)[:-2], (), "malformed", id="fragments of a torn row are no records"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, (), "too_deep", id="a hundred thousand deep"),
        pytest.param(b"[" * 100_000, (), "too_deep", id="a hundred thousand lists"),
    ],
)  # fmt: skip
def test_a_line_gives_its_objects_and_tells_its_defect(
    data: bytes, values: tuple[dict[str, Any], ...] | None, kind: str | None
) -> None:
    found = decode(line(data))
    if values is not None:
        assert found.values == values
    assert category(found) == kind
    assert not found.held


def test_an_unfinished_last_line_is_held_until_it_ends() -> None:
    whole = dump(ROW)
    assert all(decode(line(whole[:end], terminated=False)).held for end in range(len(whole)))
    assert decode(line(whole, terminated=False)).values == (ROW,)


def test_an_oversized_line_is_a_warning_with_its_true_size() -> None:
    head = Line(number=1, offset=0, length=MAX_RECORD + 5, data=b"x" * RAW_HEAD, oversized=True)
    found = decode(head)
    assert category(found) == "oversized"
    assert found.warning is not None
    assert found.warning.size == MAX_RECORD + 5


def test_a_warning_keeps_only_the_beginning_of_its_line() -> None:
    found = decode(line(b"y" * 100_000))
    assert found.warning is not None
    assert found.warning.raw == "y" * RAW_HEAD
    assert found.warning.size == 100_000


@pytest.mark.parametrize(
    "unit",
    [
        b"{",
        b'{"type":',
        b'{"type":"t',
        b'{"sessionId":"',
        b'{"type":"text","text":"a"}!',
        b"\x00\xff",
        b'"{\\"',
    ],
    ids=["braces", "open rows", "torn rows", "torn texts", "fragments", "binary", "quotes"],
)
def test_the_work_on_garbage_grows_with_its_length_only(unit: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts what the reader of objects is asked to do, since a clock would not be repeatable."""
    from reenact.sources import lines as room

    asked: list[int] = []
    read = room._Scanner.read

    def counted(self: room._Scanner, start: int) -> tuple[dict[str, Any] | None, int]:
        asked.append(start)
        return read(self, start)

    monkeypatch.setattr(room._Scanner, "read", counted)
    data = (unit * (2_000_000 // len(unit)))[:2_000_000]
    assert decode(line(data)).warning is not None
    assert len(asked) <= room._MAX_FRAGMENTS + 2 * room._MAX_FAILURES + 2


def test_a_row_at_the_end_is_found_behind_any_number_of_torn_ones() -> None:
    found = decode(line(b'{"type":"t' * 100_000 + dump(ROW)))
    assert found.values == (ROW,)


def test_what_counts_as_a_row_can_be_told() -> None:
    data = dump(ROW)[:30] + b'{"type":"own","x":1}'
    assert decode(line(data)).values == ()
    assert decode(line(data), is_row=lambda value: "x" in value).values == ({"type": "own", "x": 1},)


@pytest.mark.parametrize(
    "fragment", [ROW["message"], {"type": "text", "text": "a"}, {"type": "tool_use", "id": "t"}]
)
def test_a_part_of_a_row_does_not_look_like_one(fragment: dict[str, Any]) -> None:
    assert looks_like_row(ROW)
    assert not looks_like_row(fragment)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(st.text(), json_values, min_size=1, max_size=5)


@given(objects)
def test_every_object_is_read_as_json_reads_it(value: dict[str, Any]) -> None:
    data = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    found = decode(line(data))
    assert found.warning is None
    assert found.values == (json.loads(data.decode("utf-8", "replace")),)


@given(st.binary(max_size=400))
@settings(max_examples=300)
def test_no_bytes_raise_and_every_line_has_one_outcome(data: bytes) -> None:
    data = data.replace(b"\n", b" ")
    found = decode(line(data))
    assert not found.held
    assert (not found.values and found.warning is None) == (not data.strip())


@given(st.lists(st.sampled_from([dump(ROW), dump(ENVELOPE)]), min_size=2, max_size=6), st.integers(0, 60))
def test_spliced_rows_are_all_saved(rows: list[bytes], torn: int) -> None:
    debris = dump(ROW)[:torn]
    found = decode(line(debris + b"".join(rows)))
    assert [dump(value) for value in found.values] == rows


@given(st.integers(1, len(dump(ROW)) - 1))
def test_a_torn_row_gives_nothing_but_a_warning(cut: int) -> None:
    found = decode(line(dump(ROW)[:cut]))
    assert found.values == ()
    assert found.warning is not None

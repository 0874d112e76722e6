"""Cutting streams into lines."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.ingest.lines import cut, document
from reenact.sources import Line

pieces = st.lists(st.sampled_from([b"", b"a", b"\n", b"\r", b"\x00", b"{}", b"x" * 40]), max_size=60)


def joined(lines: list[Line]) -> bytes:
    return b"".join(line.data + (b"\n" if line.terminated else b"") for line in lines)


@given(pieces.map(b"".join))
def test_lines_put_together_are_the_stream(data: bytes) -> None:
    lines = list(cut(BytesIO(data)))
    assert joined(lines) == data
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    for line in lines:
        assert data[line.offset : line.offset + line.length] == line.data


@given(pieces.map(b"".join), st.integers(min_value=1, max_value=30))
def test_oversized_lines_keep_their_place_and_length(data: bytes, limit: int) -> None:
    lines = list(cut(BytesIO(data), max_record=limit))
    plain = list(cut(BytesIO(data)))
    assert [(line.offset, line.length, line.terminated) for line in lines] == [
        (line.offset, line.length, line.terminated) for line in plain
    ]
    for line, whole in zip(lines, plain, strict=True):
        assert line.oversized == (whole.length > limit)
        assert whole.data.startswith(line.data)


class Trickle(BytesIO):
    """A stream that gives few bytes at a time, as pipes do."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(3 if size is None or size > 3 else size)


@given(pieces.map(b"".join), st.integers(min_value=1, max_value=30))
def test_how_a_stream_arrives_does_not_matter(data: bytes, limit: int) -> None:
    slow, fast = list(cut(Trickle(data), max_record=limit)), list(cut(BytesIO(data), max_record=limit))
    assert [(line.offset, line.length, line.oversized) for line in slow] == [
        (line.offset, line.length, line.oversized) for line in fast
    ]


def test_a_very_long_line_is_never_held_whole() -> None:
    size = 5 * 1024 * 1024
    lines = list(cut(BytesIO(b"[" + b"1" * size + b"]\n{}\n"), max_record=1024 * 1024))
    assert [(line.oversized, line.length) for line in lines] == [(True, size + 2), (False, 2)]
    assert len(lines[0].data) == 4096


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"", []), (b'{"a":\n1}', [(8, False)]), (b"x" * 50, [(50, True)])],
    ids=["empty", "document", "oversized"],
)
def test_a_document_is_one_line(data: bytes, expected: list[tuple[int, bool]]) -> None:
    assert [(line.length, line.oversized) for line in document(BytesIO(data), max_record=20)] == expected

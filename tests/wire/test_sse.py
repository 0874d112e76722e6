"""Server-sent events: however the bytes are cut, the events are the same."""

from __future__ import annotations

import pytest
from anthropic._streaming import SSEDecoder
from hypothesis import given
from hypothesis import strategies as st

from reenact.wire import sse
from reenact.wire.sse import Frame

LINE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\ufeff"), max_size=12)
FRAMES = st.lists(
    st.builds(
        Frame,
        event=LINE.map(str.strip),
        data=st.lists(LINE, min_size=1, max_size=3).map("\n".join).filter(bool),
        id=st.none() | LINE.map(str.strip),
        retry=st.none() | st.integers(0, 9999),
        comments=st.lists(LINE.map(str.strip), max_size=2).map(tuple),
    ),
    max_size=5,
)


def cut(body: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(body) + 1) for place in places} | {len(body)})
    return [body[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@given(FRAMES)
def test_what_is_encoded_decodes_to_the_same_events(frames: list[Frame]) -> None:
    assert sse.decode(b"".join(map(sse.encode, frames))) == frames


@given(FRAMES, st.sampled_from(["\n", "\r\n", "\r"]), st.lists(st.integers(0, 10_000), max_size=8))
def test_cuts_and_line_ends_do_not_matter(frames: list[Frame], line_end: str, places: list[int]) -> None:
    body = b"".join(map(sse.encode, frames)).replace(b"\n", line_end.encode())
    assert sse.decode(cut(body, places)) == frames


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=6))
def test_any_bytes_cut_anywhere_give_what_they_give_whole(body: bytes, places: list[int]) -> None:
    assert sse.decode(cut(body, places)) == sse.decode(body)


@given(
    st.lists(st.sampled_from(["data: a", "data:b", "data", "event: e", ": c", "", "", "x: y"])),
    st.sampled_from(["\n", "\r\n"]),
)
def test_the_official_client_reads_the_same_names_and_data(lines: list[str], line_end: str) -> None:
    body = (line_end.join(lines) + line_end * 2).encode()
    theirs = [(event.event or "", event.data) for event in SSEDecoder().iter_bytes(iter([body]))]
    ours = [(frame.event, frame.data) for frame in sse.decode(body)]
    assert ours == theirs


@pytest.mark.parametrize(
    ("body", "frames"),
    [
        (b"data: a\ndata: b\n\n", [Frame(data="a\nb")]),
        (b": hi\n\ndata: x\n\n", [Frame(data="x", comments=("hi",))]),
        (b"data:x\n\n", [Frame(data="x")]),
        (b"data:  x\n\n", [Frame(data=" x")]),
        (b"data\n\n", [Frame()]),
        (b"\n\n\n", []),
        (b"\xef\xbb\xbfdata: x\n\n", [Frame(data="x")]),
        (b"event: a\ndata: x", [Frame(event="a", data="x", is_torn=True)]),
        (b"event: a\ndata: x\n", [Frame(event="a", data="x", is_torn=True)]),
        (b"eve", []),
        (b"retry: soon\ndata: x\n\n", [Frame(data="x")]),
        (b"data: \xe2\x82\n\n", [Frame(data="\ufffd")]),
        (b"", []),
    ],
    ids=[
        "two data lines",
        "comment",
        "no space",
        "two spaces",
        "bare field",
        "empty lines",
        "byte order mark",
        "torn line",
        "torn event",
        "torn field name",
        "retry without number",
        "bad utf-8",
        "nothing",
    ],
)
def test_a_stream_reads_as_the_rules_say(body: bytes, frames: list[Frame]) -> None:
    assert sse.decode(body) == frames


def test_an_event_is_given_as_soon_as_its_empty_line_is_there() -> None:
    decoder = sse.Decoder()
    assert decoder.feed(b"data: x\r\n\r") == [Frame(data="x")]
    assert decoder.feed(b"\ndata: y\r\r") == [Frame(data="y")]
    assert decoder.close() is None


@pytest.mark.parametrize(
    "frame", [Frame(), Frame(id="1"), Frame(event="e"), Frame(retry=3), Frame(data="\n")]
)
def test_an_event_without_data_is_written_too(frame: Frame) -> None:
    assert sse.decode(sse.encode(frame)) == [frame]


def test_a_torn_event_is_written_without_its_end() -> None:
    assert sse.encode(Frame(event="a", data="x", is_torn=True)) == b"event: a\ndata: x"


@given(FRAMES, st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_the_pieces_between_boundaries_are_one_event_each(frames: list[Frame], line_end: bytes) -> None:
    body = b"".join(map(sse.encode, frames)).replace(b"\n", line_end)
    ends = sse.boundaries(body)
    pieces = [body[start:end] for start, end in zip((0, *ends), ends, strict=False)]
    assert b"".join(pieces) == body
    assert [sse.decode(piece) for piece in pieces] == [[frame] for frame in frames]


def test_a_torn_end_is_a_piece_of_its_own() -> None:
    assert sse.boundaries(b"data: x\n\n\ndata: y") == (10, 17)
    assert sse.boundaries(b"") == ()

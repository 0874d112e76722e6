from __future__ import annotations

import json
import zlib
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.events.keep import FORMATS
from tests.events.values import bodies, events, json_values, lone_surrogates, sample, texts

from reenact.errors import CorruptRecordError, FormatTooNewError
from reenact.events import FORMAT, KINDS, Event, Tokens, decode, decode_record, encode, encode_record
from reenact.events.bodies import Stderr, Unknown, UsageRecorded, UserMessage


def plain(data: bytes) -> Any:
    return json.loads(data)


def record(body: Any, **envelope: Any) -> bytes:
    """A record as another version might have written it."""
    base = {"v": FORMAT, "seq": 1, "id": "e", "session": "s", "recorded_at": 5}
    return json.dumps({**base, **envelope, "body": body}).encode()


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_an_event_reads_back_as_it_was_written(kind: str, data: st.DataObject) -> None:
    event = data.draw(events(bodies(kind)))
    assert event.body.kind == kind
    assert decode(encode(event)) == event
    line = encode_record(event)
    assert decode_record(line) == event
    assert decode_record(line[:-1]) == event
    assert encode_record(decode_record(line)) == line


@given(events())
def test_a_record_is_one_line_of_json_that_any_reader_reads(event: Event) -> None:
    line = encode_record(event)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    *_, last = msgspec.json.decode(line)
    assert last == "c"
    assert msgspec.json.decode(line) == plain(line)
    assert plain(line)["body"]["kind"] == event.body.kind


@given(events(), texts, lone_surrogates, texts)
def test_text_that_utf8_cannot_hold_is_kept(event: Event, before: str, lone: str, after: str) -> None:
    text = f"{before}{lone}{after}"
    for body in (Stderr(text=text), Unknown(name="x", raw={text: [text]})):
        changed = msgspec.structs.replace(event, body=body)
        line = encode_record(changed)
        assert decode_record(line) == changed
        assert encode_record(decode_record(line)) == line


names = texts.filter(lambda name: name not in {"kind", "body"} | set(Event.__struct_fields__) - {"extra"})


@given(events(), st.dictionaries(names, json_values, min_size=1, max_size=3), st.integers(FORMAT, FORMAT + 3))
def test_fields_of_another_version_pass_through(event: Event, unknown: dict[str, Any], version: int) -> None:
    raw = plain(encode(event))
    ours = set(type(event.body).__struct_fields__) - {"extra"}
    in_body = {name: value for name, value in unknown.items() if name not in ours}
    raw = {**raw, "v": version, **unknown, "body": {**raw["body"], **in_body}}
    read = decode(msgspec.json.encode(raw))
    assert plain(encode(read)) == raw
    assert read.body.kind == event.body.kind
    assert decode(encode(read)) == read


@given(st.dictionaries(texts, json_values, max_size=3), texts)
def test_kinds_of_another_version_pass_through(fields: dict[str, Any], word: str) -> None:
    raw = plain(record({**fields, "kind": f"future.{word}"}))
    read = decode(msgspec.json.encode(raw))
    assert isinstance(read.body, Unknown)
    assert read.body.name == f"future.{word}"
    assert plain(encode(read)) == raw
    assert decode_record(encode_record(read)) == read


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"kind": "stderr"}, id="a field is missing"),
        pytest.param({"kind": "stderr", "text": 5}, id="a field has another type"),
        pytest.param(
            {"kind": "usage.recorded", "key": "k", "tokens": {"water": 3}}, id="a part has a new field"
        ),
        pytest.param({"kind": "message.user", "blocks": [{"type": "hologram"}]}, id="a new block"),
        pytest.param({"kind": "message.user", "blocks": [{"type": "\ud800"}]}, id="a block of no name"),
        pytest.param({"kind": "session.ended", "status": "evaporated"}, id="a new word"),
        pytest.param({"kind": 5}, id="a kind that is no text"),
        pytest.param({}, id="no kind"),
        pytest.param([1], id="a list"),
        pytest.param(None, id="null"),
    ],
)
def test_a_body_that_does_not_fit_its_kind_is_kept_whole(body: Any) -> None:
    data = record(body)
    read = decode(data)
    assert isinstance(read.body, Unknown)
    assert read.body.raw == body
    assert plain(encode(read)) == plain(data)


def test_an_envelope_of_a_newer_version_may_use_new_words() -> None:
    data = record({"kind": "stderr", "text": "x"}, v=FORMAT + 1, source_kind="dream", ts="noon", seq=2)
    read = decode(data)
    assert (read.seq, read.ts, read.source_kind) == (2, None, "recorder")
    assert read.body == Stderr(text="x")
    assert plain(encode(read)) == plain(data)


def test_an_envelope_that_cannot_be_read_says_whose_fault_it_is() -> None:
    with pytest.raises(FormatTooNewError):
        decode(record({"kind": "stderr", "text": "x"}, v=FORMAT + 1, seq="first"))
    with pytest.raises(CorruptRecordError) as caught:
        decode(record({"kind": "stderr", "text": "x"}, source_kind="dream"))
    with pytest.raises(CorruptRecordError):
        decode(record({"kind": "stderr", "text": "x"}, source_kind="\ud800"))
    assert not isinstance(caught.value, FormatTooNewError)


def test_a_field_named_extra_is_a_field_like_any_other() -> None:
    for raw in (
        record({"kind": "stderr", "text": "x", "extra": {"a": 1}}),
        record({"kind": "stderr", "text": "x"}, extra={"a": 1}),
        record({"kind": "stderr", "text": "x", "extra": 5}, extra=[]),
    ):
        assert plain(encode(decode(raw))) == plain(raw)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"3", b"null", b"{}", b'"\xff"', b"\xef\xbb\xbf{}", b"\x00" * 40,
        b'{"v":1}', b'{"v":true,"body":{}}', b'{"v":"1"}', b'{"v":0,"body":{}}', b'{"v":-1}', b'{"v":99}',
        b'{"v":1,"body":null}', b'{"body":{"kind":"stderr"}}', b"[" * 100_000, b'{"v":' + b"[" * 100_000,
        b'{"v":1,"x":"\\ud800"}', b'"\\ud800', b'{"v":1,"x":1e999}',
        record({"kind": "stderr", "text": "x"})[:-1],
        record({"kind": "stderr", "text": "x"}).replace(b'"seq": 1', b'"seq": "1"'),
        b'{"v":1,"seq":1,"id":"e","session":"s","recorded_at":5,"body":'
        + b'{"x":' * 100_000 + b"1" + b"}" * 100_001,
    ],
)  # fmt: skip
def test_bytes_that_are_no_event_are_refused_in_one_way(data: bytes) -> None:
    with pytest.raises(CorruptRecordError):
        decode(data)
    with pytest.raises(CorruptRecordError):
        decode_record(data)
    with pytest.raises(CorruptRecordError):
        decode_record(b'%b,"c":"%08x"}' % (data[:-1], zlib.crc32(data[:-1])))


@given(st.binary(max_size=200) | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b'{"v":1,"body":{"kind":"stderr","text":"\\uD800"}}')
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    for read in (decode, decode_record):
        with suppress(CorruptRecordError):
            assert isinstance(read(data), Event)


@given(events(), st.data())
def test_no_damage_of_an_event_raises_anything_else(event: Event, data: st.DataObject) -> None:
    encoded = encode(event)
    start = data.draw(st.integers(0, len(encoded) - 1))
    stop = data.draw(st.integers(start, len(encoded)))
    damaged = encoded[:start] + data.draw(st.binary(max_size=8)) + encoded[stop:]
    with suppress(CorruptRecordError):
        assert isinstance(decode(damaged), Event)


def test_the_checksum_tells_every_change_of_a_byte() -> None:
    line = encode_record(sample("usage.recorded", 1))
    for index, old in enumerate(line[:-1]):
        for new in {0, 10, 32, 34, 48, 65, 97, 125, 255, old ^ 1, old ^ 128} - {old}:
            with pytest.raises(CorruptRecordError):
                decode_record(line[:index] + bytes([new]) + line[index + 1 :])


@given(events(), st.data())
def test_a_cut_record_is_refused(event: Event, data: st.DataObject) -> None:
    line = encode_record(event)
    cut = data.draw(st.integers(0, len(line) - 2))
    with pytest.raises(CorruptRecordError):
        decode_record(line[:cut])


def test_a_record_without_a_checksum_is_refused_even_if_it_is_an_event() -> None:
    with pytest.raises(CorruptRecordError, match="no checksum"):
        decode_record(encode(sample("stderr", 1)) + b"\n")


@pytest.mark.parametrize("path", sorted(FORMATS.glob("v*.jsonl")), ids=lambda path: path.name)
def test_records_of_every_format_version_load_for_ever(path: Any) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    read = [decode_record(line) for line in lines]
    assert [event.seq for event in read] == list(range(1, len(read) + 1))
    assert not any(isinstance(event.body, Unknown) and event.body.foreign for event in read)
    if path.name == f"v{FORMAT}.jsonl":
        assert b"".join(encode_record(event) for event in read) == b"".join(lines)


def test_the_kept_file_of_this_format_has_every_kind() -> None:
    lines = (FORMATS / f"v{FORMAT}.jsonl").read_bytes().splitlines()
    kept = {decode_record(line).body.kind: decode_record(line) for line in lines}
    assert set(kept) == set(KINDS)
    usage = kept["usage.recorded"].body
    assert isinstance(usage, UsageRecorded)
    assert usage.tokens == Tokens(
        input=7, cache_read=7, cache_write=7, cache_write_5m=7, cache_write_1h=7, output=7, reasoning=7
    )
    message = kept["message.user"].body
    assert isinstance(message, UserMessage)
    assert [block.__struct_config__.tag for block in message.blocks] == [
        "text", "image", "audio", "file", "reasoning", "tool_call", "tool_result", "other",
    ]  # fmt: skip
    assert kept["stderr"].body == Stderr(text="text ✓")

"""Recorded answers are told for the actual run and still stream as they were recorded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.wire import sse
from reenact.wire.anthropic.render import render_stream
from reenact.wire.anthropic.rewrite import rewrite_message, rewrite_stream
from reenact.wire.anthropic.stream import assemble
from reenact.wire.declared import Declared
from reenact.wire.mapping import mapper

if TYPE_CHECKING:
    from reenact.wire.canonical import Json, Object

CWD, THERE = "/home/dev/code/todo-api", "/data/checkouts/second-copy/todo-service"
MAPPER = mapper(Declared(cwd=CWD), Declared(cwd=THERE), ids={"bq7w9zx4k": "b00000001"})
NOTHING = mapper(Declared(), Declared())


def message(content: list[Json]) -> Object:
    usage: Json = {"input_tokens": 1, "output_tokens": 2}
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content,
        "stop_reason": "end_turn", "stop_sequence": None, "usage": usage,
    }  # fmt: skip


SAID = message(
    [
        {"type": "thinking", "thinking": f"It is in {CWD}.", "signature": f"{CWD} c2ln"},
        {"type": "redacted_thinking", "data": CWD},
        {"type": "text", "text": f"I read {CWD}/app.py for task bq7w9zx4k.", "citations": [{"type": "x", "title": CWD, "encrypted_index": CWD}]},
        {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"file_path": f"{CWD}/app.py", "data": f"\n{CWD}", "n": 1}},
    ]
)  # fmt: skip
TOLD = json.loads(json.dumps(SAID).replace(CWD, THERE).replace("bq7w9zx4k", "b00000001"))
TOLD["content"][0]["signature"] = f"{CWD} c2ln"
TOLD["content"][1]["data"] = CWD
TOLD["content"][2]["citations"][0]["encrypted_index"] = CWD


def test_an_assembled_message_is_mapped_but_for_sealed_values() -> None:
    assert rewrite_message(SAID, MAPPER) == TOLD
    assert rewrite_message(SAID, NOTHING) is SAID


def test_thinking_stays_as_it_was_signed_where_the_run_may_go_on_live() -> None:
    kept = {**TOLD, "content": [SAID["content"][0], *TOLD["content"][1:]]}  # type: ignore[index]  # JSON of ours
    assert rewrite_message(SAID, MAPPER, keep_thinking=True) == kept
    told = rewrite_stream(b"".join(render_stream(SAID, fragment=3)), MAPPER, keep_thinking=True)
    assert assemble(told).message == kept


@pytest.mark.parametrize("fragment", [1, 3, 24, 1000])
def test_a_stream_is_mapped_across_the_borders_of_its_pieces(fragment: int) -> None:
    events = render_stream(SAID, fragment=fragment)
    told = rewrite_stream(b"".join(events), MAPPER)
    assert assemble(told).message == TOLD
    assert len(told) == len(events)


def test_pieces_keep_their_recorded_lengths_but_the_last() -> None:
    said = message([{"type": "text", "text": f"in {CWD} now"}])
    told = b"".join(rewrite_stream(b"".join(render_stream(said, lengths={0: [5, 5, 17]})), MAPPER))
    deltas = [
        json.loads(frame.data)["delta"]["text"]
        for frame in sse.decode(told)
        if "_delta" in frame.data and "text_delta" in frame.data
    ]
    assert deltas == ["in /d", "ata/c", "heckouts/second-copy/todo-service now"]


def test_events_that_do_not_change_stay_byte_for_byte() -> None:
    said = message([{"type": "text", "text": "nothing here"}, {"type": "text", "text": CWD}])
    events = [event.replace(b'{"type"', b'{ "type"') for event in render_stream(said)]
    told = rewrite_stream(b"".join(events), MAPPER)
    changed = [place for place, (old, new) in enumerate(zip(events, told, strict=True)) if old != new]
    assert [json.loads(sse.decode(told[place])[0].data)["delta"]["text"] for place in changed] == [THERE]


@given(st.binary(max_size=80))
def test_what_is_no_stream_of_events_stays_as_it_is(body: bytes) -> None:
    assert b"".join(rewrite_stream(body, MAPPER)) == body
    assert b"".join(rewrite_stream(body, NOTHING)) == body


@given(st.integers(0, 3000), st.integers(1, 30))
def test_a_recording_that_breaks_off_is_mapped_as_far_as_it_goes(end: int, fragment: int) -> None:
    body = b"".join(render_stream(SAID, fragment=fragment))[:end]
    told = b"".join(rewrite_stream(body, MAPPER))
    before, after = assemble(body), assemble(told)
    assert len(after.blocks) == len(before.blocks)
    assert [len(block.pieces) for block in after.blocks] == [len(block.pieces) for block in before.blocks]
    assert after.end == before.end
    assert sse.decode(told)[-1:] == sse.decode(body)[-1:] if before.kept else True


def test_a_torn_tool_input_is_mapped_where_it_is_whole() -> None:
    start: Json = {"type": "tool_use", "id": "t", "name": "n", "input": {}}
    events: list[Json] = [
        {"type": "content_block_start", "index": 0, "content_block": start},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": f'{{"a": "{CWD}", "b": "x{CWD[:9]}'}},
    ]  # fmt: skip
    body = b"".join(sse.encode(sse.Frame(event="e", data=json.dumps(event))) for event in events)
    told = assemble(rewrite_stream(body, MAPPER))
    assert told.blocks[0].input_json == f'{{"a": "{THERE}", "b": "x{CWD[:9]}'


def test_comments_and_other_events_pass() -> None:
    body = b': keep-alive\n\nevent: ping\ndata: {"type": "ping"}\n\ndata: ' + CWD.encode() + b"\n\n"
    assert b"".join(rewrite_stream(body, MAPPER)) == body

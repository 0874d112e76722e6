"""Streams of the Messages API: put together, rendered, and read by the official client."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import anthropic
import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reenact.wire import sse
from reenact.wire.anthropic.message import parse_reply, tokens
from reenact.wire.anthropic.render import render_assembled, render_json, render_stream
from reenact.wire.anthropic.stream import assemble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reenact.wire.canonical import Json, Object

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
JSON_VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
INPUTS = st.dictionaries(TEXT, JSON_VALUES, max_size=3)
CITATION: Object = {
    "type": "char_location",
    "cited_text": "a",
    "document_index": 0,
    "document_title": "t",
    "start_char_index": 0,
    "end_char_index": 1,
    "file_id": None,
}
KNOWN_BLOCKS: st.SearchStrategy[Object] = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, TEXT),
    st.builds(lambda text: {"type": "text", "text": text, "citations": [CITATION]}, TEXT),
    st.builds(lambda t, s: {"type": "thinking", "thinking": t, "signature": s}, TEXT, TEXT),
    st.builds(lambda data: {"type": "redacted_thinking", "data": data}, TEXT),
    st.builds(lambda i: {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": i}, INPUTS),
    st.builds(lambda i: {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": i}, INPUTS),
    st.just({"type": "web_search_tool_result", "tool_use_id": "s1", "content": []}),
)
BLOCKS = KNOWN_BLOCKS | st.one_of(
    st.builds(
        lambda i: {"type": "mcp_tool_use", "id": "m", "name": "n", "server_name": "s", "input": i}, INPUTS
    ),
    st.builds(
        lambda text: {"type": "compaction", "content": text, "encrypted_content": None}, TEXT | st.none()
    ),
    st.builds(lambda value: {"type": "from_the_future", "payload": value}, JSON_VALUES),
)
USAGES: st.SearchStrategy[Object] = st.fixed_dictionaries(
    {"input_tokens": st.integers(0, 10**6), "output_tokens": st.integers(0, 10**6)},
    optional={
        "cache_creation_input_tokens": st.integers(0, 999),
        "cache_read_input_tokens": st.integers(0, 999),
        "cache_creation": st.just({"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4}),
        "output_tokens_details": st.just({"thinking_tokens": 7}),
        "service_tier": st.just("standard"),
        "of_the_future": st.integers(),
    },
)


def messages(blocks: st.SearchStrategy[Object]) -> st.SearchStrategy[Object]:
    return st.builds(
        lambda content, usage, stop: {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-test",
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": usage,
        },
        st.lists(blocks, max_size=4),
        USAGES,
        st.sampled_from(["end_turn", "tool_use", "max_tokens"]),
    )


MESSAGES = messages(BLOCKS)
EXAMPLE: Object = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-test",
    "content": [
        {"type": "thinking", "thinking": "Let me look at the file first.", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "b3BhcXVl"},
        {"type": "text", "text": "Ich schaue nach – «gleich» 😀.", "citations": [CITATION]},
        {
            "type": "tool_use",
            "id": "toolu_1",
            "name": "Bash",
            "input": {"command": "ls -1", "n": [1, 2.5, None]},
        },
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
        {"type": "tool_use", "id": "toolu_2", "name": "Now", "input": {}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {"input_tokens": 12, "cache_read_input_tokens": 5, "output_tokens": 34},
}


def cut(body: bytes, places: Sequence[int]) -> list[bytes]:
    ends = sorted({place % (len(body) + 1) for place in places} | {len(body)})
    return [body[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def event(kind: str, **fields: Json) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


START = event(
    "message_start",
    message={
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None,
        "stop_sequence": None, "usage": {"input_tokens": 9, "output_tokens": 1, "cache_read_input_tokens": 2},
    },
)  # fmt: skip


def text_block(index: int, *pieces: str) -> bytes:
    start = event("content_block_start", index=index, content_block={"type": "text", "text": ""})
    deltas = [
        event("content_block_delta", index=index, delta={"type": "text_delta", "text": p}) for p in pieces
    ]
    return start + b"".join(deltas) + event("content_block_stop", index=index)


# -- laws -----------------------------------------------------------------------------------------


@given(MESSAGES, st.integers(1, 30))
def test_a_rendered_message_assembles_to_itself(message: Object, fragment: int) -> None:
    stream = assemble(b"".join(render_stream(message, fragment=fragment)))
    assert stream.message == message
    assert stream.is_complete
    assert not stream.defects
    assert not stream.kept


@given(MESSAGES, st.lists(st.integers(0, 20_000), max_size=12))
def test_any_cut_of_the_bytes_assembles_the_same(message: Object, places: list[int]) -> None:
    body = b"".join(render_stream(message, fragment=5))
    assert assemble(cut(body, places)) == assemble(body)


@given(MESSAGES, st.integers(0, 20_000))
def test_what_was_assembled_renders_to_what_assembles_equal(message: Object, end: int) -> None:
    body = b"".join(render_stream(message, fragment=7))
    stream = assemble(body[: end % (len(body) + 1)])
    assert assemble(b"".join(render_assembled(stream))) == stream


@given(MESSAGES, st.integers(0, 20_000))
def test_a_stream_that_breaks_off_gives_a_beginning_of_the_message(message: Object, end: int) -> None:
    body = b"".join(render_stream(message, fragment=7))
    stream = assemble(body[: end % len(body)])
    assert stream.end == "truncated"
    whole = message["content"]
    assert isinstance(whole, list)
    partial = (stream.message or {"content": []})["content"]
    assert isinstance(partial, list)
    for block, full in zip(partial, whole, strict=False):
        assert isinstance(block, dict)
        assert isinstance(full, dict)
        assert block["type"] == full["type"]
        if block["type"] == "text":
            assert str(full["text"]).startswith(str(block["text"]))
    assert all(block.is_closed for block in stream.blocks[:-1])


@given(st.lists(st.lists(TEXT, min_size=1), max_size=3))
def test_recorded_pieces_are_rendered_at_their_lengths(blocks: list[list[str]]) -> None:
    body = START + b"".join(text_block(i, *pieces) for i, pieces in enumerate(blocks)) + event("message_stop")
    again = b"".join(render_assembled(assemble(body)))
    assert [json.loads(f.data) for f in sse.decode(again)] == [json.loads(f.data) for f in sse.decode(body)]


# -- what a stream can hold -----------------------------------------------------------------------


def test_the_parts_of_a_stream_are_joined() -> None:
    stream = assemble(b"".join(render_stream(EXAMPLE)))
    assert stream.message == EXAMPLE
    assert stream.blocks[3].input_json == '{"command":"ls -1","n":[1,2.5,null]}'
    assert [piece.length for piece in stream.blocks[2].pieces] == [24, 5, 0]


def test_a_ping_changes_nothing() -> None:
    body = START + text_block(0, "a") + event("message_stop")
    with_pings = (
        START
        + event("ping")
        + text_block(0, "a")
        + b": keep-alive\n\n"
        + event("ping")
        + event("message_stop")
    )
    assert assemble(with_pings) == assemble(body)


def test_usage_of_the_end_overrides_what_it_tells_and_keeps_the_rest() -> None:
    end = event(
        "message_delta",
        delta={"stop_reason": "end_turn", "stop_sequence": None, "container": {"id": "c"}},
        usage={"output_tokens": 40, "input_tokens": None},
        context_management={"applied_edits": []},
    )
    message = assemble(START + end + event("message_stop")).message
    assert message is not None
    assert message["usage"] == {"input_tokens": 9, "output_tokens": 40, "cache_read_input_tokens": 2}
    assert (message["stop_reason"], message["container"]) == ("end_turn", {"id": "c"})
    assert message["context_management"] == {"applied_edits": []}


def test_an_error_in_the_stream_ends_it_and_keeps_what_came() -> None:
    error: Json = {"type": "overloaded_error", "message": "Overloaded"}
    stream = assemble(START + text_block(0, "half") + event("error", error=error))
    assert stream.end == "error"
    assert stream.failure is not None
    assert (stream.failure.type, stream.failure.message) == ("overloaded_error", "Overloaded")
    assert stream.message is not None
    assert stream.message["content"] == [{"type": "text", "text": "half"}]


def test_an_input_that_breaks_off_stays_as_text() -> None:
    start = event(
        "content_block_start",
        index=0,
        content_block={"type": "tool_use", "id": "t", "name": "n", "input": {}},
    )
    delta = event(
        "content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": '{"a": "b'}
    )
    stream = assemble(START + start + delta)
    assert stream.message is not None
    assert stream.message["content"] == [{"type": "tool_use", "id": "t", "name": "n", "input": {}}]
    assert stream.blocks[0].input_json == '{"a": "b'
    assert not stream.blocks[0].is_closed
    assert stream.defects == ("the input of block 0 is no whole JSON",)


def test_what_is_not_known_is_kept() -> None:
    delta: Json = {"type": "hologram_delta", "pixels": [1, 2]}
    body = (
        START
        + event("content_block_start", index=0, content_block={"type": "hologram", "depth": 3})
        + event("content_block_delta", index=0, delta=delta)
        + event("content_block_delta", index=0, delta={"type": "text_delta", "text": "x", "confidence": 0.5})
        + event("content_block_stop", index=0)
        + event("weather", sunny=True)
        + event("message_stop")
    )
    stream = assemble(body)
    assert stream.message is not None
    assert stream.message["content"] == [{"type": "hologram", "depth": 3, "text": "x"}]
    assert [kept.data for kept in stream.kept] == [{"type": "weather", "sunny": True}]
    assert not stream.defects
    assert assemble(b"".join(render_assembled(stream))) == stream


@pytest.mark.parametrize(
    ("body", "defect"),
    [
        (b"data: <html>\n\n", "an event's data is no JSON"),
        (b"data: [1]\n\n", "an event's data is no object"),
        (event("content_block_delta", index=0, delta={}), "a content_block_delta without block"),
        (event("content_block_stop", index=0), "a content_block_stop without block"),
        (event("content_block_start", index=0), "a content_block_start without place or block"),
        (START + START, "a second or empty message_start"),
        (b"event: message_start\ndata: {", "the stream ends inside an event"),
    ],
)
def test_what_breaks_the_protocol_is_a_defect_and_is_kept(body: bytes, defect: str) -> None:
    stream = assemble(body)
    assert stream.defects == (defect,)
    assert len(stream.kept) == 1


def test_no_bytes_are_an_empty_truncated_stream() -> None:
    stream = assemble(b"")
    assert (stream.message, stream.end, stream.defects) == (None, "truncated", ())


def test_a_fallback_block_names_the_model_that_went_on() -> None:
    block: Json = {"type": "fallback", "from": {"model": "m"}, "to": {"model": "other"}}
    stream = assemble(START + event("content_block_start", index=0, content_block=block))
    assert stream.message is not None
    assert stream.message["model"] == "other"


def test_given_lengths_cut_the_text_and_the_last_piece_takes_the_rest() -> None:
    message: Object = {**EXAMPLE, "content": [{"type": "text", "text": "abcdefgh"}]}
    deltas = [
        json.loads(frame.data)["delta"]["text"]
        for frame in sse.decode(render_stream(message, lengths={0: [1, 2, 2]}))
        if frame.event == "content_block_delta"
    ]
    assert deltas == ["a", "bc", "defgh"]


# -- the official client as oracle ----------------------------------------------------------------


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def serve(body: bytes, content_type: str) -> httpx2.MockTransport:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": content_type}, content=body)

    return httpx2.MockTransport(answer)


ASK: dict[str, Any] = {
    "model": "claude-test",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "x"}],
}


def read_whole(body: bytes) -> Any:
    with anthropic.Anthropic(
        api_key="k", http_client=httpx2.Client(transport=serve(body, "application/json"))
    ) as client:
        return client.messages.create(**ASK).to_dict()


def read_stream(body: bytes) -> Any:
    with (
        anthropic.Anthropic(
            api_key="k", http_client=httpx2.Client(transport=serve(body, "text/event-stream"))
        ) as client,
        client.messages.stream(**ASK) as stream,
    ):
        return stream.get_final_message().to_dict()


def read_beta_stream(body: bytes) -> Any:
    with (
        anthropic.Anthropic(
            api_key="k", http_client=httpx2.Client(transport=serve(body, "text/event-stream"))
        ) as client,
        client.beta.messages.stream(**ASK) as stream,
    ):
        return stream.get_final_message().to_dict()


def read_stream_async(body: bytes) -> Any:
    async def read() -> Any:
        transport = serve(body, "text/event-stream")
        async with (
            anthropic.AsyncAnthropic(
                api_key="k", http_client=httpx2.AsyncClient(transport=transport)
            ) as client,
            client.messages.stream(**ASK) as stream,
        ):
            return (await stream.get_final_message()).to_dict()

    return asyncio.run(read())


@pytest.mark.parametrize("read", [read_stream, read_beta_stream, read_stream_async])
def test_the_official_client_reads_a_rendered_stream_as_the_message(read: Callable[[bytes], Any]) -> None:
    assert without_nulls(read(b"".join(render_stream(EXAMPLE)))) == without_nulls(EXAMPLE)


@settings(max_examples=40, deadline=None)
@given(messages(KNOWN_BLOCKS), st.integers(1, 30))
def test_the_official_client_and_we_assemble_the_same(message: Object, fragment: int) -> None:
    body = b"".join(render_stream(message, fragment=fragment))
    assert without_nulls(read_stream(body)) == without_nulls(assemble(body).message)


def test_the_official_client_reads_a_beta_block_as_we_do() -> None:
    content: Json = [
        {"type": "compaction", "content": "the story so far", "encrypted_content": "ZW5j"},
        {"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "n", "server_name": "s", "input": {"a": [1]}},
    ]
    message: Object = {**EXAMPLE, "content": content}
    assert without_nulls(read_beta_stream(b"".join(render_stream(message)))) == without_nulls(message)


def test_the_official_client_reads_a_message_in_one_piece() -> None:
    assert without_nulls(read_whole(render_json(EXAMPLE))) == without_nulls(EXAMPLE)
    assert parse_reply(render_json(EXAMPLE)).message == EXAMPLE


def test_raw_events_of_a_rendered_stream_are_all_read() -> None:
    body = b"".join(render_stream(EXAMPLE))
    with anthropic.Anthropic(
        api_key="k", http_client=httpx2.Client(transport=serve(body, "text/event-stream"))
    ) as client:
        kinds = [event.type for event in client.messages.create(**ASK, stream=True)]
    assert kinds == [frame.event for frame in sse.decode(body)]


def test_two_signatures_leave_the_later_one_as_the_official_client_does() -> None:
    body = (
        START
        + event(
            "content_block_start",
            index=0,
            content_block={"type": "thinking", "thinking": "", "signature": ""},
        )
        + event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "a"})
        + event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "b"})
        + event("content_block_stop", index=0)
        + event(
            "message_delta",
            delta={"stop_reason": "end_turn", "stop_sequence": None},
            usage={"output_tokens": 1},
        )
        + event("message_stop")
    )
    assert without_nulls(read_stream(body)) == without_nulls(assemble(body).message)


@settings(max_examples=40, deadline=None)
@given(messages(KNOWN_BLOCKS))
def test_streamed_and_whole_answers_cost_the_same(message: Object) -> None:
    streamed = assemble(b"".join(render_stream(message))).message
    assert streamed is not None
    assert tokens(streamed) == tokens(message)

"""What only the Responses API has: sockets, processes that go by a number, answers told by their pieces."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from tests.wire.answers import responses
from tests.wire.frames import as_frames, request_frame

from reenact.wire import Declared, Normaliser, canonical, dialect_named, mapper, pair_ids
from reenact.wire.openai_responses.render import render_stream
from reenact.wire.openai_responses.websocket import Conversation, as_stream

DIALECT = dialect_named("openai-responses")
BY = Normaliser(DIALECT.rules)


def frames(message: dict[str, Any]) -> list[str]:
    return list(as_frames(b"".join(render_stream(message))))


@given(responses())
def test_frames_and_streams_are_the_same_events(message: dict[str, Any]) -> None:
    told = frames(message)
    assert list(as_frames(as_stream(told))) == told
    assert DIALECT.assemble(as_stream(told)).message == message


@given(responses())
def test_the_answer_is_gathered_from_pieces_where_its_last_event_is_missing(message: dict[str, Any]) -> None:
    found = DIALECT.assemble(as_stream(frames(message)[:-1]))
    assert found.end == "truncated"
    assert found.message is not None
    assert found.message["output"] == message["output"]
    assert found.message["id"] == message["id"]


def test_a_socket_holds_requests_and_answers_one_after_another() -> None:
    talk, message = Conversation(), DIALECT.stub("m", "said")
    body = canonical.dump({"model": "m", "input": "hi"})
    for turn_number in (1, 2):
        turn = talk.from_client(request_frame(body))
        assert turn is not None
        assert json.loads(turn.body) == {"model": "m", "input": "hi", "stream": True}
        assert talk.open is turn
        for frame in frames(message):
            assert talk.from_server(frame) is turn
        assert turn.is_ended
        assert talk.open is None
        assert DIALECT.assemble(turn.answer).message == message
        assert len(talk.turns) == turn_number


def test_frames_that_belong_to_no_request_are_kept_apart() -> None:
    talk = Conversation()
    assert talk.from_server('{"type":"hello"}') is None
    for frame in ("no JSON", "[1]", '{"type":"response.steer"}'):
        assert talk.from_client(frame) is None
    assert talk.other == [
        ("server", '{"type":"hello"}'),
        ("client", "no JSON"),
        ("client", "[1]"),
        ("client", '{"type":"response.steer"}'),
    ]


def test_an_error_ends_an_answer() -> None:
    talk = Conversation()
    talk.from_client(request_frame(b'{"model": "m", "input": []}'))
    turn = talk.from_server('{"type":"error","status":429,"error":{"type":"usage_limit","message":"wait"}}')
    assert turn is not None
    assert turn.is_ended
    found = DIALECT.assemble(turn.answer)
    assert found.end == "error"
    assert found.failure is not None
    assert (found.failure.type, found.failure.message) == ("usage_limit", "wait")


def process(number: int, call: str) -> Any:
    """A request of Codex whose tool said that its process goes by this number."""
    arguments = json.dumps({"session_id": number, "chars": "", "yield_time_ms": 250})
    items = [
        {
            "type": "function_call",
            "call_id": f"{call}1",
            "name": "exec_command",
            "arguments": '{"cmd": "make"}',
        },
        {
            "type": "function_call_output",
            "call_id": f"{call}1",
            "output": f"Chunk ID: {call[-3:]}\nProcess running with session ID {number}\nOutput:\n",
        },
        {"type": "function_call", "call_id": f"{call}2", "name": "write_stdin", "arguments": arguments},
    ]
    body: dict[str, Any] = {"model": "m", "input": items}
    return DIALECT.request_of(body)


def test_a_process_goes_by_the_number_of_the_actual_run() -> None:
    one, other = process(250, "call_aaaaaa"), process(81234, "call_bbbbbb")
    left, right = (DIALECT.fingerprint_request(request, BY) for request in (one, other))
    assert left.fp1 == right.fp1
    ids = pair_ids(left.ids, right.ids)
    assert ids["250"] == "81234"
    call = {
        "type": "function_call", "id": "fc_1", "call_id": "call_x1", "name": "write_stdin",
        "arguments": '{"session_id": 250, "yield_time_ms": 250}', "status": "completed",
    }  # fmt: skip
    recorded: dict[str, Any] = dict(DIALECT.stub("m", ""))
    recorded["output"] = [call]
    change = mapper(Declared(), Declared(), ids=ids)
    said = DIALECT.assemble(b"".join(DIALECT.rewrite_stream(b"".join(render_stream(recorded)), change)))
    expected = {**call, "arguments": '{"session_id": 81234, "yield_time_ms": 250}'}
    assert (said.message or {})["output"] == [expected]
    assert DIALECT.rewrite_message(recorded, change)["output"] == [expected]
    pieces = [
        json.loads(frame)
        for frame in as_frames(b"".join(DIALECT.rewrite_stream(b"".join(render_stream(recorded)), change)))
    ]
    deltas = [event["delta"] for event in pieces if event["type"].endswith("arguments.delta")]
    assert "".join(deltas) == expected["arguments"]


def test_another_process_is_another_request() -> None:
    one = process(250, "call_aaaaaa")
    text = json.dumps(one.value).replace('\\"session_id\\": 250', '\\"session_id\\": 251')
    other = DIALECT.parse_request(text.encode())
    assert text != json.dumps(one.value)
    assert DIALECT.fingerprint_request(one, BY).fp1 != DIALECT.fingerprint_request(other, BY).fp1

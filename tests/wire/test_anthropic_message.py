"""Requests, answers in one piece, token counts and errors of the Messages API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anthropic
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.events import Tokens
from reenact.wire import canonical
from reenact.wire.anthropic import failure
from reenact.wire.anthropic.message import failure_of, parse_reply, tokens
from reenact.wire.anthropic.request import as_blocks, parse_request, request_of

if TYPE_CHECKING:
    from reenact.wire.canonical import Json, Object

TEXT = st.text(st.characters() | st.sampled_from(["\udfff", "\ue000", "\U0001f600"]))
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
BODY: Object = {
    "model": "claude-test",
    "max_tokens": 9,
    "system": "Be kind.",
    "tools": [{"name": "Bash", "input_schema": {"type": "object"}}],
    "messages": [{"role": "user", "content": "hi", "novelty": 1}],
    "stream": True,
    "of_the_future": {"a": [1]},
}


def test_a_request_is_read_part_by_part() -> None:
    request = parse_request(json.dumps(BODY).encode())
    assert request.model == "claude-test"
    assert request.is_stream
    assert request.system == ({"type": "text", "text": "Be kind."},)
    assert request.tools == (BODY["tools"][0],)  # type: ignore[index]  # it is a list, seven lines above
    assert request.messages == ({"role": "user", "content": "hi", "novelty": 1},)
    assert request.params == {"max_tokens": 9, "stream": True, "of_the_future": {"a": [1]}}
    assert request.value == BODY
    assert request.defect is None


@given(st.dictionaries(TEXT, VALUES), st.lists(VALUES))
def test_no_field_of_a_request_is_lost(fields: dict[str, Json], messages: list[Json]) -> None:
    body: Object = {**fields, "messages": messages}
    text = json.dumps(body, indent=1)
    request = parse_request(text.encode())
    assert request.body == text.encode()
    assert request.value == body
    assert list(request.messages) == messages
    assert request_of(body).value == body


@pytest.mark.parametrize(
    ("body", "defect"),
    [
        (b"", "the request is no JSON"),
        (b"grant_type=x", "the request is no JSON"),
        (b"[1]", "the request is no JSON object"),
        (b'{"messages": [', "the request is no JSON"),
    ],
)
def test_what_is_no_request_has_a_defect_and_keeps_its_bytes(body: bytes, defect: str) -> None:
    request = parse_request(body)
    assert (request.defect or "").startswith(defect)
    assert request.body == body
    assert (request.model, request.is_stream, request.system, request.tools, request.value) == (
        None,
        False,
        (),
        (),
        None,
    )


def test_a_request_that_strict_readers_refuse_is_read() -> None:
    request = parse_request(
        b'\xef\xbb\xbf{"model": "m", "messages": [{"content": "\\ud800 \xff"}], "n": NaN}'
    )
    assert request.defect is None
    assert request.model == "m"
    assert request.messages == ({"content": "\ud800 \ufffd"},)


@pytest.mark.parametrize("odd", [None, 5, "text", {"role": "user"}])
def test_parts_of_a_wrong_type_stay_in_the_value(odd: Json) -> None:
    body: Object = {"model": 7, "messages": odd, "tools": odd, "system": 5}
    request = request_of(body)
    assert (request.model, request.messages, request.tools, request.system) == (None, (), (), ())
    assert request.value == body


def test_content_that_is_text_is_one_text_block() -> None:
    assert as_blocks("a") == ({"type": "text", "text": "a"},)
    assert as_blocks([{"type": "image"}, 5]) == ({"type": "image"},)
    assert as_blocks(None) == ()


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"input_tokens": 3, "output_tokens": 4}, Tokens(input=3, output=4)),
        (
            {
                "input_tokens": 3000,
                "cache_creation_input_tokens": 107,
                "cache_read_input_tokens": 211,
                "cache_creation": {"ephemeral_5m_input_tokens": 76, "ephemeral_1h_input_tokens": 31},
                "output_tokens": 60,
                "output_tokens_details": {"thinking_tokens": 12},
            },
            Tokens(
                input=3000,
                cache_read=211,
                cache_write=107,
                cache_write_5m=76,
                cache_write_1h=31,
                output=60,
                reasoning=12,
            ),
        ),
        (
            {"cache_creation": {"ephemeral_5m_input_tokens": 5}, "input_tokens": None, "output_tokens": True},
            Tokens(cache_write=5, cache_write_5m=5),
        ),
    ],
    ids=["least", "all", "parts only"],
)
def test_tokens_are_read_by_category(usage: Object, expected: Tokens) -> None:
    assert tokens({"usage": usage}) == expected


@pytest.mark.parametrize("message", [{}, {"usage": None}, {"usage": 5}])
def test_no_usage_is_unknown_not_zero(message: Object) -> None:
    assert tokens(message) is None


def test_an_error_is_read_in_the_providers_words() -> None:
    body = json.dumps(
        {
            "type": "error",
            "error": {"type": "rate_limit_error", "message": "Slow down."},
            "request_id": "req_1",
            "x": 1,
        }
    ).encode()
    found = parse_reply(body, status=429).failure
    assert found is not None
    assert (found.type, found.message, found.request_id, found.status) == (
        "rate_limit_error",
        "Slow down.",
        "req_1",
        429,
    )
    assert found.raw == json.loads(body)


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [(502, b"<html>bad gateway", "<html>bad gateway"), (500, b'{"a":1}', '{"a":1}'), (500, b'"no"', "no")],
)
def test_any_body_of_a_failed_answer_is_a_failure(status: int, body: bytes, message: str) -> None:
    found = parse_reply(body, status=status).failure
    assert found is not None
    assert (found.type, found.message, found.status) == ("unknown", message, status)


def test_an_answer_that_is_neither_is_kept() -> None:
    assert parse_reply(b'{"input_tokens": 5}').raw == {"input_tokens": 5}
    assert (parse_reply(b"{").defect or "").startswith("the answer is no JSON")


def ask(reply: failure.ErrorReply) -> tuple[anthropic.APIStatusError, int]:
    """Asks the official client with its two retries; gives the error and how often it asked."""
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(reply.status, headers=reply.headers, content=reply.body)

    question: dict[str, Any] = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}
    with (
        anthropic.Anthropic(
            api_key="k", http_client=httpx2.Client(transport=httpx2.MockTransport(answer))
        ) as client,
        pytest.raises(anthropic.APIStatusError) as caught,
    ):
        client.messages.create(**question)
    return caught.value, len(asked)


def test_a_refusal_is_shown_by_the_official_client_and_not_tried_again() -> None:
    reply = failure.refusal("replay: request 2 differs", divergence="div-1")
    assert reply.headers["x-reenact-divergence"] == "div-1"
    error, asked = ask(reply)
    assert (error.status_code, asked) == (410, 1)
    assert "replay: request 2 differs" in str(error)
    parsed = failure_of(canonical.decode(reply.body), status=410)
    assert (parsed.type, parsed.message) == ("invalid_request_error", "replay: request 2 differs")


def test_even_an_overload_is_not_tried_again_unless_it_may() -> None:
    error, asked = ask(failure.error_reply(529, kind="overloaded_error", message="full", request_id="req_1"))
    assert (error.status_code, error.request_id, asked) == (529, "req_1", 1)
    assert "x-should-retry" not in failure.error_reply(529, kind="e", message="m", may_retry=True).headers
    assert "x-reenact-divergence" not in failure.refusal("m").headers

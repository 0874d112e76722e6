"""What holds in every dialect: how requests are told apart, what round trips, what counts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.answers import EVERY

from reenact.wire import Cache, Declared, Dialect, Normaliser, canonical, dialect_named, dialect_of, mapper
from reenact.wire.reply import Stream
from reenact.wire.request import Form

NAMES = ("anthropic", "openai-chat", "openai-responses", "openai-embeddings", "gemini")
GENERATE = "/v1beta/models/gemini-test:generateContent"
BY = {"authorization": "Bearer x"}


@pytest.mark.parametrize(
    ("method", "path", "name", "purpose"),
    [
        ("POST", "/v1/messages?beta=true", "anthropic", None),
        ("POST", "/v1/messages/count_tokens", "anthropic", "count_tokens"),
        ("POST", "/v1/chat/completions", "openai-chat", None),
        ("POST", "/openai/deployments/x/chat/completions?api-version=1", "openai-chat", None),
        ("POST", "/v1/responses", "openai-responses", None),
        ("POST", "/v1/responses/compact", "openai-responses", "compact"),
        ("POST", "/v1/responses/input_tokens", "openai-responses", "count_tokens"),
        ("POST", "/v1/embeddings", "openai-embeddings", None),
        ("POST", GENERATE, "gemini", None),
        ("POST", "/models/gemini-test:streamGenerateContent?alt=sse", "gemini", None),
        ("POST", "/v1/models/gemini-test:countTokens", "gemini", "count_tokens"),
        ("POST", "/v1beta/models/e:batchEmbedContents", "gemini", None),
        ("GET", "/v1/models", "openai-chat", "models"),
    ],
)
def test_an_address_tells_its_dialect(method: str, path: str, name: str, purpose: str | None) -> None:
    dialect = dialect_of(method, path, BY)
    assert dialect is not None
    route = dialect.route(method, path)
    assert route is not None
    assert (dialect.name, route.purpose) == (name, purpose)
    assert dialect_named(name) is dialect


def test_whose_models_are_listed_is_told_by_headers() -> None:
    marks: list[dict[str, str]] = [
        {"anthropic-version": "2023-06-01", **BY}, {"x-goog-api-key": "k"}, BY, {},
    ]  # fmt: skip
    found = [dialect_of("GET", "/v1/models", headers) for headers in marks]
    assert [dialect.name if dialect else None for dialect in found] == [
        "anthropic", "gemini", "openai-chat", None,
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["/", "/health", "/v1/files", "/v1/chat/completions/x", ""])
def test_what_is_of_no_dialect_is_of_none(path: str) -> None:
    assert dialect_of("POST", path, BY) is None


def test_an_unknown_name_is_a_lookup_error() -> None:
    with pytest.raises(LookupError, match="klingon"):
        dialect_named("klingon")


def forms(dialect: Dialect) -> tuple[Form, ...]:
    return ("sse", "array") if dialect.name == "gemini" else ("sse",)


@given(EVERY, st.sampled_from([1, 5, 1000]), st.data())
def test_a_rendered_answer_is_read_as_the_same_however_it_is_cut(
    given_: tuple[str, dict[str, Any]], size: int, data: st.DataObject
) -> None:
    name, message = given_
    dialect = dialect_named(name)
    for form in forms(dialect):
        body = b"".join(dialect.render(message, form))
        found = dialect.assemble(body)
        assert found.message == message
        assert (found.is_complete, found.defects) == (True, ())
        cut = data.draw(st.lists(st.integers(0, len(body)), max_size=8).map(sorted))
        pieces = [body[start:end] for start, end in zip([0, *cut], [*cut, len(body)], strict=True)]
        assert _assembled(name, pieces) == found
    (whole,) = dialect.render(message, "json")
    assert dialect.parse_reply(whole).message == message


def _assembled(name: str, pieces: list[bytes]) -> Stream:
    from reenact.wire.gemini.stream import assemble as gemini
    from reenact.wire.openai_chat.stream import assemble as chat
    from reenact.wire.openai_responses.stream import assemble as responses

    return {"openai-chat": chat, "openai-responses": responses, "gemini": gemini}[name](pieces)


@given(EVERY, st.data())
def test_a_stream_that_breaks_off_gives_what_there_was(
    given_: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    name, message = given_
    dialect = dialect_named(name)
    for form in forms(dialect):
        pieces = dialect.render(message, form)
        count = data.draw(st.integers(0, len(pieces) - 1))
        torn = b"".join(pieces[:count]) + pieces[count][: len(pieces[count]) // 2]
        found = dialect.assemble(torn)
        assert found.failure is None
        if found.message is None:
            continue
        said = "".join(_texts(found.message))
        assert _is_part(said, "".join(_texts(message)))


def _texts(message: Any) -> list[str]:
    for choice in message.get("choices", []):
        return [str(choice["message"].get("content") or "")] if choice["index"] == 0 else []
    for candidate in message.get("candidates", []):
        parts = candidate.get("content", {}).get("parts", [])
        return [part.get("text", "") for part in parts] if candidate["index"] == 0 else []
    return [
        str(part.get("text", ""))
        for item in message.get("output", [])
        if item["type"] == "message"
        for part in item["content"]
    ]


def _is_part(text: str, whole: str) -> bool:
    return whole.startswith(text)


FIXED = frozenset({
    "call_id", "encrypted_content", "finishReason", "finish_reason", "id", "model", "modelVersion", "object",
    "responseId", "role", "status", "thoughtSignature", "tool_choice", "type",
})  # fmt: skip


def written_there(value: Any) -> Any:
    """Puts paths of a place into every text that says something."""
    if isinstance(value, dict):
        return {name: item if name in FIXED else written_there(item) for name, item in value.items()}
    if isinstance(value, list):
        return [written_there(item) for item in value]
    if not isinstance(value, str):
        return value
    if value.startswith("{"):
        try:
            return json.dumps(written_there(json.loads(value)))
        except ValueError:
            pass
    return value.replace("a", " /home/dev/code/x ").replace("0", "(/home/dev/code)")


@given(EVERY)
def test_a_rewritten_stream_says_what_the_rewritten_message_says(given_: tuple[str, dict[str, Any]]) -> None:
    name, message = given_
    dialect = dialect_named(name)
    old, new = Declared(cwd="/home/dev/code"), Declared(cwd="/users/maria/elsewhere")
    change = mapper(old, new)
    told = written_there(message)
    for form in forms(dialect):
        body = b"".join(dialect.render(told, form))
        pieces = dialect.rewrite_stream(body, change)
        assert len(pieces) == len(dialect.boundaries(body))
        seen = dialect.assemble(b"".join(pieces)).message
        assert seen == dialect.rewrite_message(dialect.assemble(body).message or {}, change)
        assert b"".join(dialect.rewrite_stream(body, mapper(old, old))) == body
        assert b"/home/dev/code" not in b"".join(pieces).replace(
            b"\\/", b"/"
        ) or "/home/dev/code" in json.dumps(seen)


REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "openai-chat": (
        "/v1/chat/completions",
        {
            "model": "gpt-test",
            "temperature": 0.5,
            "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}],
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "hello"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
                    ],
                },
                {"role": "tool", "tool_call_id": "call_1", "content": "line one"},
            ],
        },
    ),
    "openai-responses": (
        "/v1/responses",
        {
            "model": "gpt-test",
            "instructions": "Be brief.",
            "temperature": 0.5,
            "tools": [{"type": "function", "name": "look", "parameters": {"type": "object"}}],
            "input": [
                {"role": "user", "content": "hello"},
                {
                    "type": "function_call",
                    "id": "fc_1",
                    "call_id": "call_1",
                    "name": "look",
                    "arguments": "{}",
                },
                {"type": "function_call_output", "call_id": "call_1", "output": "line one"},
            ],
        },
    ),
    "gemini": (
        GENERATE,
        {
            "generationConfig": {"temperature": 0.5},
            "systemInstruction": {"parts": [{"text": "Be brief."}]},
            "tools": [{"functionDeclarations": [{"name": "look", "parameters": {"type": "OBJECT"}}]}],
            "contents": [
                {"role": "user", "parts": [{"text": "hello"}]},
                {"role": "model", "parts": [{"functionCall": {"id": "call_1", "name": "look", "args": {}}}]},
                {
                    "role": "user",
                    "parts": [
                        {
                            "functionResponse": {
                                "id": "call_1",
                                "name": "look",
                                "response": {"output": "line one"},
                            }
                        }
                    ],
                },
            ],
        },
    ),
}
CHANGES: dict[str, dict[str, list[tuple[str, str, str, str]]]] = {
    "openai-chat": {
        "shown": [
            ("hello", "hallo", "message", "messages[1].content[0].text (text)"),
            ("Be brief.", "Be long.", "message", "messages[0].content[0].text (text)"),
            ("line one", "line two", "message", "messages[3].content[0].text (tool_result of look)"),
            ("object", "array", "tools", "tools[look].function.parameters.type"),
            ("gpt-test", "gpt-other", "model", "model"),
            ("0.5", "0.7", "params", "temperature"),
        ]
    },
    "openai-responses": {
        "shown": [
            ("hello", "hallo", "message", "input[0].content[0].text (message)"),
            ("Be brief.", "Be long.", "system", "instructions"),
            ("line one", "line two", "message", "input[2].output (function_call_output of look)"),
            ("object", "array", "tools", "tools[look].parameters.type"),
            ("gpt-test", "gpt-other", "model", "model"),
            ("0.5", "0.7", "params", "temperature"),
        ]
    },
    "gemini": {
        "shown": [
            ("hello", "hallo", "message", "contents[0].parts[0].text (text)"),
            ("Be brief.", "Be long.", "system", "systemInstruction.parts[0].text"),
            (
                "line one",
                "line two",
                "message",
                "contents[2].parts[0].functionResponse.response.output (functionResponse of look)",
            ),
            ("OBJECT", "ARRAY", "tools", "tools[look].parameters.type"),
            ("0.5", "0.7", "params", "generationConfig.temperature"),
        ]
    },
}
EDITS = [(name, *edit) for name, group in CHANGES.items() for edit in group["shown"]]


def read(name: str, text: str, path: str | None = None) -> Any:
    return dialect_named(name).parse_request(text.encode(), path=path or REQUESTS[name][0])


@pytest.mark.parametrize(("name", "old", "new", "place", "where"), EDITS)
def test_every_edit_changes_the_fingerprint_and_is_located(
    name: str, old: str, new: str, place: str, where: str
) -> None:
    dialect, text = dialect_named(name), json.dumps(REQUESTS[name][1])
    by = Normaliser(dialect.rules)
    one, other = read(name, text), read(name, text.replace(old, new))
    left, right = (dialect.fingerprint_request(request, by) for request in (one, other))
    assert left.fp1 != right.fp1
    assert (left.fp2 == right.fp2) is (old == "line one")
    (found,) = dialect.diff_requests(one, other, recorded_by=by, actual_by=by)
    assert (found.place, found.where) == (place, where)
    assert (found.kind == "tool_output") is (old == "line one")


def test_the_model_in_an_address_counts() -> None:
    dialect, text = dialect_named("gemini"), json.dumps(REQUESTS["gemini"][1])
    by = Normaliser(dialect.rules)
    one, other = read("gemini", text), read("gemini", text, GENERATE.replace("gemini-test", "gemini-other"))
    (found,) = dialect.diff_requests(one, other, recorded_by=by, actual_by=by)
    assert (found.place, found.recorded, found.actual) == ("model", "gemini-test", "gemini-other")


@pytest.mark.parametrize("name", REQUESTS)
def test_what_says_nothing_changes_nothing(name: str) -> None:
    dialect, value = dialect_named(name), REQUESTS[name][1]
    by = Normaliser(dialect.rules)
    text = json.dumps(value).replace("call_1", "call_another9")
    noise: dict[str, Any] = {"labels": {"run": "7"}} if name == "gemini" else {
        "stream": True, "stream_options": {"include_usage": True}, "user": "u", "metadata": {"a": "b"},
        "prompt_cache_key": "k", "safety_identifier": "s", "store": None,
    }  # fmt: skip
    other = read(name, json.dumps({**json.loads(text), **noise}, sort_keys=True, indent=1))
    one = read(name, json.dumps(value))
    assert dialect.diff_requests(one, other, recorded_by=by, actual_by=by) == ()
    left, right = (dialect.fingerprint_request(request, by) for request in (one, other))
    assert left.fp1 == right.fp1
    assert left.fp0 != right.fp0
    assert (left.ids, right.ids) == (("call_1",), ("call_another9",))


@pytest.mark.parametrize("name", REQUESTS)
def test_a_longer_history_shares_its_beginning(name: str) -> None:
    dialect, value = dialect_named(name), REQUESTS[name][1]
    field = dialect.layout.messages
    shorter = {**value, field: value[field][:-1]}
    by, cache = Normaliser(dialect.rules), Cache()
    one, other = (
        dialect.fingerprint_request(read(name, json.dumps(body)), by, cache=cache)
        for body in (shorter, value)
    )
    assert one.chain == other.chain[:-1]
    assert one.fp1 != other.fp1


def test_a_text_as_input_is_one_message_and_kept_as_it_was() -> None:
    dialect = dialect_named("openai-responses")
    by = Normaliser(dialect.rules)
    text = read("openai-responses", '{"model": "m", "input": "hello"}')
    listed = read("openai-responses", '{"model": "m", "input": [{"role": "user", "content": "hello"}]}')
    assert (text.apart, set(text.rest)) == ((), {"model", "input"})
    assert (len(listed.apart), set(listed.rest)) == (1, {"model"})
    left, right = (dialect.fingerprint_request(request, by) for request in (text, listed))
    assert (left.fp1, len(left.messages)) == (right.fp1, 1)


def test_a_conversation_kept_by_the_server_goes_by_the_response_it_continues() -> None:
    dialect = dialect_named("openai-responses")
    by = Normaliser(dialect.rules)
    asked = '{"model": "m", "input": "go on", "previous_response_id": "resp_%s"}'
    prints = [
        dialect.fingerprint_request(read("openai-responses", asked % name), by).fp1
        for name in ("aaaaaaaaaa", "bbbbbbbbbb")
    ]
    assert prints[0] != prints[1]


@pytest.mark.parametrize("name", NAMES)
def test_refusals_stop_clients_and_are_failures(name: str) -> None:
    dialect = dialect_named(name)
    reply = dialect.refusal("the replay diverged", divergence="d1")
    assert reply.headers["x-should-retry"] == "false"
    assert reply.headers["x-reenact-divergence"] == "d1"
    assert reply.status == (410 if name == "anthropic" else 400)
    failure = dialect.parse_reply(reply.body, status=reply.status).failure
    assert failure is not None
    assert failure.message == "the replay diverged"
    assert "x-should-retry" not in dialect.error(500, kind="api_error", message="m", may_retry=True).headers


@pytest.mark.parametrize("name", NAMES)
def test_a_stub_says_its_text_and_cost_nothing(name: str) -> None:
    dialect = dialect_named(name)
    message = dialect.stub("some-model", "ok")
    tokens = dialect.tokens(message)
    assert tokens is not None
    assert tokens.total == 0
    assert dialect.outline(message).model == "some-model"
    if name != "openai-embeddings":
        assert [getattr(block, "text", None) for block in dialect.blocks(message)] == ["ok"]
        assert dialect.assemble(b"".join(dialect.render(message, "sse"))).message == message


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"3", b'"x"', b"\xff\xfe", b"[" * 5000])
def test_nonsense_is_a_defect_and_no_exception(name: str, body: bytes) -> None:
    dialect = dialect_named(name)
    request = dialect.parse_request(body)
    assert request.defect is not None
    by = Normaliser(dialect.rules)
    assert dialect.fingerprint_request(request, by).fp1
    reply = dialect.parse_reply(body)
    assert reply.message is None
    assert dialect.parse_reply(body, status=500).failure is not None
    assert dialect.assemble(body).message is None
    assert b"".join(dialect.rewrite_stream(body, mapper(Declared(cwd="/aaaa"), Declared(cwd="/b")))) == body


FIELDS = st.dictionaries(
    st.sampled_from(
        ["model", "messages", "input", "contents", "tools", "system", "instructions", "stream", "x"]
    ),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["role", "content", "type", "parts", "text", "id"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    ),
)


@settings(max_examples=60)
@given(st.sampled_from(NAMES), FIELDS, FIELDS)
def test_any_json_is_read_compared_and_kept(name: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    dialect = dialect_named(name)
    by = Normaliser(dialect.rules)
    left, right = (
        dialect.request_of(value, path=GENERATE if name == "gemini" else "") for value in (one, other)
    )
    assert left.value == one
    assert {key: canonical.decode_raw(raw) for key, raw in left.rest.items()} | (
        {left.layout.messages: list(left.messages)} if left.apart else {}
    ) == {key: value for key, value in one.items() if not (key == left.layout.messages and value == [])}
    found = dialect.diff_requests(left, right, recorded_by=by, actual_by=by)
    same = dialect.fingerprint_request(left, by).fp1 == dialect.fingerprint_request(right, by).fp1
    assert bool(found) is not same

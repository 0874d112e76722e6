"""The scripted endpoint, read by the official client and by hand; its books are the witness of other tests."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import anthropic
import pytest
from tests.clients.books import add
from tests.clients.endpoint import Endpoint
from tests.clients.script import Call, Cut, Refuse, Say, Script, Talk, Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anthropic.types import Message

USAGE = Usage(input=5, cache_read=70, cache_write_5m=11, cache_write_1h=13, output=17, reasoning=3)
READ = Call(name="Read", input={"file_path": "/home/dev/a.py"})


def script(*talks: Talk) -> Script:
    return Script(talks, seed="test")


TOOLS = [{"name": "Read", "input_schema": {"type": "object"}}]


def ask(endpoint: Endpoint, messages: Sequence[Any], *, retries: int = 0, **more: Any) -> Message:
    more = {"tools": TOOLS} | more
    client = anthropic.Anthropic(base_url=endpoint.url, api_key="dummy", max_retries=retries)
    with client, client.messages.stream(model="m", max_tokens=9, messages=list(messages), **more) as stream:
        return stream.get_final_message()


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def post(endpoint: Endpoint, path: str, body: dict[str, Any], **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(
        endpoint.url + path, json.dumps(body).encode(), {"content-type": "application/json", **headers}
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


def events(raw: bytes) -> list[dict[str, Any]]:
    return [json.loads(part.split("data: ", 1)[1]) for part in raw.decode().split("\n\n") if "data: " in part]


def test_the_official_client_reads_every_block_and_number_of_a_stream() -> None:
    say = Say(thinking="Look first.", text="I look.", calls=(READ,), usage=USAGE)
    with Endpoint(script(Talk(says="Fix it", answers=(say,)))) as endpoint:
        message = ask(endpoint, [user("Fix it, please")])
    thinking, text, call = message.content
    assert (thinking.type, text.type, call.type) == ("thinking", "text", "tool_use")
    assert thinking.type == "thinking"
    assert thinking.thinking == "Look first."
    assert text.type == "text"
    assert text.text == "I look."
    assert call.type == "tool_use"
    assert call.input == READ.input
    assert message.stop_reason == "tool_use"
    usage = message.usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (5, 70, 17)
    assert usage.cache_creation_input_tokens == 24
    assert usage.cache_creation is not None
    assert usage.cache_creation.ephemeral_5m_input_tokens == 11
    assert usage.cache_creation.ephemeral_1h_input_tokens == 13


def test_the_books_hold_what_was_answered() -> None:
    say = Say(text="I look.", calls=(READ, READ), usage=USAGE)
    with Endpoint(script(Talk(says="Fix it", answers=(say,)))) as endpoint:
        message = ask(endpoint, [user("Fix it")], extra_headers={"x-claude-code-session-id": "s1"})
        (entry,) = endpoint.books.entries()
    assert entry.response == message.id
    assert entry.session == "s1"
    assert entry.usage == USAGE
    assert [name for name, _ in entry.calls] == ["Read", "Read"]
    assert endpoint.books.called() == {"Read": 2}
    assert endpoint.books.spent("sub") == Usage()


def test_an_answer_waits_for_the_results_of_the_calls_before_it() -> None:
    talk = Talk(says="Fix it", answers=(Say(calls=(READ,)), Say(text="Done.")))
    with Endpoint(script(talk)) as endpoint:
        first = ask(endpoint, [user("Fix it")])
        stray = ask(endpoint, [user("Something else")])
        call = first.content[0]
        assert call.type == "tool_use"
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "ok"}
        turn = {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": call.id, "name": "Read", "input": {}}],
        }
        last = ask(endpoint, [user("Fix it"), turn, {"role": "user", "content": [result]}])
    assert stray.content[0].type == "text"
    assert stray.content[0].text == "Nothing to add."
    assert last.content[0].type == "text"
    assert last.content[0].text == "Done."
    assert [e.talk for e in endpoint.books.entries()] == ["Fix it", None, "Fix it"]
    assert endpoint.script.left() == []


def test_a_helper_shows_by_its_header_and_else_by_the_task_it_was_given() -> None:
    task = Call(name="Task", input={"prompt": "Look around"})
    with Endpoint(script(Talk(says="Fix it", answers=(Say(calls=(task,)),)))) as endpoint:
        ask(endpoint, [user("Fix it")])
        ask(endpoint, [user("Look around")])
        ask(endpoint, [user("Anything")], extra_headers={"x-claude-code-agent-id": "a1"})
        ask(endpoint, [user("Warmup")])
        ask(endpoint, [user("Make a title")], tools=[])
        lanes = [e.lane for e in endpoint.books.entries()]
    assert lanes == ["main", "sub", "sub", "warmup", "side"]


def test_a_refusal_says_when_to_come_back_and_the_client_does() -> None:
    limit = Refuse(status=429, kind="rate_limit_error", retry_after=0)
    with Endpoint(script(Talk(says="Hi", answers=(limit, Say(text="Hello.", usage=USAGE))))) as endpoint:
        ask(endpoint, [user("Hi")], retries=1)
        outcomes = [(e.outcome, e.status) for e in endpoint.books.entries()]
    assert outcomes == [("refused", 429), ("complete", 200)]
    assert endpoint.books.spent() == USAGE


def test_a_refusal_has_the_form_of_its_dialect() -> None:
    refuse = Refuse(status=400, kind="invalid_request_error", message="no")
    with Endpoint(script(Talk(says="Hi", answers=(refuse, refuse)))) as endpoint:
        one = post(endpoint, "/v1/messages", {"messages": [user("Hi")], "tools": [{}]})
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
        two = post(endpoint, "/v1/responses", {"input": [item]})
    assert one[0] == two[0] == 400
    assert json.loads(one[1])["type"] == "error"
    assert json.loads(two[1])["error"]["message"] == "no"


def test_a_dropped_stream_ends_without_its_end_and_is_not_counted_as_complete() -> None:
    cut = Cut(say=Say(text="A sentence that is never finished.", usage=USAGE), keep=10)
    with Endpoint(script(Talk(says="Hi", answers=(cut,)))) as endpoint:
        with pytest.raises(Exception, match=r"(?i)incomplete|connection|peer|closed|final message"):
            ask(endpoint, [user("Hi")])
        (entry,) = endpoint.books.entries()
    assert entry.outcome == "cut"
    assert entry.start.output == 3
    assert endpoint.books.spent() == Usage()


def test_responses_are_streamed_with_their_items_and_usage() -> None:
    patch = Call(name="apply_patch", input="*** Begin Patch\n*** End Patch\n")
    spawn = Call(name="spawn_agent", namespace="collaboration", input={"message": "Look"})
    say = Say(thinking="Hm.", text="I look.", calls=(patch, spawn), usage=USAGE)
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Fix it"}]}
    with Endpoint(script(Talk(says="Fix it", answers=(say,)))) as endpoint:
        status, raw = post(
            endpoint, "/v1/responses", {"input": [item], "stream": True}, **{"thread-id": "t1"}
        )
        (entry,) = endpoint.books.entries()
    told = events(raw)
    done = [e["item"] for e in told if e["type"] == "response.output_item.done"]
    final = told[-1]["response"]
    assert status == 200
    assert [i["type"] for i in done] == ["reasoning", "message", "custom_tool_call", "function_call"]
    assert done[3]["namespace"] == "collaboration"
    assert final["output"] == done
    assert final["id"] == entry.response
    assert entry.agent == "t1"
    assert final["usage"]["input_tokens"] == 99
    assert final["usage"]["input_tokens_details"] == {"cached_tokens": 70, "cache_write_tokens": 24}
    assert final["usage"]["output_tokens_details"] == {"reasoning_tokens": 3}
    assert "".join(e["delta"] for e in told if e["type"] == "response.output_text.delta") == "I look."


def test_numbers_of_their_own_grow_with_the_context_of_each_strand() -> None:
    talk = Talk(says="Hi", answers=tuple(Say(text="Hello.") for _ in range(3)))
    with Endpoint(script(talk)) as endpoint:
        for _ in range(3):
            ask(endpoint, [user("Hi")])
        used = [e.usage for e in endpoint.books.entries()]
    assert [u.cache_read for u in used] == [0, used[0].prompt, used[1].prompt]
    assert len({u.cache_write_5m for u in used}) == 3


def test_ids_differ_between_scripts_and_repeat_within_one() -> None:
    def first(seed: str) -> str:
        with Endpoint(Script([], seed=seed)) as endpoint:
            return ask(endpoint, [user("Hi")]).id

    assert first("a") == first("a") != first("b")


def test_usage_adds_by_category() -> None:
    assert add(USAGE, USAGE).cache_write_1h == 26
    assert add() == Usage()

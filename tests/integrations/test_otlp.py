"""GenAI spans over OTLP/HTTP JSON: an instrumented program's tree is what the provider's books hold."""

from __future__ import annotations

import contextlib
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from tests.gateway.speakers import speak
from tests.integrations import agents
from tests.integrations.rooms import Books, archive_in, bodies_of, events_of, family_of, tree_of
from tests.integrations.tracing import Tracer, batch

from reenact.archive import Archive
from reenact.events import Tokens

JSON = {"content-type": "application/json"}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with archive_in(tmp_path) as opened:
        yield opened


def post(address: str, body: bytes, **headers: str) -> httpx2.Response:
    return httpx2.post(address, content=body, headers={**JSON, **headers})


def said(message: dict[str, Any]) -> list[Any]:
    """A chat message as the conventions have it."""
    parts: list[Any] = []
    if message.get("role") == "tool":
        parts.append(
            {"type": "tool_call_response", "id": message["tool_call_id"], "response": message["content"]}
        )
    elif message.get("content"):
        parts.append({"type": "text", "content": message["content"]})
    for call in message.get("tool_calls") or ():
        arguments = json.loads(call["function"]["arguments"])
        parts.append(
            {"type": "tool_call", "id": call["id"], "name": call["function"]["name"], "arguments": arguments}
        )
    return [{"role": message["role"], "parts": parts}]


def instrumented(client: openai.OpenAI, tracer: Tracer, prompt: str, *, depth: int = 0) -> str:
    """An agent whose tool asks another agent, and that says of each step what an instrumentation says."""
    messages: list[Any] = [{"role": "user", "content": prompt}]
    tools: Any = [{"type": "function", "function": agents.LOOK}]
    with tracer.span("invoke_agent main", "invoke_agent", agent__name=f"agent-{depth}"):
        while True:
            with tracer.span(
                "chat gpt-test", "chat", request__model=agents.MODEL, provider__name="openai"
            ) as told:
                told["input__messages"] = json.dumps([one for message in messages for one in said(message)])
                answer = client.chat.completions.create(model=agents.MODEL, messages=messages, tools=tools)
                message = answer.choices[0].message.to_dict()
                assert answer.usage is not None
                told.update(
                    output__messages=json.dumps(said(message)),
                    response__id=answer.id,
                    response__model=answer.model,
                    response__finish_reasons=[answer.choices[0].finish_reason],
                    usage__input_tokens=answer.usage.prompt_tokens,
                    usage__output_tokens=answer.usage.completion_tokens,
                    usage__cache_read__input_tokens=30,
                    usage__reasoning__output_tokens=5,
                )
            messages.append(message)
            if not message.get("tool_calls"):
                return str(message["content"])
            for call in message["tool_calls"]:  # type: ignore[attr-defined]  # a list of objects
                with tracer.span("execute_tool look", "execute_tool", tool__name="look") as told:
                    told.update(
                        tool__call__id=call["id"], tool__call__arguments=call["function"]["arguments"]
                    )
                    with tracer.span("GET /something"):
                        result = (
                            f"tool said {instrumented(client, tracer, 'tool said: read', depth=depth + 1)}"
                        )
                    told["tool__call__result"] = json.dumps(result)
                messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})


def run(books: Books) -> Tracer:
    tracer = Tracer()
    with openai.OpenAI(base_url=f"{books.address}/v1", api_key="none") as client:
        instrumented(client, tracer, "what is in it?")
    return tracer


@pytest.mark.parametrize("size", [1, 3, 100])
def test_the_tree_is_what_ran_however_spans_arrive(archive: Archive, size: int) -> None:
    with Books(speak) as books:
        tracer = run(books)
    with archive.receive_otlp(port=0) as address:
        for body in tracer.batches(size):
            assert post(address, body).status_code == 200
    main = next(row.id for row in archive.sessions() if row.kind == "main")
    family = family_of(archive, main)
    rows = {row.id: row for row in archive.sessions()}
    assert [(rows[each].agent, rows[each].status) for each in family] == [
        ("agent-0", "completed"),
        ("agent-1", "completed"),
    ]
    trees = [tree_of(archive, each) for each in family]
    shape = [[[s.name for s in turn.tools] for loop in tree.loops for turn in loop.turns] for tree in trees]
    assert shape == [[["look"], []], [[]]]
    (called,) = bodies_of(archive, main, "tool.called")
    assert [(child.session, child.call) for child in trees[0].children] == [(family[1], called.call)]
    assert called.input == {"path": "/tmp/a b"}
    assert [loop.prompt for loop in trees[0].loops] == ["what is in it?"]


def test_requests_answers_and_usage_are_the_providers(archive: Archive) -> None:
    with Books(speak) as books:
        tracer = run(books)
    with archive.receive_otlp(port=0) as address:
        for body in tracer.batches():
            post(address, body)
    main = next(row.id for row in archive.sessions() if row.kind == "main")
    family = family_of(archive, main)
    asked = {b.exchange: b for each in family for b in bodies_of(archive, each, "model.requested")}
    answered = [b for each in family for b in bodies_of(archive, each, "model.responded")]
    by_id = {json.loads(one.answer)["id"]: one for one in books.entries}
    assert sorted(one.message for one in answered) == sorted(by_id)
    for one in answered:
        booked = by_id[one.message]
        assert asked[one.exchange].history_len == len(booked.request["messages"])
        assert one.stop_reason == json.loads(booked.answer)["choices"][0]["finish_reason"]
        assert one.usage == Tokens(input=70, cache_read=30, output=20, reasoning=5)
    spent = [b.key for each in family for b in bodies_of(archive, each, "usage.recorded")]
    assert sorted(spent) == sorted(f"resp:{name}" for name in by_id)


def test_events_have_the_times_of_their_spans(archive: Archive) -> None:
    with Books(speak) as books:
        tracer = run(books)
    with archive.receive_otlp(port=0) as address:
        post(address, batch(tracer.ended))
    (main,) = [row for row in archive.sessions() if row.kind == "main"]
    times = [event.ts for event in events_of(archive, main.id)]
    root = tracer.ended[-1]
    assert times[0] == int(root["startTimeUnixNano"]) // 1000
    assert times[-1] == int(root["endTimeUnixNano"]) // 1000
    assert None not in times
    assert times == sorted(times, key=lambda time: time or 0)


def test_traces_of_one_conversation_are_one_session(archive: Archive) -> None:
    with archive.receive_otlp(port=0) as address:
        for number in range(2):
            tracer = Tracer(trace=f"{number:032x}")
            with tracer.span("chat", "chat", conversation__id="talk", usage__input_tokens=3):
                pass
            post(address, batch(tracer.ended))
    (row,) = archive.sessions()
    assert row.native_id == "talk"
    assert len(bodies_of(archive, row.id, "model.responded")) == 2


def failing(tracer: Tracer) -> None:
    with tracer.span("invoke_agent x", "invoke_agent"):
        with contextlib.suppress(OSError), tracer.span("chat m", "chat"):
            raise OSError("slow")
        with tracer.span("execute_tool f", "execute_tool", tool__name="f"):
            raise ValueError("no")


def test_failures_are_recorded_as_such(archive: Archive) -> None:
    tracer = Tracer()
    with pytest.raises(ValueError, match="no"):
        failing(tracer)
    with archive.receive_otlp(port=0) as address:
        post(address, batch(tracer.ended))
    (row,) = archive.sessions()
    assert row.status == "failed"
    (failed,) = bodies_of(archive, row.id, "model.failed")
    (ended,) = bodies_of(archive, row.id, "tool.finished")
    assert (failed.error, failed.category) == ("slow", "OSError")
    assert (ended.ok, ended.error) == (False, "no")
    assert [loop.status for loop in tree_of(archive, row.id).loops] == ["aborted"]


def outline(archive: Archive, *, without: str = "") -> Any:
    """Sessions with their loops and what is in each turn, late ones told late; `without` calls of this one."""
    main = next(row.id for row in archive.sessions() if row.kind == "main")
    told = []
    for each in family_of(archive, main):
        tree = tree_of(archive, each)
        loops = []
        for loop in tree.loops:
            asked = sorted(turn.id for turn in loop.turns if turn.model)
            calls = sorted(step.call or "" for turn in loop.turns for step in turn.tools)
            made = sorted((turn.id, s.call) for turn in loop.turns for s in turn.tools if turn.id in asked)
            made = [one for one in made if one[0] != without]
            loops.append((loop.id, loop.agent, loop.status, loop.prompt, asked, calls, made))
        spent = sorted(body.key for body in bodies_of(archive, each, "usage.recorded"))
        children = [(child.session, child.call, child.status) for child in tree.children]
        told.append((each, tree.agent, loops, spent, children))
    return told, [(row.id, row.status) for row in archive.sessions()]


def test_what_comes_after_its_trace_joins_the_session_and_loop_that_it_is_of(tmp_path: Path) -> None:
    with Books(speak) as books:
        spans = run(books).ended
    above = {span["spanId"]: span["parentSpanId"] for span in spans}

    def family(span: str) -> set[str]:
        return {span, *(each for below, parent in above.items() if parent == span for each in family(below))}

    with archive_in(tmp_path / "whole") as archive:
        with archive.receive_otlp(port=0) as address:
            post(address, batch(spans))
        whole = {top: outline(archive, without=top) for top in above}
    for number, top in enumerate(span["spanId"] for span in spans if span["parentSpanId"]):
        late = family(top)
        with archive_in(tmp_path / f"late{number}") as archive:
            with archive.receive_otlp(port=0) as address:
                post(address, batch([span for span in spans if span["spanId"] not in late]))
                for span in spans:  # those that are in another first
                    if span["spanId"] in late:
                        assert post(address, batch([span])).status_code == 200
                assert archive.incoming().spans == 0  # nothing waits for the end of the receiver
                archive.store.catch_up()
                assert outline(archive, without=top) == whole[top], top
                post(address, batch(spans))
            assert outline(archive, without=top) == whole[top], top
            assert [path for path in archive.path.glob("incoming/*") if path.stat().st_size] == []


def test_a_late_span_is_of_the_conversation_that_its_trace_is_of(archive: Archive) -> None:
    tracer = Tracer()
    with tracer.span("invoke_agent x", "invoke_agent", conversation__id="talk"):
        with tracer.span("chat", "chat", usage__input_tokens=3):
            pass
        with tracer.span("chat", "chat", usage__input_tokens=4):
            pass
    with archive.receive_otlp(port=0) as address:
        post(address, batch(tracer.ended[1:]))
        post(address, batch(tracer.ended[:1]))
    (row,) = archive.sessions()
    assert row.native_id == "talk"
    assert [len(loop.turns) for loop in tree_of(archive, row.id).loops] == [2]
    assert row.own.tokens.input == 7


def test_what_is_not_complete_is_written_at_the_end(archive: Archive) -> None:
    with Books(speak) as books:
        tracer = run(books)
    with archive.receive_otlp(port=0) as address:
        post(address, batch(tracer.ended[:-1]))
        archive.store.catch_up()
        assert archive.sessions() == []
    assert sum(len(bodies_of(archive, row.id, "model.responded")) for row in archive.sessions()) == 3


def test_a_span_that_comes_twice_counts_once(archive: Archive) -> None:
    tracer = Tracer()
    with tracer.span("invoke_agent x", "invoke_agent"), tracer.span("chat", "chat"):
        pass
    with archive.receive_otlp(port=0) as address:
        post(address, batch(tracer.ended[:1]))
        post(address, batch(tracer.ended))
    (row,) = archive.sessions()
    assert len(bodies_of(archive, row.id, "model.requested")) == 1


def test_other_traces_are_taken_and_make_no_session(archive: Archive) -> None:
    tracer = Tracer()
    with tracer.span("GET /"):
        pass
    with archive.receive_otlp(port=0) as address:
        assert post(address, batch(tracer.ended)).json() == {}
    assert archive.sessions() == []


def test_what_is_not_read_is_refused_and_says_why(archive: Archive) -> None:
    with archive.receive_otlp(port=0) as address:
        protobuf = httpx2.post(address, content=b"\x0a", headers={"content-type": "application/x-protobuf"})
        assert protobuf.status_code == 415
        assert "OTEL_EXPORTER_OTLP_PROTOCOL=http/json" in protobuf.json()["message"]
        assert post(address, b"{").status_code == 400
        assert post(address, b"[]").status_code == 400
        assert httpx2.get(address, headers=JSON).status_code == 405
        assert post(address.replace("traces", "logs"), b"{}").status_code == 404
        assert post(address, b"{}", host="evil.example").status_code == 403
        assert post(address, b"not packed", **{"content-encoding": "gzip"}).status_code == 400


def test_a_packed_body_is_unpacked(archive: Archive) -> None:
    tracer = Tracer()
    with tracer.span("chat", "chat"):
        pass
    with archive.receive_otlp(port=0) as address:
        told = post(address, gzip.compress(batch(tracer.ended)), **{"content-encoding": "gzip"})
    assert told.status_code == 200
    assert len(archive.sessions()) == 1


def test_hostile_documents_are_no_danger(archive: Archive) -> None:
    circle = [
        {"traceId": "t", "spanId": "a", "parentSpanId": "b", "attributes": "x"},
        {"traceId": "t", "spanId": "b", "parentSpanId": "a", "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}, 3, {"key": "k"}]},
        {"traceId": "t", "spanId": "c", "startTimeUnixNano": "soon", "status": 7, "events": [None]},
        5,
    ]  # fmt: skip
    with archive.receive_otlp(port=0) as address:
        assert post(address, batch(circle)).status_code == 200  # type: ignore[arg-type]  # that is the point
        assert post(address, b'{"resourceSpans": [{"scopeSpans": 4}, 1]}').status_code == 200
    assert len(archive.sessions()) == 1

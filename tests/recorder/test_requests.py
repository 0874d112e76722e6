"""Requests are kept exactly, each part once, and of a repeated history only what is new."""

from __future__ import annotations

import json
import os
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recorder.rooms import answer, bodies_of, events_of, request, result, said

from reenact.archive import Archive
from reenact.events import Header, blocks, bodies, decode_record
from reenact.ids import CountingMinter
from reenact.recorder import Nowhere, Recorder, RequestKeeper
from reenact.replay.loading import load_request
from reenact.wire import canonical

SECRET = "sk-ant-api03-" + "Ab1" * 30


def text(numbers: random.Random, size: int) -> str:
    return "".join(numbers.choice("abcdefghij \n") for _ in range(size))


def size_of(archive: Archive) -> int:
    kept = [path for name in ("live", "sealed", "blobs") for path in (archive.path / name).rglob("*")]
    return sum(path.stat().st_size for path in kept if path.is_file())


def test_two_hundred_turns_cost_a_thirtieth_of_their_histories(archive: Archive) -> None:
    numbers = random.Random(7)
    system = text(numbers, 20_000)
    messages: list[dict[str, Any]] = [said("user", "begin")]
    sent: list[dict[str, Any]] = []
    repeated = 0
    with archive.record(agent="mine") as session:
        for number in range(200):
            body = request(*messages, system=system)
            sent.append(json.loads(json.dumps(body)))
            repeated += len(json.dumps(body))
            told = answer(text(numbers, 600), id=f"m{number}", calls=(f"c{number}",))
            session.model_call(body, told)
            output = text(numbers, 1400)
            with session.tool("shell", {"command": "ls"}, call=f"c{number}") as tool:
                tool.finish(output)
            messages += [{"role": "assistant", "content": told["content"]}, result(f"c{number}", output)]
    assert session.degraded is None
    assert size_of(archive) * 30 <= repeated, (size_of(archive), repeated)
    script = archive.script(session.id)
    assert [exchange.request for exchange in script.exchanges] == sent
    references = [body.request for body in bodies_of(archive, session, "model.requested")]
    assert max(len(each.messages) for each in references) <= 2


def test_each_message_names_the_events_it_came_from(archive: Archive) -> None:
    """S2-40: prompt, answer, calls and results, in the dialects of three providers."""
    with archive.record() as session:
        told = session.message("user", "look around")
        session.model_call(
            request(said("user", "look around")), answer("I look", id="m1", calls=("c1", "c2"))
        )
        for call in ("c1", "c2"):
            with session.tool("shell", call=call) as tool:
                tool.finish(f"out {call}")
        last = [
            said("user", "look around"),
            {"role": "assistant", "content": answer("I look", calls=("c1", "c2"))["content"]},
            {"role": "user", "content": [*result("c1", "")["content"], *result("c2", "")["content"]]},
            said("user", "nobody said this"),
        ]
        session.model_call(request(*last), answer(id="m2"))
        chat = [last[0], {"role": "tool", "tool_call_id": "c2", "content": "out c2"}]
        session.model_call({"model": "m", "messages": chat}, "x", dialect="openai-chat", lane="chat")
        items = [{"type": "function_call_output", "call_id": "c1", "output": "o"}]
        session.model_call({"model": "m", "input": items}, "x", dialect="openai-responses", lane="r")
        session.model_call(request(last[3]), answer(id="m3"), lane="own", provenance=["somewhere else"])
    events = events_of(archive, session)
    ids = {event.body.call: event.id for event in events if isinstance(event.body, bodies.ToolFinished)}
    said_by = next(event.id for event in events if isinstance(event.body, bodies.ModelResponded))
    assert told is not None
    assert [body.provenance for body in bodies_of(archive, session, "model.requested")] == [
        (told.id,),
        (said_by, f"{ids['c1']} {ids['c2']}", ""),
        (told.id, ids["c2"]),
        (ids["c1"],),
        ("somewhere else",),
    ]


def test_secrets_are_in_no_part_of_a_request(archive: Archive) -> None:
    """S3-13."""
    body = request(said("user", f"my key: {SECRET}"), said("user", "x" * 5000 + SECRET), system=SECRET)
    with archive.record() as session:
        session.model_call(body, answer(f"you said {SECRET}"))
        session.model_call(json.dumps(body).encode(), json.dumps(answer(SECRET)).encode())
    kept = b"".join(path.read_bytes() for path in archive.path.rglob("*") if path.is_file())
    assert SECRET.encode() not in kept
    exchanges = archive.script(session.id).exchanges
    for exchange in exchanges:
        assert "[redacted:anthropic-key" in json.dumps(exchange.request)
        assert exchange.request is not None
    assert exchanges[0].request == exchanges[1].request


def test_a_call_that_is_over_is_on_disk_with_one_write(archive: Archive, monkeypatch: Any) -> None:
    writes: list[list[str]] = []
    with archive.record(agent="mine") as session:
        session.message("user", "x")
        monkeypatch.setattr(os, "write", noted := _Noted(os.write, writes))
        session.model_call(request(said("user", "x")), answer())
        assert writes == [["model.requested", "model.responded", "usage.recorded"]]
        with session.exchange(request(said("user", "x"), said("user", "y"))) as exchange:
            assert writes[1:] == [["model.requested"]]
            exchange.respond(answer(id="m2"))
        assert writes[2:] == [["model.responded", "usage.recorded"]]
        monkeypatch.setattr(os, "write", noted.real)


class _Noted:
    """Writes, and notes which kinds of events."""

    def __init__(self, real: Any, writes: list[list[str]]) -> None:
        self.real = real
        self._writes = writes

    def __call__(self, handle: int, data: bytes) -> int:
        self._writes.append([decode_record(line).body.kind for line in data.splitlines()])
        return int(self.real(handle, data))


def test_tools_that_change_in_place_are_asked_with_as_they_are(archive: Archive) -> None:
    tools = [{"name": "a", "description": "x" * 5000}]
    with archive.record(agent="mine") as session:
        for name in ("a", "a", "b"):
            tools[0]["name"] = name
            session.model_call({**request(said("user", "x")), "tools": tools}, answer(id=name))
    sent: list[Any] = [exchange.request for exchange in archive.script(session.id).exchanges]
    assert [body["tools"][0]["name"] for body in sent] == ["a", "a", "b"]


def test_what_is_no_request_is_recorded_as_far_as_it_goes(archive: Archive) -> None:
    with archive.record() as session:
        for odd in (b"no json", {"messages": "text"}, {}, None, {"model": 3, "messages": [1, None]}):
            session.model_call(odd, answer())
        session.model_call(request(), b"no json either")
        session.model_call(request(), ["no block"])  # type: ignore[list-item]  # on purpose
        session.model_call(request(), answer(), dialect="klingon")
    assert session.degraded is None
    assert len(bodies_of(archive, session, "model.requested")) == 8
    assert len(bodies_of(archive, session, "model.responded")) == 8


def test_a_failed_write_is_made_up_for_by_the_next_request() -> None:
    recorder, keeper, _ = room()
    first = keeper.ask("x1", lane="", shape=b"{}", messages=[b'"a"', b'"b"'])
    again = keeper.ask("x2", lane="", shape=b"{}", messages=[b'"a"', b'"b"', b'"c"'])
    assert (again.reference.base, len(again.reference.parts)) == (None, 4)
    keeper.kept(again)
    third = keeper.ask("x3", lane="", shape=b"{}", messages=[b'"a"', b'"b"', b'"d"'])
    assert (third.reference.base, third.reference.keep, len(third.reference.parts)) == ("x2", 2, 1)
    assert first.names == again.names[:2]
    assert recorder.degraded is None


def room() -> tuple[Recorder, RequestKeeper, Nowhere]:
    from reenact.clock import ManualClock

    store = Nowhere()
    header = Header(id="s", agent="mine", native_id="s")
    recorder = Recorder(
        store,  # type: ignore[arg-type]  # as much of a store as recording needs
        header, clock=ManualClock(step=1), minter=CountingMinter(), scrub=lambda value: value,
    )  # fmt: skip
    return recorder, RequestKeeper(recorder, scrub_text=lambda text: text), store


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
histories = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 6), st.lists(json_values, max_size=3)), max_size=12
)


@given(histories)
def test_every_history_reads_back_as_it_was(steps: list[tuple[str, int, list[Any]]]) -> None:
    """Grown, cut back, edited in the middle, side by side in two lanes."""
    _, keeper, store = room()
    lanes: dict[str, list[Any]] = {"a": [], "b": []}
    parts: dict[str, bytes] = {}
    names: dict[str, tuple[str, ...]] = {}
    for number, (lane, keep, more) in enumerate(steps):
        lanes[lane] = [*lanes[lane][:keep], *more, "x" * 5000 if keep == 3 else "y"]
        raws = [msgspec.json.encode(each) for each in lanes[lane]]
        asked = keeper.ask(f"x{number}", lane=lane, shape=b'{"model":"m"}', messages=raws, field="input")
        keeper.kept(asked)
        parts.update({name: told.encode() for name, told in asked.reference.parts.items()})

        def value(name: str, known: dict[str, bytes] = parts) -> Any:
            return canonical.decode(known.get(name) or store.blob(name) or b"")

        loaded = load_request(asked.reference, value, names)
        names[f"x{number}"] = loaded.names
        assert loaded.body == {"model": "m", "input": json.loads(json.dumps(lanes[lane]))}


@pytest.mark.parametrize("kind", ["text", "blocks", "json", "bytes"])
def test_an_answer_may_be_told_in_several_ways(archive: Archive, kind: str) -> None:
    told: Any = {
        "text": "done", "blocks": (blocks.Text(text="done"),), "json": answer(), "bytes": json.dumps(answer()).encode(),
    }[kind]  # fmt: skip
    with archive.record() as session:
        session.model_call(request(said("user", "x")), told, stop_reason="stop", answered_by="model-b")
    (body,) = bodies_of(archive, session, "model.responded")
    assert body.blocks == (blocks.Text(text="done"),)
    known = kind in {"json", "bytes"}
    assert (body.stop_reason, body.model) == (("end_turn", "model-a") if known else ("stop", "model-b"))
    assert (body.tape is not None) is known

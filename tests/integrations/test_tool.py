"""Functions as tools: recorded where there is a session, given again where a recording serves them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from tests.gateway.speakers import speak
from tests.integrations import agents
from tests.integrations.rooms import Books, archive_in, bodies_of, tree_of

import reenact
from reenact.archive import Archive
from reenact.integrations.httpx2 import RecordingTransport
from reenact.integrations.tool import ToolFailedError
from reenact.replay.tools import ToolDivergedError

RAN: list[Any] = []


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    RAN.clear()
    with archive_in(tmp_path) as opened:
        yield opened


@reenact.tool
def add(a: int, b: int = 1) -> int:
    RAN.append((a, b))
    return a + b


@reenact.tool(name="fetch", kind="web", risk="low")
async def get(url: str) -> str:
    RAN.append(url)
    await asyncio.sleep(0)
    if "bad" in url:
        raise ValueError("no such page")
    return f"page {url}"


@reenact.tool
def count(to: int) -> Iterator[int]:
    for number in range(to):
        with add_scope():
            yield number


@reenact.tool
async def count_async(to: int) -> AsyncIterator[int]:
    for number in range(to):
        await asyncio.sleep(0)
        yield number


class Desk:
    @reenact.tool
    def write(self, text: str) -> str:
        return text.upper()


@reenact.tool
def roll() -> int:
    RAN.append("roll")
    return len(RAN)


def add_scope() -> Any:
    from contextlib import nullcontext

    return nullcontext()


def told(archive: Archive, session: reenact.Session) -> list[tuple[Any, ...]]:
    called = {body.call: body for body in bodies_of(archive, session.id, "tool.called")}
    ended = bodies_of(archive, session.id, "tool.finished")
    return [(called[e.call].name, called[e.call].input, e.ok, e.output) for e in ended]


def test_without_a_session_a_tool_just_runs(archive: Archive) -> None:
    assert add(1, b=2) == 3
    assert asyncio.run(get("x")) == "page x"
    assert list(count(3)) == [0, 1, 2]
    assert Desk().write("a") == "A"
    assert archive.sessions() == []


def test_every_manner_of_function_is_recorded_with_its_arguments_by_name(archive: Archive) -> None:
    async def run() -> list[Any]:
        return [await get("x"), [n async for n in count_async(2)]]

    with archive.record(agent="main") as session:
        assert add(1) == 2
        assert list(count(to=2)) == [0, 1]
        assert Desk().write("a") == "A"
        assert asyncio.run(run()) == ["page x", [0, 1]]
    assert told(archive, session) == [
        ("add", {"a": 1}, True, 2),
        ("count", {"to": 2}, True, [0, 1]),
        ("write", {"text": "a"}, True, "A"),
        ("fetch", {"url": "x"}, True, "page x"),
        ("count_async", {"to": 2}, True, [0, 1]),
    ]
    (fetch,) = [b for b in bodies_of(archive, session.id, "tool.called") if b.name == "fetch"]
    assert (fetch.tool_kind, fetch.risk) == ("web", "low")


def test_a_tool_that_raises_is_recorded_as_failed_and_raises(archive: Archive) -> None:
    with archive.record(agent="main") as session, pytest.raises(ValueError, match="no such page"):
        asyncio.run(get("bad"))
    (ended,) = bodies_of(archive, session.id, "tool.finished")
    assert (ended.ok, ended.error, ended.category) == (False, "ValueError: no such page", "exception")


def test_wrong_arguments_are_the_functions_own_error(archive: Archive) -> None:
    with archive.record(agent="main"), pytest.raises(TypeError, match="missing"):
        add()  # type: ignore[call-arg]  # that is the point


def test_a_generator_that_is_left_early_keeps_what_it_gave(archive: Archive) -> None:
    with archive.record(agent="main") as session:
        numbers = count(5)
        assert next(numbers) == 0
        numbers.close()  # type: ignore[attr-defined]  # a generator has it
    (ended,) = bodies_of(archive, session.id, "tool.finished")
    assert (ended.ok, ended.output) == (False, [0])
    assert "GeneratorExit" in ended.error


def test_what_uses_a_generators_pieces_is_not_placed_in_its_call(archive: Archive) -> None:
    with archive.record(agent="main") as session:
        for _ in count(1):
            with session.child(agent="beside") as child:
                pass
    assert child.header.parent_call is None


def test_hooks_deny_calls_and_put_another_input_in_place(archive: Archive) -> None:
    hooks = reenact.Hooks()

    @hooks.on("before_tool")
    def guard(ask: reenact.Ask) -> Any:
        if ask.name == "add":
            return reenact.Replace({"a": 40, "b": 2})
        return reenact.Deny("not now")

    with archive.record(agent="main", hooks=hooks):
        assert add(1) == 42
        with pytest.raises(reenact.DeniedError, match="not now"):
            Desk().write("x")


def test_recorded_results_are_given_without_running_anything(archive: Archive) -> None:
    with archive.record(agent="main"):
        first = [roll(), roll(), add(1), Desk().write("a"), list(count(2))]
        with pytest.raises(ValueError, match="no such page"):
            asyncio.run(get("bad"))
    RAN.clear()
    with archive.recorded_tools("last") as served:
        assert [roll(), roll(), add(1), Desk().write("a"), list(count(2))] == first
        with pytest.raises(ToolFailedError, match="no such page"):
            asyncio.run(get("bad"))
        served.check()
    assert RAN == []


def test_the_same_call_twice_gets_its_results_in_the_recorded_order(archive: Archive) -> None:
    with archive.record(agent="main"):
        assert [roll(), add(1), roll()] == [1, 2, 3]
    with archive.recorded_tools("last"):
        assert [roll(), roll(), add(1)] == [1, 3, 2]
        with pytest.raises(ToolDivergedError, match=r"tool call 4, roll \{\}: it was called fewer times"):
            roll()


def test_a_call_that_was_not_recorded_is_refused_by_its_place(archive: Archive) -> None:
    with archive.record(agent="main"):
        add(1)
    with archive.recorded_tools("last") as served:
        with pytest.raises(ToolDivergedError, match=r'tool call 1, add \{"a":2\}: .* other input'):
            add(2)
        with pytest.raises(ToolDivergedError, match=r"tool call 2, roll .*no such tool"):
            roll()
        with pytest.raises(ToolDivergedError, match=r"tool call 1, add .* not called this time"):
            served.check()


def test_served_calls_are_recorded_like_others(archive: Archive) -> None:
    with archive.record(agent="main"):
        add(1)
    served = archive.recorded_tools("last")
    with archive.record(agent="again") as session, served:
        assert add(1) == 2
    assert told(archive, session) == [("add", {"a": 1}, True, 2)]
    assert RAN == [(1, 1)]
    assert [step.name for step in tree_of(archive, session.id).walk() if step.name] == ["add"]


def test_results_are_found_in_requests_where_nothing_else_tells_them(archive: Archive) -> None:
    """A recording of the wire alone holds what the model was told."""
    with Books(speak) as books, archive.record(agent="main") as session:
        http_client = httpx2.Client(transport=RecordingTransport(session))
        with openai.OpenAI(base_url=f"{books.address}/v1", api_key="none", http_client=http_client) as client:
            agents.chat(client, "look", stream=False, look=lambda *_: "tool said: a cat")
    served = archive.recorded_tools("last")
    assert served.serve("look", {"path": "/tmp/a b"}) == "tool said: a cat"
    served.check()

"""Genuine Claude Code, where the corpus lies beside the checkout: one run played to the requests of another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.corpus import GENERATED
from tests.replay.rooms import Room

from reenact.events import bodies
from reenact.replay import (
    Exchange,
    Incoming,
    Logged,
    Player,
    Refused,
    Script,
    Served,
    Stubbed,
    Taped,
    answer_message,
    declare,
    to_config,
)
from reenact.sources.claude_code.requests import requests
from reenact.sources.protocol import Line
from reenact.wire.anthropic.stream import assemble

ROOT = GENERATED / "claude-2.1.329"
SCENARIOS = sorted(path.parent for path in ROOT.glob("**/oracle.json"))
PAIRS = [
    (ROOT / one / name, ROOT / other / name)
    for one, other in (("pair-a", "pair-b"), ("pair-b", "pair-a"))
    for name in ("tools", "subagent")
]
Edit = Callable[[Any], object]
RUN = declare(cwd="/home/dev/code/todo-api", home="/home/dev", temp="/tmp")

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not SCENARIOS, reason="no corpus beside the checkout"),
]
each_pair = pytest.mark.parametrize("pair", PAIRS, ids=[f"{one.parent.name}-{one.name}" for one, _ in PAIRS])
each_scenario = pytest.mark.parametrize(
    "scenario", SCENARIOS, ids=[path.relative_to(ROOT).as_posix() for path in SCENARIOS]
)


def traffic(scenario: Path) -> Iterator[tuple[Incoming, Exchange, Taped | None]]:
    """Gives every request of a scenario as it came, as an exchange, and its answer."""
    for number, path in enumerate(sorted((scenario / "wire").glob("*.req.json"))):
        asked = json.loads(path.read_text())
        headers = {name.lower(): value for name, value in asked["headers"]}
        incoming = Incoming(
            method=asked["method"],
            path=asked["path"],
            headers=headers,
            body=json.dumps(asked["body"]).encode(),
        )
        exchange = Exchange(
            id=f"x{number}",
            lane=headers.get("x-claude-code-agent-id", ""),
            arrival=number,
            path=asked["path"],
            request=asked["body"],
        )
        replied = path.with_name(path.name.replace("req", "resp"))
        yield incoming, exchange, answer(json.loads(replied.read_text())) if replied.exists() else None


def answer(replied: dict[str, Any]) -> Taped | None:
    if not replied.get("status"):
        return None
    body = replied.get("body")
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    headers = {name.lower(): value for name, value in replied.get("headers", [])}
    is_stream = "event-stream" in headers.get("content-type", "")
    is_whole = not is_stream or assemble(data).end != "truncated"
    end: Any = "complete" if is_whole else "truncated"
    return Taped(status=replied["status"], headers=headers, body=data, chunks=((1000, len(data)),), end=end)


def recorded(scenario: Path) -> Script:
    room = Room()
    room.recorder.record(bodies.SessionStarted(config=to_config(RUN)))
    for _, exchange, response in traffic(scenario):
        room.keep(exchange, response)
    return room.script()


def logged(scenario: Path) -> Script:
    """The script of a scenario by nothing but the files that the agent itself wrote."""
    found = [
        exchange
        for path in sorted((scenario / "log").rglob("*.jsonl"))
        if "projects" in path.parts
        for exchange in requests(lines(path))
    ]
    found.sort(key=lambda exchange: exchange.ts or "")
    calls = [
        Logged(
            id=exchange.id,
            lane=exchange.lane or "",
            request=exchange.body,
            message=answer_message(
                exchange.blocks,
                message=exchange.message,
                model=exchange.model,
                stop_reason=exchange.stop_reason,
                usage=exchange.usage_raw,
            )
            if exchange.blocks
            else None,
            unresolved=exchange.unresolved,
        )
        for exchange in found
    ]
    return Script.from_journal(calls, declared=RUN)


def lines(path: Path) -> Iterator[Line]:
    offset = 0
    for number, raw in enumerate(path.read_bytes().splitlines(keepends=True), 1):
        yield Line(data=raw.rstrip(b"\n"), offset=offset, number=number, length=len(raw))
        offset += len(raw)


def play(script: Script, scenario: Path) -> tuple[Player, list[Served]]:
    player = Player(script, RUN)
    served: list[Served] = []
    for incoming, _, _ in traffic(scenario):
        given = player.respond(incoming)
        assert isinstance(given, Served), player.report().divergences
        player.finish(given.ticket, delivered=True)
        served.append(given)
    return player, served


def blocks(one: Any, other: Any) -> Iterator[tuple[Any, Any]]:
    return zip(one["content"], other["content"], strict=True)


def told(logged: Any, sent: Any) -> Any:
    """A logged block without what the agent filled into a tool's input (`replace_all`) when it ran it."""
    if logged["type"] != "tool_use":
        return logged
    return {**logged, "input": {key: logged["input"][key] for key in sent["input"]}}


@each_pair
def test_one_run_answers_the_requests_of_another(pair: tuple[Path, Path]) -> None:
    script = recorded(pair[0])
    player, served = play(script, pair[1])
    assert {given.level for given in served} <= {"fp0", "fp1"}
    assert [given.exchange for given in served] == [exchange.id for exchange in script.exchanges]
    assert not player.report().diverged


@each_pair
def test_the_log_of_one_run_answers_the_requests_of_another(pair: tuple[Path, Path]) -> None:
    script = logged(pair[0])
    player, served = play(script, pair[1])
    assert {given.level for given in served} <= {"fp0", "fp1"}
    assert not player.report().diverged
    for given, (_, _, response) in zip(served, traffic(pair[0]), strict=True):
        assert response is not None
        one, other = assemble(given.body).message, assemble(response.body).message
        assert one is not None
        assert other is not None
        assert [told(block, other) for block, other in blocks(one, other)] == other["content"]
        assert one["stop_reason"] == other["stop_reason"]


def test_a_compaction_that_the_log_does_not_hold_is_answered_with_its_summary() -> None:
    scenario = ROOT / "compact"
    player = Player(logged(scenario), RUN)
    given = [player.respond(incoming) for incoming, _, _ in traffic(scenario)]
    assert [type(one) for one in given] == [Served, Stubbed, Served]
    summary = given[1]
    assert isinstance(summary, Stubbed)
    message = assemble(summary.body).message
    asked = list(traffic(scenario))[1][2]
    assert asked is not None
    recorded_message = assemble(asked.body).message
    assert message is not None
    assert recorded_message is not None
    told_summary, wire_summary = str(message["content"]), str(recorded_message["content"])
    assert told_summary.partition("<summary>")[2][:20] == wire_summary.partition("<summary>")[2][:20]
    assert not player.report().diverged


@each_scenario
def test_every_recorded_scenario_plays_back_exactly(scenario: Path) -> None:
    script = recorded(scenario)
    player = Player(script, RUN)
    asked = {exchange.id: incoming for incoming, exchange, _ in traffic(scenario)}
    for exchange in script.exchanges:
        if exchange.response is None:
            continue
        given = player.respond(asked[exchange.id])
        assert isinstance(given, Served), player.report().divergences
        assert given.level == "fp0"
        assert isinstance(exchange.response, Taped)
        assert given.body == exchange.response.body
        player.finish(given.ticket, delivered=True)
    assert not player.report().diverged


@each_scenario
def test_a_changed_prompt_is_found_in_every_scenario(scenario: Path) -> None:
    script = recorded(scenario)
    for incoming, exchange, _ in list(traffic(scenario))[:1]:
        body = msgspec.json.decode(incoming.body)
        body["messages"][0]["content"][0]["text"] += " Please."
        player = Player(script, RUN)
        player.respond(msgspec.structs.replace(incoming, body=msgspec.json.encode(body), lane=exchange.lane))
        (found, *_) = player.report().divergences
        assert found.cause == "messages[0].content[0].text (text)"
        assert found.step == 1


def in_params(**fields: Any) -> Edit:
    return lambda body: body.update(fields)


def in_text(where: Callable[[Any], Any]) -> Edit:
    """Adds a word to a text block."""

    def edit(body: Any) -> None:
        where(body)["text"] += " Indeed."

    return edit


def in_tool(name: str, **fields: Any) -> Edit:
    return lambda body: next(tool for tool in body["tools"] if tool["name"] == name).update(fields)


def in_result(body: Any) -> None:
    """Changes what the first tool gave back."""
    for message in body["messages"]:
        for block in message["content"] if isinstance(message["content"], list) else ():
            if block["type"] == "tool_result":
                block["content"] = "something else"
                return


def in_call(body: Any) -> None:
    """Changes what the first tool was asked."""
    for message in body["messages"]:
        for block in message["content"] if isinstance(message["content"], list) else ():
            if block["type"] == "tool_use":
                block["input"]["file_path"] += ".bak"
                return


EDITS: dict[str, tuple[Edit, str]] = {
    "model": (in_params(model="claude-other-1"), "model"),
    "max_tokens": (in_params(max_tokens=7), "max_tokens"),
    "effort": (in_params(output_config={"effort": "high"}), "output_config.effort"),
    "thinking": (lambda body: body.pop("thinking"), "thinking: removed"),
    "system": (in_text(lambda body: body["system"][-1]), "system["),
    "tool description": (in_tool("Bash", description="Runs things."), "tools[Bash].description"),
    "tool schema": (in_tool("Read", input_schema={"type": "object"}), "tools[Read].input_schema."),
    "tool removed": (lambda body: body["tools"].pop(0), "tools["),
    "prompt": (
        in_text(lambda body: body["messages"][0]["content"][0]),
        "messages[0].content[0].text (text)",
    ),
    "tool input": (in_call, "messages[2].content[2].input.file_path (tool_use of Read)"),
    "tool result": (in_result, "messages[3].content[0].content[0].text (tool_result of Read)"),
    "message dropped": (
        lambda body: body["messages"].pop(4),
        "messages[4] (assistant message): removed",
    ),
    "message added": (
        lambda body: body["messages"].append({"role": "user", "content": "More."}),
        "messages[8] (user message): added",
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_of_a_genuine_request_is_located_against_another_run(name: str) -> None:
    edit, cause = EDITS[name]
    player = Player(recorded(ROOT / "pair-a" / "tools"), RUN, skeleton=False)
    asked = [incoming for incoming, _, _ in traffic(ROOT / "pair-b" / "tools")]
    for incoming in asked[:3]:
        assert isinstance(player.respond(incoming), Served)
    body = json.loads(asked[3].body)
    edit(body)
    answer = player.respond(msgspec.structs.replace(asked[3], body=json.dumps(body).encode()))
    assert isinstance(answer, Refused)
    assert answer.divergence.cause.startswith(cause)
    assert (answer.divergence.exchange, answer.divergence.step) == ("x3", 4)
    assert answer.divergence.further == 0

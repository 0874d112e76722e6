"""Every edit of a request is refused, and the report's cause names exactly the place that was edited."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.replay.agents import stream_of, taped

from reenact.replay import (
    Divergence,
    Exchange,
    Incoming,
    Player,
    Refused,
    Script,
    Served,
    declare,
    document,
    render,
)

Body = dict[str, Any]
Edit = Callable[[Body], None]
HERE = declare(cwd="/home/ann/code/todo", home="/home/ann", dates=["2026-03-01"])
THERE = declare(cwd="/data/second/copy", home="/users/maria", dates=["2026-11-20"])


def body(cwd: str = "/home/ann/code/todo", date: str = "2026-03-01") -> Body:
    """The third request of a short talk: two parallel calls, their results, a further call and its failure."""
    return {
        "model": "test-model-1",
        "max_tokens": 1000,
        "thinking": {"type": "enabled", "budget_tokens": 500},
        "system": [
            {"type": "text", "text": "You help with small programs.\nAnswer in short words."},
            {"type": "text", "text": f"You are in {cwd}.\nToday's date is {date}."},
        ],
        "tools": [
            {
                "name": "Read",
                "description": "Reads a file.",
                "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}},
            },
            {
                "name": "Bash",
                "description": "Runs a command.",
                "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}},
            },
        ],
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": f"Fix the bug in {cwd}/app.py that the picture shows."},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "aW1hZ2U="},
                    },
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Look first.", "signature": "c2lnbmVk"},
                    {"type": "text", "text": "I will look."},
                    {"type": "tool_use", "id": "toolu_01aaaaaa", "name": "Read", "input": {"path": "app.py"}},
                    {"type": "tool_use", "id": "toolu_01bbbbbb", "name": "Bash", "input": {"command": "ls"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_01aaaaaa", "content": "print(1)\nprint(2)"},
                    {"type": "tool_result", "tool_use_id": "toolu_01bbbbbb", "content": "app.py\nnotes.md"},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {
                        "type": "tool_use",
                        "id": "toolu_01cccccc",
                        "name": "Bash",
                        "input": {"command": "make"},
                    },
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "toolu_01cccccc",
                        "content": "make: no rule",
                        "is_error": True,
                    },
                ],
            },
        ],
    }


def earlier(whole: Body, messages: int) -> Body:
    return {**whole, "messages": whole["messages"][:messages]}


def script() -> Script:
    exchanges = tuple(
        Exchange(
            id=f"x{number}",
            arrival=number,
            request=earlier(body(), length),
            response=taped(
                stream_of([{"type": "text", "text": "ok"}], message=f"msg_{number}", model="test-model-1")
            ),
        )
        for number, length in enumerate((1, 3, 5))
    )
    return Script(exchanges=exchanges, declared=HERE)


def incoming(value: Body) -> Incoming:
    return Incoming(body=json.dumps(value).encode())


def run(edit: Edit, *, is_elsewhere: bool, skeleton: bool = False) -> tuple[Player, Any]:
    """Plays the first two requests as recorded and the third one edited."""
    here = body("/data/second/copy", "2026-11-20") if is_elsewhere else body()
    player = Player(script(), THERE if is_elsewhere else HERE, skeleton=skeleton)
    for length in (1, 3):
        answer = player.respond(incoming(earlier(here, length)))
        assert isinstance(answer, Served)
        player.finish(answer.ticket, delivered=True)
    edited = copy.deepcopy(here)
    edit(edited)
    return player, player.respond(incoming(edited))


def in_message(place: int, block: int, **fields: Any) -> Edit:
    return lambda value: value["messages"][place]["content"][block].update(fields)


def in_params(**fields: Any) -> Edit:
    return lambda value: value.update(fields)


def in_tool(place: int, **fields: Any) -> Edit:
    return lambda value: value["tools"][place].update(fields)


def swapped(value: Body) -> None:
    said = value["messages"]
    said[1], said[3] = said[3], said[1]


def resulted(value: Body) -> None:
    content = value["messages"][2]["content"]
    content[0], content[1] = content[1], content[0]


NEW_TOOL = {"name": "Write", "description": "Writes a file.", "input_schema": {"type": "object"}}
EXTRA = {"role": "user", "content": [{"type": "text", "text": "And be quick."}]}
OTHER_SCHEMA = {"type": "object", "properties": {"path": {"type": "integer"}}}
OTHER_IMAGE = {"type": "base64", "media_type": "image/png", "data": "b3RoZXI="}

EDITS: dict[str, tuple[Edit, str]] = {
    "a word of the prompt": (
        lambda value: in_message(
            0, 0, text=value["messages"][0]["content"][0]["text"].replace("bug", "fault")
        )(value),
        "messages[0].content[0].text (text)",
    ),
    "a word of the system prompt": (
        lambda value: value["system"][0].update(text="You help with large programs.\nAnswer in short words."),
        "system[0].text",
    ),
    "a part of the system prompt": (
        lambda value: value["system"].append({"type": "text", "text": "Be kind."}),
        "system[2]: added",
    ),
    "the model": (in_params(model="test-model-2"), "model"),
    "max_tokens": (in_params(max_tokens=2000), "max_tokens"),
    "the budget of thinking": (
        in_params(thinking={"type": "enabled", "budget_tokens": 900}),
        "thinking.budget_tokens",
    ),
    "thinking left out": (lambda value: value.pop("thinking"), "thinking: removed"),
    "a parameter added": (in_params(temperature=0.2), "temperature: added"),
    "a tool added": (lambda value: value["tools"].append(NEW_TOOL), "tools[Write]: added"),
    "a tool removed": (lambda value: value["tools"].pop(), "tools[Bash]: removed"),
    "a tool's schema": (
        in_tool(0, input_schema=OTHER_SCHEMA),
        "tools[Read].input_schema.properties.path.type",
    ),
    "a tool's description": (in_tool(1, description="Runs a programme."), "tools[Bash].description"),
    "a tool's name": (in_tool(1, name="Shell"), "tools[Bash]: removed"),
    "the order of tools": (
        lambda value: value["tools"].reverse(),
        "tools (the same tools in another order)",
    ),
    "a tool's result": (
        in_message(2, 0, content="print(1)\nprint(3)"),
        "messages[2].content[0].content[0].text (tool_result of Read)",
    ),
    "a failed tool's result": (
        in_message(4, 0, content="make: no file"),
        "messages[4].content[0].content[0].text (tool_result of Bash)",
    ),
    "whether a tool failed": (
        lambda value: value["messages"][4]["content"][0].pop("is_error"),
        "messages[4].content[0].is_error (tool_result of Bash): removed",
    ),
    "a tool's input": (
        in_message(3, 0, input={"command": "make all"}),
        "messages[3].content[0].input.command (tool_use of Bash)",
    ),
    "a tool called by another name": (
        in_message(3, 0, name="Read"),
        "messages[3].content[0].name (tool_use of Read)",
    ),
    "what the model said": (
        in_message(1, 1, text="I shall look."),
        "messages[1].content[1].text (text)",
    ),
    "what the model thought": (
        in_message(1, 0, thinking="Look later."),
        "messages[1].content[0].thinking (thinking)",
    ),
    "a block dropped": (
        lambda value: value["messages"][1]["content"].pop(1),
        "messages[1].content[1] (text): removed",
    ),
    "a message dropped": (
        lambda value: value["messages"].pop(3),
        "messages[3] (assistant message, Bash): removed",
    ),
    "a message added": (
        lambda value: value["messages"].append(EXTRA),
        "messages[5] (user message): added",
    ),
    "a message added in between": (
        lambda value: value["messages"].insert(3, EXTRA),
        "messages[3] (user message): added",
    ),
    "messages in another order": (
        swapped,
        "messages[1] (assistant message, Bash): the same messages in another order",
    ),
    "another picture": (
        in_message(0, 1, source=OTHER_IMAGE),
        "messages[0].content[1].source.data (image)",
    ),
    "another role": (
        lambda value: value["messages"][3].update(role="user"),
        "messages[3].role (user message)",
    ),
}


def told(player: Player) -> Divergence:
    report = player.report()
    assert report.diverged
    return report.divergences[0]


@pytest.mark.parametrize("is_elsewhere", [False, True], ids=["same place", "another place"])
@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_refused_and_the_cause_names_its_place(name: str, is_elsewhere: bool) -> None:
    edit, cause = EDITS[name]
    player, answer = run(edit, is_elsewhere=is_elsewhere)
    assert isinstance(answer, Refused)
    found = told(player)
    assert found == answer.divergence
    assert found.cause == cause
    assert found.exchange == "x2"
    assert found.step == 3


def test_nothing_edited_is_nothing_refused() -> None:
    for is_elsewhere in (False, True):
        player, answer = run(lambda _value: None, is_elsewhere=is_elsewhere)
        assert isinstance(answer, Served)
        assert answer.exchange == "x2"
        assert not player.report().diverged


def test_parallel_results_in_another_order_are_the_same_request() -> None:
    for is_elsewhere in (False, True):
        player, answer = run(resulted, is_elsewhere=is_elsewhere)
        assert isinstance(answer, Served)
        assert answer.level == "fp1"
        assert not player.report().diverged


def test_another_tool_output_alone_may_be_served_but_is_reported_as_major() -> None:
    player = Player(script(), HERE)
    edited = body()
    in_message(2, 0, content="print(1)\nprint(3)")(edited)
    answers = [player.respond(incoming(earlier(edited, length))) for length in (1, 3, 5)]
    assert [answer.level for answer in answers if isinstance(answer, Served)] == ["fp0", "fp2", "fp2"]
    report = player.report()
    assert report.diverged
    for found in report.divergences:
        assert found.cause == EDITS["a tool's result"][1]
        assert (found.severity, found.consequence, found.level) == ("major", "served", "fp2")
        assert found.classification == "tool output"
    assert report.divergences[0].step == 2


def test_another_tool_output_is_refused_where_two_recorded_calls_could_follow() -> None:
    twice = script()
    copied = twice.exchanges[1].__replace__(id="twin", arrival=3)
    player = Player(Script(exchanges=(*twice.exchanges, copied), declared=HERE), HERE)
    edited = body()
    in_message(2, 0, content="print(1)\nprint(3)")(edited)
    assert isinstance(player.respond(incoming(earlier(edited, 1))), Served)
    assert isinstance(player.respond(incoming(earlier(edited, 3))), Refused)


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_of_the_past_is_never_served(name: str) -> None:
    player, answer = run(EDITS[name][0], is_elsewhere=False, skeleton=True)
    assert isinstance(answer, Refused)
    assert told(player).cause == EDITS[name][1]


@pytest.mark.parametrize("name", EDITS)
def test_the_report_fits_a_terminal_and_is_json(name: str) -> None:
    player, _ = run(EDITS[name][0], is_elsewhere=True)
    report = player.report()
    lines = render(report)
    assert lines[0].startswith("diverged:")
    assert all(len(line) <= 100 for line in lines)
    assert any(EDITS[name][1].split(" ")[0] in line for line in lines)
    shown = document(report)
    assert json.loads(json.dumps(shown)) == shown


@pytest.mark.parametrize(
    ("name", "common"),
    [("the model", 5), ("a tool added", 5), ("a word of the prompt", 0), ("a tool's result", 2)],
)
def test_the_report_tells_how_many_messages_agree_from_the_start(name: str, common: int) -> None:
    player, _ = run(EDITS[name][0], is_elsewhere=True)
    assert (told(player).common, told(player).messages) == (common, 5)


def test_lines_that_differ_are_shown_with_their_numbers() -> None:
    player, _ = run(EDITS["a tool's result"][0], is_elsewhere=False)
    assert told(player).differences[0].lines == ("-2: print(2)", "+2: print(3)")


def test_a_value_that_looks_volatile_comes_with_a_rule() -> None:
    edit = in_message(4, 0, content="make: no rule")

    def timed(value: Body) -> None:
        edit(value)
        value["messages"][2]["content"][0]["content"] = "took 12.5 seconds"

    recorded = script()
    last = recorded.exchanges[2].request
    assert isinstance(last, dict)
    changed = copy.deepcopy(last)
    changed["messages"][2]["content"][0]["content"] = "took 11.9 seconds"  # type: ignore[index,call-overload]  # JSON of ours
    exchanges = (*recorded.exchanges[:2], recorded.exchanges[2].__replace__(request=changed))
    player = Player(Script(exchanges=exchanges, declared=HERE), HERE, skeleton=False)
    asked = body()
    timed(asked)
    answer = player.respond(incoming(asked))
    assert isinstance(answer, Refused)
    assert answer.divergence.classification == "volatile"
    rule = answer.divergence.rule
    assert rule is not None
    accepted = Player(Script(exchanges=exchanges, declared=HERE, rules=(rule,)), HERE, skeleton=False)
    served = accepted.respond(incoming(asked))
    assert isinstance(served, Served)
    assert served.level == "fp1"

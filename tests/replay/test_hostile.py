"""Whatever an agent sends: the player never raises, never serves what was not asked, never steers a terminal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.replay.agents import Agent, Place, script_of

from reenact.replay import Incoming, Player, Refused, Served, document, render

HERE = Place()
SCRIPT = script_of([Agent(HERE)], HERE)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["model", "system", "tools", "messages", "max_tokens", "metadata", "thinking", "tool_choice"]
)


def judged(request: Incoming) -> None:
    player = Player(SCRIPT, HERE.declared())
    answer = player.respond(request)
    report = player.report()
    assert not isinstance(answer, Served)
    assert document(report)["version"] == 1
    assert all(len(line) <= 100 for line in render(report))


@given(st.dictionaries(FIELDS, JSON, max_size=5))
def test_a_body_of_any_shape_gets_an_answer(value: dict[str, Any]) -> None:
    judged(Incoming(body=json.dumps(value).encode()))


@given(st.binary(max_size=60))
def test_any_bytes_get_an_answer(data: bytes) -> None:
    judged(Incoming(body=data))


@given(JSON)
def test_a_message_of_any_shape_gets_an_answer(message: Any) -> None:
    body = Agent(HERE).body()
    judged(Incoming(body=json.dumps({**body, "messages": [*body["messages"], message]}).encode()))


@given(JSON)
def test_content_of_any_shape_gets_an_answer(content: Any) -> None:
    body = Agent(HERE).body()
    said = {"role": "user", "content": content}
    judged(Incoming(body=json.dumps({**body, "messages": [*body["messages"], said]}).encode()))


def test_a_body_nested_too_deep_is_refused() -> None:
    answer = Player(SCRIPT, HERE.declared()).respond(Incoming(body=b"[" * 100_000))
    assert isinstance(answer, Refused)
    assert answer.divergence.kind == "unreadable"


@pytest.mark.parametrize(
    "evil", ["\x1b]0;title\x07", "\x1b[2J", "a\rb", "\u202etxt.exe", "\x9b31m", "line\nline"]
)
def test_recorded_and_asked_text_steers_no_terminal(evil: str) -> None:
    player = Player(SCRIPT, HERE.declared())
    player.respond(Agent(HERE, prompt=f"Do {evil} now.").incoming())
    shown = "\n".join(render(player.report()))
    assert not any(character in shown for character in "\x1b\x07\r\u202e\x9b")

"""Transcripts that real clients wrote, against the books of the endpoint that they talked to."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from reenact.events.blocks import Text
from reenact.events.bodies import AssistantMessage, ToolCalled, UserMessage

from .transcripts import GENUINE, Ledger, Reading, read_all, session_id

BOOKS = sorted(GENUINE.glob("claude-*/*/expected.json"))


def name(path: Path) -> str:
    return "/".join(path.parts[-3:-1])


@pytest.mark.parametrize("book", BOOKS, ids=name)
def test_every_session_adds_up_to_what_went_over_the_wire(book: Path) -> None:
    expected = json.loads(book.read_text())
    ledger = Ledger(read_all(book.parent))
    for session in expected["sessions"]:
        identity = identify(session, ledger)
        check_usage(ledger.session(identity), session["usage"], ledger.quality(identity), session["quality"])
        header = ledger.headers[identity]
        if "claude-1.0" not in str(
            book
        ):  # a resume of 1.0.x names no parent; the archive finds it by responses
            assert header.kind == session["kind"]
        assert header.hidden == session["warmup"]


def check_usage(found: dict[str, int], wire: dict[str, Any], quality: str, expected: str) -> None:
    """What is called measured equals the wire; what is called partial is a lower bound of its output.

    A log may lose the end of a response by a race (1.0.30 does), which the wire's books cannot know.
    """
    assert {**found, "output": 0} == {**{key: wire[key] or 0 for key in found}, "output": 0}
    if quality == "measured":
        assert expected == "measured"
        assert found["output"] == wire["output"]
    else:
        assert found["output"] <= wire["output"]
        assert expected == "partial" or found["output"] < wire["output"]


@pytest.mark.parametrize("book", BOOKS, ids=name)
def test_every_session_has_the_calls_and_texts_of_the_wire(book: Path) -> None:
    expected = json.loads(book.read_text())
    readings = read_all(book.parent)
    ledger = Ledger(readings)
    for session in expected["sessions"]:
        identity = identify(session, ledger)
        called: Counter[str] = Counter()
        served: Counter[str] = Counter()
        texts: list[str] = []
        models: set[str | None] = set()
        prompts: list[str] = []
        for reading in readings:
            called.update(body.name for body in reading.of(ToolCalled, identity) if not body.server)
            served.update(body.name for body in reading.of(ToolCalled, identity) if body.server)
            for said in reading.of(AssistantMessage, identity):
                if said.error is None:
                    models.add(said.model)
                    texts.extend(block.text for block in said.blocks if isinstance(block, Text))
            prompts.extend(prompts_of(reading, identity))
        assert called == session["tool_calls"]
        assert served == session.get("server_tool_calls", {})
        assert models == set(session["models"])
        if session["final_text"] is not None:
            assert session["final_text"] in texts
        if session["kind"] != "subagent":
            asked = [prompt for prompt in session["prompts"] if not prompt.startswith("/")]
            assert prompts[-len(asked) :] == asked  # a fork's log has those of its parent before its own


def prompts_of(reading: Reading, identity: str) -> list[str]:
    return [
        block.text
        for body in reading.of(UserMessage, identity)
        if body.human
        for block in body.blocks
        if isinstance(block, Text) and not block.text.startswith("(trimmed:")
    ]


def identify(session: dict[str, Any], ledger: Ledger) -> str:
    """Gives the archive's id of a session that the books know by its native id."""
    if session["id"] is None:  # 1.0.x gives a sub-agent no name
        parent = session_id(session["parent"])
        (identity,) = [key for key, header in ledger.headers.items() if header.parent == parent]
        return identity
    native = str(session["id"])
    (identity,) = [key for key, header in ledger.headers.items() if header.native_id == native]
    if session["kind"] == "main":
        assert identity == session_id(native)
    return identity

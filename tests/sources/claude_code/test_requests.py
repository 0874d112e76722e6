from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reenact.sources.claude_code import SOURCE
from reenact.sources.claude_code.requests import Exchange, requests
from reenact.wire.anthropic.journal import message_hash, shape_hash

from .transcripts import GENUINE, Log, lines_of, use

SHAPE: dict[str, Any] = {"system": [{"type": "text", "text": "be good"}], "tools": [{"name": "Bash"}]}
FIRST: dict[str, Any] = {
    "role": "user",
    "content": [{"type": "text", "text": "context"}, {"type": "text", "text": "go"}],
}


def told(log: Log) -> list[Exchange]:
    return requests(lines_of(log.data))


def journaled() -> Log:
    """Gives a session of two requests; the messages of the second are in its rows only."""
    log = Log(version="2.1.329")
    log.prompt("go")
    log.meta("api-request-shape", shapeHash=shape_hash(SHAPE), shape=SHAPE)
    log.meta("api-request-blob", hash=message_hash(FIRST), message=FIRST)
    params = {"model": "m", "max_tokens": 5, "betas": ["b-1"]}
    mark = {"path": ["messages", 0, "content", 1], "value": {"type": "ephemeral"}}
    log.meta(
        "api-request",
        id="req-1",
        shapeHash=shape_hash(SHAPE),
        params=params,
        keep=0,
        tail=[message_hash(FIRST)],
        cacheControl=[mark],
        querySource="sdk",
    )
    blocks = [use("Bash", "toolu_1", command="a"), use("Bash", "toolu_2", command="b")]
    for block in blocks:
        log.says(block, stop="tool_use", requestRef="req-1", out=50)
    log.result("toolu_2", "B")
    log.result("toolu_1", "A")
    answer: dict[str, Any] = {"role": "assistant", "content": blocks}
    results: dict[str, Any] = {
        "role": "user",
        "content": [
            {"tool_use_id": "toolu_1", "type": "tool_result", "content": "A"},
            {"tool_use_id": "toolu_2", "type": "tool_result", "content": "B"},
        ],
    }
    tail = [message_hash(answer), message_hash(results)]
    log.meta(
        "api-request", id="req-2", shapeHash=shape_hash(SHAPE), params=params, base="req-1", keep=1, tail=tail
    )
    log.says("done", message="msg_2", requestRef="req-2")
    return log


def test_requests_are_rebuilt_whole_with_their_answers() -> None:
    first, second = told(journaled())
    assert first.body["messages"][0]["content"][1] == {
        "type": "text",
        "text": "go",
        "cache_control": {"type": "ephemeral"},
    }
    assert {key: first.body[key] for key in ("model", "max_tokens", "system", "tools")} == {
        "model": "m",
        "max_tokens": 5,
        **SHAPE,
    }
    assert "betas" not in first.body
    assert first.betas == ("b-1",)
    assert (first.purpose, first.lane, first.unresolved) == ("sdk", None, ())
    assert [block["id"] for block in first.blocks] == ["toolu_1", "toolu_2"]
    assert (first.message, first.stop_reason) == ("msg_1", "tool_use")
    assert first.usage is not None
    assert first.usage.output == 50
    assert [message["role"] for message in second.body["messages"]] == ["user", "assistant", "user"]
    results = second.body["messages"][2]["content"]
    assert [block["content"] for block in results] == ["A", "B"]  # in the order of the calls, as it went out
    assert second.unresolved == ()


def test_what_the_log_does_not_hold_is_named_and_never_made_up() -> None:
    log = journaled()
    log.rows = [row for row in log.rows if row["type"] not in {"api-request-blob", "api-request-shape"}]
    first, second = told(log)
    assert first.unresolved == (shape_hash(SHAPE), message_hash(FIRST))
    assert first.body["messages"] == []
    assert second.unresolved == (shape_hash(SHAPE), message_hash(FIRST))
    log.rows = [row for row in log.rows if row.get("id") != "req-1"]
    (alone,) = told(log)
    assert alone.defect == "base request req-1 is not known"


def test_a_changed_row_no_longer_has_its_hash() -> None:
    log = journaled()
    log.rows[2]["message"] = {**FIRST, "content": "tampered"}
    first, _ = told(log)
    assert first.unresolved == (message_hash(FIRST),)


def test_a_request_that_failed_has_no_answer() -> None:
    log = Log(version="2.1.329")
    log.prompt("go")
    log.meta("api-request", id="req-1", params={}, tail=[])
    log.says("API Error", model="<synthetic>", isApiErrorMessage=True, requestRef="req-1")
    (only,) = told(log)
    assert (only.message, only.blocks, only.usage) == (None, (), None)


def test_a_log_without_a_journal_has_no_requests() -> None:
    log = Log(version="2.1.50")
    log.prompt()
    log.says("x")
    assert told(log) == []


@pytest.mark.skipif(not GENUINE.is_dir(), reason="the genuine transcripts are not here")
def test_every_request_of_genuine_transcripts_is_whole() -> None:
    found = 0
    for root in sorted((GENUINE / "claude-2.1.329").iterdir()):
        for transcript in SOURCE.transcripts(str(root)):
            for exchange in requests(lines_of(Path(transcript.path).read_bytes())):
                assert (exchange.unresolved, exchange.defect) == ((), None)
                assert exchange.body["messages"]
                found += 1
    assert found > 20

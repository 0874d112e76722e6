"""Every claude scenario of the corpus against its oracle, and real transcripts against the gotcha table."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from reenact.events.blocks import Text
from reenact.events.bodies import AssistantMessage, ModelRequested, ToolCalled, ToolFinished
from reenact.sources.claude_code import SOURCE
from reenact.sources.claude_code.requests import requests

from .test_laws import check_shape
from .transcripts import CATEGORIES, CORPUS, Ledger, lines_of, read_all, read_file, session_id

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus lies beside the checkout"),
]

SCENARIOS = sorted(path.parent for path in CORPUS.glob("generated/claude-*/**/oracle.json"))
REAL = CORPUS / "real" / "claude"


def name(path: Path) -> str:
    return "/".join(path.relative_to(CORPUS).parts[1:])


def oracle(scenario: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((scenario / "oracle.json").read_text())
    return found


@pytest.mark.parametrize("scenario", SCENARIOS, ids=name)
def test_usage_is_what_the_log_states(scenario: Path) -> None:
    stated = oracle(scenario)["usage_the_log_states"]
    ledger = Ledger(read_all(scenario / "log"))
    assert ledger.total() == stated["total"]
    assert ledger.quality() == stated["quality"]
    for group in ("main", "sub", "side"):
        if group in stated:
            assert ledger.group(group) == stated[group]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=name)
def test_calls_texts_and_sessions_agree(scenario: Path) -> None:
    expected = oracle(scenario)
    readings = read_all(scenario / "log")
    headers = {header.id: header for reading in readings for header in reading.headers.values()}
    called: dict[str, Counter[str]] = {"main": Counter(), "sub": Counter()}
    texts: set[str] = set()
    for reading in readings:
        for draft in reading.drafts:
            if isinstance(draft.body, ToolCalled):
                group = "sub" if headers[draft.session].kind == "subagent" else "main"
                called[group][draft.body.name] += 1
            elif isinstance(draft.body, AssistantMessage):
                texts.update(block.text for block in draft.body.blocks if isinstance(block, Text))
    assert {group: found for group, found in called.items() if found} == expected["tool_calls_asked"]
    for said in expected["final_texts"].values():
        assert set(said) <= texts
    for session in expected["sessions"]:
        header = headers[session_id(session["session_id"])]
        assert header.native_id == session["session_id"]
        if session["role"] == "fork":
            assert (header.kind, header.parent) == ("fork", session_id(session["parent"]))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=name)
def test_every_row_is_known_and_every_request_resolves(scenario: Path) -> None:
    for reading in read_all(scenario / "log"):
        assert reading.unknown == []
        assert "warning" not in reading.dispositions
        for body in reading.of(ModelRequested):
            assert body.request is not None
            assert body.request.unresolved == ()


@pytest.mark.parametrize("scenario", [path for path in SCENARIOS if "2.1.329" in str(path)], ids=name)
def test_rebuilt_requests_are_those_that_went_over_the_wire(scenario: Path) -> None:
    sent = [wire_body(path) for path in sorted(scenario.glob("wire/*.req.json"))]
    for transcript in SOURCE.transcripts(str(scenario / "log")):
        for exchange in requests(lines_of(Path(transcript.path).read_bytes())):
            assert exchange.unresolved == ()
            assert blocks_everywhere(exchange.body) in sent


def wire_body(path: Path) -> Any:
    body = json.loads(path.read_text())["body"]
    if isinstance(body, str):
        body = json.loads(body)
    kept = {key: value for key, value in body.items() if key not in {"metadata", "stream"}}
    kept["system"] = [part for part in kept["system"] if "x-anthropic-billing" not in part["text"]]
    return blocks_everywhere(kept)


def blocks_everywhere(value: Any) -> Any:
    """Text as content and one text block are the same message; the wire has either."""
    if isinstance(value, dict):
        found = {key: blocks_everywhere(item) for key, item in value.items()}
        if isinstance(found.get("content"), str) and "role" in found:
            found["content"] = [{"type": "text", "text": found["content"]}]
        return found
    return [blocks_everywhere(item) for item in value] if isinstance(value, list) else value


# -- real transcripts -------------------------------------------------------------------------


def naive(path: Path) -> dict[str, tuple[int, int]]:
    """Gives message id → (cache read, output) of the row with most output, straight from the file."""
    best: dict[str, tuple[int, int]] = {}
    for line in path.read_bytes().splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if not isinstance(row, dict) or row.get("type") != "assistant":
            continue
        message = row["message"]
        usage = message.get("usage")
        if usage and message["model"] != "<synthetic>":
            found = (usage.get("cache_read_input_tokens", 0), usage.get("output_tokens", 0))
            old = best.get(message["id"])
            best[message["id"]] = found if old is None or found[1] > old[1] else old
    return best


FILES = sorted(REAL.rglob("*.jsonl"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem[:24])
def test_real_transcripts_count_each_response_once(path: Path) -> None:
    for transcript in SOURCE.transcripts(str(path)):
        reading = read_file(transcript)
        right = naive(path)
        total = Ledger([reading]).total()
        assert total["cache_read"] == sum(cache for cache, _ in right.values())
        assert total["output"] == sum(output for _, output in right.values())
        assert set(total) == set(CATEGORIES)
        check_shape(reading)


@pytest.mark.parametrize(
    ("stem", "cache_read", "output"),
    [
        ("258c7280-ae70-4798-800f-63464d01a85d", 14_771_617, 38_899),
        ("ae4a77f8-aedd-4bc1-888f-c94edc91af04", 16_553_628, 49_467),
        ("fe5e1c67-53e7-4862-81ae-d0e013e3270b", 3_647_854, 51_933),
        ("5c0375b4-57a5-4f26-b12d-d022ee4e51b7", 324_259, 3_629),
    ],
)
def test_real_transcripts_meet_the_numbers_of_the_gotcha_table(
    stem: str, cache_read: int, output: int
) -> None:
    paths = [path for path in FILES if path.stem == stem]
    if not paths:
        pytest.skip("this transcript is not in this corpus")
    (transcript,) = SOURCE.transcripts(str(paths[0]))
    total = Ledger([read_file(transcript)]).total()
    assert (total["cache_read"], total["output"]) == (cache_read, output)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem[:24])
def test_every_result_of_a_real_transcript_finds_its_call(path: Path) -> None:
    for transcript in SOURCE.transcripts(str(path)):
        reading = read_file(transcript)
        called = {body.call for body in reading.of(ToolCalled)}
        turns = {
            draft.body.call: draft.turn for draft in reading.drafts if isinstance(draft.body, ToolFinished)
        }
        assert all(turns[call] is not None for call in called & turns.keys())
        assert len(turns.keys() - called) <= 1  # a checkpoint may begin behind a call

"""Rollouts that the real command line wrote for us, against the books of the endpoint it ran with."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from reenact import ids
from reenact.events import Header
from reenact.events.blocks import Text
from reenact.events.bodies import AgentSpawned, AssistantMessage, ToolCalled, UserMessage
from reenact.sources import Draft, Parsed
from reenact.sources.codex import SOURCE

from .rollouts import CATEGORIES, drafts_of, ledger, lines_of, parse, read

SAMPLES = Path(__file__).parents[2] / "data" / "transcripts"
SCENARIOS = sorted(path.parent for path in SAMPLES.glob("codex-*/*/expected.json"))


class Sample:
    """One scenario: what was asked for, and what its files became."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.expected: dict[str, Any] = json.loads((folder / "expected.json").read_text())
        self.sessions: list[dict[str, Any]] = self.expected["sessions"]
        self.transcripts = {each.key: each for each in SOURCE.transcripts(str(folder))}
        self.parsed: dict[str, list[Parsed]] = {key: read(each) for key, each in self.transcripts.items()}

    def drafts(self, key: str) -> list[Draft]:
        return drafts_of(self.parsed[key])

    def header(self, key: str) -> Header:
        return [header for each in self.parsed[key] for header in each.headers][-1]


@pytest.fixture(params=SCENARIOS, ids=lambda path: "/".join(path.parts[-2:]))
def sample(request: pytest.FixtureRequest) -> Sample:
    return Sample(request.param)


def test_sessions_and_their_lineage_are_those_of_the_run(sample: Sample) -> None:
    for session in sample.sessions:
        header = sample.header(session["id"])
        parent = session["parent"]
        assert header.native_id == session["id"]
        assert header.kind == session["kind"]
        assert header.parent == (None if parent is None else ids.session_id("codex", parent))


def test_usage_of_each_session_is_what_went_over_the_wire(sample: Sample) -> None:
    sums = ledger([draft for key in sample.parsed for draft in sample.drafts(key)])
    for session in sample.sessions:
        wanted = {name: session["usage"][name] or 0 for name in CATEGORIES}
        assert sums[ids.session_id("codex", session["id"])] == wanted


def test_tool_calls_agree_by_name(sample: Sample) -> None:
    for session in sample.sessions:
        called = Counter(d.body.name for d in sample.drafts(session["id"]) if isinstance(d.body, ToolCalled))
        assert called == Counter(session["tool_calls"])


def test_each_session_ends_in_its_final_text(sample: Sample) -> None:
    for session in sample.sessions:
        said = [
            block.text
            for draft in sample.drafts(session["id"])
            if isinstance(draft.body, AssistantMessage)
            for block in draft.body.blocks
            if isinstance(block, Text)
        ]
        if session["final_text"]:
            assert said[-1] == session["final_text"]


def test_prompts_are_those_that_were_typed(sample: Sample) -> None:
    for session in sample.sessions:
        asked = [
            "\n".join(block.text for block in draft.body.blocks if isinstance(block, Text))
            for draft in sample.drafts(session["id"])
            if isinstance(draft.body, UserMessage)
            and draft.body.origin in {"prompt", "task"}
            and draft.lane is None
        ]
        if session["kind"] == "subagent":
            given = [
                draft.body.task
                for draft in sample.drafts(session["parent"])
                if isinstance(draft.body, AgentSpawned) and draft.body.native == session["id"]
            ]
            assert len(asked) == len(given) == 1
            assert str(given[0]) in asked[0]
        else:
            assert asked == session["prompts"]


def test_turns_are_the_requests_that_were_answered(sample: Sample) -> None:
    for session in sample.sessions:
        turns = [d for d in sample.drafts(session["id"]) if d.body.kind == "turn.started"]
        assert len(turns) == session["requests"]


def test_no_row_is_unknown_and_every_line_is_accounted_for(sample: Sample) -> None:
    for parsed in sample.parsed.values():
        assert not [name for each in parsed for name in each.unknown]
        assert all(each.disposition != "warning" for each in parsed)
        assert all(bool(each.drafts) == (each.disposition == "events") for each in parsed)


def test_every_record_is_named_once(sample: Sample) -> None:
    for key in sample.parsed:
        names = [draft.record for draft in sample.drafts(key)]
        assert len(names) == len(set(names))


def test_drafts_of_a_prefix_are_a_prefix_of_the_drafts(sample: Sample) -> None:
    for key, transcript in sample.transcripts.items():
        data = Path(transcript.path).read_bytes()
        whole = sample.drafts(key)
        rows = data.splitlines(keepends=True)
        for count, row in enumerate(rows):
            for end in (b"".join(rows[:count]), b"".join(rows[:count]) + row[: len(row) // 2]):
                part = drafts_of(parse(lines_of(end), key=key, hints=transcript.hints))
                assert part == whole[: len(part)]

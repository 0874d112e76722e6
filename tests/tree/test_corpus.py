"""Genuine sessions: their trees against what went over the wire (where the corpus is there)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.corpus import scenarios, title
from tests.ingest.machines import imported

from reenact.archive import Archive
from reenact.events import bodies
from reenact.store import Filter, SessionRow
from reenact.tree import Tree, Turn, fold, words_of

SCENARIOS = scenarios("claude", "codex")

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not SCENARIOS, reason="no corpus lies beside the checkout"),
]


@pytest.fixture(params=SCENARIOS, ids=title)
def scenario(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_genuine_sessions_keep_the_laws(scenario: Path, tmp_path: Path) -> None:
    with imported(tmp_path, scenario / "log") as archive:
        rows = archive.sessions()
        known = {row.id for row in rows}
        for row in rows:
            events = list(archive.events(row.id))
            tree = archive.tree(row.id)
            assert sorted(seq for step in tree.walk() for seq in step.events) == [
                event.seq for event in events
            ]
            owned = {entry.key for entry in archive.store.entries(Filter(sessions=(row.id,)))}
            for seq in range(0, len(events) + 1, 7):
                assert fold(events[:seq], owned=owned).at(seq) == tree.at(seq)
            spent = fold(events, owned=owned).at(len(events)).usage
            assert (spent.tokens.total, spent.inherited.total) == (row.own.tokens.total, row.inherited.total)
            told = {child.session for child in tree.children if child.session is not None}
            assert told <= known
            assert {child.id for child in subagents(archive, row)} <= told


def test_results_meet_their_calls_and_nothing_is_left_behind_by_mistake(
    scenario: Path, tmp_path: Path
) -> None:
    with imported(tmp_path, scenario / "log") as archive:
        for row in archive.sessions():
            tree = archive.tree(row.id)
            assert tree.branches == ()
            assert all(step.name for step in tree.walk() if step.kind == "tool")


def test_the_context_is_what_the_last_request_held(scenario: Path, tmp_path: Path) -> None:
    oracle = json.loads((scenario / "oracle.json").read_text())
    asked = [
        each for each in oracle["requests"] if each["agent"] == "main" and each.get("outcome") == "complete"
    ]
    request = scenario / "wire" / f"{asked[-1]['wire']:03d}.req.json" if asked else None
    with imported(tmp_path, scenario / "log") as archive:
        rows = [row for row in archive.sessions() if row.kind != "subagent" and not row.hidden]
        if len(rows) != 1 or request is None or not request.exists():
            pytest.skip("which session the last request is of cannot be told")
        tree = archive.tree(rows[0].id)
        events = {event.seq: event for event in archive.events(rows[0].id)}
    sent = json.loads(request.read_text())
    sent = sent.get("body", sent)
    context = tree.at(begin_of_answer(tree) - 1).context
    assert {part.call for part in context if part.role == "tool"} == set(results_in(sent))
    held = {part.seq for part in context}
    texts = json.dumps(sent.get("messages", sent.get("input")), ensure_ascii=False)
    for seq, event in events.items():
        if isinstance(event.body, bodies.UserMessage) and event.body.human and seq < begin_of_answer(tree):
            words = json.dumps(words_of(event.body.blocks), ensure_ascii=False)[1:-1]
            is_summarised = words in texts and seq not in held
            assert (seq in held) == (words in texts) or is_summarised


def begin_of_answer(tree: Tree) -> int:
    """Gives where the last answer of a model begins."""

    def is_answer(turn: Turn) -> bool:
        return bool(turn.messages) or any(
            step.role == "assistant" or step.kind == "tool" for step in turn.steps
        )

    last = [turn for loop in tree.loops for turn in loop.turns if is_answer(turn)][-1]
    return min(step.seq for step in last.steps if step.kind in {"message", "tool", "reasoning"})


def results_in(sent: dict[str, Any]) -> Iterator[str]:
    for message in sent.get("messages", ()):
        if isinstance(message["content"], list):
            yield from (
                block["tool_use_id"] for block in message["content"] if block.get("type") == "tool_result"
            )
    items = sent.get("input")
    for item in items if isinstance(items, list) else ():
        if str(item.get("type")).endswith("_output"):
            yield item["call_id"]


def subagents(archive: Archive, row: SessionRow) -> list[SessionRow]:
    return [
        child for child in map(archive.session, row.children) if child.kind == "subagent" and not child.hidden
    ]

"""Every codex scenario of the corpus against the books of the endpoint it ran with."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.corpus import CORPUS, oracle_of, scenarios

from reenact import ids
from reenact.events.blocks import Text
from reenact.events.bodies import AgentSpawned, AssistantMessage, ToolCalled, ToolFinished
from reenact.sources import Draft, Parsed
from reenact.sources.codex import SOURCE

from .rollouts import CATEGORIES, drafts_of, ledger, lines_of, parse, read, total

SCENARIOS = scenarios("codex")
REAL = CORPUS / "real" / "codex" / "codexbar-issue2037"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus lies beside the checkout"),
]


def names(path: Path) -> str:
    return "/".join(path.relative_to(CORPUS).parts[1:])


def load(folder: Path) -> dict[str, list[Parsed]]:
    return {each.key: read(each) for each in SOURCE.transcripts(str(folder))}


def kinds(threads: dict[str, list[Parsed]]) -> dict[str, str]:
    return {key: [h for p in parsed for h in p.headers][-1].kind for key, parsed in threads.items()}


@pytest.fixture(params=SCENARIOS, ids=names)
def scenario(request: pytest.FixtureRequest) -> tuple[dict[str, Any], dict[str, list[Parsed]], Path]:
    folder: Path = request.param
    return oracle_of(folder), load(folder / "log"), folder


def test_usage_is_what_the_log_states(scenario: Any) -> None:
    oracle, threads, _ = scenario
    kind = kinds(threads)
    sums = ledger([draft for parsed in threads.values() for draft in drafts_of(parsed)])
    by_session = {ids.session_id("codex", key): key for key in threads}
    main = total(each for session, each in sums.items() if kind[by_session[session]] != "subagent")
    sub = total(each for session, each in sums.items() if kind[by_session[session]] == "subagent")
    stated = oracle["usage_the_log_states"]
    wanted = {name: stated["main"][name] + stated["side"][name] for name in CATEGORIES}
    assert main == wanted
    assert sub == {name: stated["sub"][name] for name in CATEGORIES}


def test_tool_calls_agree_by_name(scenario: Any) -> None:
    oracle, threads, _ = scenario
    kind = kinds(threads)
    for role in ("main", "sub"):
        found: Counter[str] = Counter()
        for key, parsed in threads.items():
            if (kind[key] == "subagent") == (role == "sub"):
                found.update(d.body.name for d in drafts_of(parsed) if isinstance(d.body, ToolCalled))
        assert found == Counter(oracle["tool_calls_asked"].get(role, {}))


def test_every_call_has_its_result(scenario: Any) -> None:
    _, threads, _ = scenario
    for parsed in threads.values():
        drafts = drafts_of(parsed)
        called = Counter(d.body.call for d in drafts if isinstance(d.body, ToolCalled))
        finished = Counter(d.body.call for d in drafts if isinstance(d.body, ToolFinished))
        assert called == finished


def test_final_texts_are_there_once(scenario: Any) -> None:
    oracle, threads, _ = scenario
    kind = kinds(threads)
    for role in ("main", "sub"):
        said: Counter[str] = Counter()
        for key, parsed in threads.items():
            if (kind[key] == "subagent") == (role == "sub"):
                said.update(texts_of([d for d in drafts_of(parsed) if d.lane != "inherited"]))
        for text in oracle["final_texts"][role]:
            assert said[text] == 1


def test_sessions_and_lineage_agree(scenario: Any) -> None:
    oracle, threads, _ = scenario
    kind = kinds(threads)
    headers = {key: [h for p in parsed for h in p.headers][-1] for key, parsed in threads.items()}
    roots = {each["session_id"] for each in oracle["sessions"]}
    assert {key for key in threads if kind[key] != "subagent"} == roots
    for each in oracle["sessions"]:
        if "parent" in each:
            assert headers[each["session_id"]].parent == ids.session_id("codex", each["parent"])
            assert kind[each["session_id"]] == "fork"
    spawned = {
        d.body.child for p in threads.values() for d in drafts_of(p) if isinstance(d.body, AgentSpawned)
    }
    subagents = {key for key in threads if kind[key] == "subagent"}
    assert spawned == {ids.session_id("codex", key) for key in subagents}
    assert all(headers[key].parent is not None for key in subagents)


def test_turns_are_the_responses_that_the_log_has(scenario: Any) -> None:
    oracle, threads, _ = scenario
    turns = sum(d.body.kind == "turn.started" for p in threads.values() for d in drafts_of(p))
    unlogged = len(oracle["requests_whose_usage_is_not_in_log"])
    assert turns == oracle["model_requests_completed"] - unlogged


def test_nothing_is_unknown_and_every_record_is_named_once(scenario: Any) -> None:
    _, threads, _ = scenario
    for parsed in threads.values():
        assert not [name for each in parsed for name in each.unknown]
        records = [(d.session, d.record) for d in drafts_of(parsed)]
        assert len(records) == len(set(records))


def test_drafts_of_a_prefix_are_a_prefix_of_the_drafts(scenario: Any) -> None:
    _, _, folder = scenario
    for transcript in SOURCE.transcripts(str(folder / "log")):
        data = Path(transcript.path).read_bytes()
        whole = drafts_of(parse(lines_of(data), key=transcript.key, hints=transcript.hints))
        for cut in prefixes(data):
            part = drafts_of(parse(lines_of(cut), key=transcript.key, hints=transcript.hints))
            assert part == whole[: len(part)]


def prefixes(data: bytes) -> list[bytes]:
    """Gives the file cut after each of its lines, and in the middle of each."""
    rows = data.splitlines(keepends=True)
    ends = [b"".join(rows[:count]) for count in range(len(rows) + 1)]
    return ends + [end + row[: len(row) // 2] for end, row in zip(ends, rows, strict=False)]


def texts_of(drafts: list[Draft]) -> list[str]:
    return [
        block.text
        for draft in drafts
        if isinstance(draft.body, AssistantMessage)
        for block in draft.body.blocks
        if isinstance(block, Text)
    ]


SCANNER_UNITS = {"live-fork-4d90-52bf": 52_185_847, "missing-parent-siblings": 28_862_270}
"""Input, cached input again, and output of each family, every response once (ORACLE.md)."""


@pytest.mark.parametrize("family", SCANNER_UNITS)
def test_x03_a_family_of_forks_counts_its_common_past_once(family: str) -> None:
    counted = family_total(family)
    units = counted["input"] + 2 * counted["cache_read"] + counted["output"]
    assert units == SCANNER_UNITS[family]


def test_x03_an_archived_fork_counts_what_its_oracle_says_without_estimates() -> None:
    """The oracle sums `last.total_tokens`, also of rows that hold only an estimate of the context."""
    family = "archived-fork-33ce-3869"
    rows = (REAL / family / "codex-home" / "archived_sessions" / "child.jsonl").read_text().splitlines()
    lasts = [json.loads(row)["payload"]["info"]["last_token_usage"] for row in rows if '"token_count"' in row]
    estimated = sum(last["total_tokens"] for last in lasts if last["input_tokens"] == 0)
    assert family_total(family, spent=True) + estimated == 15_352_834


def family_total(family: str, *, spent: bool = False) -> Any:
    drafts = [draft for parsed in load(REAL / family / "codex-home").values() for draft in drafts_of(parsed)]
    counted = total(ledger(drafts).values())
    return sum(counted[name] for name in ("input", "cache_read", "output")) if spent else counted


def test_x12_a_migrated_file_makes_the_same_events() -> None:
    folder = CORPUS / "generated" / "codex-0.169.0" / "migrate-rollouts"
    before, after = (
        [d for p in load(folder / each).values() for d in drafts_of(p)] for each in ("log-before", "log")
    )
    assert ledger(before) == ledger(after)
    assert {d.record for d in after} == {d.record for d in before}
    assert [d.record for d in after] == [d.record for d in before]

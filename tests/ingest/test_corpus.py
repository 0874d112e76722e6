"""Genuine transcripts of real clients, against what really went over the wire (where the corpus is there)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from tests.corpus import oracle_of, scenarios, title
from tests.ingest.corpus import CATEGORIES, role, sums, texts
from tests.ingest.machines import imported

from reenact.archive import Archive
from reenact.events.bodies import ToolCalled
from reenact.store import Filter, SessionRow

SCENARIOS = scenarios("claude", "codex", "gemini")

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not SCENARIOS, reason="no corpus lies beside the checkout"),
]


@pytest.fixture(params=SCENARIOS, ids=title)
def scenario(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_usage_is_what_the_log_states(scenario: Path, tmp_path: Path) -> None:
    states = oracle_of(scenario)["usage_the_log_states"]
    with imported(tmp_path, scenario / "log") as archive:
        rows = archive.sessions()
        found = sums(rows)
        entries = list(archive.store.entries(Filter()))
    total = sum(found.values(), Counter[str]())
    assert {name: total[name] for name in CATEGORIES} == states["total"]
    if "sub" in states:
        # What the endpoint calls a side call is a hidden session where the agent logs it as one
        # (warm-ups), and part of its session where it does not (Codex compaction).
        beside = +found["side"]
        main = Counter(states["main"]) + (Counter(states["side"]) if not beside else Counter())
        assert +found["main"] == +main
        assert +found["sub"] == +Counter(states["sub"])
    worst = {entry.quality for entry in entries} or {"measured"}
    assert (states["quality"] == "measured") == (worst == {"measured"})


def test_tool_calls_texts_and_sessions_are_those_of_the_wire(scenario: Path, tmp_path: Path) -> None:
    oracle = oracle_of(scenario)
    with imported(tmp_path, scenario / "log") as archive:
        rows = [row for row in archive.sessions() if not row.hidden]
        asked = {name: Counter[str]() for name in ("main", "sub")}
        for row in rows:
            asked[role(row)].update(calls(archive, row))
        said = "\n".join(text for row in rows for text in texts(archive, row))
        natives = {row.native_id for row in rows}
    wanted = {name: Counter(each) for name, each in oracle["tool_calls_asked"].items() if name in asked}
    for name, counted in wanted.items():
        assert asked[name] >= counted or asked[name] == counted
    unlogged = set(oracle.get("requests_never_logged") or ())
    for text in [*oracle["final_texts"].get("main", ()), *oracle["final_texts"].get("sub", ())]:
        if not unlogged:
            assert text in said
    assert {session["session_id"] for session in oracle["sessions"]} <= natives


def calls(archive: Archive, row: SessionRow) -> list[str]:
    """Gives the names of a session's own tool calls, each call once."""
    named = {
        event.body.call: event.body.name
        for event in archive.events(row.id)
        if isinstance(event.body, ToolCalled)
    }
    return list(named.values())


def test_forks_and_sub_agents_name_their_parents(scenario: Path, tmp_path: Path) -> None:
    oracle = oracle_of(scenario)
    with imported(tmp_path, scenario / "log") as archive:
        rows = {row.native_id: row for row in archive.sessions()}
        by_id = {row.id: row for row in rows.values()}
        for session in oracle["sessions"]:
            parent = session.get("parent")
            if parent and parent != session["session_id"]:  # a resume names the session itself
                row = rows[session["session_id"]]
                assert by_id[row.parent or ""].native_id == parent
        for row in rows.values():
            if row.kind == "subagent" and not row.hidden:
                assert row.parent in by_id
                assert row.id in by_id[row.parent or ""].children


def test_every_line_is_accounted_for(scenario: Path, tmp_path: Path) -> None:
    with imported(tmp_path, scenario / "log") as archive:
        assert [account for account in archive.accounts() if not account.balances] == []
        assert archive.store.drift() == []
        for row in archive.sessions():
            if row.source_path:
                assert b"".join(archive.export_native(row.id)) == Path(row.source_path).read_bytes()

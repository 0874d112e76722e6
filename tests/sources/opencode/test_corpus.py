"""Genuine sessions of OpenCode, imported whole, against what really went over the wire."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from tests.ingest.machines import imported

from reenact.archive import Archive
from reenact.events.blocks import Text
from reenact.events.bodies import AssistantMessage, ToolCalled
from reenact.store import Filter, SessionRow

CORPUS = Path(os.environ.get("REENACT_CORPUS") or Path(__file__).parents[4] / "shared" / "corpus")
SCENARIOS = sorted(oracle.parent for oracle in (CORPUS / "generated").glob("opencode-*/**/oracle.json"))
CATEGORIES = ("input", "cache_read", "cache_write", "output", "reasoning")

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not SCENARIOS, reason="no corpus lies beside the checkout"),
]


@pytest.fixture(params=SCENARIOS, ids=lambda path: str(path.relative_to(CORPUS / "generated")))
def scenario(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def role(row: SessionRow) -> str:
    if row.hidden:
        return "side"
    return "sub" if row.kind == "subagent" else "main"


def sums(rows: list[SessionRow]) -> dict[str, Counter[str]]:
    found = {name: Counter[str]() for name in ("main", "sub", "side")}
    for row in rows:
        for name in CATEGORIES:
            found[role(row)][name] += getattr(row.own.tokens, name) or 0
    return found


def test_usage_is_what_the_log_states(scenario: Path, tmp_path: Path) -> None:
    oracle = json.loads((scenario / "oracle.json").read_text())
    states = oracle["usage_the_log_states"]
    with imported(tmp_path, scenario / "log") as archive:
        found = sums(archive.sessions())
        entries = list(archive.store.entries(Filter()))
    assert +found["main"] == +Counter(states["main"])
    assert +found["sub"] == +Counter(states["sub"])
    assert {entry.quality for entry in entries} <= {states["quality"]}
    # The call that makes the title is in no table: only what listens on the wire knows of it.
    assert +found["side"] == Counter()


def test_tool_calls_texts_and_sessions_are_those_of_the_wire(scenario: Path, tmp_path: Path) -> None:
    oracle = json.loads((scenario / "oracle.json").read_text())
    with imported(tmp_path, scenario / "log") as archive:
        rows = [row for row in archive.sessions() if not row.hidden]
        asked = {name: Counter[str]() for name in ("main", "sub")}
        said: dict[str, str] = {"main": "", "sub": ""}
        for row in rows:
            asked[role(row)].update(_calls(archive, row))
            said[role(row)] += "\n".join(_texts(archive, row))
    wanted = oracle["tool_calls_asked"]
    assert asked == {name: Counter(wanted.get(name, {})) for name in asked}
    for name in ("main", "sub"):
        assert all(text in said[name] for text in oracle["final_texts"].get(name, ()))
    assert {each["session_id"] for each in oracle["sessions"]} == {
        row.native_id for row in rows if row.kind != "subagent"
    }


def _calls(archive: Archive, row: SessionRow) -> list[str]:
    events = archive.events(row.id)
    return [event.body.name for event in events if isinstance(event.body, ToolCalled)]


def _texts(archive: Archive, row: SessionRow) -> list[str]:
    return [
        block.text
        for event in archive.events(row.id)
        if isinstance(event.body, AssistantMessage)
        for block in event.body.blocks
        if isinstance(block, Text)
    ]


def test_sub_agents_name_their_parents_and_the_calls_that_began_them(scenario: Path, tmp_path: Path) -> None:
    with imported(tmp_path, scenario / "log") as archive:
        rows = {row.id: row for row in archive.sessions()}
        for row in rows.values():
            if row.kind == "subagent":
                assert row.id in rows[row.parent or ""].children


def test_forks_name_the_session_whose_past_they_copied(scenario: Path, tmp_path: Path) -> None:
    oracle = json.loads((scenario / "oracle.json").read_text())
    with imported(tmp_path, scenario / "log") as archive:
        rows = {row.native_id: row for row in archive.sessions()}
        for session in oracle["sessions"]:
            if session["role"] == "fork":
                row = rows[session["session_id"]]
                assert row.kind == "fork"
                assert row.parent == rows[session["parent"]].id
                assert row.inherited.total > 0


def test_every_line_is_accounted_for(scenario: Path, tmp_path: Path) -> None:
    with imported(tmp_path, scenario / "log") as archive:
        accounts = list(archive.accounts())
        assert [account for account in accounts if not account.balances] == []
        assert {account.source for account in accounts} == {"same"}
        assert archive.store.drift() == []
        assert [damage for damage in archive.verify() if damage.severity == "lost"] == []


def test_what_lies_in_the_wal_alone_is_read(scenario: Path, tmp_path: Path) -> None:
    live = scenario / "log-live-wal"
    if not live.is_dir():
        pytest.skip("no copy was made of this one while it was written")
    home = tmp_path / "home"
    shutil.copytree(live, home)
    with (
        imported(tmp_path / "live", home) as archive,
        imported(tmp_path / "whole", scenario / "log") as whole,
    ):
        (session,) = {row.native_id for row in archive.sessions()} & {
            row.native_id for row in whole.sessions()
        }
        told = {event.id for event in archive.events(archive.store.resolve(session))}
        assert told
        assert told <= {event.id for event in whole.events(whole.store.resolve(session))}

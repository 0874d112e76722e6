"""Genuine sessions of OpenCode, imported whole, against what really went over the wire."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.corpus import oracle_of, scenarios, title
from tests.ingest.corpus import GenuineSessions
from tests.ingest.machines import imported

SCENARIOS = scenarios("opencode")

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not SCENARIOS, reason="no corpus lies beside the checkout"),
]


@pytest.fixture(params=SCENARIOS, ids=title)
def scenario(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


class TestGenuineSessions(GenuineSessions):
    def side(self, oracle: dict[str, Any]) -> Counter[str]:
        del oracle  # the call that makes the title is in no table: only what listens on the wire knows of it
        return Counter()


def test_forks_name_the_session_whose_past_they_copied(scenario: Path, tmp_path: Path) -> None:
    oracle = oracle_of(scenario)
    with imported(tmp_path, scenario / "log") as archive:
        rows = {row.native_id: row for row in archive.sessions()}
        for session in oracle["sessions"]:
            if session["role"] == "fork":
                row = rows[session["session_id"]]
                assert row.kind == "fork"
                assert row.parent == rows[session["parent"]].id
                assert row.inherited.total > 0


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

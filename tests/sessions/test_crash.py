"""Killed at any boundary of its writes, a live session is there with every edit that was acknowledged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.recorder.test_crash import check, killed

STEP = int(os.environ.get("CRASH_STEP", "4"))


@pytest.mark.crash
def test_a_killed_live_session_reopens_with_every_acknowledged_edit(tmp_path: Path) -> None:
    aborted = 0
    for archive, by_session in killed("tests.sessions.dying", tmp_path, step=STEP, least=8):
        for session, told in by_session.items():
            context = archive.live().read(session).messages()
            aborted += check(archive, session, told)
            with archive.live().open(session) as live:
                assert live.messages()[: len(context)] == context
                live.inject("user", "and on")
                assert live.messages()[-1].text == "and on"
    assert aborted >= 3

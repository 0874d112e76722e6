"""Killed at any boundary of its writes, a live session is there with every edit that was acknowledged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.recorder.rooms import archive_in
from tests.recorder.test_crash import check

STEP = int(os.environ.get("CRASH_STEP", "4"))


@pytest.mark.crash
def test_a_killed_live_session_reopens_with_every_acknowledged_edit(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.sessions.dying", str(tmp_path), str(STEP)]
    subprocess.run(words, check=True, capture_output=True)
    folders = sorted(path for path in tmp_path.iterdir() if path.is_dir() and path.name != "count")
    assert len(folders) >= 8
    aborted = 0
    for folder in folders:
        told = [line.split() for line in (tmp_path / f"{folder.name}.told").read_text().splitlines()]
        with archive_in(folder) as archive:
            archive.store.catch_up()
            for session in {line[0] for line in told}:
                context = archive.live().read(session).messages()
                aborted += check(archive, session, [line[1:] for line in told if line[0] == session])
                with archive.live().open(session) as live:
                    assert live.messages()[: len(context)] == context
                    live.inject("user", "and on")
                    assert live.messages()[-1].text == "and on"
    assert aborted >= 3

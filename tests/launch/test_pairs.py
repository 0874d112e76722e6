"""Two agents started in one folder at the same moment are never mixed up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

AGENTS = ("claude", "codex", "gemini")
LIMIT = 600


@pytest.mark.parametrize("rounds", [2, pytest.param(17, marks=pytest.mark.e2e)])
def test_two_agents_started_in_one_folder_within_50_ms_are_never_mixed_up(
    rounds: int, tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).with_name("pairs.py")),
            str(tmp_path / "all"),
            str(rounds),
            *AGENTS,
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=True,
    )
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(runs) == 2 * rounds * len(AGENTS), done.stderr[-2000:]
    for run in runs:
        if run["silent"]:
            assert (run["found"], run["completeness"]) == ([], "partial")
            assert any("no transcript" in reason for reason in run["missing"])
        elif run["alike"]:  # where nothing tells them apart, none is taken
            assert run["found"] in ([], [run["own"]])
            assert run["found"] or any("transcript" in reason for reason in run["missing"])
        else:
            assert (run["found"], run["titles"]) == ([run["own"]], [run["prompt"]])

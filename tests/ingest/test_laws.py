"""Laws of importing: how often, in which order and from which copies does not matter."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.ingest.laws import ImportLaws
from tests.ingest.machines import DATA

SCENARIOS = sorted(path.parent.parent / path.parent.name for path in DATA.glob("*/*/expected.json"))


class TestClaudeCodeAndCodex(ImportLaws):
    """A home that holds the transcripts of every scenario that can share one."""

    sessions = 85
    kills = 50

    @classmethod
    def fill(cls, home: Path) -> None:
        for scenario in SCENARIOS:
            for folder in (".claude", ".codex"):
                if (scenario / folder).is_dir():
                    shutil.copytree(scenario / folder, home / folder, dirs_exist_ok=True)

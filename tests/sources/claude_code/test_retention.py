from __future__ import annotations

from pathlib import Path

import pytest

from reenact.sources import Transcript
from reenact.sources.claude_code import SOURCE

from .transcripts import SESSION, environment

DAY = 86_400 * 1_000_000
CHANGED = 1_772_000_000_000_000


def transcript(path: Path) -> Transcript:
    return Transcript(agent="claude_code", key=SESSION, path=str(path), mtime_ns=CHANGED * 1000)


@pytest.mark.parametrize(
    ("settings", "days"),
    [
        (None, 30),
        ('{"cleanupPeriodDays": 7}', 7),
        ('{"cleanupPeriodDays": 99999}', 99999),
        ('{"cleanupPeriodDays": "soon"}', 30),
        ('{"cleanupPeriodDays": true}', 30),
        ('{"cleanupPeriodDays": -1}', 30),
        ("{}", 30),
        ("[]", 30),
        ("not json", 30),
    ],
)
def test_a_transcript_is_deleted_so_many_days_after_its_last_change(
    tmp_path: Path, settings: str | None, days: int
) -> None:
    if settings is not None:
        (tmp_path / "settings.json").write_text(settings)
    path = tmp_path / "projects" / "-p" / SESSION / "subagents" / "agent-a.jsonl"
    told = SOURCE.retention(environment(tmp_path), transcript(path))
    assert told is not None
    assert told.deletes_at == CHANGED + days * DAY
    assert told.path == str(path)
    assert "cleanupPeriodDays" in told.setting


def test_a_copy_elsewhere_is_nobodys_to_delete(tmp_path: Path) -> None:
    assert SOURCE.retention(environment(tmp_path), transcript(tmp_path / "copy.jsonl")) is None

"""A cache that is gone, or of another version, is filled again, also with what no agent has any more."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.ingest.machines import DATA, answers, imported, opened

from reenact import ingest
from reenact.archive import SOURCES
from reenact.store import schema


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA / "claude-2.1.329" / "mcp", tmp_path / "home"))


def test_sessions_whose_transcripts_are_gone_come_back_with_the_next_command(
    home: Path, tmp_path: Path
) -> None:
    with imported(tmp_path / "archive", home) as archive:
        before = answers(archive)
    shutil.rmtree(home)
    shutil.rmtree(tmp_path / "archive" / "cache")
    with imported(tmp_path / "archive", home) as archive:
        assert answers(archive) == before


def test_an_index_of_another_version_is_made_again(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with imported(tmp_path / "archive", home) as archive:
        before = answers(archive)
    shutil.rmtree(home)
    monkeypatch.setattr(schema, "SCHEMA", schema.SCHEMA + 1)
    with imported(tmp_path / "archive", home) as archive:
        assert answers(archive) == before


def test_what_there_was_no_time_for_is_done_another_time(home: Path, tmp_path: Path) -> None:
    with imported(tmp_path / "archive", home) as archive:
        before = answers(archive)
    shutil.rmtree(tmp_path / "archive" / "cache")
    with opened(tmp_path / "archive", tmp_path / "elsewhere") as archive:
        assert ingest.derive_all(archive.store, SOURCES, progress=None, is_over=lambda: True) == 0
        assert archive.sessions() == []
        archive.catch_up([])
        assert answers(archive) == before
        assert ingest.derive_all(archive.store, SOURCES, progress=None) == 0


def test_the_archive_of_a_newer_version_is_shown_and_said_to_be(home: Path, tmp_path: Path) -> None:
    imported(tmp_path / "archive", home).close()
    card = tmp_path / "archive" / "archive.json"
    card.write_text(card.read_text().replace('"format":1', '"format":99'))
    shutil.rmtree(tmp_path / "archive" / "cache")
    told = subprocess.run(
        [sys.executable, "-m", "reenact", "--archive", str(tmp_path / "archive"), "list", "--json"],
        capture_output=True, text=True, check=True, env={"HOME": str(home), "TZ": "UTC"},
    )  # fmt: skip
    assert '"native_id"' in told.stdout
    assert "format 99" in told.stderr
    assert "showing what is there" in told.stderr

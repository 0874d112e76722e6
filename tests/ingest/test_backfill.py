"""Importing in parts: what is huge, what is left for later, what may never be imported."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.ingest.machines import imported, opened

from reenact import ingest
from reenact.archive import open_archive
from reenact.clock import ManualClock
from reenact.ingest import backfill
from reenact.samples import SAMPLES


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLES / "claude", tmp_path / "home" / ".claude")
    shutil.copytree(SAMPLES / "codex", tmp_path / "home" / ".codex")
    return tmp_path / "home"


def test_a_huge_import_takes_the_newest_part_and_says_what_is_left(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "HUGE", 1000)
    monkeypatch.setattr(backfill, "FIRST_PART", 1000)
    with opened(tmp_path / "archive", home) as archive:
        found = archive.find()
        report = archive.catch_up()
        assert sum(agent.found for agent in report.agents) == 1
        assert report.left_out == len(found) - 1
        assert report.left_out_bytes == sum(item.transcript.size for item in found[1:])
        (row,) = archive.sessions()
        assert row.source_path == found[0].transcript.path
        again = archive.catch_up()
        assert again.left_out == len(found) - 2, "what is kept does not count a second time"
        assert archive.catch_up(everything=True).left_out == 0
        assert archive.catch_up().left_out == 0
        assert len(archive.sessions()) == len(found)


def test_what_a_time_limit_leaves_is_given_back_and_can_be_imported(home: Path, tmp_path: Path) -> None:
    clock = ManualClock(step=1_000_000)
    variables = {"HOME": str(home), "TZ": "UTC"}
    with open_archive(tmp_path / "archive", variables=variables, clock=clock) as archive:
        report = archive.catch_up(seconds=0.0)
        assert 0 < len(archive.sessions()) < len(archive.find())
        assert report.postponed
        assert not archive.catch_up(list(report.postponed)).postponed
        assert len(archive.sessions()) == len(archive.find())


@pytest.mark.parametrize("pattern", ["/home/dev/code/todo", "/home/dev/*", "/home"])
def test_a_project_that_is_never_to_be_imported_is_not(home: Path, tmp_path: Path, pattern: str) -> None:
    with opened(tmp_path / "archive", home) as archive:
        report = ingest.Backfill(archive.store, never=[pattern]).run(archive.find())
        assert sum(agent.skipped for agent in report.agents) == len(archive.find())
        assert archive.sessions() == []
    with opened(tmp_path / "other", home) as archive:
        ingest.Backfill(archive.store, never=["/home/dev/code/other"]).run(archive.find())
        assert len(archive.sessions()) == len(archive.find())


def test_progress_goes_from_nothing_to_everything(home: Path, tmp_path: Path) -> None:
    told: list[Any] = []
    with opened(tmp_path / "archive", home) as archive:
        archive.catch_up(progress=told.append)
        derived: list[Any] = []
        archive.reindex(progress=derived.append)
    assert (told[0].done, told[-1].done) == (0, told[-1].total)
    assert told[-1].done_bytes == told[-1].total_bytes > 0
    assert [each.done for each in told] == sorted(each.done for each in told)
    assert derived[0].total == told[-1].total


def test_two_archives_of_one_home_do_not_know_of_each_other(home: Path, tmp_path: Path) -> None:
    with imported(tmp_path / "one", home) as one, opened(tmp_path / "two", home) as two:
        assert one.sessions()
        assert two.sessions() == []

"""A catch-up over unchanged transcripts asks once, and still sees everything that changed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ingest.following import append, claude_session, row, rows, transcript
from tests.ingest.machines import opened

from reenact.archive import Archive
from reenact.ingest import Report, content
from reenact.sources import claude_code

SESSIONS = [f"{number:08d}-1111-4111-8111-111111111111" for number in range(20)]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    for session in SESSIONS:
        transcript(home, session).write_bytes(rows(session, [1, 2]))
    return home


@pytest.fixture
def archive(tmp_path: Path, home: Path) -> Iterator[Archive]:
    with opened(tmp_path / "archive", home) as archive:
        archive.catch_up()
        archive.store.sync()
        yield archive


def counts(report: Report) -> tuple[int, int, int, int]:
    (agent,) = [agent for agent in report.agents if agent.agent == "claude_code"]
    return agent.found, agent.unchanged, agent.changed, agent.skipped


def test_nothing_is_opened_where_nothing_changed(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "place_of", None)
    monkeypatch.setattr(content, "open_content", None)
    assert counts(archive.catch_up()) == (20, 20, 0, 0)


def test_a_transcript_that_grew_or_moved_is_seen(archive: Archive, home: Path) -> None:
    append(transcript(home, SESSIONS[3]), row(SESSIONS[3], 3))
    there = transcript(home, SESSIONS[4], project="-home-dev-other")
    transcript(home, SESSIONS[4]).rename(there)
    assert counts(archive.catch_up()) == (20, 19, 1, 0)
    assert counts(archive.catch_up()) == (20, 20, 0, 0)
    assert archive.session(claude_session(SESSIONS[4])).source_path == str(there)


def test_another_file_of_the_same_size_and_time_is_seen_by_its_inode(archive: Archive, home: Path) -> None:
    path = transcript(home, SESSIONS[5])
    was = path.stat()
    fresh = path.with_suffix(".new")
    fresh.write_bytes(path.read_bytes().replace(b"line 2", b"LINE 2"))
    os.utime(fresh, ns=(was.st_atime_ns, was.st_mtime_ns))
    fresh.replace(path)
    assert counts(archive.catch_up()) == (20, 19, 1, 0)


def test_a_file_beside_a_transcript_that_changed_is_seen(archive: Archive, home: Path) -> None:
    folder = transcript(home, SESSIONS[6]).with_suffix("") / "subagents"
    folder.mkdir(parents=True)
    (folder / f"agent-{'a' * 17}.jsonl").write_bytes(rows(SESSIONS[6], [1], agent="a" * 17))
    assert counts(archive.catch_up()) == (21, 20, 0, 0)
    meta = folder / f"agent-{'a' * 17}.meta.json"
    meta.write_text(json.dumps({"agentType": "Explore"}))
    assert counts(archive.catch_up()) == (21, 20, 1, 0)
    meta.write_text(json.dumps({"agentType": "Explore", "description": "more"}))
    assert counts(archive.catch_up()) == (21, 20, 1, 0)
    assert counts(archive.catch_up()) == (21, 21, 0, 0)


def test_a_newer_parser_derives_everything_again(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(claude_code.SOURCE), "parser_version", 99)
    assert counts(archive.catch_up())[2] == 20
    assert counts(archive.catch_up()) == (20, 20, 0, 0)


def test_what_was_removed_is_passed_over_and_comes_back_when_asked(archive: Archive) -> None:
    archive.remove([claude_session(SESSIONS[7])])
    assert counts(archive.catch_up()) == (20, 19, 0, 1)
    assert archive.catch_up(again=True).agents[0].new == 1


def test_kept_bytes_that_are_gone_are_kept_again(archive: Archive) -> None:
    original = archive.session(claude_session(SESSIONS[8])).original
    assert original is not None
    (kept,) = archive.path.glob(f"originals/*/*/{original}/1.zst")
    kept.write_bytes(kept.read_bytes()[:-5])
    assert counts(archive.catch_up())[1] == 19
    assert [damage for damage in archive.verify() if damage.severity == "lost"] == []

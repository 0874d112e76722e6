"""Rows of kinds that nobody knows yet: counted with their first file and version, and nothing else changes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.ingest.machines import DATA, imported, opened

from reenact.archive import Archive

CLAUDE = DATA / "claude-2.1.329" / "tools" / ".claude"
CODEX = DATA / "codex-0.169.0" / "tools" / ".codex"

NEW_CLAUDE = {
    "type": "telepathy",
    "uuid": "00000000-0000-4000-8000-00000000d01f",
    "timestamp": "2026-03-03T10:00:00.000Z",
    "version": "9.9.9",
    "thought": {"deep": [1, 2, {"er": None}]},
}
NEW_CODEX = {
    "timestamp": "2026-03-03T10:00:00.000Z",
    "type": "response_item",
    "payload": {"type": "telepathy", "thought": "x"},
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    shutil.copytree(CLAUDE, home / ".claude")
    shutil.copytree(CODEX, home / ".codex")
    return home


def add(home: Path, folder: str, row: dict[str, Any], *, times: int) -> str:
    """Puts rows into the middle of the largest transcript; gives its path."""
    path = max((home / folder).rglob("*.jsonl"), key=lambda path: path.stat().st_size)
    lines = path.read_bytes().splitlines(keepends=True)
    middle = len(lines) // 2
    session = json.loads(lines[-1]).get("sessionId")
    told = {**row, "sessionId": session} if session else row
    new = [json.dumps({**told, "n": number}).encode() + b"\n" for number in range(times)]
    path.write_bytes(b"".join([*lines[:middle], *new, *lines[middle:]]))
    return str(path)


def seen(archive: Archive) -> dict[str, Any]:
    """Gives what people look at: sums, loops, tools, texts."""
    return {
        row.id: (
            row.title, row.kind, row.status, row.loops, row.turns, row.tool_calls, row.warnings, row.models,
            row.started_at, row.own,
            [event.body for event in archive.events(row.id) if event.body.kind != "unknown"],
        )
        for row in archive.sessions()
    }  # fmt: skip


def test_new_kinds_of_rows_are_counted_and_change_nothing_else(home: Path, tmp_path: Path) -> None:
    with imported(tmp_path / "before", home) as archive:
        before = seen(archive)
        assert archive.store.drift() == []
    claude = add(home, ".claude", NEW_CLAUDE, times=3)
    codex = add(home, ".codex", NEW_CODEX, times=2)
    with imported(tmp_path / "after", home) as archive:
        drift = {(found.agent, found.name): found for found in archive.store.drift()}
        assert set(drift) == {("claude_code", "telepathy"), ("codex", "response_item/telepathy")}
        first, second = drift["claude_code", "telepathy"], drift["codex", "response_item/telepathy"]
        assert (first.count, first.version, first.path) == (3, "9.9.9", claude)
        assert (second.count, second.path) == (2, codex)
        assert second.version.startswith("0.")
        assert seen(archive) == before
        assert all(account.balances for account in archive.accounts())
        kept = [event for row in archive.sessions() for event in archive.events(row.id)]
        assert sum(event.body.kind == "unknown" for event in kept) == 5
        assert list(archive.checkup().drift) == archive.store.drift()


def test_drift_that_a_transcript_grows_by_is_added_up_once(home: Path, tmp_path: Path) -> None:
    path = Path(add(home, ".claude", NEW_CLAUDE, times=1))
    with imported(tmp_path / "archive", home) as archive:
        assert [found.count for found in archive.store.drift()] == [1]
        row = {**NEW_CLAUDE, "uuid": "00000000-0000-4000-8000-00000000d020", "n": 99}
        path.write_bytes(path.read_bytes() + json.dumps(row).encode() + b"\n")
        archive.catch_up()
        assert [found.count for found in archive.store.drift()] == [2]
    with opened(tmp_path / "archive", home) as archive:
        archive.reindex()
        assert [found.count for found in archive.store.drift()] == [2]


def test_a_new_field_is_counted_by_its_row_type_and_changes_nothing_else(home: Path, tmp_path: Path) -> None:
    with imported(tmp_path / "before", home) as archive:
        before = seen(archive)
    paths = [renewed(home, ".claude", '"isSidechain":', "novel"), renewed(home, ".codex", '"role":', "fresh")]
    with imported(tmp_path / "after", home) as archive:
        assert seen(archive) == before
        found = {(each.agent, each.name.partition(".")[2]): each.path for each in archive.store.drift()}
        assert found == {("claude_code", "novel"): paths[0], ("codex", "fresh"): paths[1]}
        assert sum(each.count for each in archive.store.drift() if each.agent == "codex") > 1


def renewed(home: Path, agent: str, before: str, name: str) -> str:
    """Puts a field of this name into the rows of one transcript, before another of theirs."""
    path = next(path for path in sorted((home / agent).rglob("*.jsonl")) if before in path.read_text())
    text = path.read_text().replace(before.replace(":", ": "), before)
    path.write_text(text.replace(before, f'"{name}":1,{before}'))
    return str(path)

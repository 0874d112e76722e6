"""`usage limits` and `usage blocks` over transcripts with limits in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.ingest.following import ONE, row, rows, transcript
from tests.ingest.machines import opened

from reenact.archive.limits import limits
from reenact.clock import ManualClock, SystemClock
from reenact.usage.report import iso

THREAD = "01a1f1aa-0000-7000-8000-000000000001"
NOW = SystemClock().now() // 1_000_000
"""The command goes by the machine's clock: what the transcripts tell is of today."""
RESETS = NOW + 3600
STAMP = iso((NOW - 60) * 1_000_000)


def codex_rows() -> bytes:
    primary = {"used_percent": 42.0, "window_minutes": 300, "resets_at": RESETS}
    spent = {"input_tokens": 10, "cached_input_tokens": 0, "output_tokens": 5, "total_tokens": 15}
    info = {"total_token_usage": spent, "last_token_usage": spent}
    given: list[tuple[str, dict[str, Any]]] = [
        ("session_meta", {"id": THREAD, "cwd": "/home/dev/code/todo", "cli_version": "0.121.0"}),
        ("event_msg", {"type": "token_count", "info": info, "rate_limits": {"primary": primary}}),
    ]
    return b"".join(
        json.dumps({"timestamp": STAMP, "type": kind, "payload": payload}).encode() + b"\n"
        for kind, payload in given
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    path = home / ".codex/sessions/2026/11/20" / f"rollout-2026-11-20T12-00-00-{THREAD}.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(codex_rows())
    said = json.loads(row(ONE, 4, text=f"Claude AI usage limit reached|{RESETS}"))
    said["message"] |= {"model": "<synthetic>"}
    said |= {"isApiErrorMessage": True, "error": "rate_limit", "timestamp": STAMP}
    transcript(home, ONE).write_bytes(rows(ONE, [1, 2, 3]) + json.dumps(said).encode() + b"\n")
    return home


def test_limits_of_all_agents_are_told_with_their_ends(tmp_path: Path, home: Path) -> None:
    with opened(tmp_path / "archive", home) as archive:
        archive.catch_up()
        assert isinstance(archive.clock, ManualClock)
        archive.clock.advance(NOW * 1_000_000 - archive.clock.now())
        found = {(each.agent, each.scope): each for each in limits(archive)}
        assert found["codex", "primary"].used_percent == 42.0
        assert found["codex", "primary"].state == "open"
        assert found["codex", "primary"].resets_at == RESETS * 1_000_000
        assert found["claude_code", "session"].state == "hit"
        assert found["claude_code", "session"].resets_at == RESETS * 1_000_000
        assert [each.agent for each in limits(archive, agent="codex")] == ["codex"]


@pytest.mark.parametrize("by", ["limits", "blocks"])
def test_people_and_programs_are_told_the_same(
    tmp_path: Path, home: Path, by: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from reenact.cli import main

    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("REENACT_HOME", str(tmp_path / "archive"))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "REENACT_CACHE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit) as left:
        main(["usage", by, "--json"])
    assert left.value.code == 0
    document = json.loads(capsys.readouterr().out)
    shown = document["rows"] if by == "limits" else document["windows"]
    assert {(row["agent"], row["scope"], row["resets_at"]) for row in shown} == {
        ("codex", "primary", iso(RESETS * 1_000_000)),
        ("claude_code", "session", iso(RESETS * 1_000_000)),
    }
    with pytest.raises(SystemExit):
        main(["usage", by])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80

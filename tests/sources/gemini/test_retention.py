"""When Gemini CLI deletes chats: after 30 days, unless its settings say otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sources.gemini.chats import answer, head, journal, place, prompt

from reenact.sources import Environment, Retention
from reenact.sources.gemini import SOURCE

DAY = 86_400_000_000


def told(home: Path, settings: str | None = None) -> tuple[Retention | None, int]:
    place(
        home, "session-2026-11-21T10-00-11111111.jsonl", journal(head(), prompt("p", "hi"), answer("a", "x"))
    )
    if settings is not None:
        (home / ".gemini" / "settings.json").write_text(settings)
    (transcript,) = SOURCE.transcripts(str(home))
    return SOURCE.retention(Environment(home=str(home)), transcript), transcript.mtime_ns // 1000


def test_by_default_a_chat_goes_thirty_days_after_its_last_change(tmp_path: Path) -> None:
    found, changed = told(tmp_path)
    assert found is not None
    assert found.deletes_at == changed + 30 * DAY
    assert "default 30d" in found.setting


@pytest.mark.parametrize(
    ("age", "days"),
    [("7d", 7), ("2w", 14), ("48h", 2), ("1m", 30), ("soon", 30)],
    ids=str,
)
def test_the_settings_count(tmp_path: Path, age: str, days: int) -> None:
    settings = f'{{ // ours\n "general": {{"sessionRetention": {{"enabled": true, "maxAge": "{age}"}}}} }}'
    found, changed = told(tmp_path, settings)
    assert found is not None
    assert found.deletes_at == changed + days * DAY


def test_a_chat_that_is_never_deleted_is_not_at_risk(tmp_path: Path) -> None:
    assert told(tmp_path, '{"general": {"sessionRetention": {"enabled": false}}}')[0] is None


@pytest.mark.parametrize("settings", ["", "[]", "{", '{"general": 3}', "\x00"])
def test_settings_that_nobody_can_read_say_nothing(tmp_path: Path, settings: str) -> None:
    found, changed = told(tmp_path, settings)
    assert found is not None
    assert found.deletes_at == changed + 30 * DAY


def test_a_copy_elsewhere_is_not_at_risk(tmp_path: Path) -> None:
    path = tmp_path / "session-2026-11-21T10-00-11111111.jsonl"
    path.write_bytes(journal(head(), prompt("p", "hi")))
    (transcript,) = SOURCE.transcripts(str(path))
    assert SOURCE.retention(Environment(home=str(tmp_path)), transcript) is None

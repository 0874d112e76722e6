"""When Claude Code deletes a transcript of its own accord."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from reenact.sources.claude_code.records import table
from reenact.sources.protocol import Retention, Transcript

_DEFAULT_DAYS = 30
_SETTING = "cleanupPeriodDays"
_DAY = 86_400 * 1_000_000
_MAX_SETTINGS = 4 * 1024 * 1024


def retention(transcript: Transcript) -> Retention | None:
    """Gives the time of deletion; None for a copy that lies outside of Claude Code's own folders.

    Source: `cleanupPeriodDays` in settings.json (default 30), measured from the last change.
    """
    home = _home(Path(transcript.path))
    if home is None:
        return None
    settings = home / "settings.json"
    days = _days(settings)
    changed = transcript.mtime_ns // 1000
    named = (
        f"{_SETTING} = {days} in {settings}" if days is not None else f"{_SETTING}, default {_DEFAULT_DAYS}"
    )
    lasts = _DEFAULT_DAYS if days is None else days
    return Retention(path=transcript.path, deletes_at=changed + int(lasts * _DAY), setting=named)


def _home(path: Path) -> Path | None:
    """Gives the configuration folder that a transcript lies in: the one that holds `projects`."""
    parents = list(path.parents)
    for folder in parents:
        if folder.name == "projects":
            return folder.parent
    return None


def _days(settings: Path) -> float | None:
    try:
        if not os.path.isfile(settings) or settings.stat().st_size > _MAX_SETTINGS:
            return None
        days = table(msgspec.json.decode(settings.read_bytes())).get(_SETTING)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return (
        float(days) if isinstance(days, (int, float)) and not isinstance(days, bool) and days >= 0 else None
    )

"""When Gemini CLI deletes a chat of its own accord."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from reenact.sources.members import mapping, object_in, text
from reenact.sources.protocol import Retention, Transcript

_DEFAULT = "30d"
_SETTING = "general.sessionRetention.maxAge"
_HOURS = {"h": 1, "d": 24, "w": 168, "m": 720}
_AGE = re.compile(r"(\d{1,6})([hdwm])")
_HOUR = 3_600 * 1_000_000
_LARGEST = 4 * 1024 * 1024
_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)


def retention(transcript: Transcript) -> Retention | None:
    """Gives the time of deletion; None for a copy elsewhere, and where retention is switched off.

    Source: Gemini CLI's settings reference: on by default, after 30 days without a change.
    """
    home = _home(Path(transcript.path))
    if home is None:
        return None
    settings = home / "settings.json"
    told = mapping(mapping(_read(settings), "general"), "sessionRetention")
    if told.get("enabled") is False:
        return None
    stated = text(told, "maxAge")
    lasts = _hours(stated or _DEFAULT)
    if lasts is None:
        stated, lasts = None, _hours(_DEFAULT) or 0
    named = f"{_SETTING} = {stated} in {settings}" if stated else f"{_SETTING}, default {_DEFAULT}"
    deletes_at = transcript.mtime_ns // 1000 + lasts * _HOUR
    return Retention(path=transcript.path, deletes_at=deletes_at, setting=named)


def _home(path: Path) -> Path | None:
    for folder in path.parents:
        if folder.name == "tmp" and folder.parent.name == ".gemini":
            return folder.parent
    return None


def _hours(age: str) -> int | None:
    found = _AGE.fullmatch(age.strip().lower())
    return int(found[1]) * _HOURS[found[2]] if found is not None else None


def _read(settings: Path) -> dict[str, Any]:
    """Gives the settings, which may hold comments."""
    try:
        if not os.path.isfile(settings) or settings.stat().st_size > _LARGEST:
            return {}
        said = settings.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return object_in(_COMMENT.sub(lambda found: found[1] or "", said)) or {}

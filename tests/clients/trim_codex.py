"""Trims the home of a Codex run. A fork names its parent's history by bytes, so these are counted again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.clients.trim import dump

if TYPE_CHECKING:
    from tests.clients.trim import Trimmer

KEPT = ("sessions/**/*.jsonl", "archived_sessions/*.jsonl", "history.jsonl", "session_index.jsonl")


def trim(home: Path, out: Path, trimmer: Trimmer) -> None:
    """Write the trimmed files of `home`/.codex below `out`/.codex."""
    root = home / ".codex"
    paths = sorted({path for pattern in KEPT for path in root.glob(pattern) if path.is_file()})
    offsets: dict[str, dict[int, int]] = {}
    # Thread ids grow with time, so a parent's lengths are settled before a fork of it is written.
    for path in sorted(paths, key=_thread):
        rows = path.read_bytes().splitlines(keepends=True)
        lines = [dump(_rebased(trimmer.value(json.loads(row)), offsets)) + "\n" for row in rows]
        offsets[_thread(path)] = _ends(rows, lines)
        target = out / ".codex" / _place(path.relative_to(root), trimmer)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("".join(lines), encoding="utf-8")


def _place(path: Path, trimmer: Trimmer) -> Path:
    """The folders of a day follow the time in the file's name."""
    name = trimmer.place(path.name)
    if path.parts[0] != "sessions":
        return path.with_name(name)
    year, month, day = name.removeprefix("rollout-")[:10].split("-")
    return Path("sessions", year, month, day, name)


def _thread(path: Path) -> str:
    return path.stem[-36:]


def _ends(rows: list[bytes], trimmed: list[str]) -> dict[int, int]:
    """Where each row ended, and where it ends now."""
    ends = {0: 0}
    before = after = 0
    for row, line in zip(rows, trimmed, strict=True):
        before += len(row)
        after += len(line.encode())
        ends[before] = after
    return ends


def _rebased(row: dict[str, Any], offsets: dict[str, dict[int, int]]) -> dict[str, Any]:
    payload = row.get("payload")
    base = payload.get("history_base") if isinstance(payload, dict) else None
    if not isinstance(payload, dict) or not base:
        return row
    moved = offsets[base["thread_id"]][base["end_byte_offset"]]
    return row | {"payload": payload | {"history_base": base | {"end_byte_offset": moved}}}

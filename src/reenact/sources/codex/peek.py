"""Looks into files without reading them whole: whose thread a file is, and what threads are called."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import msgspec
import zstandard

from reenact.sources.codex.records import UUID, document, meta, read
from reenact.sources.members import object_in, text

_FIRST = 4096
_HEAD = 1024 * 1024
_INDEX = "session_index.jsonl"
_ID = re.compile(rb'"(?:session_meta|session)".{0,400}?"id"\s*:\s*"([^"]{1,100})"', re.DOTALL)
_MARKS = (b'"session_meta"', b'"payload"', b'"instructions"', b'"record_type"', b'"session"')
_TYPES = frozenset({"response_item", "event_msg", "turn_context", "compacted", "token_usage_record"})


def key_inside(path: str) -> str | None:
    """Gives the thread id that a file of any name states in its first row, if it is a rollout."""
    try:
        head = _head(path, _FIRST)
        if not any(mark in head for mark in _MARKS):
            return None
        head = _head(path, _HEAD)
    except (OSError, zstandard.ZstdError):
        return None
    first = head.lstrip(b"\x00\xef\xbb\xbf \r\n")
    if not path.endswith(".json"):
        first = first.partition(b"\n")[0]
    if not first.startswith(b"{"):
        return None
    try:
        value = msgspec.json.decode(first)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = _ID.search(first[:_FIRST])  # a document larger than the head, or a damaged first row
        return found[1].decode("utf-8", "replace") if found else None
    return _key(path, value) if isinstance(value, dict) else None


def _key(path: str, value: dict[str, object]) -> str | None:
    rows = document(value) if "items" in value else None
    row = read(value) if rows is None else next(rows)
    if row.type == "session_meta":
        return meta(row).id
    if row.type in _TYPES and "payload" in value:
        name = Path(path).name
        inside = UUID.search(name)
        return inside[0].lower() if inside else name
    return None


def _head(path: str, size: int) -> bytes:
    with Path(path).open("rb") as file:
        if not path.endswith(".zst"):
            return file.read(size)
        with zstandard.ZstdDecompressor().stream_reader(file) as reader:
            return bytes(reader.read(size))


class ThreadNames:
    """The names that threads have in the index beside their sessions (`session_index.jsonl`)."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, str]] = {}

    def of(self, path: str, thread: str) -> str | None:
        """Gives the newest name of a thread whose rollout lies at `path`."""
        for folder in ("/sessions/", "/archived_sessions/"):
            home, middle, _ = path.rpartition(folder)
            if middle:
                if home not in self._known:
                    self._known[home] = _index(Path(home, _INDEX))
                return self._known[home].get(thread)
        return None


def _index(path: Path) -> dict[str, str]:
    names: dict[str, str] = {}
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return {}
        rows = path.read_bytes().splitlines()
    except OSError:
        return {}
    for line in rows:
        row = object_in(line) or {}
        thread = text(row, "id")
        if thread is not None:
            names[thread] = text(row, "thread_name") or ""
    return {thread: name for thread, name in names.items() if name}

"""Reads the sessions of OpenCode before 1.2: one JSON file for each session, message and part.

`storage/session/<project>/<session>.json`, `storage/message/<session>/<message>.json` and
`storage/part/<message>/<part>.json`; before 0.6 all three lay below `storage/session`, in `info`,
`message` and `part`. The lines are those that the tables of the database give.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from reenact import clock
from reenact.sources.database import stream
from reenact.sources.members import integer, mapping

_LAST = 253_402_300_800_000  # Unix milliseconds of the year 10000
_LATEST = 3
"""Messages whose parts are looked at for changes: older ones are done."""


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where the files of one session lie."""

    session: Path
    messages: Path
    parts: Path

    def parts_of(self, message: str) -> Path:
        return self.parts / message


def sessions(storage: Path) -> Iterator[Path]:
    """Yields the files of sessions below a `storage` folder."""
    for folder in _listed(storage / "session"):
        for path in _listed(folder):
            if path.name.startswith("ses_") and path.suffix == ".json":
                yield path


def places(path: Path) -> Places:
    """Gives where the messages and parts of a session's file lie."""
    folder = path.parent
    if folder.name == "info":
        old = folder.parent
        return Places(session=path, messages=old / "message" / path.stem, parts=old / "part" / path.stem)
    storage = folder.parent.parent
    return Places(session=path, messages=storage / "message" / path.stem, parts=storage / "part")


def watermark(path: Path) -> tuple[int, int, int]:
    """Gives (size, mtime in ns, number of files) of a session; they change whenever it does.

    Raises:
        OSError: it cannot be looked at.
    """
    where = places(path)
    own = path.stat()
    size, latest, files = own.st_size, own.st_mtime_ns, 1
    messages = [each for each in _listed(where.messages) if each.suffix == ".json"]
    for number, message in enumerate(messages):
        found = [message]
        if number >= len(messages) - _LATEST:
            found += _listed(where.parts_of(message.stem))
        for each in found:
            status = each.stat()
            size, latest, files = size + status.st_size, max(latest, status.st_mtime_ns), files + 1
    return size, latest, files


def open_rows(path: str) -> BinaryIO:
    """Opens a session as JSON lines.

    Raises:
        OSError: its file cannot be read.
    """
    Path(path).open("rb").close()
    return stream(_rows(places(Path(path))))


def _rows(where: Places) -> Iterator[dict[str, Any]]:
    session = _read(where.session)
    time = mapping(session, "time")
    yield {
        "t": "session",
        "id": session.get("id", where.session.stem),
        "project_id": session.get("projectID"),
        "parent_id": session.get("parentID"),
        "directory": session.get("directory"),
        "version": session.get("version"),
        "time_created": time.get("created"),
    }
    yield {"t": "state", "title": session.get("title")}
    for path in _listed(where.messages):
        if path.suffix == ".json":
            yield {"t": "message", "id": path.stem, "data": _read(path)}
            for part in _listed(where.parts_of(path.stem)):
                if part.suffix == ".json":
                    yield {"t": "part", "message_id": path.stem, "id": part.stem, "data": _read(part)}
    updated = integer(time, "updated") or integer(time, "created") or 0
    moment = clock.to_datetime(updated * 1000).isoformat() if 0 <= updated < _LAST else None
    yield {"t": "end", "revert": session.get("revert"), "timestamp": moment}


def _read(path: Path) -> dict[str, Any]:
    """Gives the object in a file; one that is no JSON is handed on as the text that it is."""
    data = path.read_bytes()
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {"damaged": data[:4096].decode("utf-8", "replace"), "size": len(data)}
    return value if isinstance(value, dict) else {"damaged": value, "size": len(data)}


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(Path(folder, name) for name in os.listdir(folder))
    except OSError:
        return []

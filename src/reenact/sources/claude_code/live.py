"""Signs of life of Claude Code: one file per process in `sessions/`, which it rewrites as it works.

Seen with 2.1.329: `sessions/<pid>.json` holds `pid, sessionId, procStart` (the process's start as
Linux counts it), `startedAt` (ms), `pidDomain` (which ids the pid is one of) and `status`, one of
`busy shell idle waiting`. A process that was killed leaves its file behind.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import msgspec

from reenact.sources.claude_code.state import AGENT
from reenact.sources.life import Doing, Sign, begun_ticks, is_alive

_FOLDER = "sessions"
_DOING: dict[str, Doing] = {"busy": "working", "shell": "working", "idle": "idle", "waiting": "waiting"}
_MOST = 64 * 1024
_MILLI = 1000


class _Entry(msgspec.Struct, frozen=True, rename="camel"):
    pid: Any = None
    session_id: Any = None
    proc_start: Any = None
    started_at: Any = None
    pid_domain: Any = None
    status: Any = None


def folders(root: str) -> tuple[str, ...]:
    """Gives what is worth watching of a configuration folder: transcripts, and who is at work."""
    return os.path.join(root, "projects"), os.path.join(root, _FOLDER)


def tells_life(roots: tuple[str, ...]) -> bool:
    """Tells whether this version keeps its register at all."""
    return any(os.path.isdir(os.path.join(root, _FOLDER)) for root in roots)


def signs(roots: tuple[str, ...]) -> Iterator[Sign]:
    """Yields the sessions in the register whose process lives."""
    for root in roots:
        try:
            entries = sorted(entry.path for entry in os.scandir(os.path.join(root, _FOLDER)))
        except OSError:
            continue
        for path in entries:
            found = _read(path) if path.endswith(".json") else None
            if found is not None:
                yield found


def _read(path: str) -> Sign | None:
    try:
        with open(path, "rb") as handle:
            entry = msgspec.json.decode(handle.read(_MOST), type=_Entry)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(entry.pid, int) or not isinstance(entry.session_id, str) or not _is_process(entry):
        return None
    doing = _DOING.get(entry.status) if isinstance(entry.status, str) else None
    return Sign(agent=AGENT, native_session=entry.session_id, pid=entry.pid, doing=doing)


def _is_process(entry: _Entry) -> bool:
    """Tells whether the process of an entry lives: that very one, not a later one of its number."""
    ticks = begun_ticks(entry.pid)
    if ticks is not None and isinstance(entry.proc_start, str) and entry.proc_start.isdigit():
        return ticks == int(entry.proc_start)
    started = entry.started_at
    return is_alive(entry.pid, begun_before=started * _MILLI if isinstance(started, int) else None)

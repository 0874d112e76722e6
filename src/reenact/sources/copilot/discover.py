"""Finds sessions of Copilot CLI: in `~/.copilot` or `$COPILOT_HOME`, a folder that mirrors one, or a file.

Layouts: `session-state/<id>/events.jsonl` (current), `session-state/<id>.jsonl` (0.0.342 on), and
`history-session-state/session_<id>_<time>.json` (before). Of one id, the newest layout wins.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from reenact.sources.copilot import usage_rows
from reenact.sources.copilot.records import is_row
from reenact.sources.copilot.state import AGENT, USAGE, WORKSPACE
from reenact.sources.members import mapping, object_in, text
from reenact.sources.protocol import Environment, Sidecar, Transcript

_EVENTS, _STATE, _HISTORY = "events.jsonl", "session-state", "history-session-state"
_ID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_FLAT = re.compile(rf"({_ID})\.jsonl")
_CHAT = re.compile(r"(?:session_)?(.+?)(?:_\d{10,13})?\.json")
_HEAD = 64 * 1024


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """A file that may hold a session. A lower rank wins."""

    path: str
    key: str
    rank: int
    status: tuple[int, int, int] = (0, 0, 0)
    problem: str | None = None


def roots(environment: Environment) -> tuple[str, ...]:
    """Gives the homes of Copilot: `$COPILOT_HOME`, else `~/.copilot`, and what the settings add."""
    own = environment.variables.get("COPILOT_HOME") or str(Path(environment.home, ".copilot"))
    return (own, *environment.extra_roots.get(AGENT, ()))


def transcripts(root: str) -> Iterator[Transcript]:
    """Yields each session below a root once, from its best place."""
    best: dict[str, _Found] = {}
    for found in _candidates(root):
        rank = (found.rank, found.path)
        if found.problem is None and (
            found.key not in best or rank < (best[found.key].rank, best[found.key].path)
        ):
            best[found.key] = found
    known: dict[str, Mapping[str, str]] = {}
    for found in best.values():
        yield _transcript(found, known)


def problems(root: str) -> Iterator[tuple[str, str]]:
    """Yields what looks like a session and cannot be read as one."""
    for found in _candidates(root):
        if found.problem is not None:
            yield found.path, found.problem


def _transcript(found: _Found, known: dict[str, Mapping[str, str]]) -> Transcript:
    folder = Path(found.path).parent
    is_chat = found.path.endswith(".json")
    home = folder.parent.parent if found.rank == 0 else folder.parent
    sidecars = []
    if found.rank == 0 and os.path.isfile(folder / WORKSPACE):
        sidecars.append(Sidecar(name=WORKSPACE, path=str(folder / WORKSPACE)))
    database = str(home / usage_rows.FILE)
    if database not in known:
        known[database] = usage_rows.marks(database)
    if mark := known[database].get(found.key):
        sidecars.append(Sidecar(name=USAGE, path=f"{database}#{found.key}", mark=mark))
    size, mtime_ns, inode = found.status
    return Transcript(
        agent=AGENT,
        key=found.key,
        path=found.path,
        layout="document" if is_chat else "lines",
        hints={"layout": "document"} if is_chat else {},
        sidecars=tuple(sidecars),
        size=size,
        mtime_ns=mtime_ns,
        inode=inode,
    )


def _candidates(root: str) -> Iterator[_Found]:
    path = Path(root)
    if not os.path.isdir(path):
        if os.path.lexists(root):
            yield from _file(path, is_named=True)
        return
    for home in (path / ".copilot", path):
        if os.path.isdir(home / _STATE) or os.path.isdir(home / _HISTORY):
            yield from _sessions(home / _STATE)
            for each in _listed(home / _HISTORY):
                yield from _file(each, is_named=False)
            return
    if os.path.isfile(path / _EVENTS):
        yield from _file(path / _EVENTS, is_named=False)
        return
    yield from _sessions(path)
    for each in _listed(path):
        if each.name.startswith("session_") and each.suffix == ".json":
            yield from _file(each, is_named=False)


def _sessions(folder: Path) -> Iterator[_Found]:
    try:
        entries = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        yield _unread(folder, error)
        return
    for entry in entries:
        if _FLAT.fullmatch(entry.name):
            yield from _file(entry, is_named=False)
        elif os.path.lexists(entry / _EVENTS) or not os.access(entry, os.X_OK):
            yield from _file(entry / _EVENTS, is_named=False)


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _unread(path: Path, error: OSError) -> _Found:
    return _Found(path=str(path), key="", rank=9, problem=error.strerror or "it cannot be read")


def _file(path: Path, *, is_named: bool) -> Iterator[_Found]:
    """Yields a file as a session, or as a problem; a named file of another kind is passed over."""
    try:
        status = path.stat()
        head = _head(path, status)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(path):
            yield _Found(path=str(path), key="", rank=9, problem="what it links to is not there")
        return
    except OSError as error:
        yield _unread(path, error)
        return
    key, rank = _identity(path, head, is_named=is_named)
    if key is None:
        if not is_named:
            reason = "it is empty" if not head else "it holds no session of Copilot"
            yield _Found(path=str(path), key="", rank=9, problem=reason)
        return
    found = (status.st_size, status.st_mtime_ns, status.st_ino)
    yield _Found(path=str(path), key=key, rank=rank, status=found)


def _head(path: Path, status: os.stat_result) -> bytes:
    """Gives the beginning of a file; of one whose place says all it is not read."""
    if not stat.S_ISREG(status.st_mode) or not status.st_size:
        return b""
    is_placed = path.name == _EVENTS and path.parent.parent.name == _STATE
    if is_placed and os.access(path, os.R_OK):
        return b"{"
    with path.open("rb") as file:
        return file.read(_HEAD)


def _identity(path: Path, head: bytes, *, is_named: bool) -> tuple[str | None, int]:
    """Gives whose session a file is, by its place; a file elsewhere has to say so itself."""
    if not head.strip(b"\x00 \t\r\n"):
        return None, 9
    if path.suffix == ".json":
        is_chat = b'"chatMessages"' in head or (b'"sessionId"' in head and b'"timeline"' in head)
        named = _CHAT.fullmatch(path.name)
        inside = re.search(rb'"sessionId"\s*:\s*"([^"\\]{1,100})"', head)
        key = inside[1].decode("utf-8", "replace") if inside else named[1] if named else None
        return (key, 2) if is_chat else (None, 9)
    if path.name == _EVENTS and (path.parent.parent.name == _STATE or re.fullmatch(_ID, path.parent.name)):
        return path.parent.name, 0
    if flat := _FLAT.fullmatch(path.name):
        is_placed = path.parent.name == _STATE
        return (flat[1], 1) if is_placed or _stated(head) is not None else (None, 9)
    stated = _stated(head) if is_named or path.name == _EVENTS else None
    return stated, 0


def _stated(head: bytes) -> str | None:
    """Gives the session that the first row of a file states."""
    first = head.lstrip(b"\x00\xef\xbb\xbf \r\n").partition(b"\n")[0]
    value = object_in(first)
    if value is None or not is_row(value) or value.get("type") != "session.start":
        return None
    return text(mapping(value, "data"), "sessionId")

"""The beginning of a file, for what its name does not tell: whose it is, or that it is no transcript."""

from __future__ import annotations

import os

import msgspec

from reenact.sources.claude_code.records import Row, read, table, text
from reenact.sources.protocol import Line

_HEAD = 256 * 1024
_FOREIGN = "JSON lines, but not those of Claude Code"
_TYPES = frozenset({"user", "assistant", "system", "summary", "attachment", "progress", "queue-operation"})


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What the first rows say of a file."""

    session_id: str | None = None
    agent_id: str | None = None
    problem: str | None = None
    is_damaged: bool = False
    """True where the file holds no JSON lines at all."""


def identify(path: str) -> Identity:
    """Gives the session and the agent that the first rows name."""
    try:
        lines, is_whole = _first_lines(path)
    except OSError as error:
        return Identity(problem=error.strerror or str(error), is_damaged=True)
    rows = [row for line in lines if (row := _row(line)) is not None]
    if not rows:
        if not is_whole and len(lines) <= 1:
            return Identity(problem="the first line is too long to tell whose it is")
        return Identity(problem="not JSON lines", is_damaged=True)
    ours = [row for row in rows if _is_ours(row)]
    if not ours or any("parts" in table(row.message) for row in rows):  # Qwen Code's envelope is the same
        return Identity(problem=_FOREIGN)
    named = next((row for row in ours if text(row.session_id)), None)
    agent = next((row.agent_id for row in ours if text(row.agent_id)), None)
    return Identity(session_id=named.session_id if named else None, agent_id=agent)


def is_foreign(path: str) -> bool:
    """Tells whether a file surely holds the rows of another agent."""
    return identify(path).problem == _FOREIGN


def defect(path: str) -> str | None:
    """Tells why a file that is named like a transcript is none; None where it may be one."""
    try:
        lines, is_whole = _first_lines(path)
    except OSError as error:
        return error.strerror or str(error)
    if not lines or (not is_whole and len(lines) <= 1):
        return None
    return None if any(_row(line) is not None for line in lines) else "not JSON lines"


def _first_lines(path: str) -> tuple[list[bytes], bool]:
    """Gives the lines at the beginning of a file, and whether that is all of it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        data = os.read(descriptor, _HEAD)
    finally:
        os.close(descriptor)
    is_whole = len(data) < _HEAD
    lines = data.split(b"\n")
    if not is_whole and len(lines) > 1:
        lines.pop()
    return [line for line in lines if line.strip()], is_whole


def _row(data: bytes) -> Row | None:
    """Gives the first row of a line, however damaged."""
    found = read(Line(number=1, offset=0, length=len(data), data=data)).found
    return found[0].row if found else None


def _is_ours(row: Row) -> bool:
    if text(row.session_id) and text(row.type):
        return True
    return text(row.type) in _TYPES and (text(row.uuid) is not None or text(row.leaf_uuid) is not None)

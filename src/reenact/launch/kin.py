"""Which processes belong to a command that was started, and which files they hold open.

Linux tells all of it; elsewhere only the group of a process is known, and that is enough for most.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

_PROC = "/proc"
_DEEPEST = 64


class Kin:
    """A command's process and all that came of it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def has(self, pid: int) -> bool:
        """Tells whether a process came of the command: by its group, or by who started it."""
        with contextlib.suppress(OSError):
            if os.getpgid(pid) == self.pid:
                return True
        for _ in range(_DEEPEST):
            if pid == self.pid:
                return True
            above = _parent(pid)
            if above is None or above <= 1:
                return False
            pid = above
        return False

    def open_files(self) -> set[str]:
        """Gives the files that its processes hold open, as far as the system tells."""
        found: set[str] = set()
        for pid in _processes():
            if not self.has(pid):
                continue
            with contextlib.suppress(OSError):
                for entry in os.scandir(f"{_PROC}/{pid}/fd"):
                    with contextlib.suppress(OSError):
                        found.add(os.readlink(entry.path))
        return found

    def neighbours(self, cwd: str) -> Iterator[list[str]]:
        """Yields the command lines of processes that work in the same folder, and did not come of it."""
        own = os.getpid()
        for pid in _processes():
            if pid == own or self.has(pid):
                continue
            with contextlib.suppress(OSError):
                if os.readlink(f"{_PROC}/{pid}/cwd") == cwd:
                    with open(f"{_PROC}/{pid}/cmdline", "rb") as handle:
                        words = handle.read().decode("utf-8", "replace").split("\0")
                    yield [word for word in words if word]


def _processes() -> Iterator[int]:
    try:
        entries = os.listdir(_PROC)
    except OSError:
        return
    for name in entries:
        if name.isdigit():
            yield int(name)


def _parent(pid: int) -> int | None:
    try:
        with open(f"{_PROC}/{pid}/stat", "rb") as handle:
            return int(handle.read().rsplit(b")", 1)[1].split()[1])
    except (OSError, ValueError, IndexError):
        return None

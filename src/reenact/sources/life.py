"""What a source may offer besides, for following its agent: where to watch, and who is at work.

None of it is needed: a source without it is watched at its roots, and its sessions go by what was
written last. Looking at processes is this module's and the sources' `live` modules' alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Literal, Protocol, runtime_checkable

import msgspec

from reenact.sources.protocol import Environment, Source

Doing = Literal["working", "waiting", "idle"]


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """A process that is at work on a session now."""

    agent: str
    native_session: str
    """The agent's own id of the session."""
    pid: int | None = None
    doing: Doing | None = None
    """What the agent itself says of it, where it does."""


@runtime_checkable
class Alive(Protocol):
    """What a source offers whose agent tells what it is at."""

    def signs(self, environment: Environment, /) -> Iterator[Sign]:
        """Yields the sessions that a living process is at work on."""
        ...

    def tells_life(self, environment: Environment, /) -> bool:
        """Tells whether a session without a sign has no process (on this system, in this version)."""
        ...


@runtime_checkable
class Watched(Protocol):
    """What a source offers of whose root only a part is worth watching."""

    def folders(self, root: str, /) -> tuple[str, ...]:
        """Gives the folders below a root in which transcripts come to be, existing or not."""
        ...


def folders_of(source: Source, root: str) -> tuple[str, ...]:
    """Gives what to watch of a root."""
    return source.folders(root) if isinstance(source, Watched) else (root,)


def is_alive(pid: int, *, begun_before: int | None = None) -> bool:
    """Tells whether a process lives, and is not a later one that got the same number.

    `begun_before` is a time in UTC microseconds at which it lived already.
    """
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    except OSError:
        return False
    begun = begun_at(pid)
    return begun is None or begun_before is None or begun <= begun_before + _SLACK


_SLACK = 5_000_000


def begun_ticks(pid: int) -> int | None:
    """Gives when a process began, as Linux counts it; None where there is none, or no Linux."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as handle:
            return int(handle.read().rsplit(b")", 1)[1].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def begun_at(pid: int) -> int | None:
    """Gives when a process began, in UTC microseconds; None where the system does not tell (not Linux)."""
    ticks = begun_ticks(pid)
    if ticks is None:
        return None
    try:
        with open("/proc/stat", "rb") as handle:
            boot = next(int(line.split()[1]) for line in handle if line.startswith(b"btime "))
    except (OSError, ValueError, StopIteration):
        return None
    return (boot * 1_000_000) + ticks * 1_000_000 // os.sysconf("SC_CLK_TCK")


LOCKS = "/proc/locks"
"""Where Linux tells of the locks that are held."""


def locks_held() -> dict[int, int]:
    """Gives inode → process for every file that is locked as a whole now; empty where no system tells."""
    found: dict[int, int] = {}
    try:
        with open(LOCKS, encoding="ascii", errors="replace") as handle:
            for row in handle:
                words = row.split()
                if len(words) >= 6 and words[1] == "FLOCK" and words[5].count(":") == 2:
                    found[int(words[5].rpartition(":")[2])] = int(words[4])
    except (OSError, ValueError):
        return found
    return found

"""The processes of agents that leave no sign of their own: who they are, and where they work.

Linux tells all that is needed in `/proc`, of processes of the same user in the same container. What it
does not tell is no proof: nobody may conclude from here that a session has no process.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, runtime_checkable

import msgspec

from reenact.sources.life import begun_at

_PROC = "/proc"
_MOST = 8192
_YOUNG = 3
"""Looks for which a new process is asked every time."""
_AGAIN = 30
"""Looks after which one that is no agent is asked again."""
_INTERPRETERS = frozenset({"node", "bun", "deno", "env", "sh", "bash"})
_ENDS = (".js", ".mjs", ".cjs", ".exe")


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """A living process. `begun` is in UTC microseconds."""

    pid: int
    parent: int
    cwd: str
    begun: int


@runtime_checkable
class Recognised(Protocol):
    """What a source offers whose agent is known by its command alone."""

    def is_process(self, program: str) -> bool:
        """Tells whether a program (the path of a binary, or of what an interpreter runs) is this agent."""
        ...


def program_of(command: Sequence[str]) -> str:
    """Gives what a command line runs: its first word, or the first word that is no option behind `node`."""
    words = [word for word in command if word and not word.startswith("-")]
    if len(words) > 1 and name_of(words[0]) in _INTERPRETERS:
        return words[1]
    return words[0].strip() if words else ""


def name_of(program: str) -> str:
    """Gives the name of a program without folders and endings."""
    name = program.rpartition("/")[2]
    return next((name.removesuffix(end) for end in _ENDS if name.endswith(end)), name)


class Programs:
    """The processes that run certain programs, look by look.

    A process that has been something else for a few looks is asked again only now and then: there may be
    a thousand of them, and who becomes another program does so right after it began, as a rule.
    """

    def __init__(self, is_wanted: Callable[[str], bool]) -> None:
        self._is_wanted = is_wanted
        self._others: dict[int, int] = {}
        """Process that is none of them → looks since it was met."""

    def look(self) -> list[tuple[int, str]]:
        """Gives number and program of each that runs one of them now."""
        found: list[tuple[int, str]] = []
        others: dict[int, int] = {}
        for pid in _pids():
            looks = self._others.get(pid, 0)
            is_asked = looks < _YOUNG or (looks + pid) % _AGAIN == 0
            program = _program(pid) if is_asked else ""
            if program and self._is_wanted(program):
                found.append((pid, program))
            else:
                others[pid] = looks + 1
        self._others = others
        return found


def _program(pid: int) -> str:
    try:
        with open(f"{_PROC}/{pid}/cmdline", "rb") as handle:
            return program_of(handle.read(_MOST).decode("utf-8", "replace").split("\0"))
    except OSError:  # it ended meanwhile, or is not ours to see
        return ""


def processes(pids: Iterable[int]) -> list[Process]:
    """Gives those of our user; where one started itself again, the first."""
    found = {process.pid: process for process in map(_process, pids) if process is not None}
    return [process for process in found.values() if process.parent not in found]


def _process(pid: int) -> Process | None:
    try:
        if os.stat(f"{_PROC}/{pid}").st_uid != os.getuid():
            return None
        with open(f"{_PROC}/{pid}/stat", "rb") as handle:
            parent = int(handle.read().rsplit(b")", 1)[1].split()[1])
        cwd = os.readlink(f"{_PROC}/{pid}/cwd")
    except (OSError, ValueError, IndexError):
        return None
    begun = begun_at(pid)
    return None if begun is None else Process(pid=pid, parent=parent, cwd=cwd, begun=begun)


def _pids() -> Iterable[int]:
    try:
        return [int(name) for name in os.listdir(_PROC) if name.isdigit()]
    except OSError:  # no Linux
        return []

"""Signs of life of Copilot CLI: a process that works on a session holds the lock of a file in its folder.

Seen with 1.0.102: `session-state/<session>/inuse.<pid>.hold` is locked for as long as the process lives,
`inuse.<pid>.lock` beside it names the process. An end takes both away; a kill leaves the files, and no lock.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from reenact.sources.copilot.state import AGENT
from reenact.sources.life import LOCKS, Sign, locks_held

_FOLDER = "session-state"
_LOCKING = ".session-operation-locks"
"""A folder that the versions make that lock their sessions."""
_HOLD = re.compile(r"inuse\.(\d{1,10})\.hold")


def tells_life(roots: tuple[str, ...]) -> bool:
    """Tells whether this version locks its sessions, and the system says who holds a lock."""
    return os.path.exists(LOCKS) and any(
        os.path.isdir(os.path.join(root, _FOLDER, _LOCKING)) for root in roots
    )


def signs(roots: tuple[str, ...]) -> Iterator[Sign]:
    """Yields the sessions whose lock is held."""
    held = locks_held()
    for root in roots if held else ():
        for session in _entries(os.path.join(root, _FOLDER)):
            if not session.is_dir(follow_symlinks=False):
                continue
            for entry in _entries(session.path):
                found = _HOLD.fullmatch(entry.name)
                if found is not None and held.get(entry.inode()) == int(found[1]):
                    yield Sign(agent=AGENT, native_session=session.name, pid=int(found[1]))


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []

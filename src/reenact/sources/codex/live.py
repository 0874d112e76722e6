"""Signs of life of Codex: while it writes a thread, it holds the lock `thread-writer-locks/<thread>.lock`.

Seen with 0.169.0; older versions have no such folder. Who holds a lock is read from the system's own
list (Linux): trying the lock would get in the agent's way.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from reenact.sources.codex.thread import AGENT
from reenact.sources.life import LOCKS, Sign, locks_held

_FOLDER = "thread-writer-locks"


def folders(root: str) -> tuple[str, ...]:
    """Gives what is worth watching of a home of Codex; its databases and logs change all the time."""
    return tuple(os.path.join(root, name) for name in ("sessions", "archived_sessions", _FOLDER))


def tells_life(roots: tuple[str, ...]) -> bool:
    """Tells whether this version locks its threads, and the system says who holds a lock."""
    return os.path.exists(LOCKS) and any(os.path.isdir(os.path.join(root, _FOLDER)) for root in roots)


def signs(roots: tuple[str, ...]) -> Iterator[Sign]:
    """Yields the threads whose lock is held."""
    held: dict[int, int] | None = None
    for root in roots:
        try:
            entries = list(os.scandir(os.path.join(root, _FOLDER)))
        except OSError:
            continue
        for entry in entries:
            thread, mark, _ = entry.name.partition(".lock")
            if not mark or not thread:
                continue
            held = locks_held() if held is None else held
            try:
                pid = held.get(entry.inode())
            except OSError:
                continue
            if pid is not None:
                yield Sign(agent=AGENT, native_session=thread, pid=pid if pid > 0 else None)

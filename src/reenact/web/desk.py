"""Where the page's questions are answered: a few threads, each with an archive of its own.

An `Archive` is not shared between threads. So every reading thread opens one for itself; they see
what is committed and never wait for the thread that follows the transcripts. What is costly to make,
a session's reel, is shared: it is frozen once made.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from reenact.errors import SessionNotFoundError
from reenact.store import Filter
from reenact.web.life import live_status
from reenact.web.reel import Reel
from reenact.web.sessions import row_view
from reenact.web.shelf import Shelf
from reenact.web.views import LiveStatus
from reenact.web.views import SessionRow as View
from reenact.web.winding import key_of, wind

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.store import SessionRow

READERS = 3
_LONGEST_ID = 200
P = ParamSpec("P")
T = TypeVar("T")


class Reading:
    """One thread's archive, and the reels that all threads share."""

    def __init__(
        self, archive: Archive, shelf: Shelf, later: Callable[[Callable[[Reading], None]], None]
    ) -> None:
        self.archive = archive
        self.later = later
        """Does something in another thread, for whoever asks next."""
        self.shelf = shelf

    def row(self, name: str) -> SessionRow:
        """Gives the session that a name means.

        Raises:
            SessionNotFoundError: there is none.
        """
        if not name or len(name) > _LONGEST_ID or "/" in name or "\\" in name or "\0" in name:
            raise SessionNotFoundError(name[:_LONGEST_ID])
        return self.archive.session(name)

    def status(self, row: SessionRow) -> LiveStatus:
        """Gives how a session stands."""
        return live_status(self.archive, row)

    def view(self, row: SessionRow) -> View:
        """Gives a session as the page's lists show it."""
        return row_view(row, self.archive.guard.text, self.status(row))

    def family(self, row: SessionRow) -> tuple[list[SessionRow], list[SessionRow]]:
        """Gives the sub-agents below a session, however deep, and the sessions that forked from it."""
        agents: list[SessionRow] = []
        forks: list[SessionRow] = []
        seen = {row.id}
        wanted = tuple(name for name in row.children if name not in seen)
        while wanted:
            rows = self.archive.sessions(Filter(sessions=wanted))
            seen.update(wanted)
            forks += [item for item in rows if item.kind != "subagent" and item.parent == row.id]
            new = [item for item in rows if item.kind == "subagent"]
            agents += new
            wanted = tuple(name for item in new for name in item.children if name not in seen)
        agents.sort(key=lambda item: (item.started_at or 0, item.id))
        return agents, forks

    def reel(self, row: SessionRow) -> Reel:
        """Gives a session's reel, wound now where there is none of the session as it is."""
        agents, forks = self.family(row)
        key = key_of(self.archive, row, [*agents, *forks])
        found = self.shelf.get(row.id, key)
        if found is not None:
            return found
        with self.shelf.lock(row.id):
            found = self.shelf.get(row.id, key)
            if found is None:
                found = wind(self.archive, row, agents, forks, key)
                self.shelf.put(found)
        return found

    def reel_at_hand(self, row: SessionRow) -> Reel | None:
        """Gives a session's reel where that takes no winding."""
        agents, forks = self.family(row)
        return self.shelf.get(row.id, key_of(self.archive, row, [*agents, *forks]))


class Desk:
    """Hands questions to reading threads."""

    def __init__(self, opening: Callable[[], Archive], shelf: Shelf, *, readers: int = READERS) -> None:
        self._opening = opening
        self._shelf = shelf
        self._local = threading.local()
        self._archives: list[Archive] = []
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(readers, thread_name_prefix="reenact-page")

    async def ask(
        self, question: Callable[Concatenate[Reading, P], T], *arguments: P.args, **more: P.kwargs
    ) -> T:
        """Gives a question's answer, found in a reading thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: question(self._reading(), *arguments, **more))

    def _later(self, work: Callable[[Reading], None]) -> None:
        self._pool.submit(lambda: work(self._reading()))

    def _reading(self) -> Reading:
        reading: Any = getattr(self._local, "reading", None)
        if reading is None:
            with self._lock:
                archive = self._opening()
                self._archives.append(archive)
            reading = self._local.reading = Reading(archive, self._shelf, self._later)
        found: Reading = reading
        return found

    def close(self) -> None:
        """Waits for what is being answered and closes the archives."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        for archive in self._archives:
            archive.close()
        self._archives.clear()

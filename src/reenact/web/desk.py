"""Where the page's questions are answered: a few threads, each with an archive of its own.

An `Archive` is not shared between threads. So every reading thread opens one for itself; they see
what is committed and never wait for the thread that follows the transcripts. What is costly to make,
a session's reel, is shared: it is frozen once made.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import perf_counter
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from reenact.errors import SessionNotFoundError
from reenact.store import Filter
from reenact.web import streaming, winding
from reenact.web.life import live_status
from reenact.web.reel import Reel
from reenact.web.sessions import row_view
from reenact.web.shelf import Shelf
from reenact.web.views import LiveStatus
from reenact.web.views import SessionRow as View

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.store import SessionRow

READERS = 3
_LONGEST_ID = 200
P = ParamSpec("P")
T = TypeVar("T")


class ToBeWoundError(Exception):
    """A large session has no reel yet: whoever asks waits for it outside of the reading threads."""

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self.session = session


class Reading:
    """One thread's archive, and the reels that all threads share.

    Args:
        archive: this thread's.
        shelf: the reels.
        later: does something in another thread, for whoever asks next.
        winds: whether large sessions are wound here; else `reel` raises `ToBeWoundError` for them.
    """

    def __init__(
        self,
        archive: Archive,
        shelf: Shelf,
        later: Callable[[Callable[[Reading], None]], None],
        *,
        winds: bool = True,
    ) -> None:
        self.archive = archive
        self.later = later
        self.shelf = shelf
        self.given: Reel | None = None
        """What was wound for the question at hand: good for it even where the session went on since."""
        self._winds = winds

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
        """Gives a session's reel, wound now where there is none of the session as it is.

        Of a large session that grows, the one before is good for a while: ten times as long as it
        took to make.

        Raises:
            ToBeWoundError: it is large, and this thread does not wind.
        """
        agents, forks = self.family(row)
        key = winding.key_of(self.archive, row, [*agents, *forks])
        found = self.shelf.get(row.id, key)
        if found is not None:
            return found
        if row.events > streaming.SMALL:
            found = self.shelf.lately(row.id) or self.given
            if found is not None and found.session == row.id:
                return found
            if not self._winds:
                raise ToBeWoundError(row.id)
        with self.shelf.lock(row.id):
            found = self.shelf.get(row.id, key)
            if found is None:
                begun = perf_counter()
                tell = lambda done: self.shelf.tell(row.id, done)  # noqa: E731
                found = winding.wind(self.archive, row, agents, forks, key, tell=tell)
                self.shelf.put(found, took=perf_counter() - begun)
        return found

    def reel_at_hand(self, row: SessionRow) -> Reel | None:
        """Gives a session's reel where that takes no winding."""
        agents, forks = self.family(row)
        return self.shelf.get(row.id, winding.key_of(self.archive, row, [*agents, *forks])) or (
            self.shelf.lately(row.id) if row.events > streaming.SMALL else None
        )


class Desk:
    """Hands questions to reading threads.

    Large sessions are wound one at a time in a thread of its own: all that ask for one wait for it
    together, and no reading thread does.
    """

    def __init__(self, opening: Callable[[], Archive], shelf: Shelf, *, readers: int = READERS) -> None:
        self._opening = opening
        self._shelf = shelf
        self._local = threading.local()
        self._archives: list[Archive] = []
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(readers, thread_name_prefix="reenact-page")
        self._winder = ThreadPoolExecutor(1, thread_name_prefix="reenact-winder")
        self._windings: dict[str, Future[Reel]] = {}

    async def ask(
        self, question: Callable[Concatenate[Reading, P], T], *arguments: P.args, **more: P.kwargs
    ) -> T:
        """Gives a question's answer, found in a reading thread."""
        loop = asyncio.get_running_loop()

        def answer(given: Reel | None = None) -> T:
            reading = self._reading()
            reading.given = given
            return question(reading, *arguments, **more)

        try:
            return await loop.run_in_executor(self._pool, answer)
        except ToBeWoundError as wanted:
            reel = await asyncio.wrap_future(self._wound(wanted.session))
        return await loop.run_in_executor(self._pool, answer, reel)

    def _wound(self, session: str) -> Future[Reel]:
        """Has a session wound, unless that is under way."""
        with self._lock:
            known = self._windings.get(session)
            if known is None or known.done():
                known = self._windings[session] = self._winder.submit(self._wind, session)
        return known

    def _wind(self, session: str) -> Reel:
        reading = self._reading(winds=True)
        return reading.reel(reading.row(session))

    def _later(self, work: Callable[[Reading], None]) -> None:
        self._pool.submit(lambda: work(self._reading()))

    def _reading(self, *, winds: bool = False) -> Reading:
        reading: Any = getattr(self._local, "reading", None)
        if reading is None:
            with self._lock:
                archive = self._opening()
                self._archives.append(archive)
            reading = self._local.reading = Reading(archive, self._shelf, self._later, winds=winds)
        found: Reading = reading
        return found

    def close(self) -> None:
        """Waits for what is being answered and closes the archives."""
        self._winder.shutdown(wait=True, cancel_futures=True)
        self._pool.shutdown(wait=True, cancel_futures=True)
        for archive in self._archives:
            archive.close()
        self._archives.clear()

"""The thread that keeps the archive up to its sources while the page is open, and says what came."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from reenact.archive import SOURCES
from reenact.errors import ReenactError
from reenact.ingest import Follower
from reenact.web.home import SOON
from reenact.web.sessions import ms
from reenact.web.views import Following

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.ingest import Found
    from reenact.store import Arrival
    from reenact.web.news import News
    from reenact.web.shelf import Shelf

WAIT = 1.0
"""Seconds that one round waits for a change."""
AGAIN = 5.0
"""Seconds until a following that failed is tried again."""
_TIDY = 60_000_000
_TEXT_SECONDS = 0.15
"""What is written meanwhile waits so long: texts are indexed in small pieces."""
_IMPORT_SECONDS = 0.3
_LATELY = 300_000_000
_LOG = logging.getLogger("reenact.web")


class FollowerThread:
    """Follows in a thread of its own, with an archive of its own.

    Args:
        opening: opens the archive.
        news: where it is posted what came.
        shelf: the reels, tidied now and then.
        found: the transcripts as the import at the start saw them; what came since is taken in first.
        postponed: those of them that are still to be imported.
    """

    def __init__(
        self,
        opening: Callable[[], Archive],
        news: News,
        shelf: Shelf,
        *,
        found: tuple[Found, ...] = (),
        postponed: tuple[Found, ...] = (),
    ) -> None:
        self._opening = opening
        self._news = news
        self._shelf = shelf
        self._found = found
        self._postponed = list(postponed)
        self._stop = threading.Event()
        self._lately: dict[str, int] = {}
        self._since: int | None = None
        self._last_write: int | None = None
        self._is_indexed = False
        self._last = 0
        self._tidied = 0
        self._thread = threading.Thread(target=self.run, name="reenact-follower", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Ends the following after the round that is under way."""
        self._stop.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=10)

    def run(self) -> None:
        """Follows in the caller's thread until `close`."""
        while not self._stop.is_set():
            archive = None
            try:
                archive = self._opening()
                self._follow(archive)
            except Exception as error:  # noqa: BLE001 - the page says so, and it is tried again
                message = error.message if isinstance(error, ReenactError) else str(error)
                _LOG.warning("following stopped: %s", message, exc_info=not isinstance(error, ReenactError))
                self._say(archive, error=message)
            finally:
                if archive is not None:
                    archive.close()
            self._stop.wait(AGAIN)

    def _follow(self, archive: Archive) -> None:
        self._since = archive.clock.now()
        with Follower(
            archive.store,
            SOURCES,
            archive.environment,
            clock=archive.clock,
            beside=(str(archive.path / "live"),),
            never=archive.settings.imports.never,
        ) as follower:
            follower.begin(self._found, after=self._last or None, is_old=True)
            self._say(archive)
            try:
                while not self._stop.is_set():
                    self._round(archive, follower)
            finally:
                self._found = follower.known

    def _round(self, archive: Archive, follower: Follower) -> None:
        has_work = bool(self._postponed) or not self._is_indexed
        step = follower.step(0.05 if has_work else WAIT)
        now = archive.clock.now()
        if step.note:
            _LOG.warning("%s", step.note)
        if step.arrivals:
            self._last = step.arrivals[-1].number
            self._last_write = now
            self._is_indexed = False
            self._lately.update((arrival.session, now) for arrival in step.arrivals)
        self._lately = {name: at for name, at in self._lately.items() if at > now - _LATELY}
        self._say(archive, arrivals=step.arrivals)
        if self._news.take_wish():
            self._postponed = [*_at_risk(archive, now), *self._postponed]
            if not self._postponed:
                self._news.kept()
        if self._postponed:
            self._import_more(archive)
        elif not self._is_indexed and not step.arrivals:
            self._is_indexed = archive.texts.index(seconds=_TEXT_SECONDS)
            self._news.is_indexed = self._is_indexed
        if now - self._tidied > _TIDY:
            self._tidied = now
            self._shelf.tidy()

    def _import_more(self, archive: Archive) -> None:
        """Takes the next of the transcripts that the start had no time for."""
        report = archive.catch_up(self._postponed, everything=True, seconds=_IMPORT_SECONDS)
        self._postponed = list(report.postponed)
        if not self._postponed:
            self._news.kept()

    def _say(
        self, archive: Archive | None, *, error: str | None = None, arrivals: tuple[Arrival, ...] = ()
    ) -> None:
        if error is not None:
            self._since = archive.clock.now() if archive is not None else None
        self._news.post(
            arrivals,
            Following(
                following=error is None,
                count=len(self._lately),
                last_write_at=ms(self._last_write),
                since=ms(self._since),
                error=error,
            ),
        )


def _at_risk(archive: Archive, now: int) -> list[Found]:
    """Gives the transcripts that their agents will delete soon; what is kept of them already costs a look."""
    found = []
    for item in archive.find():
        retention = item.source.retention(archive.environment, item.transcript)
        if retention is not None and retention.deletes_at <= now + SOON:
            found.append(item)
    return found

"""The page as it runs: desk, follower and server, begun and ended together."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from reenact.web.app import page
from reenact.web.bundle import Bundle
from reenact.web.desk import Desk
from reenact.web.following import FollowerThread
from reenact.web.news import News
from reenact.web.serving import Address, config
from reenact.web.shelf import Shelf
from reenact.web.views import Following

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.ingest import Found
    from reenact.web.guard import Tokens


class Page:
    """The page of one archive; `run` serves it until it is told to stop.

    Args:
        opening: opens the archive, once for every thread that reads or follows.
        address: where it is served.
        tokens: what lets people in from other machines; None on loopback.
        found: the transcripts as the import at the start saw them; what came since is taken in first.
        postponed: those of them that are still to be imported.
        follows: whether transcripts are followed.
    """

    def __init__(
        self,
        opening: Callable[[], Archive],
        address: Address,
        *,
        tokens: Tokens | None = None,
        bundle: Bundle | None = None,
        found: tuple[Found, ...] = (),
        postponed: tuple[Found, ...] = (),
        follows: bool = True,
    ) -> None:
        with contextlib.closing(opening()) as archive:
            named = archive.variables.get("REENACT_CACHE")
            shelf = Shelf(Path(named) if named else archive.path / "cache", archive.clock)
        self.news = News(Following(following=False, count=0, last_write_at=None, since=None, error=None))
        self.desk = Desk(opening, shelf)
        self._follower = (
            FollowerThread(opening, self.news, shelf, found=found, postponed=postponed) if follows else None
        )
        app = page(self.desk, bundle or Bundle(), self.news, hosts=address.hosts, tokens=tokens)
        self._server = _Server(config(app), self.news)

    def run(self, listening: socket.socket) -> None:
        """Serves in this thread until a signal, or `stop`, comes."""
        if self._follower is not None:
            self._follower.start()
        try:
            self._server.run(sockets=[listening])
        finally:
            if self._follower is not None:
                self._follower.close()
            self.desk.close()

    def stop(self) -> None:
        """Lets `run` end; from any thread."""
        self._server.leave()


class _Server(uvicorn.Server):
    """Ends on SIGINT and SIGTERM by letting all readers of news go first."""

    def __init__(self, settings: uvicorn.Config, news: News) -> None:
        super().__init__(settings)
        self._news = news

    def leave(self) -> None:
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        taken = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, lambda *_: self.leave()) for number in taken}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._news.begin()
        await super().startup(sockets=sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._news.end()
        await super().shutdown(sockets=sockets)

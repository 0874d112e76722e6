"""What is new, from the thread that follows the transcripts to everybody who listens.

A listener holds no queue of events but the sessions that changed and from where on: however slow it
reads, it takes no more room than there are sessions, and reads the newest state when it gets to it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from reenact.web.views import Following

if TYPE_CHECKING:
    from reenact.store import Arrival

MOST = 2_000
"""Sessions that a listener may be behind with; then it is told to load again."""


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """How far a listener has come in the order in which the index learned of events."""

    index: str
    number: int

    def __str__(self) -> str:
        return f"{self.index}-{self.number}"

    @staticmethod
    def of(text: str | None) -> Cursor | None:
        """Gives the cursor that a text is; None where it is none."""
        index, _, number = (text or "").rpartition("-")
        if not index or not number.isascii() or not number.isdigit() or len(number) > 18:
            return None
        return Cursor(index=index, number=int(number))


class Listener:
    """One reader of the news."""

    def __init__(self) -> None:
        self.changed: dict[str, int] = {}
        """Session → the first position that is new."""
        self.number = 0
        self.is_lost = False
        self.following: Following | None = None
        self._wakes = asyncio.Event()

    def take(self, arrivals: Iterable[Arrival]) -> None:
        for arrival in arrivals:
            self.number = max(self.number, arrival.number)
            known = self.changed.get(arrival.session)
            self.changed[arrival.session] = arrival.first if known is None else min(known, arrival.first)
        if len(self.changed) > MOST:
            self.changed.clear()
            self.is_lost = True
        self._wakes.set()

    def tell(self, following: Following) -> None:
        self.following = following
        self._wakes.set()

    async def wait(self, seconds: float) -> bool:
        """Waits for news, at most so long; tells whether there are any."""
        try:
            await asyncio.wait_for(self._wakes.wait(), seconds)
        except TimeoutError:
            return False
        self._wakes.clear()
        return True

    def close(self) -> None:
        self._wakes.set()


class News:
    """Hands what the follower found to all listeners; lives in the server's event loop."""

    def __init__(self, following: Following) -> None:
        self.following = following
        self.is_over = False
        self.is_indexed = False
        """False while texts are being indexed."""
        self._wish = threading.Event()
        self._keeping = threading.Event()
        self._listeners: set[Listener] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> None:
        """Binds the news to the running loop."""
        self._loop = asyncio.get_running_loop()

    def post(self, arrivals: Iterable[Arrival], following: Following) -> None:
        """Takes news from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._spread, tuple(arrivals), following)

    def wish(self) -> None:
        """Asks the follower to keep what agents are about to delete."""
        self._keeping.set()
        self._wish.set()

    def take_wish(self) -> bool:
        """Tells whether somebody asked, once."""
        is_set = self._wish.is_set()
        self._wish.clear()
        return is_set

    def kept(self) -> None:
        """Says that all is kept that was asked for."""
        if not self._wish.is_set():
            self._keeping.clear()

    @property
    def is_keeping(self) -> bool:
        return self._keeping.is_set()

    def _spread(self, arrivals: tuple[Arrival, ...], following: Following) -> None:
        is_told = following != self.following
        self.following = following
        for listener in self._listeners:
            if arrivals:
                listener.take(arrivals)
            if is_told:
                listener.tell(following)

    def listen(self) -> Listener:
        listener = Listener()
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)

    def end(self) -> None:
        """Lets all listeners go, so that the server can stop."""
        self.is_over = True
        for listener in self._listeners:
            listener.close()

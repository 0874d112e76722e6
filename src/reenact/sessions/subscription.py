"""What is recorded in a live session, as it comes, for who listens: bounded, never in the writer's way."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Self

import msgspec

from reenact.events import Event

if TYPE_CHECKING:
    from reenact.store import Tail

_AT_ONCE = 256


class Lagged(msgspec.Struct, frozen=True, kw_only=True):
    """The subscriber was too slow: so many events were passed over, those behind `since`."""

    missed: int
    since: int


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody writes to the session now. One that only rests will go on, and so does the subscription."""

    session: str
    is_resting: bool = False


Item = Event | Lagged | Closed
"""What a subscriber gets."""


class Subscription:
    """An iterator, sync and async, over what is recorded; used by one thread or task at a time.

    It ends when the session is closed, or with `close`. A slow subscriber gets `Lagged`, and goes on
    with the oldest event that still waits; `catch_up` right behind it reads what was passed over.

    Args:
        tail: gives what reads a session behind an event.
        last: the last event that was there when this began to listen.
        since: the event behind which to begin; what is recorded from now on where None.
        limit: how many events may wait.
    """

    def __init__(self, tail: Callable[[int], Tail], *, last: int, since: int | None, limit: int) -> None:
        self._tail_of = tail
        self._known = last
        self._next = last + 1 if since is None else since + 1
        self._is_behind = since is not None
        self._limit = max(limit, 1)
        self._waiting: deque[Event] = deque(maxlen=self._limit)
        self._read: deque[Event] = deque()
        self._tail: Tail | None = None
        self._notices: deque[Closed] = deque()
        self._lagged: Lagged | None = None
        self._is_over = False
        self._change = threading.Condition()
        self._wake: Callable[[], None] | None = None

    @property
    def is_over(self) -> bool:
        """True where nothing new will come."""
        return self._is_over

    def listening(self, last: int) -> None:
        """Says which event was the last one when it had begun to listen."""
        with self._change:
            self._next = last + 1 if self._next == self._known + 1 and not self._is_behind else self._next
            self._known = last

    # -- the writer's side ----------------------------------------------------------------------

    def offer(self, event: Event) -> None:
        """Takes what was recorded; where there is no room, the oldest that waits goes.

        A rest that nobody was told of yet is over by now, and not told any more.
        """
        with self._change:
            self._waiting.append(event)
            if not self._is_over:
                self._notices.clear()
            self._tell()

    def notice(self, notice: Closed) -> None:
        """Takes the news that nobody writes any more."""
        with self._change:
            self._notices.clear()  # one rest after another is one
            self._notices.append(notice)
            self._is_over = self._is_over or not notice.is_resting
            self._tell()

    def _tell(self) -> None:
        self._change.notify_all()
        if self._wake is not None:
            with contextlib.suppress(RuntimeError):  # its loop is over
                self._wake()

    # -- the subscriber's side ------------------------------------------------------------------

    @property
    def since(self) -> int:
        """The position of the last event that was given: where to subscribe again."""
        return self._next - 1

    def catch_up(self) -> None:
        """Goes back to what the last `Lagged` passed over; of use only before the next item is taken."""
        with self._change:
            if self._lagged is not None:
                self._next = self._lagged.since + 1
                self._is_behind, self._lagged, self._tail = True, None, None

    def get(self, timeout: float | None = None) -> Item | None:
        """Gives the next item; None where it has ended, or after so many seconds without one."""
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            item = self._take()
            if item is not None:
                return item
            with self._change:
                if self._has_news():
                    continue
                if self._is_over:
                    return None
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    return None
                self._change.wait(left)

    def close(self) -> None:
        """Stops listening; an iteration under way ends."""
        with self._change:
            self._is_over = True
            self._waiting.clear()
            self._notices.clear()
            self._read.clear()
            self._is_behind = False
            self._next = self._known = 0
            self._tell()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Item:
        item = self.get()
        if item is None:
            raise StopIteration
        return item

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        ready = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(ready.set)

        self._wake = wake
        try:
            while (item := self._take()) is None:
                with self._change:
                    if self._has_news():
                        continue
                    if self._is_over:
                        raise StopAsyncIteration
                    ready.clear()
                await ready.wait()
        finally:
            self._wake = None
        return item

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _has_news(self) -> bool:
        return bool(self._waiting or self._notices or self._read)

    def _take(self) -> Item | None:
        """Gives the next item, if there is one."""
        while True:
            with self._change:
                self._lagged = None
                while self._waiting and self._waiting[0].seq < self._next:
                    self._waiting.popleft()
                if self._read:
                    event = self._read.popleft()
                    self._next = event.seq + 1
                    return event
                head = self._waiting[0].seq if self._waiting else None
                if head == self._next:
                    self._next += 1
                    self._is_behind, self._tail = False, None
                    return self._waiting.popleft()
                if head is None and not (self._is_behind and self._next <= self._known):
                    self._is_behind, self._tail = False, None
                    return self._notices.popleft() if self._notices else None
                if not self._is_behind and head is not None:
                    self._lagged = Lagged(missed=head - self._next, since=self._next - 1)
                    self._next = head
                    return self._lagged
                tail = self._tail = self._tail or self._tail_of(self._next - 1)
                begin = self._next
            found = [event for event in islice(tail.read(), _AT_ONCE) if event.seq >= begin]
            with self._change:
                self._read.extend(found)
                if not found:  # it is gone from the disk: what waits is all there is
                    self._is_behind = False

"""A mock model: a player behind the calls of a client or framework, strict, and with books.

What is asked must be what was recorded. The first request that is not gets an error that names the step
and the difference, and so does every one after it; `check` tells the same of calls that never came.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping

import msgspec

from reenact.errors import ReenactError
from reenact.replay import Answer, GoLive, Incoming, Player, Refused, Report, Served, Stubbed
from reenact.wire.request import Request

Read = Callable[[str, str, Mapping[str, str], bytes], Request]
"""Reads a request (method, path, headers, body) as a recording of it would be read: without its secrets."""
_MICROSECONDS = 1_000_000


class DivergedError(ReenactError):
    """A replayed agent asked for something else than was recorded, or not for all of it."""

    exit_code = 3

    def __init__(self, report: Report) -> None:
        told = [one for one in report.divergences if one.kind != "unchecked"]
        first, more = told[0], len(told) - 1
        further = f" (and {more} more)" if more > 0 else ""
        super().__init__(f"step {first.step}: {first.kind}: {first.cause}{further}")
        self.report = report


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, ready to be given; `finish` is told once it was given, or was not taken."""

    status: int
    headers: dict[str, str]
    pieces: tuple[tuple[float, bytes], ...]
    """Seconds to wait, then what to give."""
    is_whole: bool = True
    ended: Callable[[bool], None] | None = None

    def __iter__(self) -> Iterator[tuple[float, bytes]]:
        """Yields the pieces; with the last one it counts as given: clients stop at the last event."""
        for number, piece in enumerate(self.pieces, start=1):
            if number == len(self.pieces):
                self.finish(delivered=True)
            yield piece

    def finish(self, *, delivered: bool) -> None:
        """Takes note of how it ended."""
        if self.ended is not None:
            self.ended(delivered)


class Mock:
    """Plays one script to any number of clients; safe for threads."""

    def __init__(self, player: Player, *, read: Read | None = None) -> None:
        self.player = player
        self._read = read
        self._lock = threading.Lock()
        self._finished: set[int] = set()
        self.call_count = 0
        """How many calls were answered from the script."""

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Played:
        """Gives the answer to a request."""
        request = self._read(method, path, headers, body) if self._read is not None else None
        incoming = Incoming(method=method, path=path, headers=dict(headers), body=body, request=request)
        with self._lock:
            return self._played(self.player.respond(incoming))

    def _played(self, answer: Answer) -> Played:
        match answer:
            case Served():
                self.call_count += 1
                return Played(
                    status=answer.status,
                    headers=answer.headers,
                    pieces=tuple((chunk.delay / _MICROSECONDS, chunk.data) for chunk in answer.chunks),
                    is_whole=answer.end == "complete",
                    ended=lambda delivered: self._finish(answer.ticket, delivered=delivered),
                )
            case Stubbed():
                pieces = tuple((chunk.delay / _MICROSECONDS, chunk.data) for chunk in answer.chunks)
                return Played(status=answer.status, headers=answer.headers, pieces=pieces)
            case Refused():
                return Played(status=answer.status, headers=answer.headers, pieces=((0, answer.body),))
            case GoLive():
                raise RuntimeError("a mock model has no live model to go on with")

    def _finish(self, ticket: int, *, delivered: bool) -> None:
        with self._lock:
            if ticket not in self._finished:
                self._finished.add(ticket)
                self.player.finish(ticket, delivered=delivered)

    @property
    def is_exhausted(self) -> bool:
        """True once every recorded call was played."""
        return not self.report().unplayed

    def report(self) -> Report:
        """Gives the books as they stand."""
        with self._lock:
            return self.player.report()

    def check(self) -> None:
        """Sees to it that exactly what was recorded was asked for.

        Raises:
            DivergedError: it was not; it names the first step.
        """
        report = self.report()
        if report.diverged:
            raise DivergedError(report)

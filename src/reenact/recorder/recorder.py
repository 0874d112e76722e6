"""One recorded session: every event gets its number, its time and its id, and is appended at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from reenact.errors import ReenactError
from reenact.events import FORMAT, Completeness, Event, Header, SourceKind

if TYPE_CHECKING:
    from reenact.clock import Clock
    from reenact.events import AnyBody
    from reenact.ids import Minter
    from reenact.store import Store, Writer

Scrub = Callable[[Any], Any]
"""Gives a JSON value (or a text) without its secrets."""


class Recorder:
    """Appends to one session; safe for threads.

    Args:
        store: where the session is kept.
        header: who the session is.
        clock: what stamps the events.
        minter: what names them.
        scrub: what takes secrets out of a body before it is written.
    """

    def __init__(self, store: Store, header: Header, *, clock: Clock, minter: Minter, scrub: Scrub) -> None:
        self._store = store
        self._clock = clock
        self._minter = minter
        self._scrub = scrub
        self._lock = threading.Lock()
        self._sequence = 0
        self._writer: Writer | None = None
        self.session = header.id
        self.degraded: str | None = None
        """Why events are no longer kept, where that happened."""
        self.lost = 0
        """Events that could not be kept."""
        try:
            self._writer = store.writer(header)
            self._sequence = self._writer.last
        except (OSError, ReenactError) as error:
            self._degrade(error)

    def record(
        self,
        body: AnyBody,
        *,
        ts: int | None = None,
        loop: str | None = None,
        turn: str | None = None,
        lane: str | None = None,
        parent: str | None = None,
        source_kind: SourceKind = "recorder",
        completeness: Completeness = "full",
    ) -> Event | None:
        """Writes down what happened; None where it could not be kept."""
        clean = msgspec.convert(self._scrub(msgspec.to_builtins(body)), type(body))
        with self._lock:
            now = self._clock.now()
            event = Event(
                v=FORMAT,
                seq=self._sequence + 1,
                id=self._minter.mint(),
                session=self.session,
                ts=now if ts is None else ts,
                recorded_at=now,
                loop=loop,
                turn=turn,
                lane=lane,
                parent=parent,
                source_kind=source_kind,
                completeness=completeness,
                body=clean,
            )
            return event if self._append(event) else None

    def put(self, data: bytes) -> str | None:
        """Keeps a payload (already scrubbed) beside the events; gives its name, None where it was lost."""
        try:
            return self._store.put_blob(data)
        except (OSError, ReenactError) as error:
            self._degrade(error)
            return None

    def sync(self) -> None:
        """Makes what was recorded survive the death of the machine."""
        if self._writer is not None:
            try:
                self._writer.sync()
            except OSError as error:
                self._degrade(error)

    def close(self) -> None:
        """Ends the writing. The session can be written to again later."""
        if self._writer is not None:
            self.sync()
            self._writer.close()
            self._writer = None

    def _append(self, event: Event) -> bool:
        if self._writer is None:
            self.lost += 1
            return False
        try:
            self._writer.append(event)
        except (OSError, ReenactError) as error:
            self._degrade(error)
            self.lost += 1
            return False
        self._sequence = event.seq
        return True

    def _degrade(self, error: Exception) -> None:
        self.degraded = str(error)

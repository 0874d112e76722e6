"""One recorded session: every event gets its number, its time and its id, and is appended at once."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import msgspec

from reenact.errors import ReenactError
from reenact.events import FORMAT, Completeness, Event, Header, SourceKind, encode
from reenact.recorder.plain import plain_body

if TYPE_CHECKING:
    from reenact.clock import Clock
    from reenact.events import AnyBody
    from reenact.ids import Minter
    from reenact.store import Store, Writer

Scrub = Callable[[Any], Any]
"""Gives a JSON value (or a text) without its secrets."""
Observer = Callable[[Event], object]
"""Is told every event once it is on disk."""


class Where(TypedDict, total=False):
    """Where an event belongs, and what is known of it: fields of `Event`; without a time it is now."""

    ts: int | None
    loop: str | None
    turn: str | None
    lane: str | None
    parent: str | None
    source_kind: SourceKind
    completeness: Completeness


class Recorder:
    """Appends to one session; safe for threads, and never raises into who records.

    Args:
        store: where the session is kept.
        header: who the session is.
        clock: what stamps the events.
        minter: what names them.
        scrub: what takes secrets out of a body before it is written.
        is_clean: tells quickly that an encoded event holds no secret; what it does not vouch for is
            scrubbed.
    """

    def __init__(
        self,
        store: Store,
        header: Header,
        *,
        clock: Clock,
        minter: Minter,
        scrub: Scrub,
        is_clean: Callable[[bytes], bool] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._minter = minter
        self._scrub = scrub
        self._is_clean = is_clean or _is_never_clean
        self._lock = threading.Lock()
        self._sequence = 0
        self._writer: Writer | None = None
        self._rests = False
        self._forks = _forks.count
        self._news = _News()
        self.header = header
        self.session = header.id
        self.witness: Callable[[Event], object] | None = None
        """Is handed every event before anybody else records one: it must be quick, and not raise."""
        self.cause: Exception | None = None
        """What made it `degraded`."""
        self.degraded: str | None = None
        """Why events are no longer kept, where that happened."""
        self.lost = 0
        """Events that could not be kept."""
        try:
            self._writer = store.writer(header)
            self._sequence = self._writer.last
        except (OSError, ReenactError) as error:
            self._degrade(error)

    @property
    def last(self) -> int:
        """The position of the session's last event; 0 before the first."""
        return self._sequence

    @property
    def is_resting(self) -> bool:
        """True where it let go of the session until the next event."""
        return self._rests

    @property
    def is_elsewhere(self) -> bool:
        """True in a process that was forked off the recording one: it must not write here."""
        return _forks.count != self._forks

    def record(self, body: AnyBody, **where: Unpack[Where]) -> Event | None:
        """Writes down what happened; None where it could not be kept."""
        events = self.record_all((body,), **where)
        return events[0] if events else None

    def record_all(self, bodies: Sequence[AnyBody], **where: Unpack[Where]) -> list[Event]:
        """Writes down at once what belongs together; gives those events that could be kept."""
        if not bodies:
            return []
        before = self._sequence
        try:
            with self._lock:
                if self._rests:
                    self._wake()
                before = self._sequence
                now = self._clock.now()
                told: Where = {**where, "ts": now} if where.get("ts") is None else where
                events = [
                    Event(
                        v=FORMAT,
                        seq=seq,
                        id=self._minter.mint(),
                        session=self.session,
                        recorded_at=now,
                        body=body,
                        **told,
                    )
                    for seq, body in enumerate(bodies, before + 1)
                ]
                self._append(events)
        except Exception as error:  # noqa: BLE001 - the border to the agent: told in `degraded`, never raised
            if len(bodies) > 1 and self._sequence == before:
                # each for itself: one that cannot be written must not take the others with it
                one_by_one = [self.record(body, **where) for body in bodies]
                return [event for event in one_by_one if event is not None]
            self._degrade(error)
            self.lost += len(bodies)
            return []
        if self._news.observers:
            self._news.tell()
        return events

    def put(self, data: bytes) -> str | None:
        """Keeps a payload (already scrubbed) beside the events; gives its name, None where it was lost."""
        try:
            return self._store.put_blob(data)
        except (OSError, ReenactError) as error:
            self._degrade(error)
            return None

    def observe(self, observer: Observer, *, name: str | None = None) -> Callable[[], None]:
        """Tells an observer every event from now on, in order; gives what ends that.

        What an observer raises is reported on stderr under its name, once; it is told the next event
        all the same.
        """
        return self._news.add(observer, name or str(getattr(observer, "__qualname__", observer)))

    @property
    def failures(self) -> dict[str, int]:
        """Name of an observer that raised → how often."""
        return self._news.failures

    def sync(self) -> None:
        """Makes what was recorded survive the death of the machine."""
        if self._writer is not None and not self.is_elsewhere:
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

    def rest(self) -> None:
        """Lets go of the session until the next event is recorded, which takes it up where it then is."""
        with self._lock:
            if self._writer is not None and not self.is_elsewhere:
                self.close()
                self._rests = True

    def _wake(self) -> None:
        self._writer = self._store.writer(self.header)
        self._sequence = self._writer.last
        self._rests = False

    def reopen(self) -> bool:
        """Takes the writing up again after `close`; tells whether that could be done."""
        if self._writer is None and not self.is_elsewhere:
            try:
                self._writer = self._store.writer(self.header)
                self._sequence = self._writer.last
            except (OSError, ReenactError) as error:
                self._degrade(error)
        return self._writer is not None

    def _append(self, events: list[Event]) -> None:
        """Writes events without their secrets; leaves them in the list as they were written."""
        if self._writer is None or self.is_elsewhere:
            raise _NotWritingError
        encoded: list[bytes] = []
        for place, event in enumerate(events):
            try:
                encoded.append(encode(event))
            except (TypeError, ValueError, RecursionError):
                events[place] = plainly = event.__replace__(body=plain_body(event.body))
                encoded.append(encode(plainly))
        if not self._is_clean(encoded[0] if len(encoded) == 1 else b"".join(encoded)):
            encoded = [self._scrubbed(events, place, data) for place, data in enumerate(encoded)]
        self._writer.append(*events, encoded=encoded)
        self._sequence = events[-1].seq
        if self.witness is not None:
            for event in events:
                self.witness(event)
        if self._news.observers:
            self._news.waiting += events

    def _scrubbed(self, events: list[Event], place: int, data: bytes) -> bytes:
        """Gives the JSON of an event without its secrets."""
        event = events[place]
        if self._is_clean(data):
            return data
        clean = msgspec.convert(self._scrub(msgspec.to_builtins(event.body)), type(event.body))
        if clean == event.body:
            return data
        events[place] = event = event.__replace__(body=clean)
        return encode(event)

    def _degrade(self, error: Exception) -> None:
        if not isinstance(error, _NotWritingError):
            self.cause = error
            self.degraded = str(error) or type(error).__name__
        elif self.degraded is None:
            self.degraded = str(error)


class _NotWritingError(ReenactError):
    def __init__(self) -> None:
        super().__init__("the recording is closed")


class _News:
    """Tells observers every event once and in order, whatever thread recorded it.

    Nobody waits: who finds another one telling leaves his events to that one.
    """

    def __init__(self) -> None:
        self.observers: tuple[tuple[str, Observer], ...] = ()
        self.waiting: deque[Event] = deque()
        self.failures: dict[str, int] = {}
        self._telling = threading.Lock()

    def add(self, observer: Observer, name: str) -> Callable[[], None]:
        entry = (name, observer)
        self.observers = (*self.observers, entry)

        def leave() -> None:
            self.observers = tuple(each for each in self.observers if each is not entry)

        return leave

    def tell(self) -> None:
        while self.waiting and self._telling.acquire(blocking=False):
            try:
                while self.waiting:
                    self._tell(self.waiting.popleft())
            finally:
                self._telling.release()

    def _tell(self, event: Event) -> None:
        for name, observer in self.observers:
            try:
                observer(event)
            except Exception as error:  # noqa: BLE001 - a plug-in's border: reported by its name
                self.failures[name] = self.failures.get(name, 0) + 1
                if self.failures[name] == 1:
                    sys.stderr.write(f"reenact: observer {name} failed: {error!r}\n")


class _Forks:
    """How often this process was forked off another one: asking the system for it costs a call."""

    count = 0

    def add(self) -> None:
        self.count += 1


_forks = _Forks()
os.register_at_fork(after_in_child=_forks.add)


def _is_never_clean(_: bytes) -> bool:
    return False

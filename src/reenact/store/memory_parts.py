"""Sessions in memory: what a derivation gives and what a writer appends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reenact.errors import ArchiveError
from reenact.events import Event, Header
from reenact.store.reckon import Part
from reenact.store.sessions import completed


class MemoryDeriving:
    """See `store.protocol.Deriving`."""

    def __init__(self, removed: Mapping[str, str], original: str) -> None:
        self.resumes = False
        self._is_removed = removed
        self._original = original
        self.parts: dict[str, Part] = {}
        self.dispositions: dict[str, int] = {}
        self.unknown: dict[tuple[str, str], int] = {}

    def header(self, header: Header) -> None:
        if header.id in self._is_removed:
            return
        part = self.parts.get(header.id)
        if part is None:
            self.parts[header.id] = Part(original=self._original, header=header, events=[])
        else:
            part.header = completed(part.header, header)

    def add(self, event: Event) -> None:
        part = self.parts.get(event.session)
        if part is None:
            if event.session not in self._is_removed:
                raise ValueError(f"event {event.id} of {event.session} came before a header of its session")
            return
        if event.seq != len(part.events) + 1:
            raise ValueError(f"event {event.id} of {event.session} has seq {event.seq}")
        part.events.append(event)

    def removed(self, session: str, count: int) -> None:
        if session in self.parts:
            self.parts[session].removed = count

    def count(self, dispositions: Mapping[str, int], *, unknown: Mapping[tuple[str, str], int]) -> None:
        self.dispositions, self.unknown = dict(dispositions), dict(unknown)


class MemoryWriter:
    """See `store.protocol.Writer`."""

    def __init__(self, part: Part, running: set[str]) -> None:
        self._part = part
        self._running = running
        self.last = part.events[-1].seq if part.events else 0

    def append(self, *events: Event, encoded: Sequence[bytes] | None = None) -> None:  # noqa: ARG002 - kept as they are
        last = self.last
        for event in events:
            if event.session != self._part.header.id or event.seq <= last:
                raise ArchiveError(f"event {event.id} cannot follow {last} of {self._part.header.id}")
            last = event.seq
        self._part.events += events
        self.last = last

    def sync(self) -> None:
        """There is nothing that could be lost."""

    def close(self) -> None:
        self._running.discard(self._part.header.id)


class MemoryTail:
    """See `store.protocol.Tail`."""

    def __init__(self, events: list[Event], *, after: int = 0) -> None:
        self._events = events
        self.last = after

    def read(self) -> Iterator[Event]:
        for event in tuple(self._events):
            if event.seq > self.last:
                self.last = event.seq
                yield event

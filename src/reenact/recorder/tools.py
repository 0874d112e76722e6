"""What recording needs of an archive, handed in by it; and a place to record what is not to be kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from reenact.clock import Clock
from reenact.events import Event, Header, blob_hash
from reenact.ids import Minter
from reenact.recorder.recorder import Scrub

if TYPE_CHECKING:
    from reenact.store import Store


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording works with."""

    store: Store
    clock: Clock
    minter: Minter
    scrub: Scrub
    """For JSON values."""
    scrub_text: Callable[[str], str]
    is_clean: Callable[[bytes], bool]
    """Tells quickly that bytes hold no secret."""
    events: Callable[[str], Iterator[Event]]
    """Gives the events of a session so far, by its id."""


class Nowhere:
    """Keeps ephemeral sessions as long as somebody holds this object, and never on a disk."""

    def __init__(self) -> None:
        self._sessions: dict[str, list[Event]] = {}
        self._blobs: dict[str, bytes] = {}

    def writer(self, header: Header) -> NowhereWriter:
        """Gives the writer of a session."""
        return NowhereWriter(self._sessions.setdefault(header.id, []))

    def put_blob(self, data: bytes) -> str:
        """Keeps bytes; gives their name."""
        name = blob_hash(data)
        self._blobs[name] = data
        return name

    def blob(self, name: str) -> bytes | None:
        """Gives kept bytes."""
        return self._blobs.get(name)

    def events(self, session: str) -> Iterator[Event]:
        """Yields the events of a session so far."""
        return iter(tuple(self._sessions.get(session, ())))


class NowhereWriter:
    """See `store.protocol.Writer`."""

    def __init__(self, events: list[Event]) -> None:
        self._events = events

    @property
    def last(self) -> int:
        """Seq of the last event; 0 before the first."""
        return self._events[-1].seq if self._events else 0

    def append(self, *events: Event, encoded: Sequence[bytes] | None = None) -> None:  # noqa: ARG002 - kept as they are
        """Keeps events."""
        self._events += events

    def sync(self) -> None:
        """There is no disk."""

    def close(self) -> None:
        """There is nothing to close."""

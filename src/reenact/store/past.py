"""Where a fork left the session whose past it shares: told by its own first events, never copied."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from reenact.events import Event
from reenact.events.bodies import SessionForked

if TYPE_CHECKING:
    from reenact.store.protocol import Store

_HEAD = 20
"""A session says within its first events that it is a fork."""


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """Where a fork left another session: its events up to and including `seq` are the fork's past, too."""

    session: str
    seq: int


def past_of(store: Store, session: str) -> Past | None:
    """Gives the shared past of a fork; None where it has none, holds a copy, or what it shares is not kept.

    A fork may leave in what its parent shares with another session: then that one is told.
    """
    forked = forked_of(store, session)
    if forked is None:
        return None
    if forked.offset is not None:
        seq = _before(store, forked.parent, forked.offset)
        return Past(session=forked.parent, seq=seq) if seq else None
    if forked.at is None:  # nothing is shared
        return None
    found = store.find_event(forked.at, session=forked.parent) or store.find_event(forked.at)
    return Past(session=found.session, seq=found.seq) if found is not None else None


def forked_of(store: Store, session: str) -> SessionForked | None:
    """Gives where a session left another one; None for one that shares no past, or holds a copy of it."""
    for event in islice(own_events(store, session), _HEAD):
        if isinstance(event.body, SessionForked):
            return event.body if event.body.mode != "copy" else None
    return None


def own_events(store: Store, session: str, *, stop: int | None = None) -> Iterator[Event]:
    """Yields a session's own events, recorded or imported, as far as they are there now."""
    is_any = False
    for event in store.tail(session).read():
        is_any = True
        if stop is not None and event.seq >= stop:
            return
        yield event
    if not is_any:
        yield from store.events(session, stop=stop)


def _before(store: Store, session: str, offset: int) -> int:
    """Gives the last position in a session whose record begins before a place in its transcript."""
    last = 0
    for event in own_events(store, session):
        if event.origin is not None and event.origin.offset >= offset:
            break
        last = event.seq
    return last

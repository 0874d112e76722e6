"""What a session shares with those it was forked from: read where it lies, never copied."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from reenact.events import Event
from reenact.events.bodies import SessionForked

if TYPE_CHECKING:
    from reenact.store import SessionRow, Store

_HEAD = 20
"""A session says within its first events that it is a fork."""
_DEEPEST = 1000


def forked_of(store: Store, session: str) -> SessionForked | None:
    """Gives where a session left another one; None for one that shares no past, or holds a copy of it."""
    for event in islice(own_events(store, session), _HEAD):
        if isinstance(event.body, SessionForked):
            return event.body if event.body.mode != "copy" else None
    return None


def shared_past(store: Store, session: str) -> Iterator[Event]:
    """Yields the events of others that come before a session's own, oldest first."""
    pieces: list[tuple[str, int]] = []
    forked = forked_of(store, session)
    seen = {session}
    while forked is not None and len(pieces) < _DEEPEST and forked.parent not in seen:
        parent = forked.parent
        seen.add(parent)
        seq = seq_of(store, forked)
        above = forked_of(store, parent)
        if seq is not None:
            pieces.append((parent, seq))
        elif above is not None and forked.at is not None:  # it left in what its parent shares with another
            above = SessionForked(parent=above.parent, at=forked.at)
        else:
            break
        forked = above
    for parent, seq in reversed(pieces):
        yield from own_events(store, parent, stop=seq + 1)


def seq_of(store: Store, forked: SessionForked) -> int | None:
    """Gives the last position of the parent that is shared; None where that is not in the parent itself."""
    if forked.offset is not None:
        last = 0
        for event in own_events(store, forked.parent):
            if event.origin is not None and event.origin.offset >= forked.offset:
                break
            last = event.seq
        return last
    found = store.find_event(forked.at, session=forked.parent) if forked.at is not None else None
    return found.seq if found is not None else None


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


def row_of(store: Store, session: str) -> SessionRow | None:
    """Gives what is known of a session by its id."""
    from reenact.store import Filter

    return next(iter(store.sessions(Filter(sessions=(session,)))), None)

"""What a session shares with those it was forked from: read where it lies, never copied."""

from __future__ import annotations

from collections.abc import Iterator

from reenact.events import Event
from reenact.store import Filter, Past, SessionRow, Store, own_events, past_of

_DEEPEST = 1000


def shared_past(store: Store, session: str) -> Iterator[Event]:
    """Yields the events of others that come before a session's own, oldest first."""
    pieces: list[Past] = []
    seen = {session}
    past = past_of(store, session)
    while past is not None and len(pieces) < _DEEPEST and past.session not in seen:
        pieces.append(past)
        seen.add(past.session)
        past = past_of(store, past.session)
    for piece in reversed(pieces):
        yield from own_events(store, piece.session, stop=piece.seq + 1)


def row_of(store: Store, session: str) -> SessionRow | None:
    """Gives what is known of a session by its id."""
    return next(iter(store.sessions(Filter(sessions=(session,)))), None)

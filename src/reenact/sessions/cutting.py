"""Where a fork leaves its parent: at an event or a message, never unasked between a call and its result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from reenact.errors import NotFoundError, UnpairedError, UsageError
from reenact.events import Event
from reenact.sessions import pairs

if TYPE_CHECKING:
    from reenact.sessions.live import LiveSession
    from reenact.sessions.message import Message
    from reenact.store import SessionRow, Store

_PIECE = 32
_WINDOW = 256
"""Events before a cut that are looked through for calls under way."""
_AHEAD = 4096
"""Events behind a cut in which the results of such calls are looked for."""


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """The last shared event, and what of the shared context does not go along."""

    at: str | None
    removed: tuple[str, ...] = ()
    reason: str | None = None


def cut_at(
    store: Store,
    row: SessionRow,
    at: str | int | None,
    way: pairs.OnUnpaired,
    whole: Callable[[], LiveSession],
) -> Cut:
    """Gives the cut behind an event; `whole` gives the session where its context must be known."""
    last = row.events
    seq = last if at is None else _seq(store, row, at) if isinstance(at, str) else at
    if seq is None:  # it lies in what the session itself shares with another one
        return Cut(at=str(at))
    if isinstance(seq, bool) or seq < 0:
        raise UsageError(f"at={at!r} is no position", hint="0 shares nothing")
    seq = min(seq, last)
    event = _event(store, row.id, seq) if seq else None
    if event is None:
        return Cut(at=None)
    calls = _open_calls(store, row.id, seq)
    if not calls:
        return Cut(at=event.id)
    if way == "error":
        raise UnpairedError(row.id, tuple(calls))
    if way == "include":
        return Cut(at=_answered(store, row.id, seq, last, set(calls)))
    live = whole()
    messages = live.messages(seq)
    gone = pairs.without(
        messages, (n for n, message in enumerate(messages) if set(message.calls) & set(calls))
    )
    removed = tuple(one for n in sorted(gone) for one in messages[n].events)
    return Cut(at=event.id, removed=removed, reason="unpaired")


def cut_behind(live: LiveSession, count: int, way: pairs.OnUnpaired) -> Cut:
    """Gives the cut behind the first so many messages of a session's context; more than there are: all."""
    if isinstance(count, bool) or count < 0:
        raise UsageError(f"messages={count!r} is no count", hint="0 shares nothing")
    messages = live.messages()
    count = min(count, len(messages))
    if not count:
        return Cut(at=None)
    parted = pairs.orphans(messages, count)
    if parted and way == "error":
        raise UnpairedError(live.id, parted)
    while parted and way == "include":
        count = 1 + max(n for n, message in enumerate(messages) if set(message.results) & set(parted))
        parted = pairs.orphans(messages, count)
    gone = (
        pairs.without(messages, range(count, len(messages))) if parted else set(range(count, len(messages)))
    )
    kept = [message for n, message in enumerate(messages) if n not in gone]
    return _behind(live, messages, kept)


def _behind(live: LiveSession, messages: Sequence[Message], kept: Sequence[Message]) -> Cut:
    """Gives the cut behind which exactly these messages are in force: as early as can be, else at the end."""
    context = live.context()
    mark = context.find(kept[-1].events[-1]) if kept else None
    if mark is None:
        return Cut(at=None)
    wanted = [message.events for message in kept]
    if [message.events for message in context.messages(mark.position)] == wanted:
        return Cut(at=mark.event.id)
    gone = tuple(one for message in messages if message not in kept for one in message.events)
    last = context.marks[-1].event.id
    return Cut(at=last, removed=gone, reason="forked")


def _seq(store: Store, row: SessionRow, event: str) -> int | None:
    found = store.find_event(event, session=row.id)
    if found is not None:
        return found.seq
    upper = store.find_event(event)
    if upper is None:
        raise NotFoundError(
            f"session {row.id} has no event {event!r}", hint="`reenact show` tells the events"
        )
    return None


def _event(store: Store, session: str, seq: int) -> Event | None:
    return next(iter(store.events(session, start=seq, stop=seq + 1)), None)


def _open_calls(store: Store, session: str, seq: int) -> tuple[str, ...]:
    """Gives the calls under way after an event: asked for since somebody last spoke, and not answered."""
    window: list[Event] = []
    stop = seq + 1
    while stop > 1 and len(window) < _WINDOW:
        start = max(1, stop - _PIECE)
        piece = list(store.events(session, start=start, stop=stop))
        window = piece + window
        stop = start
        if any(map(pairs.speaks_anew, piece)):
            break
    return tuple(pairs.open_calls(window))


def _answered(store: Store, session: str, seq: int, last: int, calls: set[str]) -> str:
    """Gives the first event behind a cut at which no call is under way."""
    under_way = set(calls)
    for event in store.events(session, start=seq + 1, stop=min(last, seq + _AHEAD) + 1):
        under_way |= set(pairs.open_calls([event]))
        under_way -= pairs.answers(event)
        if not under_way:
            return event.id
    raise UnpairedError(session, tuple(sorted(under_way)))

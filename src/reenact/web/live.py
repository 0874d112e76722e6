"""The stream of news as server-sent events: resumed from any cursor, alive by a comment now and then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import msgspec

from reenact.errors import NotFoundError
from reenact.store import Arrival
from reenact.web import columns, streaming
from reenact.web.news import Cursor, Listener, News
from reenact.web.views import LiveGone, LiveRows, LiveSession, StreamRow
from reenact.web.winding import wind_part

if TYPE_CHECKING:
    from reenact.web.desk import Desk, Reading
    from reenact.web.reel import Reel

HEARTBEAT = 15.0
_BEHIND = 400
"""Positions before what is new in which a call may stand that got its result."""
_MOST_ROWS = 200
_MOST_SESSIONS = 50


class _Start(msgspec.Struct, frozen=True):
    cursor: Cursor
    missed: tuple[Arrival, ...]
    is_lost: bool


async def news(
    desk: Desk, board: News, *, cursor: str | None, watched: frozenset[str]
) -> AsyncIterator[bytes]:
    """Yields the events for one reader.

    Args:
        desk: answers what changed sessions look like now.
        board: tells which changed.
        cursor: the id of the last event that the reader got; None for from now on.
        watched: sessions whose new rows are wanted.
    """
    listener = board.listen()
    try:
        start = await desk.ask(_start, Cursor.of(cursor))
        yield b"retry: 1000\n" + _event("following", board.following, start.cursor)
        if start.is_lost:
            yield _event("reset", LiveGone(reason="too much happened since; load again"), start.cursor)
        listener.take(start.missed)
        at = start.cursor
        while not board.is_over:
            if not await listener.wait(HEARTBEAT):
                yield b": here\n\n"
                continue
            at = Cursor(index=at.index, number=max(at.number, listener.number))
            async for event in _told(desk, listener, watched, at):
                yield event
    finally:
        board.leave(listener)


async def _told(desk: Desk, listener: Listener, watched: frozenset[str], at: Cursor) -> AsyncIterator[bytes]:
    if listener.following is not None:
        yield _event("following", listener.following, at)
        listener.following = None
    if listener.is_lost:
        listener.is_lost = False
        yield _event("reset", LiveGone(reason="too much happened at once; load again"), at)
    changed, listener.changed = listener.changed, {}
    for session, first in list(changed.items())[:_MOST_SESSIONS]:
        for name, value in await desk.ask(_changed, session, first, is_watched=session in watched):
            yield _event(name, value, at)
    if len(changed) > _MOST_SESSIONS:
        yield _event("reset", LiveGone(reason="many sessions changed; load again"), at)


def _start(reading: Reading, cursor: Cursor | None) -> _Start:
    feed = reading.archive.store.feed()
    now = Cursor(index=feed.index or "0", number=feed.last)
    if cursor is None:
        return _Start(now, (), is_lost=False)
    if cursor.index != now.index or cursor.number < feed.oldest - 1 or cursor.number > feed.last:
        return _Start(now, (), is_lost=True)
    return _Start(now, tuple(reading.archive.store.arrivals(cursor.number)), is_lost=False)


def _changed(reading: Reading, session: str, first: int, *, is_watched: bool) -> list[tuple[str, Any]]:
    """Gives what is told of a changed session: its row, and its new rows where somebody looks at it."""
    try:
        row = reading.row(session)
    except NotFoundError:  # removed meanwhile
        return []
    told: list[tuple[str, Any]] = [
        (
            "session",
            LiveSession(id=row.id, last=row.events, session=reading.view(row)),
        )
    ]
    if not is_watched:
        return told
    is_small = row.events <= streaming.SMALL
    reel = (
        reading.reel(row)
        if is_small
        else wind_part(reading.archive, row, max(first - _BEHIND, 1), row.events + 1)
    )
    found = _rows(reading, row, reel, first)
    from_seq = found[0].seq if found else first
    told.append((
        "events",
        LiveRows(
            id=row.id,
            from_seq=from_seq,
            last=row.events,
            rows=tuple(found),
            columns=columns.columns(reel, most=columns.MOST, first=from_seq) if is_small else None,
        ),
    ))  # fmt: skip
    return told


def _rows(reading: Reading, row: Any, reel: Reel, first: int) -> list[StreamRow]:
    """Gives the rows that hold anything new; of a great many only the last."""
    changed = [
        index
        for index in range(reel.steps)
        if reel.end[index] >= first or (reel.events_of(index)[-1] >= first)
    ]
    if not changed:
        return []
    start = max(changed[0], reel.steps - _MOST_ROWS)
    return streaming.rows(reading, row, reel, start, reel.steps)


def _event(name: str, value: Any, cursor: Cursor) -> bytes:
    return b"event: %s\nid: %s\ndata: %s\n\n" % (
        name.encode(),
        str(cursor).encode(),
        msgspec.json.encode(value),
    )

"""The order in which the index learned of events: what is new since a number, whoever wrote it.

Most of the time events are added behind those known. Where a transcript was rewritten, or several
hold one session, new ones may stand between old ones; the marks of the ids tell them apart. What had
arrived before then stands elsewhere, and its arrivals are told by its new places: whoever has not read
them yet reads each event once.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator

import apsw
import msgspec

from reenact.store.sql import fetch, fetch_one
from reenact.store.values import Arrival, Feed

_INDEX = "feed"
_HELD = 200_000
"""Arrivals that are remembered; who was away for longer goes by time."""
_TRIM = 1024
_MARK = 4
_NOWHERE = (0, 0)
"""The range of an arrival whose events are gone."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What was known of a session before a change: how many events, and their marks where these matter."""

    events: int = 0
    marks: bytes | None = None


def state(connection: apsw.Connection) -> Feed:
    """Gives how far the order of arrivals has come."""
    index = fetch_one(connection, "SELECT value FROM meta WHERE name=?", (_INDEX,))
    ends = "(SELECT {}(n) FROM arrival)"  # one at a time: of both together SQLite reads every row
    row = fetch_one(connection, f"SELECT ifnull({ends.format('min')}, 0), ifnull({ends.format('max')}, 0)")
    oldest, last = row or (0, 0)
    return Feed(index=str(index[0]) if index else "", oldest=oldest, last=last)


def arrivals(connection: apsw.Connection, after: int) -> list[Arrival]:
    """Gives what arrived behind a number, in order."""
    rows = fetch(
        connection,
        "SELECT n, session, first, stop FROM arrival WHERE n>? AND first<stop ORDER BY n, first",
        (after,),
    )
    return [Arrival(number=row[0], session=row[1], first=row[2], stop=row[3]) for row in rows]


def remember(connection: apsw.Connection, session: str, *, part: int | None = None) -> None:
    """Puts aside the marks of what is shown of a session, before that is dropped or put in another order.

    With `part` only where that part is what is shown.
    """
    row = fetch_one(connection, "SELECT part, events FROM session WHERE id=?", (session,))
    if row is None or row[0] is None or (part is not None and row[0] != part):
        return
    connection.execute(
        "INSERT OR IGNORE INTO known_marks VALUES (?,?)",
        (session, _marks(connection, row[0])[: _MARK * (row[1] or 0)]),
    )


def known(connection: apsw.Connection, session: str) -> Known:
    """Gives what was known of a session until now."""
    row = fetch_one(
        connection,
        "SELECT ifnull(s.events, 0), k.marks FROM session s LEFT JOIN known_marks k ON k.session=s.id "
        "WHERE s.id=?",
        (session,),
    )
    return Known() if row is None else Known(events=row[0], marks=row[1])


def note(connection: apsw.Connection, session: str, before: Known, *, part: int, events: int) -> None:
    """Takes note of the events that are new in what is shown of a session now."""
    if before.marks is None:
        ranges = [(before.events + 1, events + 1)] if events > before.events else []
    else:
        old, new = bytes(before.marks), _marks(connection, part)
        ranges = list(_new(old, new))
        if not new.startswith(old):
            _renumber(connection, session, old, new)
    if ranges:
        last = state(connection).last
        connection.executemany(
            "INSERT INTO arrival VALUES (?,?,?,?)",
            [(last + place, session, first, stop) for place, (first, stop) in enumerate(ranges, 1)],
        )


def _renumber(connection: apsw.Connection, session: str, old: bytes, new: bytes) -> None:
    """Tells the arrivals of a session by where their events stand now; those of events that are gone go."""
    places: defaultdict[bytes, deque[int]] = defaultdict(deque)
    for seq, mark in enumerate(_each(new), 1):
        places[mark].append(seq)
    now = [places[mark].popleft() if places[mark] else None for mark in _each(old)]
    rows = fetch(connection, "SELECT rowid, n, first, stop FROM arrival WHERE session=?", (session,))
    for row, number, first, stop in rows:
        found = sorted(seq for seq in now[first - 1 : stop - 1] if seq is not None)
        head, *more = [*_ranges(found)] or [_NOWHERE]
        if (head, more) != ((first, stop), []):
            connection.execute("UPDATE arrival SET first=?, stop=? WHERE rowid=?", (*head, row))
            connection.executemany(
                "INSERT INTO arrival VALUES (?,?,?,?)", [(number, session, *each) for each in more]
            )


def forget(connection: apsw.Connection, session: str) -> None:
    """Takes what arrived of a session out of the order; its numbers are not given again."""
    connection.execute("UPDATE arrival SET first=?, stop=? WHERE session=?", (*_NOWHERE, session))


def finish(connection: apsw.Connection) -> None:
    """Ends what one transaction noted."""
    connection.execute("DELETE FROM known_marks")
    connection.execute("INSERT OR IGNORE INTO meta VALUES (?, hex(randomblob(8)))", (_INDEX,))
    row = fetch_one(connection, "SELECT min(n), max(n) FROM arrival")
    if row is not None and row[0] is not None and row[1] - row[0] >= _HELD + _TRIM:
        connection.execute("DELETE FROM arrival WHERE n<=?", (row[1] - _HELD,))


def _marks(connection: apsw.Connection, part: int) -> bytes:
    rows = fetch(connection, "SELECT ids FROM frame WHERE part=? ORDER BY first_seq", (part,))
    return b"".join(bytes(ids) for (ids,) in rows)


def _each(marks: bytes) -> Iterator[bytes]:
    return (marks[at : at + _MARK] for at in range(0, len(marks), _MARK))


def _new(old: bytes, new: bytes) -> Iterator[tuple[int, int]]:
    """Yields the ranges of seq whose events were not known."""
    if new.startswith(old):
        if len(new) > len(old):
            yield len(old) // _MARK + 1, len(new) // _MARK + 1
        return
    left = Counter(_each(old))
    found = []
    for seq, mark in enumerate(_each(new), 1):
        if left[mark] > 0:
            left[mark] -= 1
        else:
            found.append(seq)
    yield from _ranges(found)


def _ranges(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yields (first, behind the last) of the runs in ascending numbers."""
    first = stop = 0
    for number in numbers:
        if number != stop:
            if stop:
                yield first, stop
            first = number
        stop = number + 1
    if stop:
        yield first, stop

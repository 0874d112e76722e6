"""Pages of the stream, from a reel or, before there is one, from the events around a step alone."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from reenact.store import Filter
from reenact.web.reel import Reel
from reenact.web.rows import row_of
from reenact.web.texts import Cutter
from reenact.web.tools import Around
from reenact.web.views import Stream, StreamRow
from reenact.web.winding import wind_part

if TYPE_CHECKING:
    from reenact.events import Event
    from reenact.store import SessionRow
    from reenact.web.desk import Reading

LIMIT = 60
MOST = 200
SMALL = 3_000
"""Sessions of so many events are wound at once: it takes a tenth of a second."""
AROUND = 180
_GAP = 200
"""Positions that are read rather than skipped over."""


def stream(
    reading: Reading,
    name: str,
    *,
    at: int | None = None,
    after: int | None = None,
    before: int | None = None,
    limit: int = LIMIT,
) -> Stream:
    """Gives rows around a step, behind one, or before one."""
    row = reading.row(name)
    limit = min(max(limit, 1), MOST)
    reel = reading.reel(row) if row.events <= SMALL else reading.reel_at_hand(row)
    if reel is None:
        reel = _part(reading, row, at=at, after=after, before=before, limit=limit)
    if after is not None:
        first = reel.index(after) + 1
    elif before is not None:
        first = bisect_left(reel.seq, before) - limit
    else:
        first = reel.index(row.events if at is None else at) - limit // 2
        first = min(first, reel.steps - limit)
    first = max(first, 0)
    stop = min(first + limit, reel.steps)
    if before is not None:
        stop = min(stop, bisect_left(reel.seq, before))
    found = rows(reading, row, reel, first, stop)
    return Stream(
        rows=tuple(found),
        first=found[0].seq if found else 0,
        last=found[-1].seq if found else 0,
        before=bool(found) and (first > 0 or found[0].seq > 1 + _leading(reel)),
        after=bool(found) and (stop < reel.steps or reel.last < row.events),
    )


def _leading(reel: Reel) -> int:
    """Gives how many positions before the first row have none."""
    return reel.seq[0] if reel.steps else 0


def rows(
    reading: Reading,
    row: SessionRow,
    reel: Reel,
    first: int,
    stop: int,
    *,
    cutter: Cutter | None = None,
    events: dict[int, Event] | None = None,
) -> list[StreamRow]:
    """Gives the rows of the steps `first` … `stop - 1` of a reel; `events` are theirs, if read."""
    events = events_of(reading, row, reel, first, stop) if events is None else events
    agents, forks = reading.family(row)
    parent = reading.archive.store.sessions(_only(row.parent)) if row.parent else []
    around = Around(
        children={item.id: item for item in agents},
        started={item.parent_call: item.id for item in agents if item.parent_call},
        forks={item.id: item for item in (*forks, *parent)},
        lanes={lane.session: lane.index for lane in reel.lanes},
        status=reading.status,
    )
    cutter = cutter or Cutter(reading.archive.guard.text)
    found = (row_of(reel, index, events, around, cutter) for index in range(first, stop))
    return [item for item in found if item is not None]


def _only(session: str) -> Filter:
    return Filter(sessions=(session,))


def events_of(reading: Reading, row: SessionRow, reel: Reel, first: int, stop: int) -> dict[int, Event]:
    """Reads the events of some steps, those close to each other in one go."""
    seqs = sorted({seq for index in range(first, stop) for seq in reel.events_of(index)})
    found: dict[int, Event] = {}
    wanted = set(seqs)
    begin = 0
    for number in range(1, len(seqs) + 1):
        if number == len(seqs) or seqs[number] - seqs[number - 1] > _GAP:
            for event in reading.archive.store.events(row.id, start=seqs[begin], stop=seqs[number - 1] + 1):
                if event.seq in wanted:
                    found[event.seq] = event
            begin = number
    return found


def around(reading: Reading, row: SessionRow, *, at: int | None) -> Reel:
    """Winds some hundred steps around one, for a first look at a large session."""
    return _part(reading, row, at=at, after=None, before=None, limit=AROUND)


def _part(
    reading: Reading,
    row: SessionRow,
    *,
    at: int | None,
    after: int | None,
    before: int | None,
    limit: int,
) -> Reel:
    """Winds only the events around a step: loops and turns are not numbered there."""
    span = limit * 8
    if after is not None:
        start, stop = after + 1, after + span
    elif before is not None:
        start, stop = before - span, before
    else:
        middle = row.events if at is None else at
        start, stop = middle - span // 2, middle + span // 2
    return wind_part(reading.archive, row, max(start, 1), min(max(stop, 2), row.events + 1))

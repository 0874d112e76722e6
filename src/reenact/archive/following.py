"""`Archive.follow`: events as they come, of every agent, from any point on."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Self

import msgspec

from reenact.errors import UsageError
from reenact.events import Event
from reenact.ingest import Follower
from reenact.store import Arrival, Filter, SessionRow

if TYPE_CHECKING:
    from reenact.archive.facade import Archive
    from reenact.ingest.watching import Watch
    from reenact.sources import Source

_FAR = 2**62
_DEEPEST = 100
_PAUSE = 1.0
_TRIES = 5
"""Readings of an index that others change all the time; then what was read last is given."""
_LATELY = 60_000_000
"""Microseconds before an index was built anew from which on its events count as new."""


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """An event that came to be known, whose it is, and where to go on behind it."""

    event: Event
    session: SessionRow
    cursor: str


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are asked for; all given words must fit."""

    agents: tuple[str, ...] = ()
    project: str | None = None
    session: str | None = None
    """Id of a session; its sub-agents are meant too."""
    kinds: tuple[str, ...] = ()
    """Kinds of events, or the first part of them: `tool` means `tool.called` and the others."""


class Following:
    """What happens, without end; `step` gives control back in between. Not shared between threads."""

    def __init__(
        self,
        archive: Archive,
        sources: Sequence[Source],
        wanted: Wanted,
        *,
        cursor: str | None = None,
        watch: Watch | None = None,
        polled: bool = False,
    ) -> None:
        self._archive = archive
        self._store = archive.store
        self._wanted = wanted
        self._kinds = tuple(f"{word}." for word in wanted.kinds)
        self._rows: dict[str, SessionRow] = {}
        self._ready: deque[Followed] = deque()
        self._is_closed = False
        self.note: str | None = None
        """How it goes on, where not as it began: `None`, or why files are looked at by turns."""
        self._moment = archive.clock.now()
        self._given = ""
        self._since: int | None = None
        self.follower = Follower(
            archive.store,
            sources,
            archive.environment,
            clock=archive.clock,
            watch=watch,
            polled=polled,
            beside=(str(archive.path / "live"),),
            never=archive.settings.imports.never,
        )
        start = None if cursor is None else _Cursor.read(cursor)
        found = archive.find()
        archive.catch_up(found)
        self._feed = self._store.feed()
        self._last = self._feed.last
        if start is not None:
            self._resume(start)
        self.follower.begin(found, after=self._feed.last)

    @property
    def cursor(self) -> str:
        """Where to go on later, behind all that was given until now."""
        return self._given if self._ready else self._at(self._last, _FAR)

    def step(self, seconds: float = 0.0) -> list[Followed]:
        """Waits for something new, at most so long, and gives it (perhaps nothing)."""
        if not self._ready:
            self._round(seconds)
        found = list(self._ready)
        self._ready.clear()
        return found

    def gather(self) -> None:
        """Takes in what is new without waiting for it; the next step gives it."""
        self._round(0.0)

    def __iter__(self) -> Iterator[Followed]:
        while not self._is_closed:
            if not self._ready:
                self._round(_PAUSE)
            while self._ready:
                followed = self._ready.popleft()
                self._given = followed.cursor
                yield followed

    def close(self) -> None:
        """Ends it; an iteration under way ends with the next round."""
        self._is_closed = True
        self.follower.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- what arrived ---------------------------------------------------------------------------

    def _round(self, seconds: float) -> None:
        step = self.follower.step(seconds)
        self.note = step.note or self.note
        self._take(step.arrivals)

    def _resume(self, start: _Cursor) -> None:
        if start.index == self._feed.index and start.number + 1 >= self._feed.oldest:
            arrivals = self._store.arrivals(start.number - 1)
            self._take(arrivals, skip=start)
        else:
            self._by_time(start.moment)

    def _is_rebuilt(self) -> bool:
        """Tells whether the index is another one by now: then what it learns again is not new."""
        feed = self._store.feed()
        is_other = self._feed.index not in {"", feed.index}
        self._feed = feed
        return is_other

    def _take(self, arrivals: Sequence[Arrival], *, skip: _Cursor | None = None) -> None:
        if arrivals and self._is_rebuilt():
            self._since = self._archive.clock.now() - _LATELY
        self._moment = self._archive.clock.now()
        if arrivals:
            self._ready.extend(self._read(arrivals, skip))
            self._last = max(self._last, arrivals[-1].number)

    def _read(self, arrivals: Sequence[Arrival], skip: _Cursor | None) -> list[Followed]:
        """Gives the events of arrivals, by their places in an index that stays as it is meanwhile."""
        first, last = arrivals[0].number, arrivals[-1].number
        found: list[Followed] = []
        for _ in range(_TRIES):
            version = self._store.version()
            now = [arrival for arrival in self._store.arrivals(first - 1) if arrival.number <= last]
            found = list(self._events(now, skip))
            if self._store.version() == version:
                break
        return found

    def _events(self, arrivals: Sequence[Arrival], skip: _Cursor | None) -> Iterator[Followed]:
        fresh: set[str] = set()
        passed: Counter[int] = Counter()
        for arrival in arrivals:
            before = passed[arrival.number]
            passed[arrival.number] += arrival.stop - arrival.first
            is_known = skip is not None and arrival.number == skip.number
            first = arrival.first + (max(0, skip.given - before) if is_known and skip is not None else 0)
            if arrival.session not in fresh:
                self._rows.pop(arrival.session, None)
                fresh.add(arrival.session)
            row = self._row(arrival.session) if first < arrival.stop else None
            if row is None or not self._fits(row):
                continue
            for event in self._store.events(row.id, start=first, stop=arrival.stop):
                is_old = self._since is not None and event.ts is not None and event.ts < self._since
                if self._is_kind(event) and not is_old:
                    given = before + event.seq - arrival.first + 1
                    yield Followed(event=event, session=row, cursor=self._at(arrival.number, given))

    def _by_time(self, moment: int) -> None:
        """Goes on where the index that the cursor speaks of is gone: by the events' own times."""
        for row in reversed(self._store.sessions(Filter(since=moment))):
            if self._fits(row):
                for event in self._store.events(row.id):
                    if (event.ts or 0) > moment and self._is_kind(event):
                        cursor = self._at(self._feed.last, _FAR)
                        self._ready.append(Followed(event=event, session=row, cursor=cursor))

    def _at(self, number: int, given: int) -> str:
        return f"{self._feed.index}.{number}.{'-' if given == _FAR else given}.{self._moment}"

    def _row(self, session: str) -> SessionRow | None:
        if session not in self._rows:
            found = self._store.sessions(Filter(sessions=(session,)))
            if not found:
                return None
            self._rows[session] = found[0]
        return self._rows[session]

    def _fits(self, row: SessionRow) -> bool:
        wanted = self._wanted
        if wanted.agents and row.agent not in wanted.agents:
            return False
        if wanted.project is not None and not is_project(row.project, wanted.project):
            return False
        return wanted.session is None or wanted.session in self._line(row)

    def _line(self, row: SessionRow) -> Collection[str]:
        """Gives a session and those it is a sub-agent of."""
        line = [row.id]
        upper: SessionRow | None = row
        while upper is not None and upper.kind == "subagent" and upper.parent and len(line) < _DEEPEST:
            line.append(upper.parent)
            upper = self._row(upper.parent)
        return line

    def _is_kind(self, event: Event) -> bool:
        return not self._kinds or f"{event.body.kind}.".startswith(self._kinds)


def is_project(project: str | None, name: str) -> bool:
    """Tells whether a project goes by a name: its path, or the last parts of it, whole."""
    if project is None:
        return False
    wanted = name.rstrip("/") or "/"
    return project == wanted or project.endswith("/" + wanted)


def follow(
    archive: Archive,
    sources: Sequence[Source],
    *,
    agents: Iterable[str],
    project: str | None,
    session: str | None,
    kinds: Iterable[str],
    cursor: str | None,
    polled: bool,
) -> Following:
    """See `Archive.follow`."""
    wanted = Wanted(
        agents=tuple(agents),
        project=project,
        session=None if session is None else archive.store.resolve(session),
        kinds=tuple(kinds),
    )
    return Following(archive, sources, wanted, cursor=cursor, polled=polled)


class _Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """Index, number of the arrival, events of it that were given; and the time, in case of another index."""

    index: str
    number: int
    given: int
    moment: int

    @classmethod
    def read(cls, text: str) -> _Cursor:
        try:
            index, number, given, moment = text.split(".")
            count = _FAR if given == "-" else int(given)
            return cls(index=index, number=int(number), given=count, moment=int(moment))
        except ValueError:
            raise UsageError(
                f"{text[:80]!r} is no cursor", hint="give one as `watch --json` tells it"
            ) from None

"""Who is at work now: the one place where sessions and processes are put together.

Lists, the screen, the page and `is:live` ask here, so that they never disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

import msgspec

from reenact import ids
from reenact.archive.presence import Presence, Rows
from reenact.sources.life import Alive
from reenact.store import Filter, SessionRow, Status
from reenact.tree.status import Last, Life, status

if TYPE_CHECKING:
    from reenact.archive.facade import Archive
    from reenact.sources import Environment, Source
    from reenact.sources.life import Sign

_FRESH = 1_000_000
"""Microseconds for which one look at the processes counts."""
_GRACE = 3_000_000
"""Microseconds since its last event for which a session is not called gone: a look may be older."""


class Pulse:
    """Looks at the agents' own signs of life, now and then."""

    def __init__(self, sources: Sequence[Source], environment: Environment, rows: Rows) -> None:
        self._rows = rows
        self._sources = [source for source in sources if isinstance(source, Alive)]
        self._environment = environment
        self._signs: dict[str, Sign] = {}
        self._telling: frozenset[str] = frozenset()
        self._presence = Presence(sources)
        self._looked: int | None = None

    def look(self, now: int) -> None:
        """Brings the signs up to now."""
        if self._looked is not None and 0 <= now - self._looked < _FRESH:
            return
        self._looked = now
        self._signs = {
            ids.session_id(sign.agent, sign.native_session): sign
            for source in self._sources
            for sign in source.signs(self._environment)
        }
        self._telling = frozenset(
            cast("Source", source).agent for source in self._sources if source.tells_life(self._environment)
        )
        self._presence.look(self._rows, now)

    def alive(self, now: int) -> frozenset[str]:
        """Gives the sessions that a living process of their agent is at work on."""
        self.look(now)
        return frozenset((*self._signs, *self._presence.present))

    def of(self, row: SessionRow, now: int) -> Status:
        """Gives how a session stands."""
        self.look(now)
        last, life = Last(word=row.status, asks=row.asks, at=row.ended_at), self._life(row)
        is_fresh = row.ended_at is not None and 0 <= now - row.ended_at <= _GRACE
        if life.is_alive is False and row.original is not None and is_fresh:
            life = Life()
        return status(last, life, now=now)

    def _life(self, row: SessionRow) -> Life:
        if row.status == "running":  # we record it, and its writer holds the lock
            return Life(is_alive=True)
        if row.original is None:
            return Life(is_alive=False)
        own = row.id if row.kind != "subagent" else None
        sign = self._signs.get(own or "")
        if sign is not None:
            return Life(is_alive=True, doing=sign.doing)
        if own in self._presence.present:
            return Life(is_alive=True)
        if own is not None and self._presence.is_gone(row):
            return Life(is_alive=False)
        if row.kind == "subagent" and (row.parent in self._signs or row.parent in self._presence.present):
            return Life()  # it lives in its parent's process, as long as it says something
        return Life(is_alive=False if row.agent in self._telling else None)


def standing(archive: Archive, rows: Iterable[SessionRow]) -> list[SessionRow]:
    """Gives the rows with how each session stands now in the place of its last words."""
    now = archive.clock.now()
    return [msgspec.structs.replace(row, status=archive.pulse.of(row, now)) for row in rows]


def sessions(archive: Archive, where: Filter, query: str) -> list[SessionRow]:
    """Gives the sessions that fit, with how they stand; a filter's `status` means that, too."""
    every = where
    if where.status is not None:
        every = msgspec.structs.replace(where, status=None, limit=None, offset=0)
    rows = archive.texts.sessions(query, every) if query else archive.store.sessions(every)
    found = standing(archive, rows)
    if where.status is None:
        return found
    fitting = [row for row in found if row.status == where.status]
    return fitting[where.offset :][: where.limit]

"""Which sessions are at work now, as far as their agents and their writing tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenact.archive import SOURCES
from reenact.sources.life import Alive

if TYPE_CHECKING:
    from reenact import store
    from reenact.archive import Archive
    from reenact.sources.life import Sign
    from reenact.web.views import LiveStatus

LATELY = 600_000_000
"""Microseconds since the last writing within which a session may be at work."""
_JUST_NOW = 90_000_000
_LASTING = 2_000_000
_ENDED: dict[str, LiveStatus] = {
    "running": "working", "completed": "completed", "failed": "failed", "interrupted": "interrupted",
    "aborted": "aborted",
}  # fmt: skip


class Life:
    """Looks at agents' processes, at most every two seconds; one for each archive."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._at = -_LASTING
        self._signs: dict[tuple[str, str], Sign] = {}
        self._tells: set[str] = set()

    def status(self, row: store.SessionRow) -> LiveStatus:
        """Gives how a session stands."""
        now = self._archive.clock.now()
        if row.status == "running":
            return "working"
        if row.original is None or row.ended_at is None or now - row.ended_at > LATELY:
            return _ENDED.get(row.status, "unknown")
        if now - self._at >= _LASTING:
            self._look(now)
        sign = self._signs.get((row.agent, row.native_id))
        if sign is not None and sign.doing in {"working", "waiting"}:
            return "working" if sign.doing == "working" else "waiting"
        if sign is not None or row.agent in self._tells:
            return _ENDED.get(row.status, "unknown")
        if row.status == "unknown" and now - row.ended_at < _JUST_NOW:
            return "working"
        return _ENDED.get(row.status, "unknown")

    def _look(self, now: int) -> None:
        self._at = now
        self._signs.clear()
        environment = self._archive.environment
        for source in SOURCES:
            if isinstance(source, Alive):
                if source.tells_life(environment):
                    self._tells.add(source.agent)
                for sign in source.signs(environment):
                    self._signs[sign.agent, sign.native_session] = sign

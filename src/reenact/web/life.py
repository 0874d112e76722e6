"""How sessions stand, in the words of the page's signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reenact import store
    from reenact.archive import Archive
    from reenact.web.views import LiveStatus

LATELY = 16 * 60_000_000
"""Microseconds since the last event within which a session may be at work, whatever tells of it."""


def live_status(archive: Archive, row: store.SessionRow) -> LiveStatus:
    """Gives how a session stands, as lists and `is:live` have it."""
    status = archive.pulse.of(row, archive.clock.now())
    return "working" if status == "running" else status

"""The live sessions of an archive: one registry for as long as the archive is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reenact.archive import recording
from reenact.recorder import Session
from reenact.sessions import LiveSessions

if TYPE_CHECKING:
    from reenact.archive.facade import Archive


def live(archive: Archive) -> LiveSessions:
    """See `Archive.live`."""
    if archive.living is None:

        def record(*, session: str | None, **inputs: Any) -> Session:
            begun = recording.record(archive, session=session, **inputs)
            begun.finally_ = None  # the registry sees to it
            return begun

        archive.living = LiveSessions(recording.tools_of(archive), record)
    return archive.living

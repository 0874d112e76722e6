"""Notes and tags of people, beside a session's own events: whoever recorded it, also while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from reenact.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reenact.archive.facade import Archive
    from reenact.store import SessionRow


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """A note that lies beside a session's events."""

    text: str
    at: int
    """When, in UTC microseconds."""
    seq: int | None = None
    """The event that it is about."""


def note(
    archive: Archive,
    name: str,
    text: str | None,
    *,
    at: int | None,
    add: Sequence[str],
    remove: Sequence[str],
) -> SessionRow:
    """Notes something of a session; gives it as it stands then.

    Raises:
        NotFoundError: the session has no such event.
        ReadOnlyArchiveError: nothing can be kept here.
    """
    row = archive.session(name)
    target = None
    if at is not None:
        found = next(iter(archive.events(row.id, start=at, stop=at + 1)), None)
        if found is None:
            raise NotFoundError(f"{row.id} has no event {at}", hint=f"it has {row.events}")
        target = found.id
    clean = archive.guard.text(text) if text else None
    tags = [archive.guard.text(tag) for tag in add]
    archive.store.annotate(row.id, text=clean, target=target, add=tags, remove=remove)
    return archive.session(row.id)


def notes(archive: Archive, session: str) -> list[Noted]:
    """Gives the notes on a session (by its id) that lie beside its events, in order."""
    found = []
    for told in archive.store.annotations(session):
        if told.text:
            about = archive.store.find_event(told.target, session=session) if told.target else None
            found.append(Noted(text=told.text, at=told.at, seq=about.seq if about is not None else None))
    return found

"""What agents told of their providers' limits, out of the archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenact.usage import windows

if TYPE_CHECKING:
    from reenact.archive.facade import Archive

_LONGEST = 32 * 86_400_000_000
"""Microseconds: no window is longer than a month."""


def limits(archive: Archive, *, agent: str | None = None) -> list[windows.Window]:
    """Gives the limits that agents told of in the last month, each as it was told last."""
    now = archive.clock.now()
    told = (
        windows.Told(agent=name, session=event.session, event=event)
        for name, event in archive.store.limits(since=now - _LONGEST)
        if agent in {None, name}
    )
    return windows.windows(told, now=now)

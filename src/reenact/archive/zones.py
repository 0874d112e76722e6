"""Time zones by name."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reenact.errors import UsageError


def zone(name: str) -> ZoneInfo:
    """Gives the time zone of an IANA name.

    Raises:
        UsageError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(f"{name!r} is no time zone", hint="say an IANA name like Europe/Berlin") from error

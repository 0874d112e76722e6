"""Time zones by name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal import get_localzone_name

from reenact.errors import UsageError

_DATABASE = "zoneinfo/"
_UNKNOWN = "UTC"


def zone(name: str) -> ZoneInfo:
    """Gives the time zone of an IANA name.

    Raises:
        UsageError: there is no such zone.
    """
    found = _zone(name)
    if found is None:
        raise UsageError(f"{name!r} is no time zone", hint="say an IANA name like Europe/Berlin")
    return found


def here(variables: Mapping[str, str]) -> str:
    """Gives the name of the machine's zone, in whatever form `TZ` has it; UTC where it has no name."""
    stated = variables.get("TZ", "").removeprefix(":")
    if not stated:
        return get_localzone_name() or _UNKNOWN
    name = os.path.realpath(stated).rpartition(_DATABASE)[2] if stated.startswith("/") else stated
    return name if _zone(name) is not None else _UNKNOWN


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None

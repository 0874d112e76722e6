"""Times as people say them: `2026-11-20`, `2026-11-20 14:30`, `yesterday`, `2 hours ago`, `3d`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from reenact.clock import from_datetime, to_datetime
from reenact.errors import UsageError

_SPAN = re.compile(
    r"(?P<count>\d+|an?)\s*(?P<unit>m|min|minutes?|h|hours?|d|days?|w|weeks?|months?|y|years?)(\s+ago)?"
)
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "mo": timedelta(days=30),
    "y": timedelta(days=365),
}
EXAMPLES = "2026-11-20, '2026-11-20 14:30', yesterday, '2 hours ago' or 3d"
"""What a person can say for a time."""


def moment(text: str, *, now: int, timezone: str, end: bool = False) -> int:
    """Gives UTC microseconds of a time in the viewer's zone.

    A day without a time of day means its beginning, or with `end` its end (exclusive), so that
    `since:yesterday until:yesterday` is the whole of yesterday.

    Raises:
        UsageError: the text is no time that is understood.
    """
    zone = ZoneInfo(timezone)
    here = to_datetime(now).astimezone(zone)
    words = " ".join(text.strip().lower().split())
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    days = {"today": 0, "yesterday": 1}
    try:
        if words == "now":
            return now
        if words in days:
            return _day(midnight - timedelta(days=days[words]), zone, end=end)
        if span := _SPAN.fullmatch(words):
            unit = "mo" if span["unit"].startswith("month") else span["unit"][0]
            count = int(span["count"]) if span["count"].isdigit() else 1
            return from_datetime(here - count * _UNITS[unit])
        said = datetime.fromisoformat(text.strip())
        if len(text.strip()) == len("2026-11-20"):
            return _day(said, zone, end=end)
        return from_datetime(said if said.tzinfo else said.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is no time", hint=f"say {EXAMPLES}") from None


def _day(midnight: datetime, zone: ZoneInfo, *, end: bool) -> int:
    return from_datetime((midnight + timedelta(days=1 if end else 0)).replace(tzinfo=zone))

"""Makes recorded text safe and fit for a terminal, and numbers and times short for people.

Recorded text is hostile: it may hold sequences that move the cursor, retitle the window, write the
clipboard or turn the reading direction. Nothing that leaves this module can.
"""

from __future__ import annotations

from datetime import tzinfo
from decimal import Decimal

from rich.cells import cell_len, get_character_cell_size

from reenact.clock import to_datetime
from reenact.tree import joined, safe, safe_lines

__all__ = [
    "clip",
    "clock_text",
    "count_text",
    "duration_text",
    "line",
    "moment_text",
    "money_text",
    "pad",
    "relative",
    "safe",
    "safe_lines",
    "size_text",
    "wrap",
]

ELLIPSIS = "…"
UNKNOWN = "—"
_SECOND = 1_000_000
_STEPS = (
    (60, "s", 1),
    (3600, "m", 60),
    (86_400, "h", 3600),
    (14 * 86_400, "d", 86_400),
    (60 * 86_400, "w", 7 * 86_400),
)
_MONTH, _YEAR = 30 * 86_400, 365 * 86_400
_PICO = Decimal(10) ** 12


def line(text: str, *, width: int) -> str:
    """Gives the beginning of a text as one harmless line of at most `width` cells."""
    looked_at = text[: 16 * width + 4096]
    one = joined(looked_at)
    return clip(one if len(looked_at) == len(text) else one + ELLIPSIS, width)


def clip(text: str, width: int) -> str:
    """Gives text of at most `width` cells, with an ellipsis where something is left out."""
    if width <= 0:
        return ""
    if len(text) <= width // 2 or cell_len(text) <= width:
        return text
    cut = text[: _fitting(text, width - 1)]
    while cut and cell_len(cut) > width - 1:
        cut = cut[:-1]
    return cut.rstrip() + ELLIPSIS


def pad(text: str, width: int) -> str:
    """Gives text of exactly `width` cells."""
    clipped = clip(text, width)
    return clipped + " " * (width - cell_len(clipped))


def wrap(text: str, width: int) -> list[str]:
    """Gives one harmless line broken into pieces of at most `width` cells, at spaces where there are any."""
    pieces: list[str] = []
    rest = text
    while len(rest) > width // 2 and cell_len(rest) > width:
        cut = _fitting(rest, width)
        space = rest.rfind(" ", 0, cut + 1)
        if space > 0:
            pieces.append(rest[:space].rstrip())
            rest = rest[space + 1 :]
        else:
            pieces.append(rest[:cut])
            rest = rest[cut:]
    return [*pieces, rest]


def count_text(count: int) -> str:
    """Gives a count in at most six characters: 999, 12.3k, 4.5M, 1.2B."""
    if abs(count) < 1000:
        return str(count)
    value, unit = _scaled(count, ("k", "M", "B", "T"))
    return f"{value:.1f}{unit}"


def size_text(size: int) -> str:
    """Gives a size in bytes for people: 812 B, 4.2 MB."""
    if abs(size) < 1000:
        return f"{size} B"
    value, unit = _scaled(size, ("KB", "MB", "GB", "TB"))
    return f"{value:.1f} {unit}"


def money_text(cost: int | None, *, known: int = 0) -> str:
    """Gives pico-USD as dollars; where a part is unknown, the known part as a lower bound.

    Amounts under a cent keep four decimals.
    """
    if cost is None:
        return f"≥{_dollars(known)}" if known else UNKNOWN
    return _dollars(cost)


def duration_text(microseconds: int | None) -> str:
    """Gives a duration for people: 85ms, 3.2s, 4m07s, 2h05m, 3d04h."""
    if microseconds is None:
        return UNKNOWN
    if microseconds < _SECOND:
        return f"{microseconds // 1000}ms"
    if microseconds < 59_950_000:
        return f"{microseconds / _SECOND:.1f}s"
    seconds = (microseconds + _SECOND // 2) // _SECOND
    if seconds < 3600:
        return f"{seconds // 60}m{seconds % 60:02d}s"
    minutes = seconds // 60
    if minutes < 24 * 60:
        return f"{minutes // 60}h{minutes % 60:02d}m"
    hours = minutes // 60
    return f"{hours // 24}d{hours % 24:02d}h"


def relative(moment: int | None, *, now: int) -> str:
    """Gives how long ago a time is, or how far ahead, in at most eight characters: 5m ago, in 3d."""
    if moment is None:
        return UNKNOWN
    seconds = abs(now - moment) // _SECOND
    if seconds < 10:
        return "now"
    for limit, unit, size in _STEPS:
        if seconds < limit:
            distance = f"{seconds // size}{unit}"
            break
    else:
        distance = f"{seconds // _MONTH}mo" if seconds < _YEAR else f"{min(seconds // _YEAR, 99)}y"
    return f"{distance} ago" if moment <= now else f"in {distance}"


def moment_text(moment: int | None, *, zone: tzinfo | None = None) -> str:
    """Gives a time as date and time of day in a zone, the machine's own where None."""
    if moment is None:
        return UNKNOWN
    return to_datetime(moment).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def clock_text(moment: int | None, *, zone: tzinfo | None = None) -> str:
    """Gives the time of day in a zone; eight characters, blank where unknown."""
    if moment is None:
        return " " * 8
    return to_datetime(moment).astimezone(zone).strftime("%H:%M:%S")


def _scaled(number: int, units: tuple[str, ...]) -> tuple[float, str]:
    """Gives a number in the unit in which it has at most three digits before the point."""
    value, step = number / 1000, 0
    while abs(value) >= 999.95 and step < len(units) - 1:
        value, step = value / 1000, step + 1
    return value, units[step]


def _fitting(text: str, width: int) -> int:
    """Gives how many characters fit into `width` cells; at least one."""
    used = 0
    cut = len(text)
    for index, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > width:
            cut = index
            break
    while cut > 1 and cell_len(text[:cut]) > width:
        cut -= 1
    return max(cut, 1)


def _dollars(pico: int) -> str:
    amount = Decimal(pico) / _PICO
    if amount and abs(amount) < Decimal("0.00005"):
        return "<$0.0001"
    if abs(amount) < Decimal("0.01") and amount:
        return f"${amount:.4f}"
    return f"${amount:,.2f}"

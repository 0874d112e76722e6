"""What `usage blocks` and `usage limits` tell people of windows: their pace, their ends, what was hit."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich import box
from rich.table import Table
from rich.text import Text

from reenact.cli.table import AGENTS, console
from reenact.cli.text import UNKNOWN, count_text, duration_text, line, money_text, relative
from reenact.clock import to_datetime

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.usage import Report
    from reenact.usage.windows import Window

_STYLES = {"hit": "red", "open": "", "over": "dim"}


def pace(archive: Archive, report: Report, windows: list[Window]) -> None:
    """Prints how fast the block that runs is used up, and what providers say of theirs."""
    out = console()
    for row in report.rows:
        burn = row.block.burn if row.block is not None else None
        if row.block is None or burn is None:
            continue
        cost = UNKNOWN if burn.cost_per_hour is None else f"{money_text(burn.cost_per_hour)}/h"
        projected = UNKNOWN if burn.projected_cost is None else money_text(burn.projected_cost)
        out.print(
            f"this block ends in {duration_text(burn.remaining)} ({_at(archive, row.block.end)}): "
            f"{count_text(round(burn.tokens_per_minute))} tokens/min, {cost}; "
            f"at this pace {count_text(burn.projected_tokens)} tokens, {projected}"
        )
    for window in windows:
        if window.state != "over":
            out.print(_sentence(archive, window), style=_STYLES[window.state], soft_wrap=True)


def limits_table(archive: Archive, windows: list[Window]) -> None:
    """Prints the limits that agents told of."""
    out = console()
    if not windows:
        out.print("no agent told of a limit")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False, expand=True)
    table.add_column("agent", no_wrap=True, width=9)
    table.add_column("limit", no_wrap=True, ratio=1, overflow="ellipsis")
    for title, width in (("state", 6), ("used", 6), ("window", 7), ("resets", 16), ("told", 8)):
        table.add_column(title, justify="right" if title in {"used", "window"} else "left", width=width)
    now = archive.clock.now()
    for window in windows:
        used = "" if window.used_percent is None else f"{window.used_percent:g}%"
        length = "" if window.window_minutes is None else duration_text(window.window_minutes * 60_000_000)
        table.add_row(
            AGENTS.get(window.agent, window.agent),
            Text(line(window.scope, width=60)),
            Text(window.state, style=_STYLES[window.state]),
            used,
            length,
            "" if window.resets_at is None else _at(archive, window.resets_at),
            relative(window.as_of, now=now),
        )
    out.print(table)
    for window in windows:
        if window.state == "hit" and window.hit is not None and window.hit.message:
            out.print(Text(line(f"{window.agent}: {window.hit.message}", width=out.width)))


def _sentence(archive: Archive, window: Window) -> Text:
    name = AGENTS.get(window.agent, window.agent)
    words = f"{name} says: {window.scope}"
    if window.state == "hit":
        words += ", used up"
    elif window.used_percent is not None:
        words += f", {window.used_percent:g}% used"
    if window.resets_at is not None:
        words += f", resets {_at(archive, window.resets_at)}"
    return Text(line(words, width=200))


def _at(archive: Archive, moment: int) -> str:
    return to_datetime(moment).astimezone(ZoneInfo(archive.timezone)).strftime("%Y-%m-%d %H:%M")

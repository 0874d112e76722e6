"""The table of `reenact usage` for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from reenact.cli.table import console, short_names
from reenact.cli.text import count_text, line, money_text

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.usage import Report, Row

_WIDE = (("sess", 6), ("input", 7), ("c.read", 7), ("c.write", 7), ("output", 7), ("cost", 10))
_WIDE_FROM = 66  # columns: with fewer, a day would be cut off
_SLIM = (("tokens", 8), ("cost", 10))


def usage_table(archive: Archive, report: Report) -> None:
    """Prints rolled-up usage: a row each, the totals last."""
    out = console()
    if not report.rows:
        out.print("no usage")
        return
    names = _names(archive, report)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False, expand=True)
    table.add_column(report.by, no_wrap=True, ratio=1, overflow="ellipsis")
    is_wide = out.width >= _WIDE_FROM
    for title, width in _WIDE if is_wide else _SLIM:
        table.add_column(title, justify="right", width=width)
    for row in report.rows:
        table.add_row(*_cells(names.get(row.key or "", row.key or "unknown"), row, is_wide=is_wide))
    table.add_section()
    table.add_row(*_cells("total", report.totals, is_wide=is_wide), style="bold")
    out.print(table)
    if any(row.sum.quality != "measured" for row in report.rows):
        out.print("~ a lower bound: some logs do not state the whole")
    if report.totals.sum.cost is None:
        out.print("≥ a part has no known price: the sum of the rest is shown; — no price is known")


def _cells(name: str, row: Row, *, is_wide: bool) -> list[Text | str]:
    mark = "" if row.sum.quality == "measured" else "~"
    counted = row.sum.tokens
    cost = money_text(row.sum.cost, known=row.sum.cost_known)
    if not is_wide:
        return [Text(line(name, width=120)), mark + count_text(counted.total), cost]
    return [
        Text(line(name, width=120)),
        f"{row.sessions:,}",
        count_text(counted.input),
        count_text(counted.cache_read),
        count_text(counted.cache_write),
        mark + count_text(counted.output),
        cost,
    ]


def _names(archive: Archive, report: Report) -> dict[str, str]:
    """Gives titles for people where rows are sessions, and short paths where they are projects."""
    if report.by != "session":
        return {}
    names = short_names(archive)
    return {row.id: f"{names[row.id]} {row.title or ''}" for row in archive.sessions()}

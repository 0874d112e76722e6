"""Tables that fit 80 columns: sessions and usage rows."""

from __future__ import annotations

import errno
import os
from collections import Counter
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reenact.cli.text import count_text, line, money_text, relative

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.store import SessionRow

AGENTS = {"claude_code": "claude", "codex": "codex", "copilot": "copilt", "opencode": "opcode"}
NARROW = 64  # columns; below that, titles need the room of agent and turns
MARKS = {
    "completed": Text("✓", style="green"),
    "failed": Text("✗", style="red"),
    "interrupted": Text("◌", style="yellow"),
    "aborted": Text("◌", style="yellow"),
    "running": Text("●", style="cyan"),
    "working": Text("●", style="cyan"),
    "waiting": Text("?", style="bold yellow"),
    "idle": Text("○", style="cyan"),
    "stale": Text("◌", style="dim"),
    "unknown": Text("·"),
}


class _Printer(Console):
    def on_broken_pipe(self) -> None:
        """Tells that whoever reads has enough, which is no failure."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def console() -> Console:
    """Gives the console for results: no colour when not a terminal, width of the terminal or 80."""
    wide = None if os.isatty(1) or os.environ.get("COLUMNS") else 80
    return _Printer(width=wide, highlight=False, soft_wrap=False, emoji=False, markup=False)


def sessions_table(archive: Archive, rows: list[SessionRow], *, limit: int, subagents: bool) -> None:
    """Prints sessions; without `subagents` a sub-agent counts to the session that started it."""
    shown = rows if subagents else _folded(rows)
    out = console()
    is_wide = out.width >= NARROW
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False, expand=True)
    table.add_column("id", no_wrap=True, width=8)
    table.add_column("when", no_wrap=True, width=7)
    if is_wide:
        table.add_column("agent", no_wrap=True, width=6)
    table.add_column("", width=1)
    table.add_column("title", no_wrap=True, ratio=1, overflow="ellipsis")
    if is_wide:
        table.add_column("turns", justify="right", width=5)
    table.add_column("tokens", justify="right", width=6)
    table.add_column("cost", justify="right", width=7)
    now = archive.clock.now()
    names = short_names(archive)
    for row in shown[:limit]:
        sums = row.own if subagents else row.total
        table.add_row(
            names[row.id],
            relative(row.ended_at, now=now),
            *([AGENTS.get(row.agent, row.agent)[:6]] if is_wide else []),
            MARKS[row.status],
            Text(_title(row, subagents=subagents)),
            *([str(row.turns)] if is_wide else []),
            count_text(sums.tokens.total),
            money_text(sums.cost, known=sums.cost_known),
        )
    out.print(table)
    if len(shown) > limit:
        out.print(f"{len(shown) - limit:,} more; --limit {len(shown)} shows all")


def short_names(archive: Archive) -> dict[str, str]:
    """Gives eight characters that name each session: its agent's, or ours where others share those."""
    rows = archive.sessions()
    prefixes = Counter(row.native_id[:8] for row in rows)
    return {row.id: row.native_id[:8] if prefixes[row.native_id[:8]] == 1 else row.id[:8] for row in rows}


def _folded(rows: list[SessionRow]) -> list[SessionRow]:
    """Leaves out sub-agents whose session is in the list too."""
    known = {row.id for row in rows}
    return [row for row in rows if row.kind != "subagent" or row.parent not in known]


def _title(row: SessionRow, *, subagents: bool) -> str:
    title = line(row.title or "(no prompt)", width=200)
    if row.kind == "fork":
        return f"⑂ {title}"
    if subagents and row.kind == "subagent":
        return f"↳ {title}"
    if not subagents and row.agents:
        return f"{title} (+{row.agents} agents)" if row.agents > 1 else f"{title} (+1 agent)"
    return title

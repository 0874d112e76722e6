"""`reenact` alone: import what is new, then one screen with what matters."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from reenact.cli.imports import quietly
from reenact.cli.table import sessions_table
from reenact.cli.text import count_text, money_text, safe, size_text
from reenact.clock import to_datetime
from reenact.store import Filter

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.cli.app import Context
    from reenact.usage import Sum

LATEST = 10
SOON = 7
DAY = 86_400_000_000
SPANS = {"today": 1, "7 days": 7, "30 days": 30}


@click.command("screen")
@click.pass_obj
def screen(context: Context) -> int:
    """Import what is new and show sessions, tokens, cost, disk and transcripts at risk."""
    archive = context.archive
    report = quietly(archive)
    rows = archive.sessions()
    if not rows:
        _nothing(archive)
        return 0
    _totals(archive)
    click.echo()
    sessions_table(archive, archive.sessions(Filter(hidden=False)), limit=LATEST, subagents=False)
    click.echo()
    _disk(archive)
    _risks(archive)
    if report is not None and report.left_out:
        click.echo(
            f"{report.left_out:,} older transcripts ({size_text(report.left_out_bytes)}) wait: `reenact import --all`"
        )
    click.echo("next: `reenact show last`, `reenact usage`, `reenact list`, `reenact doctor`")
    return 0


def _nothing(archive: Archive) -> None:
    click.echo("no transcripts of Claude Code or Codex on this machine, and the archive is empty")
    for source, roots in archive.looked_in():
        click.echo(f"  looked for {source} in {', '.join(safe(root) for root in roots)}")
    click.echo("a sample to look at: `reenact --sample`; other places: `reenact import PATH…`")


def _totals(archive: Archive) -> None:
    report = archive.usage("day")
    today = to_datetime(archive.clock.now()).astimezone(ZoneInfo(archive.timezone)).date()
    for name, days in SPANS.items():
        first = (today - timedelta(days=days - 1)).isoformat()
        rows = [row for row in report.rows if row.key is not None and row.key >= first]
        _span(name, [row.sum for row in rows])
    _span("ever", [report.totals.sum])


def _span(name: str, sums: list[Sum]) -> None:
    count = sum(each.tokens.total for each in sums)
    known = sum(each.cost_known for each in sums)
    cost = None if any(each.cost is None for each in sums) else known
    mark = "" if all(each.quality == "measured" for each in sums) else "~"
    click.echo(f"{name:<8}{mark + count_text(count):>9} tokens {money_text(cost, known=known):>12}")


def _disk(archive: Archive) -> None:
    sizes = archive.sizes()
    kept = sum(size.on_disk for size in sizes)
    click.echo(f"kept in {safe(str(archive.path))}: {size_text(kept)} on disk")


def _risks(archive: Archive) -> None:
    horizon = archive.clock.now() + SOON * DAY
    soon = [risk for risk in archive.risks() if risk.retention.deletes_at <= horizon]
    if not soon:
        return
    unkept = sum(not risk.kept for risk in soon)
    settled = "all of them are kept here" if not unkept else f"{unkept:,} of them are not kept yet"
    click.echo(f"{len(soon):,} transcripts will be deleted by their agent within {SOON} days; {settled}")
    if unkept:
        click.echo("hint: `reenact doctor` names them")


COMMANDS = {"screen": screen}

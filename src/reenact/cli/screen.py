"""`reenact` alone: import what is new, then one screen with what matters."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from reenact.cli.imports import quietly
from reenact.cli.progress import bar
from reenact.cli.table import sessions_table
from reenact.cli.text import count_text, money_text, safe, size_text
from reenact.clock import from_datetime, to_datetime
from reenact.store import Filter

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.cli.app import Context
    from reenact.ingest import Report
    from reenact.usage import Sum

LATEST = 10
FIRST_SECONDS = 8.0
SOON = 7
DAY = 86_400_000_000
SPANS = {"today": 1, "7 days": 7, "30 days": 30}


@click.command("screen")
@click.pass_obj
def screen(context: Context) -> int:
    """Import what is new and show sessions, tokens, cost, disk and transcripts at risk."""
    archive = context.archive
    report = quietly(archive, seconds=FIRST_SECONDS)
    if not archive.sessions():
        _nothing(archive)
        return 0
    _show(archive)
    if report is not None and report.postponed:
        _import_the_rest(archive, report)
    if report is not None and report.left_out:
        size = size_text(report.left_out_bytes)
        click.echo(f"{report.left_out:,} older transcripts ({size}) wait: `reenact import --all`")
    click.echo("next: reenact show last · reenact usage · reenact list · reenact doctor")
    return 0


def _import_the_rest(archive: Archive, report: Report) -> None:
    """Goes on with what did not fit into the first seconds, then tells the sums again."""
    click.echo(
        f"\n{len(report.postponed):,} older transcripts are still being imported; safe to interrupt", err=True
    )
    with bar("importing") as progress:
        archive.catch_up(list(report.postponed), everything=True, progress=progress)
    click.echo()
    _totals(archive)
    _disk(archive)


def _show(archive: Archive) -> None:
    _totals(archive)
    click.echo()
    sessions_table(archive, archive.standing(Filter(hidden=False)), limit=LATEST, subagents=False)
    click.echo()
    _disk(archive)
    _risks(archive)


def _nothing(archive: Archive) -> None:
    """Says that there is nothing, where was looked, and shows the bundled sample instead."""
    from reenact.archive import open_sample

    click.echo("no agent has left a transcript on this machine, and the archive is empty")
    for source, roots in archive.looked_in():
        click.echo(f"  looked for {source} in {', '.join(safe(root) for root in roots)}")
    click.echo("somewhere else? `reenact import PATH…`")
    click.echo("\nhere is a sample, in an archive of its own:\n")
    with open_sample(archive.path) as sample:
        _show(sample)
    click.echo("look around: reenact --sample show last · reenact --sample usage · reenact demo")


def _totals(archive: Archive) -> None:
    report = archive.usage("day")
    zone = ZoneInfo(archive.timezone)
    today = to_datetime(archive.clock.now()).astimezone(zone).date()
    rows = [row for row in archive.sessions(Filter(hidden=False)) if row.kind != "subagent"]
    for name, days in SPANS.items():
        first = today - timedelta(days=days - 1)
        since = from_datetime(datetime.combine(first, time(), tzinfo=zone))
        sessions = sum((row.ended_at or 0) >= since for row in rows)
        spent = [row.sum for row in report.rows if row.key is not None and row.key >= first.isoformat()]
        _span(name, sessions, spent)
    _span("ever", len(rows), [report.totals.sum])


def _span(name: str, sessions: int, sums: list[Sum]) -> None:
    count = sum(each.tokens.total for each in sums)
    known = sum(each.cost_known for each in sums)
    cost = None if any(each.cost is None for each in sums) else known
    mark = "" if all(each.quality == "measured" for each in sums) else "~"
    tokens = mark + count_text(count)
    plural = " " if sessions == 1 else "s"
    money = money_text(cost, known=known)
    click.echo(f"{name:<8}{sessions:>7,} session{plural} {tokens:>9} tokens {money:>12}")


def _disk(archive: Archive) -> None:
    sizes = archive.sizes()
    kept = sum(size.on_disk for size in sizes)
    source = size_text(archive.source_bytes())
    click.echo(f"kept in {safe(str(archive.path))}: {size_text(kept)} on disk for {source} of transcripts")


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

"""`reenact doctor`: what is at risk, what is odd, what it takes, and what keeps imports going."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from reenact.cli import documents
from reenact.cli.asking import agreed
from reenact.cli.care import pending_text
from reenact.cli.options import as_json
from reenact.cli.text import relative, safe, size_text
from reenact.errors import UsageError
from reenact.ingest import keepup

if TYPE_CHECKING:
    from reenact.archive import Archive, Checkup
    from reenact.cli.app import Context

SHOWN = 10
DAY = 86_400_000_000


@click.command()
@click.option("--days", default=7, show_default=True, help="How soon a deletion counts as near.")
@click.option(
    "--all", "everything", is_flag=True, help="Look for secrets in everything, not in the newest GB."
)
@click.option(
    "--install",
    is_flag=True,
    help="Keep imports going: a hook at the end of Claude Code sessions, or a timer.",
)
@click.option("--timer", is_flag=True, help="With --install: a daily user timer instead of the hook.")
@click.option("--uninstall", is_flag=True, help="Undo --install.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@as_json
@click.pass_obj
def doctor(
    context: Context,
    *,
    days: int,
    everything: bool,
    install: bool,
    timer: bool,
    uninstall: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Check transcripts at risk, unreadable files, format drift, secrets, disk, and our own paths."""
    archive = context.archive
    if install and uninstall:
        raise UsageError("--install and --uninstall exclude each other")
    if install or uninstall:
        return _change(archive, install=install, timer=timer, yes=yes)
    checkup = archive.checkup(days=days, everything=everything)
    if as_json:
        documents.write({"version": documents.VERSION, **_document(checkup)})
    else:
        _show(archive, checkup, days=days)
    return 0


def _change(archive: Archive, *, install: bool, timer: bool, yes: bool) -> int:
    changes = (
        keepup.install("timer" if timer else "hook", archive.variables)
        if install
        else keepup.uninstall(archive.variables)
    )
    if not changes:
        click.echo("nothing to change")
        return 0
    for change in changes:
        _preview(change)
    if not yes and not agreed("make this change?"):
        return 1
    for change in changes:
        change.apply()
    click.echo("done; `reenact doctor --uninstall` undoes it" if install else "done")
    if install and timer:
        click.echo(
            "start it now: `systemctl --user daemon-reload && systemctl --user start reenact-import.timer`"
        )
    return 0


def _preview(change: keepup.Change) -> None:
    import difflib

    click.echo(f"{'link' if change.link else 'file'} {safe(change.path)}")
    before = (change.before or "").splitlines()
    after = (change.after or "").splitlines()
    for text in difflib.unified_diff(before, after, "before", "after", lineterm="", n=2):
        click.echo(f"  {safe(text)}")


def _document(checkup: Checkup) -> dict[str, Any]:
    return {
        "at_risk": [
            {
                "agent": risk.agent,
                "path": risk.retention.path,
                "deletes_at": documents.time_text(risk.retention.deletes_at),
                "setting": risk.retention.setting,
                "kept": risk.kept,
            }
            for risk in checkup.risks
        ],
        "unreadable": checkup.problems,
        "drift": checkup.drift,
        "warnings": checkup.warnings,
        "secrets": checkup.secrets,
        "sizes": checkup.sizes,
        "incoming": checkup.incoming,
        "source_bytes": checkup.source_bytes,
        "paths": checkup.paths,
        "installed": checkup.installed,
        "prices": checkup.prices,
    }


def _show(archive: Archive, checkup: Checkup, *, days: int) -> None:
    now = archive.clock.now()
    unkept = [risk for risk in checkup.risks if not risk.kept]
    _heading(f"{len(checkup.risks):,} transcripts will be deleted by their agent within {days} days")
    if checkup.risks:
        click.echo(f"  {len(checkup.risks) - len(unkept):,} kept here, {len(unkept):,} not yet")
    for risk in unkept[:SHOWN]:
        click.echo(f"  {relative(risk.retention.deletes_at, now=now)}  {safe(risk.retention.path)}")
    _heading(f"{len(checkup.problems):,} files cannot be read as transcripts")
    for problem in checkup.problems[:SHOWN]:
        click.echo(f"  {safe(problem.path)}: {safe(problem.reason)}")
    count = sum(drift.count for drift in checkup.drift)
    _heading(f"{count:,} rows of unknown kinds or with unknown fields (kept as they are)")
    for drift in checkup.drift[:SHOWN]:
        click.echo(
            f"  {drift.count:>8,}  {drift.agent} {safe(drift.version)}: {safe(drift.name)}"
            f"  first in {safe(drift.path)}"
        )
    categories = Counter(warned.category for warned in checkup.warnings)
    _heading(f"{sum(categories.values()):,} damaged lines (kept as they are)")
    for category, count in categories.most_common():
        click.echo(f"  {count:>8,}  {category}")
    _secrets(checkup)
    total = sum(size.on_disk for size in checkup.sizes)
    _heading(f"{size_text(total)} on disk for {size_text(checkup.source_bytes)} of transcripts")
    for size in checkup.sizes:
        click.echo(f"  {size_text(size.on_disk):>10}  {size.part}  ({size.files:,} files)")
    if checkup.incoming.spans:
        _heading(pending_text(checkup.incoming))
    _heading("what is ours on this machine")
    for path in checkup.paths:
        click.echo(f"  {safe(path)}")
    if not checkup.installed:
        click.echo("\nnobody imports while you are away: `reenact doctor --install`")


def _secrets(checkup: Checkup) -> None:
    rules: Counter[str] = Counter()
    for leak in checkup.secrets.leaks:
        rules[leak.rule] += leak.count
    files = len({leak.path for leak in checkup.secrets.leaks})
    _heading(f"{sum(rules.values()):,} things that look like secrets, in {files:,} transcripts")
    for rule, count in rules.most_common(SHOWN):
        first = next(leak.path for leak in checkup.secrets.leaks if leak.rule == rule)
        click.echo(f"  {count:>8,}  {rule}  first in {safe(first)}")
    if rules:
        click.echo("  they are scrubbed from whatever leaves the archive, unless you say --raw")
    if checkup.secrets.left:
        click.echo(f"  {size_text(checkup.secrets.left)} were not looked at; --all looks at everything")


def _heading(text: str) -> None:
    click.echo(text)


COMMANDS = {"doctor": doctor}

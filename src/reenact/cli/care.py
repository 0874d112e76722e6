"""`reenact verify`, `reindex`, `rm`, `gc`: looking after the archive."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from reenact.cli import documents
from reenact.cli.asking import agreed
from reenact.cli.options import as_json
from reenact.cli.progress import bar
from reenact.cli.searches import query_text
from reenact.cli.text import safe, size_text
from reenact.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.cli.app import Context
    from reenact.integrations.otlp import Pending

WORDS = {
    "events": "made events",
    "joined": "joined another line's event",
    "metadata": "metadata",
    "repeat": "repeats",
    "warning": "warnings",
    "held": "unfinished last lines, held",
}


@click.command()
@click.option("--sources", is_flag=True, help="Also account for every line of every imported transcript.")
@as_json
@click.pass_obj
def verify(context: Context, *, sources: bool, as_json: bool) -> int:
    """Read every stored byte and tell what does not check out. Exit code 1 where something is lost."""
    archive = context.archive
    damages = list(archive.verify())
    incoming = archive.incoming()
    accounts = list(archive.accounts()) if sources else []
    unbalanced = [account for account in accounts if not account.balances]
    booked: Counter[str] = Counter()
    for account in accounts:
        booked.update(account.booked)
    lost = [damage for damage in damages if damage.severity == "lost"]
    if as_json:
        documents.write(
            {
                "version": documents.VERSION,
                "damages": damages,
                "incoming": incoming,
                "sources": {
                    "transcripts": len(accounts),
                    "lines": sum(account.lines for account in accounts),
                    "booked": dict(booked),
                    "unbalanced": unbalanced,
                    "files": dict(Counter(account.source for account in accounts)),
                }
                if sources
                else None,
            }
        )
        return 1 if lost or unbalanced else 0
    for damage in damages:
        click.echo(f"{damage.severity}: {safe(damage.where)}: {safe(damage.reason)}")
    if sources:
        _show_accounts(len(accounts), sum(account.lines for account in accounts), booked)
        for account in unbalanced:
            click.echo(
                f"lost: {safe(account.path)}: {account.lines:,} lines, "
                f"{sum(account.booked.values()):,} booked"
            )
    if incoming.spans:
        click.echo(pending_text(incoming))
    if not damages and not unbalanced:
        click.echo("everything reads back as it was written")
    return 1 if lost or unbalanced else 0


def pending_text(pending: Pending) -> str:
    """Tells people of spans that were acknowledged and wait for their trace."""
    spans = f"{pending.spans:,} span{'' if pending.spans == 1 else 's'}"
    traces = f"{pending.traces:,} trace{'' if pending.traces == 1 else 's'}"
    return f"{spans} of {traces} came over OTLP, {size_text(pending.bytes)}; kept until the rest comes"


def _show_accounts(transcripts: int, lines: int, booked: Counter[str]) -> None:
    click.echo(f"{transcripts:,} transcripts, {lines:,} lines:")
    for name, words in WORDS.items():
        if booked[name]:
            click.echo(f"  {booked[name]:>12,}  {words}")
    total = sum(booked.values())
    click.echo(f"  {total:>12,}  in all{'' if total == lines else f' — {lines - total:,} unaccounted for'}")


@click.command()
@click.option("--quiet", "-q", is_flag=True)
@click.pass_obj
def reindex(context: Context, *, quiet: bool) -> int:
    """Delete everything derived and derive it again from what was kept. Changes no answer."""
    with bar("deriving", quiet=quiet) as progress:
        events = context.archive.reindex(progress=progress)
    if not quiet:
        click.echo(f"{events:,} events derived")
    return 0


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="SESSION…|QUERY")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--with-forks", is_flag=True, help="Also where forks share the past.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be removed.")
@as_json
@click.pass_obj
def rm(
    context: Context, names: tuple[str, ...], *, yes: bool, with_forks: bool, dry_run: bool, as_json: bool
) -> int:
    """Remove sessions for good, with their sub-agents: those named, or those that fit a query.

    A query is what holds a field, as in `project:old until:2025-12-31`; words alone are names.
    Imports skip them from then on; `import --again` brings them back while the transcript exists.
    """
    archive = context.archive
    chosen = _with_subagents(archive, names)
    if not as_json:
        for identity, title in chosen.items():
            click.echo(f"{identity[:8]}  {safe(title)}", err=True)
    if dry_run:
        removed, freed = tuple(chosen), 0
    else:
        if not yes and not agreed(f"remove {len(chosen)} session(s) for good?"):
            return 1
        removal = archive.remove(chosen, with_forks=with_forks)
        removed, freed = removal.sessions, removal.bytes_freed
    if as_json:
        documents.write(
            {"version": documents.VERSION, "removed": removed, "bytes_freed": freed, "dry_run": dry_run}
        )
    else:
        click.echo(f"{'would remove' if dry_run else 'removed'} {len(removed)} session(s)", nl=dry_run)
        if not dry_run:
            click.echo(f", {size_text(freed)} freed")
    return 0


def _with_subagents(archive: Archive, names: tuple[str, ...]) -> dict[str, str]:
    chosen: dict[str, str] = {}
    waiting = _asked(archive, names)
    while waiting:
        row = archive.session(waiting.pop())
        if row.id in chosen:
            continue
        chosen[row.id] = row.title or "(no prompt)"
        waiting += [child for child in row.children if archive.session(child).kind == "subagent"]
    if not chosen:
        raise UsageError("nothing to remove")
    return chosen


def _asked(archive: Archive, names: tuple[str, ...]) -> list[str]:
    """Gives the sessions that are named, or that fit a query with a field in it."""
    if not any(":" in name for name in names):
        return [archive.session(name).id for name in names]
    text = query_text(names)
    found = [row.id for row in archive.texts.sessions(text)]
    if not found:
        raise NotFoundError(f"no session fits {text!r}", hint="`reenact list QUERY` shows what fits")
    return found


@click.command()
@click.pass_obj
def gc(context: Context) -> int:
    """Free what nothing refers to and pack what is loose."""
    freed = context.archive.gc()
    click.echo(f"{size_text(freed)} freed")
    return 0


COMMANDS = {"verify": verify, "reindex": reindex, "rm": rm, "gc": gc}

"""`reenact import`: bring transcripts into the archive."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from reenact.cli import documents
from reenact.cli.options import as_json
from reenact.cli.progress import bar
from reenact.cli.searches import index_texts
from reenact.cli.text import safe, size_text
from reenact.errors import ArchiveBusyError, ReadOnlyArchiveError

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.cli.app import Context
    from reenact.ingest import Found, Report

_FULL = frozenset(map(os.strerror, (errno.ENOSPC, errno.EDQUOT)))


@click.command("import")
@click.argument("what", nargs=-1, metavar="[AGENT…|PATH…]")
@click.option("--all", "everything", is_flag=True, help="Import everything, however much it is.")
@click.option("--again", is_flag=True, help="Bring back what `rm` removed.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing unless something went wrong.")
@as_json
@click.pass_obj
def import_(
    context: Context, what: tuple[str, ...], *, everything: bool, again: bool, quiet: bool, as_json: bool
) -> int:
    """Import transcripts: of all agents on this machine, of the agents named, or below the paths named.

    A path may also be a portable file (`export --format reenact`) or a whole other archive.

    Safe to repeat and to interrupt: only what is new or changed is read, and nothing is ever removed.
    """
    from reenact.archive import SOURCES

    archive = context.archive
    carried = [word for word in what if archive.is_carried(word)]
    for path in carried:
        _take_in(archive, path, quiet=quiet or as_json)
    what = tuple(word for word in what if word not in carried)
    if carried and not what:
        if as_json:
            documents.write(documents.imported(archive.catch_up([])))
        return 0
    known = {source.agent for source in SOURCES}
    agents = [word for word in what if word in known and not Path(word).exists()]
    paths = [word for word in what if word not in agents]
    found = archive.find(agents=agents, paths=paths)
    with bar("importing", quiet=quiet or as_json) as progress, archive.texts.beside(found):
        report = archive.catch_up(found, everything=everything, again=again, progress=progress)
    if report.left_out and _wants_all(report, quiet=quiet or as_json):
        with bar("importing") as progress:
            report = archive.catch_up(found, everything=True, again=again, progress=progress)
    index_texts(archive, quiet=quiet or as_json)
    met = (*report.problems, *archive.problems(agents=agents, paths=paths))
    problems = tuple({problem.path: problem for problem in met}.values())
    if as_json:
        documents.write(documents.imported(msgspec.structs.replace(report, problems=problems)))
    elif not quiet:
        _show(report)
    for problem in problems:
        click.echo(f"warning: {safe(problem.path)}: {safe(problem.reason)}", err=True)
    return 1 if any(agent.errors for agent in report.agents) else 0


def _take_in(archive: Archive, path: str, *, quiet: bool) -> None:
    """Takes in a portable file or another archive, and says what came of it."""
    taken = archive.take_in(path)
    if not quiet:
        counted = ("new", "extended", "unchanged", "originals", "events")
        parts = [f"{count:,} {name}" for name in counted if (count := getattr(taken, name))]
        click.echo(f"{safe(path)}: {', '.join(parts) or 'nothing new'}")
    for session in taken.refused:
        click.echo(f"warning: {session} is here and says something else: it stays as it is", err=True)


def quietly(
    archive: Archive, found: list[Found] | None = None, *, seconds: float | None = None
) -> Report | None:
    """Imports what is new before a reading verb; a read-only or busy archive is read as it is."""
    if archive.store.read_only is not None:
        click.echo(f"note: {safe(archive.store.read_only)}; showing what is there", err=True)
        return archive.catch_up([])
    try:
        with bar("importing") as progress:
            report = archive.catch_up(found, seconds=seconds, progress=progress)
    except (ArchiveBusyError, ReadOnlyArchiveError) as error:
        click.echo(f"note: {error.message}; showing what is there", err=True)
        return None
    full = [problem for problem in report.problems if problem.reason in _FULL]
    if full:
        click.echo(f"note: {full[0].reason}: {len(full):,} transcripts are not imported yet", err=True)
    return report


def _wants_all(report: Report, *, quiet: bool) -> bool:
    note = (
        f"{report.left_out:,} older transcripts ({size_text(report.left_out_bytes)}) were left out "
        "because the whole is large"
    )
    if quiet or not sys.stdin.isatty():
        click.echo(f"note: {note}; `reenact import --all` brings them in", err=True)
        return False
    return click.confirm(f"{note}. Import them now?", default=True, err=True)


def _show(report: Report) -> None:
    if not any(agent.found for agent in report.agents):
        click.echo("no transcripts found")
    for agent in report.agents:
        parts = [f"{agent.found:,} transcripts"]
        counted = ("new", "changed", "unchanged", "skipped", "events", "warnings", "errors")
        parts += [f"{count:,} {name}" for name in counted if (count := getattr(agent, name))]
        click.echo(f"{agent.agent}: {', '.join(parts)}")


COMMANDS = {"import": import_}

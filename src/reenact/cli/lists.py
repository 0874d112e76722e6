"""`reenact list`: sessions as a table for people or a document for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reenact.cli import documents
from reenact.cli.options import as_json, caught_up, filter_of, filters, no_import
from reenact.cli.searches import query_text
from reenact.cli.table import sessions_table
from reenact.errors import UsageError

if TYPE_CHECKING:
    from reenact.cli.app import Context

STATUSES = (
    "working", "waiting", "idle", "completed", "failed", "interrupted", "aborted", "stale", "unknown"
)  # fmt: skip


@click.command("list")
@click.argument("query", nargs=-1, metavar="[QUERY]")
@filters
@click.option("--limit", type=click.IntRange(min=1), help="At most so many (the table shows 50 unless told).")
@click.option("--subagents", is_flag=True, help="Show sub-agents in rows of their own.")
@as_json
@no_import
@click.pass_obj
def list_(
    context: Context,
    /,
    *,
    query: tuple[str, ...],
    as_json: bool,
    no_import: bool,
    subagents: bool,
    limit: int | None,
    **words: Any,
) -> int:
    """List sessions, latest activity first; sub-agents are folded into their session.

    QUERY is in the language of `search`: a session fits where each part of it is true of the session
    or of one of its events. Exit code 4 where none fits.

    `--json` gives all sessions, sub-agents included. Its counts are of what each session itself holds:
    a fork whose agent copied the past counts the copies, one that refers to it does not; how many turns
    are shared, `show --summary` tells. `usage` is each session's own: a response counts once.
    """
    if words["status"] and words["status"] not in STATUSES:
        raise UsageError(f"{words['status']} is no status", hint=f"one of {', '.join(STATUSES)}")
    archive = caught_up(context, skip=no_import)
    where = filter_of(archive, limit=limit if as_json else None, **words)
    rows = archive.standing(where, query_text(query) if query else "")
    if as_json:
        documents.write(documents.sessions(rows))
        return 0 if rows or not query else 4
    if not rows:
        click.echo("no sessions", err=True)
        return 4 if query else 0
    sessions_table(archive, rows, limit=limit or 50, subagents=subagents)
    return 0


COMMANDS = {"list": list_}

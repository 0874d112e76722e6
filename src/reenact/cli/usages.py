"""`reenact usage`: tokens and cost, rolled up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

import click

from reenact import usage as counting
from reenact.cli import documents
from reenact.cli.options import as_json, caught_up, filter_of, filters, no_import
from reenact.cli.usage_table import usage_table

if TYPE_CHECKING:
    from reenact.cli.app import Context

WORDS: dict[str, str] = {
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "session": "session",
    "project": "project",
    "model": "model",
    "agent": "agent",
    "blocks": "blocks",
}


@click.command()
@click.argument("by", type=click.Choice(list(WORDS)), default="daily")
@filters
@click.option("--as", "as_model", metavar="MODEL", help="Price the same tokens at another model.")
@click.option("--timezone", metavar="ZONE", help="Where days begin and end (an IANA name).")
@as_json
@no_import
@click.pass_obj
def usage(
    context: Context,
    /,
    by: Literal["daily"],
    *,
    as_model: str | None,
    timezone: str | None,
    as_json: bool,
    no_import: bool,
    **words: Any,
) -> int:
    """Count tokens and cost by day, week, month, session, project, model, agent or 5-hour block.

    Every response counts once, at the session that made it first, whatever copies forks and resumes
    left. Numbers marked ~ are lower bounds: the log did not state the whole. ? is a price nobody knows.
    """
    archive = caught_up(context, skip=no_import)
    zone = timezone or archive.timezone
    report = archive.usage(
        cast("counting.By", WORDS[by]),
        where=filter_of(archive, timezone=zone, **words),
        timezone=zone,
        as_model=as_model,
    )
    if as_json:
        documents.write(counting.document(report))
        return 0
    usage_table(archive, report)
    return 0


COMMANDS = {"usage": usage}

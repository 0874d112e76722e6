"""`reenact usage`: tokens and cost, rolled up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import click

from reenact import usage as counting
from reenact.archive.limits import limits
from reenact.cli import documents
from reenact.cli.options import as_json, caught_up, filter_of, filters, no_import
from reenact.cli.usage_limits import limits_table, pace
from reenact.cli.usage_table import usage_table
from reenact.usage.windows import document as limits_document
from reenact.usage.windows import window_document

if TYPE_CHECKING:
    from reenact.archive import Archive
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
    "limits": "limits",
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
    by: str,
    *,
    as_model: str | None,
    timezone: str | None,
    as_json: bool,
    no_import: bool,
    **words: Any,
) -> int:
    """Count tokens and cost by day, week, month, session, project, model, agent or 5-hour block.

    `blocks` also tells the pace and the projected end of the block that runs, and the providers' own
    windows; `limits` tells those alone, with the limits that were hit and when they end.

    Every response counts once, at the session that made it first, whatever copies forks and resumes
    left. Numbers marked ~ are lower bounds: the log did not state the whole. ≥ marks a cost of which
    a part has no known price, — one of which nothing has.
    """
    archive = caught_up(context, skip=no_import)
    if by == "limits":
        return _limits(archive, agent=words["agent"], as_json=as_json)
    zone = timezone or archive.timezone
    report = archive.usage(
        cast("counting.By", WORDS[by]),
        where=filter_of(archive, timezone=zone, **words),
        timezone=zone,
        as_model=as_model,
    )
    windows = limits(archive, agent=words["agent"]) if by == "blocks" else []
    if as_json:
        document = counting.document(report)
        if by == "blocks":
            document["windows"] = [window_document(window) for window in windows]
        documents.write(document)
        return 0
    usage_table(archive, report)
    if by == "blocks":
        pace(archive, report, windows)
    return 0


def _limits(archive: Archive, *, agent: str | None, as_json: bool) -> int:
    found = limits(archive, agent=agent)
    if as_json:
        documents.write(limits_document(found))
    else:
        limits_table(archive, found)
    return 0


COMMANDS = {"usage": usage}

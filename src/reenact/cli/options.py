"""Options that several verbs share, and what they mean for the archive."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

import click

from reenact.cli import dates
from reenact.errors import UsageError
from reenact.store import Filter

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.cli.app import Context

AnyCommand = Callable[..., Any]

as_json = click.option("--json", "as_json", is_flag=True, help="Write one JSON document to stdout.")
no_import = click.option("--no-import", is_flag=True, help="Do not look for new transcripts first.")


def filters(command: AnyCommand) -> AnyCommand:
    """Adds the filters of DESIGN §7 to a verb."""
    options = (
        click.option(
            "--agent", help="Only this agent: claude_code, codex, gemini, copilot, opencode, pi, qwen."
        ),
        click.option("--project", help="Only this project: its path, or the last part of it."),
        click.option("--model", help="Only sessions that used this model (a part of its name is enough)."),
        click.option("--tag", help="Only sessions with this tag."),
        click.option("--since", help="Not before: a date, `yesterday`, `2 hours ago`, `7d`."),
        click.option("--until", help="Not after."),
        click.option(
            "--status",
            help="Only this status: working, waiting, idle, completed, failed, interrupted, aborted, stale.",
        ),
    )
    return reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


def filter_of(
    archive: Archive,
    *,
    agent: str | None,
    project: str | None,
    model: str | None,
    since: str | None,
    until: str | None,
    status: str | None = None,
    tag: str | None = None,
    limit: int | None = None,
    timezone: str | None = None,
) -> Filter:
    """Gives what the filter options say."""
    zone = timezone or archive.timezone
    now = archive.clock.now()
    return Filter(
        agent=agent,
        tag=tag,
        project=project,
        model=_whole_model(archive, model) if model else None,
        status=status,
        since=dates.parse(since, now=now, timezone=zone) if since else None,
        until=dates.parse(until, now=now, timezone=zone, end=True) if until else None,
        limit=limit,
    )


def _whole_model(archive: Archive, part: str) -> str:
    """Gives the model that was used and whose name has this part; the part itself where there is none.

    Raises:
        UsageError: several models fit.
    """
    known = {model for row in archive.sessions() for model in row.models}
    fitting = sorted(model for model in known if part.lower() in model.lower())
    if part in known or not fitting:
        return part
    if len(fitting) > 1:
        raise UsageError(f"{part!r} fits several models: {', '.join(fitting)}", hint="name one of them")
    return fitting[0]


def caught_up(context: Context, *, skip: bool) -> Archive:
    """Gives the archive after importing what is new; a verb that reads shows what is there now."""
    archive = context.archive
    if not skip:
        from reenact.cli.imports import quietly

        quietly(archive)
    return archive

"""`reenact note`: a word or a tag on a session, whoever recorded it, also while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reenact.cli.options import caught_up, no_import
from reenact.cli.text import safe
from reenact.errors import UsageError

if TYPE_CHECKING:
    from reenact.cli.app import Context


@click.command()
@click.argument("text", nargs=-1, metavar="[TEXT]")
@click.option("--session", "-s", default="last", show_default=True, help="The session it is about.")
@click.option("--at", type=click.IntRange(min=1), help="The event it is about, by its number.")
@click.option("--tag", "-t", "add", multiple=True, help="Put a tag on (as often as you like).")
@click.option("--untag", "remove", multiple=True, help="Take a tag off.")
@no_import
@click.pass_obj
def note(
    context: Context,
    text: tuple[str, ...],
    *,
    session: str,
    at: int | None,
    add: tuple[str, ...],
    remove: tuple[str, ...],
    no_import: bool,
) -> int:
    """Note something of a session, of one event in it, or put tags on.

    Notes lie beside what was recorded, which never changes. `show` shows them, `list --tag` and
    `tag:NAME` in queries find by them.
    """
    said = " ".join(text).strip()
    if not (said or add or remove):
        raise UsageError("there is nothing to note", hint="give a text, --tag or --untag")
    if any(not tag.strip() for tag in (*add, *remove)):
        raise UsageError("a tag has at least one letter")
    archive = caught_up(context, skip=no_import)
    row = archive.note(session, said or None, at=at, add=add, remove=remove)
    tags = f", tagged {', '.join(row.tags)}" if row.tags else ""
    click.echo(f"noted of {row.id[:8]} {safe(row.title or '')}{safe(tags)}".rstrip())
    return 0


COMMANDS = {"note": note}

"""`reenact fork`: a session of its own that shares another one's past up to one event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reenact.cli import documents
from reenact.cli.options import as_json, caught_up, no_import
from reenact.cli.text import safe

if TYPE_CHECKING:
    from reenact.cli.app import Context


@click.command()
@click.argument("session")
@click.option(
    "--at", type=click.IntRange(min=0), help="The last event that is shared; all of them unless told."
)
@click.option("--name", metavar="ID", help="A name of your own for the fork.")
@click.option(
    "--on-unpaired",
    type=click.Choice(["error", "include", "drop"]),
    default="error",
    show_default=True,
    help="Where that parts a tool call from its result: refuse, share the result too, or leave the call out.",
)
@as_json
@no_import
@click.pass_obj
def fork(
    context: Context,
    session: str,
    *,
    at: int | None,
    name: str | None,
    on_unpaired: Any,
    as_json: bool,
    no_import: bool,
) -> int:
    """Fork a session at any event; nothing is copied, the session itself stays as it is.

    Prints the id of the fork. `archive.live().open(ID)` goes on with it in a program.
    """
    archive = caught_up(context, skip=no_import)
    parent = archive.session(session)
    made = archive.fork(parent.id, at=at, id=name, on_unpaired=on_unpaired)
    snapshot = made.snapshot()
    shared = snapshot.ancestry.branched_at
    found = archive.store.find_event(shared) if shared is not None else None
    seq = found.seq if found is not None else 0
    made.close()
    if as_json:
        row = archive.session(made.id)
        documents.write(
            {
                "version": documents.VERSION,
                "fork": {"parent": parent.id, "at": seq, "event": shared, "messages": snapshot.length},
                "session": documents.session(row),
            }
        )
        return 0
    click.echo(made.id)
    title = f" {safe(parent.title)}" if parent.title else ""
    click.echo(f"forked {parent.id[:8]}{title} at {seq}: {snapshot.length} messages", err=True)
    return 0


COMMANDS = {"fork": fork}

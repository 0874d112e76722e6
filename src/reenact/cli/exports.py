"""`reenact export`: a session as JSON lines, as its agent wrote it, as Markdown, as ATIF, to be carried."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reenact.cli.options import caught_up, no_import
from reenact.errors import UsageError

if TYPE_CHECKING:
    from reenact.cli.app import Context


FORMATS = ("jsonl", "native", "md", "atif", "reenact")


@click.command()
@click.argument("session")
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "native", "md", "atif", "reenact"]),
    default="md",
    show_default=True,
)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write to a file instead of stdout.")
@click.option("--raw", is_flag=True, help="Do not scrub what looks like a secret.")
@click.option("--thinking", is_flag=True, help="md: with the model's reasoning.")
@click.option("--force", is_flag=True, help="Overwrite the output file.")
@no_import
@click.pass_obj
def export(
    context: Context,
    session: str,
    *,
    form: str,
    output: Path | None,
    raw: bool,
    thinking: bool,
    force: bool,
    no_import: bool,
) -> int:
    """Write a session out. What looks like a secret is scrubbed unless --raw.

    `native` gives the transcript's own bytes, which is only possible as they are: it needs no --raw.
    `reenact` gives one file of the session and its sub-agents; `reenact import FILE` takes it in elsewhere.
    """
    archive = caught_up(context, skip=no_import)
    pieces: Iterator[bytes]
    if form == "native":
        pieces = archive.export_native(session)
    elif form == "reenact":
        pieces = archive.export_portable(session, raw=raw)
    elif form == "atif":
        pieces = iter([archive.export_atif(session, raw=raw)])
    elif form == "jsonl":
        pieces = archive.export_jsonl(session, raw=raw)
    else:
        pieces = (
            text.encode("utf-8", "replace")
            for text in archive.export_markdown(session, raw=raw, thinking=thinking)
        )
    if output is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return 0
    if output.exists() and not force:
        raise UsageError(f"{output} exists", hint="--force overwrites it")
    staging = output.with_name(f".{output.name}.part")
    with staging.open("wb") as handle:
        handle.writelines(pieces)
    staging.replace(output)
    return 0


COMMANDS = {"export": export}

"""`reenact show`: the readable trace of a session, its summary, or its state at a position."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click
import msgspec

from reenact import tree as trees
from reenact.cli import documents
from reenact.cli.options import as_json, caught_up, no_import
from reenact.cli.table import console, short_names
from reenact.cli.text import clip, safe
from reenact.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.text import Text

    from reenact.archive import Archive, Past
    from reenact.cli.app import Context
    from reenact.cli.glyphs import Look
    from reenact.cli.trace_summary import Before
    from reenact.store import SessionRow


@click.command()
@click.argument("session", default="last")
@click.option("--verbose", "-v", is_flag=True, help="Texts, arguments, results and diffs below each line.")
@click.option("--summary", is_flag=True, help="Only the sums: facts, tokens, tools, errors, files.")
@click.option(
    "--at", type=click.IntRange(min=1), metavar="N", help="The state after event N, and the steps around it."
)
@click.option(
    "--context",
    "around",
    default=3,
    show_default=True,
    metavar="K",
    help="With --at: how many steps before and after.",
)
@click.option("--thinking", is_flag=True, help="Show the model's reasoning too.")
@click.option("--ascii", "plain", is_flag=True, help="No characters but ASCII for signs.")
@as_json
@no_import
@click.pass_obj
def show(
    context: Context,
    session: str,
    *,
    verbose: bool,
    summary: bool,
    at: int | None,
    thinking: bool,
    plain: bool,
    as_json: bool,
    no_import: bool,
    around: int,
) -> int:
    """Show what happened in a session (the latest one unless named).

    The numbers in the margin are positions: `--at N` shows the context, files, plan and usage as they
    were at that point.
    """
    archive = caught_up(context, skip=no_import)
    row = archive.session(session)
    if at is not None and at > row.events:
        raise NotFoundError(
            f"session {row.native_id[:8]} has {row.events} events", hint="choose a smaller --at"
        )
    if as_json:
        documents.write(_document(archive, row, summary=summary, at=at))
        return 0
    look = _look(archive, thinking=thinking, plain=plain)
    _print(_lines(archive, row, look, verbose=verbose, summary=summary, at=at, around=around))
    return 0


def _lines(
    archive: Archive,
    row: SessionRow,
    look: Look,
    *,
    verbose: bool,
    summary: bool,
    at: int | None,
    around: int,
) -> Iterable[Text]:
    from reenact.cli import trace, trace_state, trace_summary

    events = {event.seq: event for event in archive.events(row.id)}
    tree = archive.tree(row.id)
    if summary:
        before = _before(archive, row)
        yield from trace_summary.summary(tree, session=row, look=look, before=before)
        return
    if (past := archive.past(row.id)) is not None:
        yield _past_line(archive, past, look)
    if at is None:
        yield from trace.trace(tree, events, look=look, verbose=verbose)
        yield from _notes(archive, row, look)
        return
    yield from trace.around(tree, events, seq=at, context=around, look=look, verbose=verbose)
    yield from trace_state.state(tree.at(at), events, look=look)


def _before(archive: Archive, row: SessionRow) -> Before | None:
    """Gives the session that a fork left; with what it refers to, where it holds no copy."""
    from reenact.cli.trace_summary import Before

    if row.kind != "fork":
        return None
    past, names = archive.past(row.id), short_names(archive)
    if past is None:
        return Before(name=names[row.parent]) if row.parent in names else None
    return Before(name=names[past.session], seq=past.seq, turns=_turns(archive, past))


def _turns(archive: Archive, past: Past) -> int:
    return trees.statistics(archive.tree(past.session, at=past.seq)).turns


def _notes(archive: Archive, row: SessionRow, look: Look) -> Iterable[Text]:
    """Yields what people noted of the session."""
    from rich.text import Text

    for noted in archive.notes(row.id):
        about = f" of {noted.seq}" if noted.seq is not None else ""
        yield Text(clip(f"★ note{about}: {safe(noted.text)}", look.width), style="bold")


def _past_line(archive: Archive, past: Past, look: Look) -> Text:
    """Tells what a fork begins with, and where to look at it."""
    from rich.text import Text

    parent = archive.session(past.session)
    parts = len(archive.tree(past.session, at=past.seq).at(past.seq).context)
    name = short_names(archive)[parent.id]
    words = f"⑂ goes on from {past.seq} of {name} ({parts} parts of context): show {name} --at {past.seq}"
    return Text(clip(words, look.width), style="dim")


def _document(archive: Archive, row: SessionRow, *, summary: bool, at: int | None) -> dict[str, Any]:
    document: dict[str, Any] = {"version": documents.VERSION, "session": documents.session(row)}
    if summary:
        past = archive.past(row.id)
        document["statistics"] = msgspec.to_builtins(trees.statistics(archive.tree(row.id)))
        document["past"] = None
        if past is not None:
            document["past"] = {**msgspec.to_builtins(past), "turns": _turns(archive, past)}
    elif at is not None:
        past = archive.past(row.id)
        document["state"] = msgspec.to_builtins(archive.tree(row.id).at(at))
        document["past"] = None if past is None else msgspec.to_builtins(past)
    else:
        document["notes"] = [msgspec.to_builtins(noted) for noted in archive.notes(row.id)]
        document["events"] = [msgspec.to_builtins(event) for event in archive.events(row.id)]
    return document


def _look(archive: Archive, *, thinking: bool, plain: bool) -> Look:
    from zoneinfo import ZoneInfo

    from reenact.cli.glyphs import Look

    encoding = (sys.stdout.encoding or "ascii").lower()
    return Look(
        width=console().width,
        ascii=plain or not encoding.startswith("utf"),
        thinking=thinking,
        zone=ZoneInfo(archive.timezone),
    )


def _print(lines: Iterable[Text]) -> None:
    """Prints lines; through the user's pager where they are more than the terminal shows."""
    out = console()
    if not sys.stdout.isatty() or os.environ.get("REENACT_PAGER") == "":
        for line in lines:
            out.print(line, soft_wrap=True)
        return
    kept = list(lines)
    if len(kept) < out.height:
        for line in kept:
            out.print(line, soft_wrap=True)
        return
    with out.capture() as captured:
        for line in kept:
            out.print(line, soft_wrap=True)
    click.echo_via_pager(captured.get(), color=True)


COMMANDS = {"show": show}

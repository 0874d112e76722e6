"""`reenact search`: events by what was said in them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from reenact.cli import documents
from reenact.cli.options import as_json, caught_up, no_import
from reenact.cli.text import clip, line, relative, safe
from reenact.store import Filter

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.cli.app import Context
    from reenact.store import Hit, SessionRow

_WORTH_SHOWING = 50
"""Sessions; fewer are indexed before anybody could read a line about it."""
_SPACES = re.compile(r"\s+")
_FIELD = re.compile(r"(-*)(\w+:)?(.*)", re.DOTALL)


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="QUERY")
@click.option("--rank", is_flag=True, help="The best of the newest first, not the newest.")
@click.option(
    "--scan", is_flag=True, help="Read everything: /regular expressions/, signs, parts of words, CJK."
)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many.")
@as_json
@no_import
@click.pass_obj
def search(
    context: Context,
    /,
    *,
    words: tuple[str, ...],
    rank: bool,
    scan: bool,
    limit: int,
    as_json: bool,
    no_import: bool,
) -> int:
    """Search events, newest first: words, "phrases", prefix*, -not, or, ( ), and fields.

    Fields: agent project model tool kind file command role branch since until cost:> tokens:>
    is:error is:subagent is:fork is:live. Write `--` before a query that begins with a minus sign.
    Exit code 4 where nothing is found.
    """
    text = query_text(words)
    archive = context.archive
    archive.texts.query(text, scan=scan)  # what cannot be read is told before anything is imported
    caught_up(context, skip=no_import)
    if not scan:
        index_texts(archive, quiet=as_json)
    hits = archive.search(text, limit=limit, rank=rank, scan=scan)
    named = Filter(sessions=tuple({hit.session for hit in hits}))
    sessions = {row.id: row for row in archive.sessions(named)}
    if as_json:
        documents.write(_document(text, hits, sessions))
    elif hits:
        _show(hits, sessions, now=archive.clock.now())
    else:
        click.echo("nothing found", err=True)
    return 0 if hits else 4


def query_text(words: Iterable[str]) -> str:
    """Gives the query that several words of a command line make.

    A word with spaces was in the shell's quotes: it is a phrase.
    """
    given = list(words)
    return given[0] if len(given) == 1 else " ".join(_quoted(word) for word in given)


def _quoted(word: str) -> str:
    if not _SPACES.search(word) or set('"()/') & set(word):
        return word
    parts = _FIELD.fullmatch(word)
    return f'{parts[1]}{parts[2] or ""}"{parts[3]}"' if parts else word


def index_texts(archive: Archive, *, quiet: bool = False) -> None:
    """Brings the text index up to date, and says so on a terminal where that takes a while."""
    try:
        with _counter("indexing texts", quiet=quiet) as tell:
            is_whole = archive.texts.index(tell=tell)
    except OSError as error:
        click.echo(f"note: texts are not all indexed yet: {error.strerror or error}", err=True)
        return
    if not is_whole and not quiet:
        click.echo(
            "note: texts are not all indexed yet (another process is at it, or it cannot be written)",
            err=True,
        )


@contextmanager
def _counter(title: str, *, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    if quiet or not sys.stderr.isatty():
        yield None
        return
    shown = False

    def tell(done: int, total: int) -> None:
        nonlocal shown
        if total > _WORTH_SHOWING and done % 10 == 0:
            shown = True
            click.echo(f"\r{title}: {done:,} of {total:,} sessions ", nl=False, err=True)

    try:
        yield tell
    finally:
        if shown:
            click.echo("\r\x1b[K", nl=False, err=True)


def _show(hits: list[Hit], sessions: dict[str, SessionRow], *, now: int) -> None:
    last = None
    for hit in hits:
        row = sessions.get(hit.session)
        if hit.session != last:
            if last is not None:
                click.echo()
            last = hit.session
            click.echo(_heading(hit, row, now=now))
        what = hit.tool or hit.kind
        click.echo(f"  {click.style(f'#{hit.seq}', fg='cyan')} {line(what, width=24)}")
        click.echo(f"    {_marked(hit)}")


def _heading(hit: Hit, row: SessionRow | None, *, now: int) -> str:
    name = (row.native_id if row else hit.session)[:8]
    when = relative(hit.ts, now=now)
    title = line((row.title if row else None) or "(no prompt)", width=50)
    return f"{click.style(safe(name), bold=True)}  {when:<8}  {title}"


def _marked(hit: Hit) -> str:
    """Gives a snippet that is harmless, on one line of 76 cells, with what was found set off."""
    begin = max(0, hit.marks[0][0] - 24) if hit.marks else 0
    pieces: list[tuple[str, bool]] = []
    at = begin
    for start, end in hit.marks:
        pieces += [(hit.snippet[at:start], False), (hit.snippet[start:end], True)]
        at = end
    pieces.append((hit.snippet[at:], False))
    left, shown = 74, []
    for text, is_found in pieces:
        one = clip(safe(_SPACES.sub(" ", text)), left)
        left -= len(one)
        shown.append(click.style(one, fg="yellow", bold=True) if is_found else one)
        if left <= 0:
            break
    return ("…" if begin else "") + "".join(shown).strip()


def _document(text: str, hits: list[Hit], sessions: dict[str, SessionRow]) -> dict[str, Any]:
    return {
        "version": documents.VERSION,
        "query": text,
        "hits": [_hit(hit, sessions.get(hit.session)) for hit in hits],
        "cursor": hits[-1].cursor or None if hits else None,
    }


def _hit(hit: Hit, row: SessionRow | None) -> dict[str, Any]:
    return {
        "session": hit.session,
        "native_id": row.native_id if row else None,
        "agent": row.agent if row else None,
        "project": row.project if row else None,
        "title": row.title if row else None,
        "seq": hit.seq,
        "event": hit.event,
        "ts": documents.time_text(hit.ts),
        "kind": hit.kind,
        "tool": hit.tool,
        "snippet": hit.snippet,
        "marks": [list(mark) for mark in hit.marks],
    }


COMMANDS = {"search": search}

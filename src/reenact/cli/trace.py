"""The readable trace of a session: one line a step under headings of prompts, or all of it.

Pure: from values to lines. The numbers in the margin are positions, the same that `--at` takes;
usage, marks and other small events fold into what they belong to, so the numbers skip.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.text import Text

from reenact.cli.glyphs import Look
from reenact.cli.trace_lines import Writer
from reenact.cli.trace_rows import Row, index_of, rows
from reenact.events import Event
from reenact.tree import Tree


def trace(tree: Tree, events: Mapping[int, Event], *, look: Look, verbose: bool = False) -> Iterator[Text]:
    """Yields the lines of a session, none wider than `look.width` cells.

    Args:
        tree: the session.
        events: its events by position; only looked at where `verbose`.
        look: how it is to look.
        verbose: with texts, arguments, results and diffs below the lines.
    """
    writer = Writer(tree, events, look, verbose=verbose)
    found = rows(tree, look=look, folds=not verbose)
    told = {row.number for row in found}
    empty = [(number, loop) for number, loop in enumerate(tree.loops, start=1) if number not in told]
    previous: Row | None = None
    for row in found:
        while empty and empty[0][0] < row.number:
            yield Text("")
            yield from writer.heading(*empty.pop(0))
        yield from _opening(row, previous, writer)
        if verbose and row.turn is not None and (previous is None or row.turn is not previous.turn):
            yield writer.turn(row.turn)
        yield from writer.row(row)
        previous = row
    for number, loop in empty:
        yield Text("")
        yield from writer.heading(number, loop)


def around(
    tree: Tree, events: Mapping[int, Event], *, seq: int, context: int, look: Look, verbose: bool = False
) -> Iterator[Text]:
    """Yields the lines of the step at a position and of so many steps before and after it."""
    writer = Writer(tree, events, look, verbose=verbose)
    found = rows(tree, look=look, folds=False)
    if not found:
        return
    at = index_of(found, seq)
    previous: Row | None = None
    for index in range(max(at - context, 0), min(at + context + 1, len(found))):
        row = found[index]
        if row.loop is not None and (previous is None or row.number != previous.number):
            yield Text("")
            if not row.is_prompt:
                yield from writer.heading(row.number, row.loop)
        previous = row
        yield from writer.row(row, is_now=index == at)


def _opening(row: Row, previous: Row | None, writer: Writer) -> Iterator[Text]:
    """Yields what stands above a row; the prompt of a loop may come after texts for the model."""
    begins = previous is None or row.number != previous.number
    if row.loop is None or not (row.is_prompt or (begins and row.loop.prompt_seq is None)):
        return
    yield Text("")
    if not row.is_prompt:
        yield from writer.heading(row.number, row.loop)

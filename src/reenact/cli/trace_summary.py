"""The sums of a session as a block of lines: `show --summary`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
from rich.text import Text

from reenact.cli.glyphs import Look
from reenact.cli.text import count_text, duration_text, line, moment_text, money_text, pad, wrap
from reenact.cli.trace_state import LABEL, file_text, row, tokens_text
from reenact.tree import Statistics, Tree, statistics

if TYPE_CHECKING:
    from reenact.store import SessionRow

_MOST = 20


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """What a fork shares with the session that it left."""

    name: str
    """That session's."""
    seq: int | None = None
    turns: int = 0
    """Turns up to `seq`, which the fork refers to; of one that holds a copy, its tree tells."""


def summary(
    tree: Tree, *, session: SessionRow | None = None, look: Look, before: Before | None = None
) -> Iterator[Text]:
    """Yields facts, models, tokens, cost, tools, errors, files and sub-agents of a session.

    Args:
        tree: the session.
        session: what lists know of it: title, project, source, cost. Left out where None.
        look: how it is to look.
        before: the session that it was forked from.
    """
    sums = statistics(tree)
    yield from _facts(tree, sums, session, look)
    for words in _shared(sums, before):
        yield row("shared", words, look)
    yield from _spent(sums, session, look)
    yield from _tools(sums, look)
    yield from _rest(tree, sums, look)


def _facts(tree: Tree, sums: Statistics, session: SessionRow | None, look: Look) -> Iterator[Text]:
    setting = tree.at(tree.last).setting
    facts: list[tuple[str, str | None]] = [
        ("session", session.native_id if session is not None else tree.session),
        ("title", session.title if session is not None else None),
        ("agent", f"{session.agent} {session.agent_version or ''}".strip() if session else tree.agent),
        ("parent", tree.parent or (session.parent if session is not None else None)),
        ("project", session.project if session is not None else None),
        (
            "directory",
            f"{setting.cwd}{f' ({setting.branch})' if setting.branch else ''}" if setting.cwd else None,
        ),
        ("source", session.source_path if session is not None else None),
        ("status", session.status if session is not None else None),
    ]
    for label, value in facts:
        if value:
            yield row(label, value, look)
    if sums.began is not None:
        times = f"{moment_text(sums.began, zone=look.zone)} → {moment_text(sums.ended, zone=look.zone)}"
        yield row("time", f"{times} ({duration_text(sums.duration)})", look)
    counts = [
        _many(sums.events, "event"), _many(sums.loops, "prompt"), _many(sums.turns, "turn"),
        _many(sums.tool_calls, "tool call"), _many(sums.compactions, "compaction"),
        _many(sums.branches, "branch", "es"), _many(sums.warnings, "warning"),
    ]  # fmt: skip
    told = wrap(", ".join(filter(None, counts)) or "nothing happened", look.width - LABEL)
    for number, words in enumerate(told):
        yield row("" if number else "counts", words, look)


def _shared(sums: Statistics, before: Before | None) -> Iterator[str]:
    """Yields how much of a fork is another session's, and whether it is among the counts."""
    name = before.name if before is not None else "an earlier session"
    if sums.turns_copied:
        verb = "is" if sums.turns_copied == 1 else "are"
        yield f"{sums.turns_copied:,} of the {_many(sums.turns, 'turn')} {verb} copied from {name}"
    if sums.turns_before:
        yield f"{_many(sums.turns_before, 'turn')} copied from {name}, not counted above"
    if before is not None and before.turns:
        yield f"{_many(before.turns, 'turn')} up to {before.seq} of {name}, not counted above"


def _spent(sums: Statistics, session: SessionRow | None, look: Look) -> Iterator[Text]:
    for number, model in enumerate(sums.usage.models):
        spent = tokens_text(model.tokens, quality=model.quality)
        words = f"{model.model or 'unknown'}: {_many(model.responses, 'response')}; {spent}"
        yield row("" if number else "models", words, look)
    if sums.usage.inherited.total:
        yield row(
            "inherited", f"{count_text(sums.usage.inherited.total)} tokens that an earlier session owns", look
        )
    if session is not None:
        cost = money_text(session.own.cost, known=session.own.cost_known)
        if session.total != session.own:
            cost += f" (with sub-agents {money_text(session.total.cost, known=session.total.cost_known)})"
        yield row("cost", cost, look)


def _tools(sums: Statistics, look: Look) -> Iterator[Text]:
    if not sums.tools:
        return
    width = max(min(look.width - LABEL - 36, 40), 8)
    columns = f"{'calls':>6} {'failed':>6} {'denied':>6} {'open':>5} {'time':>7}"
    yield row("tools", f"{'name':<{width}} {columns}", look, style="dim")
    for tool in sums.tools[:_MOST]:
        name = pad(line(tool.name, width=width), width)
        counts = f"{tool.calls:>6,} {tool.failed or '':>6} {tool.denied or '':>6} {tool.open or '':>5}"
        yield row("", f"{name} {counts} {duration_text(tool.duration):>7}", look)
    if len(sums.tools) > _MOST:
        yield row("", f"… and {len(sums.tools) - _MOST:,} more tools", look, style="dim")


def _rest(tree: Tree, sums: Statistics, look: Look) -> Iterator[Text]:
    cwd = tree.at(tree.last).setting.cwd
    errors = [step for step in tree.walk() if step.kind == "error"]
    blocks = [
        ("errors", [f"at {step.seq}: {step.error or step.text}" for step in errors]),
        ("files", [file_text(state, look, cwd=cwd) for state in sums.files]),
        (
            "agents",
            [
                f"{child.name or 'sub-agent'} {child.status or ''} {child.session or ''}: {child.task or ''}"
                for child in tree.children
            ],
        ),
    ]
    for label, found in blocks:
        for number, words in enumerate(found[:_MOST]):
            yield row("" if number else label, words, look)
        if len(found) > _MOST:
            yield row("", f"… and {len(found) - _MOST:,} more", look, style="dim")


def _many(count: int, word: str, plural: str = "s") -> str:
    return f"{count:,} {word}{plural if count != 1 else ''}" if count else ""

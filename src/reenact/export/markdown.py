"""A session as a readable transcript in Markdown, for people and for issue trackers.

Facts first, then every loop with its prompts, answers, tool calls (folded) and changes, then the
totals. Recorded text is made inert on its way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo

from reenact.clock import to_datetime
from reenact.events import Event, Header, bodies
from reenact.export.inert import code, words
from reenact.export.scrubbed import Scrub, scrubbed
from reenact.export.steps import Writing, step_lines
from reenact.tree import Loop, Statistics, Step, Tree, Turn, fold, statistics


def markdown(
    events: Iterable[Event],
    *,
    header: Header | None = None,
    title: str | None = None,
    facts: Mapping[str, str] | None = None,
    scrub: Scrub | None,
    zone: tzinfo | None = None,
    thinking: bool = False,
) -> Iterator[str]:
    """Yields the pieces of the document, each whole lines.

    Args:
        events: all of the session.
        header: who the session is.
        title: what to call it; its first prompt where None.
        facts: further rows for the table at the top (project, cost, source …).
        scrub: takes a JSON value and gives it without secrets; None leaves everything as it is.
        zone: in which times are told; the machine's own where None.
        thinking: whether the model's reasoning is part of it.
    """
    kept = list(scrubbed(events, scrub))
    tree = fold(kept, header=header)
    writing = Writing({event.seq: event for event in kept}, zone=zone, thinking=thinking)
    sums = statistics(tree)
    clean = scrub or _unchanged
    yield f"# {words(str(clean(title)) if title else _title(kept, tree))}\n\n"
    told = _facts(tree, kept, sums, zone)
    told[:0] = [("Session", header.native_id if header is not None else tree.session)]
    told += [(name, str(clean(value))) for name, value in (facts or {}).items()]
    yield from _table([(name, words(value)) for name, value in told if value])
    for step in tree.steps:
        yield from step_lines(step, writing)
    for number, loop in enumerate(tree.loops, start=1):
        yield from _loop(number, loop, writing)
    yield from _totals(sums)


def _unchanged(text: str) -> str:
    return text


def _title(events: list[Event], tree: Tree) -> str:
    titles = [event.body.title for event in events if isinstance(event.body, bodies.SessionTitled)]
    prompts = [loop.prompt for loop in tree.loops if loop.prompt]
    return (titles[-1:] or prompts[:1] or [tree.session or "Session"])[0]


def _facts(tree: Tree, events: list[Event], sums: Statistics, zone: tzinfo | None) -> list[tuple[str, str]]:
    started = next((event.body for event in events if isinstance(event.body, bodies.SessionStarted)), None)
    setting = tree.at(tree.last).setting
    agent = (started.agent if started is not None else None) or tree.agent or ""
    version = started.agent_version if started is not None else None
    models = ", ".join(item.model for item in sums.usage.models if item.model) or setting.model or ""
    return [
        ("Agent", f"{agent} {version or ''}".strip()),
        ("Model", models),
        ("Directory", setting.cwd or ""),
        ("Branch", setting.branch or ""),
        ("Started", _moment(tree.began, zone)),
        ("Ended", _moment(tree.ended, zone)),
        ("Parent", tree.parent or (tree.forked.parent if tree.forked is not None else "")),
    ]


def _table(rows: list[tuple[str, str]]) -> Iterator[str]:
    if rows:
        yield "| | |\n|---|---|\n"
        for name, value in rows:
            yield f"| {name} | {value} |\n"
        yield "\n"


def _loop(number: int, loop: Loop, writing: Writing) -> Iterator[str]:
    heading = words(loop.prompt) if loop.prompt else "without a prompt"
    yield f"## {number} · {heading}\n\n"
    if not loop.live:
        yield "*Left behind: the conversation went back and on from an earlier point.*\n\n"
    if loop.status not in {"completed", "open"}:
        yield f"*This run was {loop.status}.*\n\n" if loop.status != "failed" else "*This run failed.*\n\n"
    places: list[tuple[int, Turn | Step]] = [
        *((turn.begin, turn) for turn in loop.turns),
        *((step.seq, step) for step in loop.steps),
    ]
    places.sort(key=lambda place: place[0])
    was_live = True
    for _, item in places:
        if isinstance(item, Step):
            yield from step_lines(item, writing)
            continue
        if loop.live and was_live and not item.live:
            yield "*Left behind by what follows:*\n\n"
        was_live = item.live
        for step in item.steps:
            yield from step_lines(step, writing)


def _totals(sums: Statistics) -> Iterator[str]:
    yield "## Totals\n\n"
    spent = sums.usage
    least = "" if spent.quality == "measured" else "≥ " if spent.quality == "partial" else "≈ "
    rows = [
        ("Events", f"{sums.events:,}"),
        ("Turns", f"{sums.turns:,}"),
        ("Tool calls", f"{sums.tool_calls:,}"),
        ("Errors", f"{sums.errors:,}" if sums.errors else ""),
        ("Compactions", f"{sums.compactions:,}" if sums.compactions else ""),
        ("Sub-agents", f"{sums.agents:,}" if sums.agents else ""),
        ("Warnings", f"{sums.warnings:,}" if sums.warnings else ""),
    ]
    yield from _table([row for row in rows if row[1]])
    if spent.responses:
        yield "| Model | Responses | Input | Cache read | Cache write | Output |\n|---|--:|--:|--:|--:|--:|\n"
        for item in spent.models:
            tokens = item.tokens
            yield (
                f"| {words(item.model or 'unknown')} | {item.responses:,} | {tokens.input:,} "
                f"| {tokens.cache_read:,} | {tokens.cache_write:,} | {least}{tokens.output:,} |\n"
            )
        yield "\n"
    if sums.tools:
        yield "| Tool | Calls | Failed |\n|---|--:|--:|\n"
        for tool in sums.tools:
            yield f"| {words(tool.name)} | {tool.calls:,} | {tool.failed:,} |\n"
        yield "\n"
    for state in sums.files:
        lines = f" +{state.plus:,} -{state.minus:,}" if state.is_counted else ""
        gone = "" if state.exists else " (gone)"
        yield f"- {code(state.path)}{lines}{gone}\n"


def _moment(moment: int | None, zone: tzinfo | None) -> str:
    return (
        ""
        if moment is None
        else to_datetime(moment).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z").strip()
    )

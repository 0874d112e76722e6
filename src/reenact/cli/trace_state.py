"""The state of a session at one position, as lines: `show --at N`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from rich.text import Text

from reenact.cli.glyphs import Look, Sign
from reenact.cli.text import clip, count_text, line, moment_text, pad, safe
from reenact.events import Event, Tokens, bodies
from reenact.tree import FileState, Message, View, argument, plain, words_of

LABEL = 10
"""Cells for the word in front of a line."""
_MOST_FILES = 12
_LAST_MESSAGES = 6


def state(view: View, events: Mapping[int, Event], *, look: Look) -> Iterator[Text]:
    """Yields context, files, plan, usage and open calls as they were, none wider than `look.width`."""
    setting = view.setting
    where = f"{setting.cwd or ''}{f' ({setting.branch})' if setting.branch else ''}"
    modes = [setting.permission, setting.autonomy, f"plan {setting.plan}" if setting.plan else None]
    yield row("at", f"{view.seq} · {moment_text(view.ts, zone=look.zone)}", look)
    for label, value in (
        ("directory", where),
        ("model", setting.model),
        ("mode", " · ".join(filter(None, modes))),
    ):
        if value:
            yield row(label, value, look)
    yield from _context(view, events, look)
    for number, item in enumerate(view.files[-_MOST_FILES:]):
        yield row("" if number else "files", file_text(item, look, cwd=setting.cwd), look)
    if len(view.files) > _MOST_FILES:
        yield row("", f"… and {len(view.files) - _MOST_FILES:,} before", look, style="dim")
    for number, entry in enumerate(view.plan):
        sign: Sign = (
            "done" if entry.status == "completed" else "doing" if entry.status == "in_progress" else "todo"
        )
        yield row("" if number else "plan", f"{look.sign(sign)} {entry.text}", look)
    for number, model in enumerate(view.usage.models):
        spent = tokens_text(model.tokens, quality=model.quality)
        yield row("" if number else "spent", f"{model.model or 'unknown model'}: {spent}", look)
    for number, call in enumerate(view.open_calls[-_MOST_FILES:]):
        yield row("" if number else "waiting", f"{call.name} (called at {call.seq})", look)


def _context(view: View, events: Mapping[int, Event], look: Look) -> Iterator[Text]:
    roles = Counter("summary" if part.is_summary else part.role for part in view.context)
    counted = ", ".join(f"{count:,} {role}" for role, count in roles.most_common())
    yield row("context", f"{len(view.context):,} parts: {counted}" if counted else "empty", look)
    for part in view.context[-_LAST_MESSAGES:]:
        role = "summary" if part.is_summary else part.role
        yield row("", f"{part.seq:<5} {role:<9} {_words(part, events)}", look, style="dim")


def _words(part: Message, events: Mapping[int, Event]) -> str:
    """Gives the beginning of a part of the context."""
    event = events.get(part.seq)
    match event.body if event is not None else None:
        case bodies.ToolCalled(name=name, input=value):
            return f"{name} {argument(value)}"
        case bodies.ToolFinished(output=output):
            return plain(output)[:4096]
        case bodies.CompactionFinished(summary=summary):
            return summary or ""
        case body:
            content = getattr(body, "blocks", None)
            return words_of(content) if content else ""


def near(path: str, cwd: str | None) -> str:
    """Gives a path as seen from a directory, where it lies below it."""
    return path.removeprefix(f"{cwd.rstrip('/')}/") if cwd else path


def file_text(item: FileState, look: Look, *, cwd: str | None) -> str:
    """Gives what was done to a file, in a few words."""
    least = "" if item.is_counted else "≥"
    lines = f" {least}+{item.plus} {least}-{item.minus}" if item.plus or item.minus or item.is_counted else ""
    where = f" {look.sign('to')} {near(item.moved_to, cwd)}" if item.moved_to else ""
    gone = "" if item.exists or where else " (deleted)"
    times = f" in {item.ops} changes" if item.ops > 1 else ""
    return f"{near(item.path, cwd)}{where}{gone}{lines}{times}, at {item.last}"


def tokens_text(tokens: Tokens, *, quality: str) -> str:
    """Gives tokens by category."""
    least = {"measured": "", "partial": "≥", "estimated": "≈"}[quality]
    return (
        f"{count_text(tokens.input)} in, {count_text(tokens.cache_read)} read, "
        f"{count_text(tokens.cache_write)} written, {least}{count_text(tokens.output)} out"
    )


def row(label: str, value: str, look: Look, *, style: str = "") -> Text:
    """Gives a line with a label in front."""
    label = clip(safe(label), LABEL)
    text = Text(pad(label, LABEL), style="bold")
    return text.append(look.plain(line(value, width=look.width - LABEL)), style=style)

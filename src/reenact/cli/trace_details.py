"""What stands below a step in the verbose trace: texts, arguments, results, diffs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from reenact.cli.glyphs import Look, Sign
from reenact.cli.text import clip, line, safe_lines, size_text, wrap
from reenact.events import Event, blocks, bodies
from reenact.tree import Step, json_text, plain

Styled = tuple[str, str]
"""A line and its style."""
_MOST_TEXT = 200
_MOST_ARGUMENT = 12
_MOST_RESULT = 12
_MOST_DIFF = 60
_LOOKED_AT = 200_000
"""Characters of one payload that are looked at; nobody reads more in a terminal."""


def details(step: Step, events: Mapping[int, Event], look: Look, *, width: int) -> Iterator[Styled]:
    """Yields the lines below a step, none wider than `width` cells, with their styles."""
    width = max(width, 8)
    for body in _bodies(step, events):
        match body:
            case bodies.UserMessage() | bodies.SystemMessage() | bodies.ContextInjected():
                yield from _message(body.blocks, look, width)
            case bodies.AssistantMessage() | bodies.ModelResponded():
                yield from _message(body.blocks, look, width)
            case bodies.ReasoningBody() if look.thinking:
                yield from _text(body.text, width, most=_MOST_TEXT, style="dim italic")
            case bodies.ToolCalled():
                yield from _argument(body.input, width)
            case bodies.ToolFinished():
                yield from _result(body, look, width)
            case bodies.PermissionAnswered():
                answer = "allowed" if body.granted else "denied"
                yield line(f"{answer}: {body.reason}" if body.reason else answer, width=width), "dim"
            case bodies.FileChanged() | bodies.FileProposed() if body.patch:
                yield from _diff(body.patch, width)
            case bodies.PlanUpdated():
                for item in body.items:
                    sign: Sign = {"completed": "done", "in_progress": "doing"}.get(item.status, "todo")  # type: ignore[assignment]  # all are signs
                    yield line(f"{look.sign(sign)} {item.text}", width=width), ""
            case bodies.CompactionFinished():
                yield from _text(body.summary or "", width, most=_MOST_ARGUMENT, style="dim")
            case bodies.ErrorBody() | bodies.ParseWarning():
                yield from _text(body.message, width, most=_MOST_ARGUMENT)
            case bodies.Unknown() | bodies.Custom():
                raw = body.raw if isinstance(body, bodies.Unknown) else body.data
                yield line(json_text(raw), width=width), "dim"
            case _:
                pass


def _bodies(step: Step, events: Mapping[int, Event]) -> Iterator[bodies.AnyBody]:
    for seq in step.events:
        event = events.get(seq)
        if event is not None:
            yield event.body


def _message(content: tuple[blocks.AnyBlock, ...], look: Look, width: int) -> Iterator[Styled]:
    for block in content:
        match block:
            case blocks.Text():
                yield from _text(block.text, width, most=_MOST_TEXT)
            case blocks.Reasoning() if look.thinking:
                yield from _text(
                    block.text or block.summary or "", width, most=_MOST_TEXT, style="dim italic"
                )
            case blocks.Image() | blocks.Audio():
                size = f", {size_text(len(block.data) * 3 // 4)}" if block.data else ""
                kind = "image" if isinstance(block, blocks.Image) else "audio"
                yield line(f"[{kind} {block.media_type or ''}{size}]".replace(" ,", ","), width=width), "dim"
            case blocks.File():
                yield line(f"[file {block.name or block.media_type or ''}]", width=width), "dim"
            case blocks.ToolResult():
                yield from _text(plain(block.output), width, most=_MOST_RESULT, style="dim")
            case blocks.Other():
                yield line(json_text(block.raw), width=width), "dim"
            case _:
                pass


def _argument(value: Any, width: int) -> Iterator[Styled]:
    """Yields a tool's input: text as it is, members one by one."""
    if value in (None, "", {}):
        return
    if isinstance(value, str):
        yield from _text(value, width, most=_MOST_ARGUMENT, style="cyan")
    elif isinstance(value, dict):
        for name, item in value.items():
            text = item if isinstance(item, str) else json_text(item)
            if "\n" in text:
                yield line(f"{name}:", width=width), "cyan"
                yield from (
                    (f"  {part}", style)
                    for part, style in _text(text, width - 2, most=_MOST_ARGUMENT, style="cyan")
                )
            else:
                yield from _text(f"{name}: {text}", width, most=4, style="cyan")
    else:
        yield from _text(json_text(value), width, most=_MOST_ARGUMENT, style="cyan")


def _result(body: bodies.ToolFinished, look: Look, width: int) -> Iterator[Styled]:
    output = plain(body.output) if body.output or body.output == 0 else ""  # {} and [] say nothing
    style = "red" if body.ok is False else "dim"
    yield from _text(output, width, most=_MOST_RESULT, style=style)
    if body.error and body.error not in output:
        yield from _text(body.error, width, most=4, style="red")
    if body.exit_code:
        yield f"exit code {body.exit_code}", style
    if body.child:
        yield line(f"{look.sign('agent')} session {body.child}", width=width), "dim"
    if body.truncated:
        yield "the whole output is not in the archive", "dim"


def _diff(patch: str, width: int) -> Iterator[Styled]:
    parts = safe_lines(patch[:_LOOKED_AT].removesuffix("\n"))
    for part in parts[:_MOST_DIFF]:
        sign = part[:1]
        style = {"+": "green", "-": "red", "@": "cyan"}.get(sign, "dim")
        yield clip(part, width), style
    if len(parts) > _MOST_DIFF:
        yield f"… {len(parts) - _MOST_DIFF:,} more lines", "dim"


def _text(text: str, width: int, *, most: int, style: str = "") -> Iterator[Styled]:
    """Yields a text's lines, broken to the width; past `most` of them, how much is left."""
    looked_at = text[:_LOOKED_AT].strip("\n")
    if not looked_at.strip():
        return
    pieces = (piece for part in safe_lines(looked_at) for piece in wrap(part.rstrip(), width))
    for shown in islice(pieces, most):
        yield shown, style
    if next(pieces, None) is not None or len(text) > _LOOKED_AT:
        yield f"… ({len(text):,} characters in all)", "dim"

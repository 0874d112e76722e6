"""One step of a session as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

from reenact.clock import to_datetime
from reenact.events import AnyBlock, Event, blocks, bodies
from reenact.export.inert import code, fenced, html, prose, quoted, words
from reenact.tree import Step, json_text, plain

_SPEAKERS = {
    "user": "Told to the model", "assistant": "Assistant", "system": "System", "tool": "Tool",
}  # fmt: skip
_SILENT = frozenset({"mark", "usage", "model", "session"})
"""Steps that the table and the totals tell of."""


class Writing:
    """What every step needs to be written down."""

    def __init__(
        self,
        events: Mapping[int, Event],
        *,
        zone: tzinfo | None,
        thinking: bool,
    ) -> None:
        self._events = events
        self.zone = zone
        self.thinking = thinking

    def bodies(self, step: Step) -> list[bodies.AnyBody]:
        """Gives the bodies of the events that a step is made of."""
        return [self._events[seq].body for seq in step.events]

    def time(self, step: Step) -> str:
        if step.ts is None:
            return ""
        return to_datetime(step.ts).astimezone(self.zone).strftime(" · %H:%M:%S")


def step_lines(step: Step, writing: Writing) -> Iterator[str]:
    """Yields the pieces of one step, each whole lines."""
    match step.kind:
        case "message":
            yield from _message(step, writing)
        case "reasoning":
            if writing.thinking:
                for body in writing.bodies(step):
                    yield from _folded("Thinking", prose(_thoughts(body)))
        case "tool":
            yield from _tool(step, writing)
        case "file":
            yield from _file(step, writing)
        case "plan":
            yield from _plan(step, writing)
        case "error":
            yield f"> **Error{writing.time(step)}**\n>\n{quoted(step.error or step.text)}\n\n"
        case "compaction":
            yield from _compaction(step, writing)
        case "agent":
            child = f" in session {code(step.child)}" if step.child else ""
            told = f": {words(step.text)}" if step.text else ""
            yield from _note(f"Sub-agent {step.event.rpartition('.')[2]}{child}{told}")
        case "context" if step.event == "context.injected":
            yield from _message(step, writing)
        case kind if kind in _SILENT:
            return
        case _:
            name = f" {code(step.name)}" if step.name else ""
            told = f": {code(step.text)}" if step.text else ""
            yield from _note(f"{step.event}{name}{told}")


def _note(text: str) -> Iterator[str]:
    yield f"— {text}\n\n"


def _folded(summary: str, content: str, *, is_open: bool = False) -> Iterator[str]:
    if content.strip():
        attribute = " open" if is_open else ""
        yield f"<details{attribute}>\n<summary>{summary}</summary>\n\n{content}\n\n</details>\n\n"


def _message(step: Step, writing: Writing) -> Iterator[str]:
    for body in writing.bodies(step):
        content = getattr(body, "blocks", ())
        text = "\n\n".join(filter(None, (_block(block) for block in content)))
        if step.human:
            yield f"**You**{writing.time(step)}\n\n{quoted(text)}\n\n"
        elif step.role == "assistant":
            if writing.thinking:
                thoughts = "\n\n".join(
                    _thought(block) for block in content if isinstance(block, blocks.Reasoning)
                )
                yield from _folded("Thinking", prose(thoughts))
            if text.strip():
                yield f"**Assistant**{writing.time(step)}\n\n{prose(text)}\n\n"
        else:
            origin = f" ({html(step.name)})" if step.name else ""
            yield from _folded(_SPEAKERS[step.role or "user"] + origin, fenced(text))


def _block(block: AnyBlock) -> str:
    """Gives the text of a block; what is no text by its name, calls and thoughts not at all."""
    match block:
        case blocks.Text():
            return block.text
        case blocks.ToolResult():
            return plain(block.output)
        case blocks.Image():
            return f"(image {block.media_type or block.url or ''})".replace(" )", ")")
        case blocks.Audio():
            return f"(audio {block.media_type or ''})".replace(" )", ")")
        case blocks.File():
            return f"(file {block.name or block.media_type or ''})".replace(" )", ")")
        case blocks.Other():
            return json_text(block.raw)
        case blocks.Reasoning() | blocks.ToolCall():
            return ""


def _thoughts(body: bodies.AnyBody) -> str:
    if isinstance(body, bodies.ReasoningBody):
        return body.text
    content = getattr(body, "blocks", ())
    return "\n\n".join(_thought(block) for block in content if isinstance(block, blocks.Reasoning))


def _thought(block: blocks.Reasoning) -> str:
    return block.text or block.summary or ""


def _tool(step: Step, writing: Writing) -> Iterator[str]:
    sign = "⊘" if step.denied else "…" if step.is_open else "✗" if step.ok is False else "✓"
    name = html(step.name or "unknown tool")
    told = f" <code>{html(step.text[:120])}</code>" if step.text else ""
    parts: list[str] = []
    for body in writing.bodies(step):
        parts += _tool_parts(body)
    if step.child:
        parts.append(f"Sub-agent: session {code(step.child)}")
    if step.is_open:
        parts.append("No result recorded.")
    yield from _folded(f"{sign} {name}{told}", "\n\n".join(parts), is_open=step.ok is False)


def _tool_parts(body: bodies.AnyBody) -> list[str]:
    match body:
        case bodies.ToolCalled():
            return [_input(body.input)] if body.input not in (None, "", {}) else []
        case bodies.ToolFinished():
            output = body.full_output if body.full_output is not None else plain(body.output)
            parts = [fenced(output)] if output.strip() else []
            if body.error and body.error not in output:
                parts.append(f"**Error:** {code(body.error)}")
            if body.truncated:
                parts.append("The whole output is not in the archive.")
            return parts
        case bodies.PermissionAnswered():
            reason = f": {code(body.reason)}" if body.reason else ""
            return [f"{'Allowed' if body.granted else 'Denied'}{reason}"]
        case bodies.UserMessage():
            results = [plain(block.output) for block in body.blocks if isinstance(block, blocks.ToolResult)]
            return [fenced(text) for text in results if text.strip()]
        case _:
            return []


def _input(value: Any) -> str:
    """Gives a tool's input: a lone command as it is, anything else member by member."""
    if isinstance(value, str):
        return fenced(value)
    if not isinstance(value, dict):
        return fenced(json_text(value), "json")
    long = {name: item for name, item in value.items() if isinstance(item, str) and "\n" in item}
    short = {name: item for name, item in value.items() if name not in long}
    parts = []
    if set(short) == {"command"} and isinstance(short["command"], str):
        parts.append(fenced(short["command"], "sh"))
    elif short:
        lines = ",\n".join(f" {json_text(name)}: {json_text(item)}" for name, item in short.items())
        parts.append(fenced(f"{{\n{lines}\n}}", "json"))
    parts += [f"{code(name)}:\n\n{fenced(item)}" for name, item in long.items()]
    return "\n\n".join(parts)


def _file(step: Step, writing: Writing) -> Iterator[str]:
    lines = f" +{step.plus} -{step.minus}" if step.plus is not None and step.minus is not None else ""
    for body in writing.bodies(step):
        if not isinstance(body, bodies.FileChanged | bodies.FileProposed):
            continue
        summary = f"{body.op} <code>{html(body.path)}</code>{lines}"
        if body.patch:
            yield from _folded(summary, fenced(body.patch, "diff"))
        else:
            yield f"— {body.op} {code(body.path)}{lines}\n\n"


def _plan(step: Step, writing: Writing) -> Iterator[str]:
    for body in writing.bodies(step):
        if isinstance(body, bodies.PlanUpdated):
            for item in body.items:
                sign = "x" if item.status == "completed" else " "
                yield f"- [{sign}] {code(item.text)}\n"
            if body.text:
                yield f"\n{quoted(body.text)}\n"
            yield "\n"


def _compaction(step: Step, writing: Writing) -> Iterator[str]:
    for body in writing.bodies(step):
        if isinstance(body, bodies.CompactionFinished):
            sizes = f", {body.before:,} → {body.after:,} tokens" if body.before and body.after else ""
            yield f"---\n\n**Compaction**{sizes}: what the model saw before this point was replaced.\n\n"
            yield from _folded("Summary", prose(body.summary or ""))

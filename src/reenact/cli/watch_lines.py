"""One line for an event as it happens: when, whose, a sign, and what it says."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from reenact.cli.glyphs import Look, Sign
from reenact.cli.table import AGENTS
from reenact.cli.text import clip, clock_text, duration_text, pad, safe
from reenact.cli.text import line as one_line
from reenact.events import Event, bodies
from reenact.store import SessionRow
from reenact.tree import kinds
from reenact.tree.text import argument, failure, plain

_AGENT = 7
_NAME = 8
_SHOWN = 400
"""Characters of a text that are looked at: a line shows no more."""
_SILENT = (
    bodies.UsageRecorded, bodies.TurnStarted, bodies.TurnEnded, bodies.LoopStarted, bodies.Heartbeat,
    bodies.ModelRequested, bodies.ModelDelta, bodies.ToolProgress,
)  # fmt: skip
"""Kinds that say nothing to people while they watch; `--kind` and `--json` give them."""
_SIGNS: dict[str, Sign] = {
    "session": "setting", "loop": "turn", "permission": "todo", "file": "file", "plan": "plan",
    "compaction": "compaction", "agent": "agent", "error": "error", "limit": "warning",
    "budget": "warning", "mode": "setting", "model": "setting", "workspace": "setting",
    "context": "told", "skill": "setting", "parse": "warning", "unknown": "open",
}  # fmt: skip
_STYLES: dict[Sign, str] = {
    "you": "bold", "failed": "red", "denied": "yellow", "error": "red", "warning": "yellow",
    "thought": "dim italic", "other": "dim", "setting": "dim", "told": "dim", "ok": "dim", "turn": "dim",
}  # fmt: skip


def line(event: Event, session: SessionRow, look: Look, *, every: bool = False) -> Text | None:
    """Gives the line of an event; None where it has none (with `every` each has one).

    Reasoning has one only where the look asks for it. Nothing recorded can move the cursor.
    """
    said = _said(event, look)
    if said is None and not every:
        return None
    sign, words = said or ("other", event.body.kind)
    head = f"{clock_text(event.ts, zone=look.zone)} {pad(safe(_agent(session)), _AGENT)}"
    left = f"{head} {pad(safe(session.native_id), _NAME)}  "
    room = max(look.width - len(left) - 2, 20)
    text = Text(left, style="dim")
    text.append(f"{look.sign(sign)} ", style=_STYLES.get(sign, ""))
    text.append(
        clip(look.plain(one_line(words[: _SHOWN * 4], width=_SHOWN)), room), style=_STYLES.get(sign, "")
    )
    return text


def _agent(session: SessionRow) -> str:
    return AGENTS.get(session.agent, session.agent)


def _said(event: Event, look: Look) -> tuple[Sign, str] | None:
    """Gives sign and words of an event; None where people need no line of it."""
    body = event.body
    match body:
        case bodies.UserMessage():
            words = kinds.words(body)
            return (("you" if body.human else "told"), words) if words else None
        case bodies.AssistantMessage():
            words = kinds.words(body) if _has_text(body) else ""
            return (("error" if body.error else "assistant"), words) if words else None
        case bodies.ReasoningBody():
            return ("thought", kinds.words(body)) if look.thinking else None
        case bodies.ToolCalled():
            return "tool", f"{body.name}  {argument(body.input)}".rstrip()
        case bodies.ToolFinished():
            return _result(body)
        case bodies.PermissionAsked():
            return "todo", f"may it? {_joined(kinds.name(body), kinds.words(body))}"
        case bodies.PermissionAnswered():
            sign: Sign = "ok" if body.granted else "denied"
            return sign, f"{'allowed' if body.granted else 'denied'} {_joined(kinds.name(body), '')}".rstrip()
        case bodies.SessionEnded():
            return ("failed" if body.status == "failed" else "turn"), f"session {body.status}"
        case bodies.ModelResponded():
            return None  # its message stands beside it
    if isinstance(body, _SILENT):
        return None
    kind = body.kind
    sign = _SIGNS.get(kind.partition(".")[0], "other")
    return sign, f"{kind} {_joined(kinds.name(body), kinds.words(body))}".rstrip()


def _result(body: bodies.ToolFinished) -> tuple[Sign, str]:
    took = f" {duration_text(body.duration)}" if body.duration is not None else ""
    if body.ok is False:
        sign: Sign = "denied" if body.category == "denied" else "failed"
        return sign, f"{failure(body.output, body.error)}{took}"
    said = plain(body.output)[:_SHOWN]
    return ("open" if body.ok is None else "ok"), f"{said}{took}".strip() or "done"


def _has_text(body: bodies.AssistantMessage) -> bool:
    return any(getattr(block, "text", "") for block in body.blocks if type(block).__name__ == "Text")


def _joined(*parts: Any) -> str:
    return " ".join(str(part) for part in parts if part)

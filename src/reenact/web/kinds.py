"""What an act did to the world, who acted, and which steps have a row of their own."""

from __future__ import annotations

from typing import get_args

from reenact.tree import Step
from reenact.tree.model import StepKind
from reenact.web.views import Act, Effect

KINDS: tuple[str, ...] = get_args(StepKind)
ACTS: tuple[Act, ...] = get_args(Act)
EFFECTS: tuple[Effect, ...] = get_args(Effect)
NOTHING, WELL, FAILED, DENIED, OPEN = range(5)
"""How a step ended, as `Columns.ok` says it."""

_EFFECTS: dict[str, Effect] = {
    "shell": "run",
    "file_read": "look",
    "search": "look",
    "file_write": "change",
    "file_edit": "change",
    "notebook": "change",
    "web": "reach",
    "sub_agent": "spawn",
}
_BESIDE = {"usage", "mark", "model"}
"""Steps that are told in the row that they belong to."""
_WITH_CALL = {"file", "plan", "permission", "agent", "hook"}
"""Steps that are told in the row of their tool call, where they have one."""
_QUIET = {"session.titled", "session.tagged", "heartbeat", "compaction.started", "checkpoint.created"}


def has_row(step: Step) -> bool:
    """Tells whether a step has a row of its own."""
    if step.kind in _BESIDE or step.event in _QUIET:
        return False
    return not (step.call is not None and step.kind in _WITH_CALL)


def effect_of(step: Step) -> Effect:
    """Gives what a step did to the world."""
    if step.kind == "tool":
        return effect_of_tool(step.tool_kind, step.name)
    if step.kind == "file":
        return "change"
    return "spawn" if step.kind == "agent" else "none"


def effect_of_tool(kind: str | None, name: str | None) -> Effect:
    """Gives what a tool does to the world."""
    if (name or "").startswith("mcp__"):
        return "reach"
    return _EFFECTS.get(kind or "other", "other")


def act_of(step: Step) -> Act:
    """Gives who acted."""
    match step.kind:
        case "message":
            if step.human:
                return "human"
            return "model" if step.role == "assistant" else "system"
        case "reasoning":
            return "model"
        case "tool":
            return "tool"
        case "context" | "setting" | "session" | "hook" | "skill":
            return "system"
        case _:
            return "other"


def ok_of(step: Step) -> int:
    """Gives how a step ended, as `Columns.ok` says it."""
    if step.denied:
        return DENIED
    if step.kind == "error" or step.ok is False:
        return FAILED
    if step.kind != "tool":
        return NOTHING
    return OPEN if step.is_open else WELL


def label_of(step: Step) -> str:
    """Gives a step in a few words."""
    words = step.error if step.kind == "error" and step.error else step.text
    name = step.name or ""
    if step.kind in {"message", "reasoning"}:
        return words or name
    return f"{name} {words}".strip() or step.event

"""The document of `reenact tree --json`: a session's tree without its payloads."""

from __future__ import annotations

from typing import Any

import msgspec

from reenact import usage
from reenact.clock import to_datetime
from reenact.tree.model import Loop, Step, Tree, Turn
from reenact.tree.view import UsageSoFar

VERSION = 1


def outline(tree: Tree) -> dict[str, Any]:
    """Gives a tree as plain values: session, loops with turns and steps, children, branches, usage.

    Times are ISO 8601 in UTC, durations microseconds, positions are sequence numbers.
    """
    return {
        "version": VERSION,
        "session": {
            "id": tree.session,
            "agent": tree.agent,
            "parent": tree.parent,
            "parent_call": tree.parent_call,
            "forked": msgspec.to_builtins(tree.forked),
            "events": tree.events,
            "first": tree.first,
            "last": tree.last,
            "started_at": _time(tree.began),
            "ended_at": _time(tree.ended),
            "usage": _usage(tree.at(tree.last).usage),
        },
        "loops": [_loop(loop) for loop in tree.loops],
        "steps": [_step(step) for step in tree.steps],
        "roots": list(tree.roots),
        "children": msgspec.to_builtins(tree.children),
        "branches": msgspec.to_builtins(tree.branches),
        "parallels": msgspec.to_builtins(tree.parallels),
    }


def _loop(loop: Loop) -> dict[str, Any]:
    document = {name: getattr(loop, name) for name in _LOOP_FIELDS}
    document["children"] = list(loop.children)
    document["turns"] = [_turn(turn) for turn in loop.turns]
    document["steps"] = [_step(step) for step in loop.steps]
    return document


def _turn(turn: Turn) -> dict[str, Any]:
    document = {name: getattr(turn, name) for name in _TURN_FIELDS}
    document["messages"] = list(turn.messages)
    document["usage"] = None if turn.usage is None else usage.usage_document(turn.usage, turn.quality)
    document["steps"] = [_step(step) for step in turn.steps]
    return document


def _step(step: Step) -> dict[str, Any]:
    """Gives what a step says; what it does not say is left out."""
    document: dict[str, Any] = {
        "kind": step.kind,
        "event": step.event,
        "seq": step.seq,
        "end": step.end,
        "id": step.id,
        "events": list(step.events),
        "at": _time(step.ts),
    }
    for name in _STEP_FIELDS:
        value = getattr(step, name)
        if value not in (None, "", False) or name == "ok":
            document[name] = value
    if step.kind != "tool":
        del document["ok"]
    return document


def _usage(spent: UsageSoFar) -> dict[str, Any]:
    document = usage.usage_document(spent.tokens, spent.quality)
    document["responses"] = spent.responses
    document["inherited"] = spent.inherited.total
    document["models"] = [
        {
            "model": item.model,
            "responses": item.responses,
            "usage": usage.usage_document(item.tokens, item.quality),
        }
        for item in spent.models
    ]
    return document


def _time(moment: int | None) -> str | None:
    if moment is None:
        return None
    return to_datetime(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_LOOP_FIELDS = (
    "id", "begin", "end", "started", "ended", "agent", "tag", "parent_loop", "continuation", "status",
    "prompt", "prompt_seq", "live",
)  # fmt: skip
_TURN_FIELDS = (
    "id", "index", "trigger", "begin", "end", "model", "stop_reason", "error", "live",
)  # fmt: skip
_STEP_FIELDS = (
    "text", "role", "human", "name", "call", "tool_kind", "ok", "is_open", "result", "duration", "error",
    "group", "child", "denied", "plus", "minus",
)  # fmt: skip

"""A session as an ATIF trajectory (v1.8): what was said, called and seen, step by step, with its cost.

A step of the agent is one turn: its answer, the calls it made, and what came back of them. Sub-agents
are embedded, each a trajectory of its own. What ATIF has no place for (files, plans, permissions) is left
out; what it has one for but we do not know is absent, never made up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec

from reenact.clock import to_datetime
from reenact.events import AnyBlock, Event, Header, blocks, bodies
from reenact.export.scrubbed import Scrub, scrubbed
from reenact.tree import json_text
from reenact.usage import better

SCHEMA = "ATIF-v1.8"
_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_COPIED = frozenset({"copied", "inherited"})
_QUIET = frozenset({"tool_result"})
"""Texts to the model that repeat what a call's result says."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A session as the archive gives it for an export."""

    header: Header
    events: Iterable[Event]
    owned: Collection[str] | None = None
    """Ledger keys of the responses that count here; None for all that the events tell of."""
    cost: float | None = None
    """Of the session and all below it, in dollars, where all of it is known."""
    children: Sequence[Told] = ()


def atif(told: Told, *, scrub: Scrub | None) -> dict[str, Any]:
    """Gives a session as an ATIF document, ready for JSON; a session without a step has no steps.

    Args:
        told: the session with the sub-agents below it.
        scrub: takes a JSON value and gives it without secrets; None leaves everything as it is.
    """
    below = [each for child in told.children if (each := atif(child, scrub=scrub))["steps"]]
    steps = _Steps(known={each["trajectory_id"] for each in below}, owned=told.owned)
    started = bodies.SessionStarted()
    for event in scrubbed(told.events, scrub):
        if isinstance(event.body, bodies.SessionStarted):
            started = event.body
        steps.take(event)
    document: dict[str, Any] = {
        "schema_version": SCHEMA,
        "session_id": told.header.native_id,
        "trajectory_id": told.header.id,
        "agent": _agent(told.header, started, steps.model),
        "steps": steps.finished(),
        "final_metrics": steps.sums(told.cost),
    }
    if below:
        document["subagent_trajectories"] = below
    return document


def _agent(header: Header, started: bodies.SessionStarted, model: str | None) -> dict[str, Any]:
    agent: dict[str, Any] = {
        "name": started.agent or header.agent,
        "version": started.agent_version or "unknown",
    }
    if named := started.model or model:
        agent["model_name"] = named
    return agent


class _Steps:
    """Puts events together to steps."""

    def __init__(self, *, known: set[str], owned: Collection[str] | None) -> None:
        self._known = known
        self._owned = owned
        self._spending: dict[str, tuple[dict[str, Any], bodies.UsageRecorded]] = {}
        self._steps: list[dict[str, Any]] = []
        self._turns: dict[str, dict[str, Any]] = {}
        self._calls: dict[str, dict[str, Any]] = {}
        self._children: dict[str, str] = {}
        self.model: str | None = None

    def take(self, event: Event) -> None:
        match event.body:
            case bodies.UserMessage(origin=origin) as body if origin not in _QUIET:
                self._said(event, "user" if body.human else "system", body.blocks, origin=body.origin)
            case bodies.SystemMessage() | bodies.ContextInjected() as body:
                self._said(event, "system", body.blocks, origin=body.origin)
            case bodies.AssistantMessage() as body:
                self._answered(event, body)
            case bodies.ReasoningBody() as body:
                _join(self._turn(event), "reasoning_content", body.text)
            case bodies.ToolCalled() as body:
                self._called(event, body)
            case bodies.ToolFinished() as body:
                self._finished(event, body)
            case bodies.AgentSpawned(call=str(call), child=str(child)):
                self._children[call] = child
            case bodies.UsageRecorded() as body if not body.inherited:
                self._spent(event, body)

    def finished(self) -> list[dict[str, Any]]:
        """Gives the steps with their numbers."""
        self._book()
        return [{"step_id": place, **step} for place, step in enumerate(self._steps, 1)]

    def sums(self, cost: float | None) -> dict[str, Any]:
        told = [step["metrics"] for step in self._steps if "metrics" in step]
        names = ("prompt_tokens", "completion_tokens", "cached_tokens")
        totals: dict[str, Any] = {f"total_{name}": sum(each.get(name, 0) for each in told) for name in names}
        if cost is not None:
            totals["total_cost_usd"] = cost
        return {**totals, "total_steps": len(self._steps)}

    # -- one event --------------------------------------------------------------------------------

    def _new(self, event: Event, source: str) -> dict[str, Any]:
        step: dict[str, Any] = {}
        if event.ts is not None:
            step["timestamp"] = to_datetime(event.ts).isoformat().replace("+00:00", "Z")
        step["source"] = source
        step["message"] = ""
        if event.lane in _COPIED:
            step["is_copied_context"] = True
        self._steps.append(step)
        return step

    def _turn(self, event: Event) -> dict[str, Any]:
        """Gives the step of the agent that an event belongs to."""
        name = event.turn or event.id
        step = self._turns.get(name)
        if step is None:
            step = self._turns[name] = self._new(event, "agent")
        return step

    def _said(self, event: Event, source: str, content: Sequence[AnyBlock], *, origin: str | None) -> None:
        step = self._new(event, source)
        step["message"] = _content(content)
        if source == "system" and origin:
            step["extra"] = {"origin": origin}

    def _answered(self, event: Event, body: bodies.AssistantMessage) -> None:
        step = self._turn(event)
        if body.model:
            step["model_name"] = self.model = body.model
        for block in body.blocks:
            if isinstance(block, blocks.Reasoning):
                _join(step, "reasoning_content", block.text or block.summary or "")
        said = _content([block for block in body.blocks if not isinstance(block, blocks.Reasoning)])
        step["message"] = _joined(step["message"], said)

    def _called(self, event: Event, body: bodies.ToolCalled) -> None:
        step = self._turn(event)
        self._calls[body.call] = step
        given = body.input if isinstance(body.input, dict) else {"input": body.input}
        call = {"tool_call_id": body.call, "function_name": body.name, "arguments": given}
        step.setdefault("tool_calls", []).append(call)

    def _finished(self, event: Event, body: bodies.ToolFinished) -> None:
        step = self._calls.get(body.call)
        output = body.full_output if body.full_output is not None else body.output
        result: dict[str, Any] = {"content": _output(output if output is not None else body.error)}
        if step is None:  # its call is not in the log
            step = self._new(event, "system")
        else:
            result = {"source_call_id": body.call, **result}
        child = body.child or self._children.get(body.call)
        if child in self._known:
            result["subagent_trajectory_ref"] = [{"trajectory_id": child}]
        if body.ok is False:
            result["extra"] = {"is_error": True}
        step.setdefault("observation", {"results": []})["results"].append(result)

    def _spent(self, event: Event, body: bodies.UsageRecorded) -> None:
        """Books what a response used; of several records of one response the better one holds."""
        if self._owned is not None and body.key not in self._owned:
            return
        _, before = self._spending.get(body.key, (None, body))
        self._spending[body.key] = (self._turn(event), better(before, body))

    def _book(self) -> None:
        for step, body in self._spending.values():
            _add(step, body)
        self._spending = {}


def _add(step: dict[str, Any], body: bodies.UsageRecorded) -> None:
    tokens = body.tokens
    told = step.setdefault("metrics", {})
    counts = {
        "prompt_tokens": tokens.input + tokens.cache_read + tokens.cache_write,
        "completion_tokens": tokens.output,
        "cached_tokens": tokens.cache_read,
    }
    for name, count in counts.items():
        told[name] = told.get(name, 0) + count
    if body.cost is not None:
        told["cost_usd"] = float(body.cost) + told.get("cost_usd", 0.0)
    if tokens.cache_write:
        extra = told.setdefault("extra", {})
        name = "cache_creation_input_tokens"
        extra[name] = extra.get(name, 0) + tokens.cache_write
    step["llm_call_count"] = step.get("llm_call_count", 0) + 1


def _join(step: dict[str, Any], name: str, text: str) -> None:
    if text:
        step[name] = f"{step[name]}\n\n{text}" if step.get(name) else text


def _joined(before: Any, after: Any) -> Any:
    if not before or not after:
        return before or after
    if isinstance(before, str) and isinstance(after, str):
        return f"{before}\n\n{after}"
    return [*_parts(before), *_parts(after)]


def _parts(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _content(content: Sequence[AnyBlock]) -> Any:
    """Gives blocks as a text, or as parts where an image is among them."""
    parts = [part for block in content if (part := _part(block)) is not None]
    if all(part["type"] == "text" for part in parts):
        return "\n\n".join(part["text"] for part in parts)
    return parts


def _part(block: AnyBlock) -> dict[str, Any] | None:
    match block:
        case blocks.Text():
            return {"type": "text", "text": block.text} if block.text else None
        case blocks.Image(media_type=kind) if kind in _IMAGES and (block.url or block.data):
            path = block.url or f"data:{kind};base64,{block.data}"
            return {"type": "image", "source": {"media_type": kind, "path": path}}
        case blocks.Image() | blocks.Audio() | blocks.File():
            return {"type": "text", "text": f"({type(block).__name__.lower()} {block.media_type or ''})"}
        case blocks.ToolResult():
            return {"type": "text", "text": _output(block.output)}
        case blocks.Other():
            return {"type": "text", "text": json_text(block.raw)}
        case blocks.Reasoning() | blocks.ToolCall():
            return None


def _output(output: Any) -> str:
    if isinstance(output, list) and all(isinstance(p, dict) and p.get("type") == "text" for p in output):
        return "\n".join(str(part.get("text", "")) for part in output)
    return output if isinstance(output, str) else "" if output is None else json_text(output)

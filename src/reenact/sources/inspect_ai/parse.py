"""A sample's lines to drafts: one pass, in order."""

from __future__ import annotations

from typing import Any

from reenact import clock
from reenact.events import AnyBlock
from reenact.events.blocks import Image, Other, Reasoning, Text, Tokens
from reenact.events.bodies import (
    AssistantMessage,
    Custom,
    ModelFailed,
    SensorReported,
    SessionEnded,
    SessionStarted,
    SystemMessage,
    ToolCalled,
    ToolFinished,
    Unknown,
    UsageRecorded,
    UserMessage,
)
from reenact.sources import lines
from reenact.sources.inspect_ai.discover import AGENT
from reenact.sources.members import count, mapping, mappings, number, text
from reenact.sources.names import name_of
from reenact.sources.protocol import Disposition, Line, Parsed, Setting
from reenact.sources.strand import Page, Strand
from reenact.sources.tool_names import kind_of

VERSION = 1
_QUIET = frozenset({
    "span_begin", "span_end", "state", "store", "sample_init", "step", "subtask", "checkpoint", "sandbox",
    "logger", "input", "anchor",
})  # fmt: skip
"""Events that tell of Inspect's own work, not of what the agent did."""


class SampleParser:
    """Reads one sample."""

    def __init__(self, setting: Setting) -> None:
        self._page = Page()
        self._strand = Strand(self._page, AGENT, setting.key)

    def feed(self, line: Line) -> Parsed:
        decoded = lines.decode(line, is_row=lambda value: "type" in value)
        if decoded.held:
            return Parsed(disposition="held")
        self._page.turn()
        disposition: Disposition = "metadata"
        for value in decoded.values:
            disposition = self._row(value)
        if decoded.warning is not None:
            self._strand.emit(name_of("warn", decoded.warning.raw or ""), decoded.warning)
            disposition = "warning"
        return self._page.parsed(disposition)

    def _row(self, value: dict[str, Any]) -> Disposition:
        match value.get("type"):
            case "sample":
                return self._begin(mapping(value, "eval"), mapping(value, "sample"))
            case "message":
                return self._said(mapping(value, "message"))
            case "event":
                return self._event(mapping(value, "event"))
            case "end":
                return self._end(value)
            case other:
                return self._unknown(f"row/{other}", value)

    def _begin(self, evaluation: dict[str, Any], sample: dict[str, Any]) -> Disposition:
        self._page.ts = clock.parse_iso(text(sample, "started_at") or text(evaluation, "created"))
        self._page.version = text(mapping(evaluation, "packages"), "inspect_ai")
        self._strand.model = text(evaluation, "model")
        given = sample.get("input")
        task = text(evaluation, "task")
        started = SessionStarted(
            task=given if isinstance(given, str) else _plain(given),
            agent=AGENT if task is None else f"{AGENT} {task}",
            agent_version=self._page.version,
            model=self._strand.model,
            config={"eval": evaluation, "sample": sample},
        )
        self._strand.emit("started", started)
        return "events"

    def _said(self, message: dict[str, Any]) -> Disposition:
        name = f"message:{text(message, 'id') or name_of('said', repr(message.get('content')))}"
        said = blocks(message.get("content"))
        if message.get("role") == "system":
            self._strand.emit(name, SystemMessage(blocks=said, origin="system"))
            return "events"
        self._strand.start_loop(name, agent=AGENT)
        is_input = message.get("source") == "input"
        body = UserMessage(blocks=said, human=is_input, origin="prompt" if is_input else "continue")
        self._strand.emit(name, body)
        return "events"

    def _event(self, event: dict[str, Any]) -> Disposition:
        self._page.ts = clock.parse_iso(text(event, "timestamp"))
        kind = text(event, "event") or "untyped"
        name = f"{kind}:{text(event, 'uuid') or text(event, 'id') or name_of('event', repr(event))}"
        match kind:
            case "model":
                self._answered(event, name)
            case "tool":
                self._finished(event, name)
            case "score":
                scorer = text(event, "scorer") or "score"
                self._strand.emit(name, SensorReported(name=scorer, signals=event.get("score")))
            case "error" | "sample_limit" | "info" | "approval" | "compaction" | "interrupt" | "branch":
                self._strand.emit(name, Custom(name=f"inspect.{kind}", data=event))
            case _ if kind in _QUIET:
                return "metadata"
            case _:
                return self._unknown(f"event/{kind}", event)
        return "events"

    def _answered(self, event: dict[str, Any], name: str) -> None:
        strand, output = self._strand, mapping(event, "output")
        strand.start_loop(strand.loop or name, agent=AGENT)
        strand.start_turn(f"t:{name}")
        model = text(output, "model") or text(event, "model")
        choice = next(iter(mappings(output, "choices")), {})
        message = mapping(choice, "message")
        if said := blocks(message.get("content")):
            answer = AssistantMessage(
                blocks=said,
                message=text(message, "id") or name,
                model=model,
                stop_reason=text(choice, "stop_reason"),
            )
            strand.emit(name, answer)
        for call in mappings(message, "tool_calls"):
            self._called(call, name)
        self._spent(mapping(output, "usage"), name, model)
        if error := text(event, "error") or text(output, "error"):
            strand.emit(f"{name}:failed", ModelFailed(error=error))

    def _called(self, call: dict[str, Any], name: str) -> None:
        called, function = text(call, "id") or name, text(call, "function") or "unknown"
        self._strand.remember_call(called)
        body = ToolCalled(
            call=called, name=function, tool_kind=kind_of(function), input=call.get("arguments"), message=name
        )
        self._strand.emit(f"call:{called}", body, call=called)

    def _finished(self, event: dict[str, Any], name: str) -> None:
        call, error = text(event, "id") or name, mapping(event, "error")
        if self._strand.remember_call(call):  # a call that no model made
            self._called(event, name)
        seconds = number(event, "working_time")
        result = event.get("result")
        body = ToolFinished(
            call=call,
            ok=not error,
            output=result if isinstance(result, str) else _plain(result) or result,
            error=text(error, "message"),
            category=text(error, "type"),
            duration=None if seconds is None else round(seconds * 1_000_000),
        )
        self._strand.emit(name, body, call=call)

    def _spent(self, usage: dict[str, Any], name: str, model: str | None) -> None:
        """Books what a call used; `input_tokens` has neither what was read from a cache nor written to it."""
        if not usage:
            return
        tokens = Tokens(
            input=count(usage, "input_tokens"),
            cache_read=count(usage, "input_tokens_cache_read"),
            cache_write=count(usage, "input_tokens_cache_write"),
            output=count(usage, "output_tokens"),
            reasoning=count(usage, "reasoning_tokens") if "reasoning_tokens" in usage else None,
        )
        key = f"inspect:{self._strand.native}:{name}"
        self._strand.emit(f"{name}:usage", UsageRecorded(key=key, tokens=tokens, model=model, final=True))

    def _end(self, value: dict[str, Any]) -> Disposition:
        sample = mapping(value, "sample")
        self._page.ts = clock.parse_iso(text(sample, "completed_at"))
        self._strand.end_loop()
        error = text(mapping(sample, "error"), "message")
        limit = text(mapping(sample, "limit"), "type")
        scores = mapping(sample, "scores")
        ended = SessionEnded(
            status="failed" if error else "interrupted" if limit else "completed",
            error=error or (f"the limit of {limit} was reached" if limit else None),
            result=", ".join(f"{name} {mapping(scores, name).get('value')}" for name in scores) or None,
        )
        self._strand.emit("ended", ended)
        return "events"

    def _unknown(self, name: str, raw: dict[str, Any]) -> Disposition:
        self._page.unknown.append(name)
        self._strand.emit(name_of("unknown", repr(raw)), Unknown(name=name, raw=raw))
        return "events"


def blocks(content: Any) -> tuple[AnyBlock, ...]:
    """Gives a message's blocks: a text, or parts of text, reasoning and images."""
    if isinstance(content, str):
        return (Text(text=content),) if content else ()
    return tuple(_block(part) for part in mappings({"parts": content}, "parts"))


def _block(part: dict[str, Any]) -> AnyBlock:
    match part.get("type"):
        case "text":
            return Text(text=text(part, "text") or "")
        case "reasoning":
            thought = text(part, "reasoning") or ""
            if part.get("redacted") is True:
                return Reasoning(summary=text(part, "summary"), encrypted=thought)
            return Reasoning(text=thought, summary=text(part, "summary"), signature=text(part, "signature"))
        case "image":
            return Image(url=text(part, "image"))
        case _:
            return Other(raw=part)


def _plain(content: Any) -> str:
    if isinstance(content, str):
        return content
    said = mappings({"parts": content}, "parts")
    return "\n".join(text(each, "text") or text(each, "content") or "" for each in said)

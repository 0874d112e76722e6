"""One step of a trajectory: what was said, what the agent called, what came back, what it cost."""

from __future__ import annotations

from typing import Any

from reenact.events import AnyBlock
from reenact.events.blocks import Audio, Image, Other, Reasoning, Text, Tokens
from reenact.events.bodies import (
    AssistantMessage,
    SystemMessage,
    ToolCalled,
    ToolFinished,
    Unknown,
    UsageRecorded,
    UserMessage,
)
from reenact.sources.members import count, flag, integer, items, mapping, mappings, number, text
from reenact.sources.strand import Page, Strand
from reenact.sources.tool_names import kind_of

COPIED = "copied"
"""The lane of steps that an earlier trajectory holds."""


class Writer:
    """Writes a trajectory's steps into its session."""

    def __init__(self, strand: Strand, page: Page, *, model: str | None, agent: str) -> None:
        self._strand = strand
        self._page = page
        self._model = model
        self._agent = agent
        self.children: dict[str, str] = {}
        """Id of an embedded trajectory → the session that it becomes."""
        self.started_by: dict[str, str] = {}
        """Id of an embedded trajectory → the call that started it."""
        self.has_metrics = False

    def step(self, step: dict[str, Any], place: int) -> None:
        """Writes one step; `place` counts from 1 and names it where it does not say its number."""
        strand = self._strand
        name = f"step:{integer(step, 'step_id') or place}"
        is_copied = flag(step, "is_copied_context") is True
        strand.lane = COPIED if is_copied else None
        match step.get("source"):
            case "system":
                strand.emit(name, SystemMessage(blocks=blocks(step.get("message")), origin="system"))
                self._observed(step, name)
            case "user":
                strand.start_loop(name, agent=self._agent)
                body = UserMessage(blocks=blocks(step.get("message")), human=not is_copied, origin="prompt")
                strand.emit(name, body)
                self._observed(step, name)
            case "agent":
                self._answer(step, name, is_copied=is_copied)
            case other:
                strand.emit(name, Unknown(name=f"step/{other}", raw=step))
                self._page.unknown.append(f"step/{other}")

    def _answer(self, step: dict[str, Any], name: str, *, is_copied: bool) -> None:
        strand = self._strand
        if strand.loop is None:
            strand.start_loop(name, agent=self._agent)
        strand.start_turn(f"t:{name}")
        thought = text(step, "reasoning_content")
        said: tuple[AnyBlock, ...] = (
            *((Reasoning(text=thought),) if thought else ()),
            *blocks(step.get("message")),
        )
        model = text(step, "model_name") or self._model
        if said:
            strand.emit(name, AssistantMessage(blocks=said, message=name, model=model))
        calls = {}
        for call in mappings(step, "tool_calls"):
            calls[text(call, "tool_call_id") or ""] = call
            self._called(call, name)
        self._observed(step, name)
        if not is_copied:
            self._spent(step, name, model)

    def _called(self, call: dict[str, Any], name: str) -> None:
        function = text(call, "function_name") or "unknown"
        called = text(call, "tool_call_id") or name
        self._strand.remember_call(called)
        body = ToolCalled(
            call=called,
            name=function,
            tool_kind=kind_of(function),
            input=call.get("arguments"),
            message=name,
        )
        self._strand.emit(f"{name}:call:{called}", body, call=called)

    def _observed(self, step: dict[str, Any], name: str) -> None:
        """Writes what came back: of a call its result, of anything else what the model was shown."""
        strand = self._strand
        for result in mappings(mapping(step, "observation"), "results"):
            call = text(result, "source_call_id")
            child = self._child(result, call)
            if call is None:
                if said := blocks(result.get("content")):
                    body = UserMessage(blocks=said, human=False, origin="observation")
                    strand.emit(f"{name}:seen", body)
                continue
            extra = mapping(result, "extra")
            failed = flag(extra, "is_error") or flag(extra, "tool_result_is_error")
            told = ToolFinished(
                call=call,
                ok=None if failed is None else not failed,
                output=_plain(result.get("content")),
                child=child,
                data=extra or None,
            )
            strand.emit(f"{name}:result:{call}", told, call=call)

    def _child(self, result: dict[str, Any], call: str | None) -> str | None:
        found = None
        for reference in mappings(result, "subagent_trajectory_ref"):
            name = text(reference, "trajectory_id")
            if name in self.children:
                found = found or self.children[name]
                if call is not None:
                    self.started_by.setdefault(name, call)
        return found

    def _spent(self, step: dict[str, Any], name: str, model: str | None) -> None:
        metrics = mapping(step, "metrics")
        prompt, cached = count(metrics, "prompt_tokens"), count(metrics, "cached_tokens")
        output, cost = count(metrics, "completion_tokens"), number(metrics, "cost_usd")
        if not (prompt or output or cost):
            return
        self.has_metrics = True
        written = min(
            count(mapping(metrics, "extra"), "cache_creation_input_tokens"), max(prompt - cached, 0)
        )
        tokens = Tokens(
            input=max(prompt - cached - written, 0),
            cache_read=min(cached, prompt),
            cache_write=written,
            output=output,
        )
        body = UsageRecorded(
            key=f"atif:{self._strand.native}:{name}",
            tokens=tokens,
            model=model,
            final=True,
            cost=None if cost is None else f"{cost:.10f}".rstrip("0").rstrip("."),
        )
        self._strand.emit(f"{name}:usage", body)


def blocks(content: Any) -> tuple[AnyBlock, ...]:
    """Gives a message's blocks: a text, or parts of text, images and sound."""
    if isinstance(content, str):
        return (Text(text=content),) if content else ()
    return tuple(_block(part) for part in items({"parts": content}, "parts"))


def _block(part: Any) -> AnyBlock:
    if not isinstance(part, dict):
        return Other(raw=part)
    source = mapping(part, "source")
    place, kind = text(source, "path"), text(source, "media_type")
    match part.get("type"):
        case "text":
            return Text(text=text(part, "text") or "")
        case "image":
            return Image(media_type=kind, url=place)
        case "audio":
            return Audio(media_type=kind, url=place)
        case _:
            return Other(raw=part)


def _plain(content: Any) -> Any:
    """Gives an output as a text where it is nothing else."""
    if isinstance(content, list) and all(isinstance(p, dict) and p.get("type") == "text" for p in content):
        return "\n".join(text(part, "text") or "" for part in content)
    return content

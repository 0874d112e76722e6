"""A trajectory to drafts: what the model was told, what it did step by step, how the run ended.

Observed: SWE-agent's test data (`environment, trajectory, history, info`), mini-swe-agent's
`trajectory_format` 1 (`info, messages`). Neither has times; what it cost is told for the whole run.
"""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec

from reenact.events.blocks import Reasoning, Text, Tokens
from reenact.events.bodies import (
    AssistantMessage,
    ContextInjected,
    EndStatus,
    SessionEnded,
    SessionStarted,
    SystemMessage,
    ToolCalled,
    ToolFinished,
    UsageRecorded,
    UserMessage,
    WorkspaceChanged,
)
from reenact.sources import lines
from reenact.sources.members import count, flag, mapping, mappings, number, text
from reenact.sources.names import name_of
from reenact.sources.protocol import Line, Parsed, Setting
from reenact.sources.strand import Page, Strand
from reenact.sources.swe_agent.discover import AGENT
from reenact.sources.swe_agent.messages import plain, talk

VERSION = 1
_GOOD = frozenset({"submitted", "Submitted"})


class TrajectoryParser:
    """Reads one trajectory."""

    def __init__(self, setting: Setting) -> None:
        self._page = Page()
        self._strand = Strand(self._page, AGENT, setting.hints.get("native") or setting.key)

    def feed(self, line: Line) -> Parsed:
        decoded = lines.decode(line, is_row=_is_trajectory)
        if decoded.held:
            return Parsed(disposition="held")
        self._page.turn()
        for value in decoded.values[:1]:
            self._run(value)
        if decoded.warning is not None:
            self._strand.emit(name_of("warn", decoded.warning.raw or ""), decoded.warning)
            return self._page.parsed("warning")
        return self._page.parsed("events" if self._page.drafts else "metadata")

    def _run(self, value: dict[str, Any]) -> None:
        strand, info = self._strand, mapping(value, "info")
        config = mapping(info, "config")
        model = text(mapping(config, "model"), "model_name") or text(mapping(config, "agent"), "model_name")
        strand.model = model
        history = mappings(value, "history") or mappings(value, "messages")
        prompts = [each for each in history if each.get("role") == "user" and not _is_demo(each)]
        self._page.version = text(info, "swe_agent_version") or text(info, "mini_version")
        started = SessionStarted(
            task=plain(prompts[0]) if prompts else None,
            agent=AGENT,
            agent_version=self._page.version,
            model=model,
            config={name: info[name] for name in ("config", "swe_agent_hash") if info.get(name)} or None,
        )
        strand.emit("started", started)
        is_told = False
        if isinstance(value.get("trajectory"), list):
            self._told(history)
            for place, step in enumerate(mappings(value, "trajectory"), 1):
                self._step(step, place)
        else:
            is_told = talk(strand, history)
        strand.end_loop()
        if not is_told:
            self._spent(mapping(info, "model_stats"))
        self._ended(info)

    def _told(self, history: list[dict[str, Any]]) -> None:
        """Takes what the model was told before its first step."""
        for place, each in enumerate(history, 1):
            content, role = plain(each), text(each, "role")
            said = (Text(text=content),)
            if role == "assistant" and not _is_demo(each):
                return
            if role == "system":
                self._strand.emit(f"told:{place}", SystemMessage(blocks=said, origin="system"))
            elif _is_demo(each):
                self._strand.emit(f"told:{place}", ContextInjected(blocks=said, origin="demonstration"))
            else:
                self._strand.start_loop(f"told:{place}", agent=AGENT)
                self._strand.emit(f"told:{place}", UserMessage(blocks=said, origin="prompt"))

    def _step(self, step: dict[str, Any], place: int) -> None:
        strand, name = self._strand, f"step:{place}"
        strand.start_loop(strand.loop or name, agent=AGENT)
        strand.start_turn(f"t:{name}")
        response, thought = text(step, "response") or "", text(step, "thought")
        thinking = text(step, "reasoning")
        blocks = (
            *((Reasoning(text=thinking),) if thinking else ()),
            *((Text(text=response or thought or ""),) if response or thought else ()),
        )
        if blocks:
            strand.emit(name, AssistantMessage(blocks=blocks, message=name, model=strand.model))
        action = text(step, "action")
        if action is not None:
            called = ToolCalled(call=name, name="shell", tool_kind="shell", input=action, message=name)
            strand.emit(f"{name}:call", called)
            seconds = number(step, "execution_time")
            done = ToolFinished(
                call=name,
                output=step.get("observation"),
                duration=None if seconds is None else round(seconds * 1_000_000),
            )
            strand.emit(f"{name}:result", done)
        self._at(step.get("state"), name)

    def _at(self, state: Any, name: str) -> None:
        if isinstance(state, str):
            with contextlib.suppress(msgspec.DecodeError, RecursionError):
                state = msgspec.json.decode(state)
        cwd = text(state, "working_dir") if isinstance(state, dict) else None
        if cwd is not None and cwd != self._cwd:
            self._cwd = cwd
            self._strand.emit(f"{name}:cwd", WorkspaceChanged(cwd=cwd))

    _cwd: str | None = None

    def _spent(self, told: dict[str, Any]) -> None:
        sent, received = count(told, "tokens_sent"), count(told, "tokens_received")
        cost = number(told, "instance_cost")
        if sent or received or cost:
            body = UsageRecorded(
                key=f"swe_agent:{self._strand.native}",
                tokens=Tokens(input=sent, output=received),
                model=self._strand.model,
                final=True,
                cost=None if cost is None else f"{cost:.10f}".rstrip("0").rstrip("."),
            )
            self._strand.emit("usage", body)

    def _ended(self, info: dict[str, Any]) -> None:
        reason = text(info, "exit_status")
        if reason is None:
            return
        status: EndStatus = "completed" if reason.split(" ")[0] in _GOOD else "failed"
        ended = SessionEnded(
            status=status,
            error=None if status == "completed" else reason,
            result=text(info, "submission"),
        )
        self._strand.emit("ended", ended)


def _is_demo(message: dict[str, Any]) -> bool:
    return flag(message, "is_demo") is True


def _is_trajectory(value: dict[str, Any]) -> bool:
    return isinstance(value.get("trajectory"), list) or isinstance(value.get("messages"), list)

"""The conversation of mini-swe-agent: prompts, answers with a command in them, and what came of it."""

from __future__ import annotations

from typing import Any

from reenact.events.blocks import Text, Tokens
from reenact.events.bodies import (
    AssistantMessage,
    SystemMessage,
    ToolCalled,
    ToolFinished,
    UsageRecorded,
    UserMessage,
)
from reenact.sources.members import count, integer, mapping, mappings, number, text
from reenact.sources.strand import Strand
from reenact.sources.swe_agent.discover import AGENT


def plain(message: dict[str, Any]) -> str:
    """Gives the text of a message, whether it is one or made of parts."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(text(part, "text") or "" for part in mappings({"parts": content}, "parts"))


def talk(strand: Strand, messages: list[dict[str, Any]]) -> bool:
    """Takes a whole conversation; gives whether its answers told what they cost."""
    waiting: list[str] = []
    is_told = False
    for place, each in enumerate(messages, 1):
        name = f"message:{place}"
        said = (Text(text=plain(each)),)
        ts = _moment(each)
        match text(each, "role"):
            case "system":
                strand.emit(name, SystemMessage(blocks=said, origin="system"), ts=ts)
            case "assistant":
                waiting = _answered(strand, each, name)
                is_told = _spent(strand, each, name) or is_told
            case "tool" | "user" if waiting:
                call = text(each, "tool_call_id") or waiting[0]
                waiting = [other for other in waiting if other != call]
                strand.emit(f"{name}:result", _result(each, call), ts=ts, call=call)
            case "exit":
                continue
            case _:
                strand.start_loop(name, agent=AGENT)
                strand.emit(name, UserMessage(blocks=said, origin="prompt"), ts=ts)
    return is_told


def _result(message: dict[str, Any], call: str) -> ToolFinished:
    extra = mapping(message, "extra")
    code = integer(extra, "returncode")
    full = text(extra, "raw_output")
    return ToolFinished(
        call=call,
        ok=None if code is None else code == 0,
        output=plain(message),
        error=text(extra, "exception_info"),
        exit_code=code,
        full_output=full if full and full not in plain(message) else None,
    )


def _answered(strand: Strand, message: dict[str, Any], name: str) -> list[str]:
    """Takes an answer; gives the calls that it makes."""
    strand.start_loop(strand.loop or name, agent=AGENT)
    strand.start_turn(f"t:{name}")
    extra, ts = mapping(message, "extra"), _moment(message)
    model = text(mapping(extra, "response"), "model") or strand.model
    if said := plain(message):
        answer = AssistantMessage(blocks=(Text(text=said),), message=name, model=model)
        strand.emit(name, answer, ts=ts)
    calls = []
    for place, action in enumerate(mappings(extra, "actions"), 1):
        call = text(action, "tool_call_id") or f"{name}:{place}"
        command = text(action, "command")
        called = ToolCalled(call=call, name="bash", tool_kind="shell", input=command, message=name)
        strand.remember_call(call)
        strand.emit(f"{name}:call:{place}", called, ts=ts, call=call)
        calls.append(call)
    return calls


def _spent(strand: Strand, message: dict[str, Any], name: str) -> bool:
    """Books what an answer used, where it says so."""
    extra = mapping(message, "extra")
    response = mapping(extra, "response")
    usage = mapping(response, "usage")
    prompt, output = count(usage, "prompt_tokens"), count(usage, "completion_tokens")
    cached = min(count(mapping(usage, "prompt_tokens_details"), "cached_tokens"), prompt)
    cost = number(extra, "cost")
    if not (prompt or output):
        return False
    body = UsageRecorded(
        key=f"swe_agent:{text(response, 'id') or f'{strand.native}:{name}'}",
        tokens=Tokens(input=prompt - cached, cache_read=cached, output=output),
        model=text(response, "model") or strand.model,
        final=True,
        cost=None if cost is None else f"{cost:.10f}".rstrip("0").rstrip("."),
    )
    strand.emit(f"{name}:usage", body, ts=_moment(message))
    return True


def _moment(message: dict[str, Any]) -> int | None:
    seconds = number(mapping(message, "extra"), "timestamp")
    return None if seconds is None else round(seconds * 1_000_000)

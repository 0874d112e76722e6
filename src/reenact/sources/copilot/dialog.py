"""What was said: prompts, system texts, answers and thoughts."""

from __future__ import annotations

from typing import Any

from reenact.events import AnyBlock
from reenact.events.blocks import File, Image, Reasoning, Text, ToolCall
from reenact.events.bodies import AssistantMessage, ReasoningBody, SystemMessage, ToolCalled, UserMessage
from reenact.sources.copilot.records import Row
from reenact.sources.copilot.state import AGENT, Call, State
from reenact.sources.copilot.tools import tool_kind
from reenact.sources.members import flag, mapping, mappings, text
from reenact.sources.strand import Strand


def user(state: State, strand: Strand, row: Row) -> None:
    """Something said to the model; only what has no source of its own was said by a human."""
    data = row.data
    content = text(data, "content") or ""
    sent = text(data, "transformedContent")
    extra = {"sent": sent} if sent is not None and sent != content else None
    blocks: tuple[AnyBlock, ...] = (Text(text=content, extra=extra),) if content or extra else ()
    blocks += tuple(_attachment(each) for each in mappings(data, "attachments"))
    source = text(data, "source") or ""
    origin = "prompt"
    if flag(data, "isAutopilotContinuation"):
        origin = "autopilot"
    elif source and source != "user":
        origin = source.partition("-")[0]
    interaction = text(data, "interactionId") or f"user-{row.id}"
    strand.start_loop(interaction, agent=AGENT)
    strand.emit(
        f"user:{row.id}",
        UserMessage(
            blocks=blocks,
            human=origin == "prompt" and strand is state.main,
            origin=origin,
            message=text(data, "messageId"),
        ),
    )
    state.was_aborted = False


def _attachment(value: dict[str, Any]) -> AnyBlock:
    name = text(value, "path", "displayName", "title", "url")
    media, data = text(value, "mimeType"), text(value, "data")
    if media is not None and media.startswith("image/"):
        return Image(media_type=media, data=data, url=None if data else name)
    return File(name=name, media_type=media, data=data, text=text(value, "text"))


def system(strand: Strand, row: Row) -> None:
    content = text(row.data, "content") or ""
    origin = text(row.data, "role") or "system"
    strand.emit(f"system:{row.id}", SystemMessage(blocks=(Text(text=content),), origin=origin))


def turn_start(strand: Strand, row: Row) -> None:
    """A call of the model begins; turn ids count anew in every interaction."""
    interaction = text(row.data, "interactionId") or strand.loop
    if interaction is not None:
        strand.start_loop(interaction, agent=AGENT)
    name = text(row.data, "turnId") or row.id
    turn = f"{interaction}/{name}"
    strand.start_turn(f"{turn}/{row.id}" if strand.has(f"turn:{turn}") else turn)


def turn_end(state: State, strand: Strand) -> None:
    state.meter.catch_up()
    yielded = strand.has_yielded
    strand.end_turn()
    if yielded:
        strand.end_loop()


def assistant(state: State, strand: Strand, row: Row) -> None:
    """An answer; one that comes in chunks has one id for all of them."""
    data = row.data
    message = text(data, "apiCallId") or text(data, "messageId") or row.id
    if strand.loop is None:
        strand.start_loop(text(data, "interactionId") or f"loop-{row.id}", agent=AGENT)
    if strand.turn is None:
        strand.start_turn(f"t-{message}" if not strand.has(f"turn:t-{message}") else f"t-{row.id}")
    strand.model = text(data, "model") or strand.model
    requests = mappings(data, "toolRequests")
    blocks = (*_thoughts(state, data), *_texts(data), *map(_asked, requests))
    strand.emit(
        f"assistant:{row.id}", AssistantMessage(blocks=blocks, message=message, model=text(data, "model"))
    )
    strand.has_yielded = not requests
    for request in requests:
        call, name = text(request, "toolCallId"), text(request, "name")
        if call is not None:
            server = text(request, "mcpServerName")
            called(state, strand, call, name or "", request.get("arguments"), server=server, message=message)
    state.meter.said(strand, data)
    incident = state.streak.answered()
    if incident is not None:
        state.tell_resumed(strand, incident)


def _thoughts(state: State, data: dict[str, Any]) -> tuple[AnyBlock, ...]:
    said = text(data, "reasoningText") or ""
    said = "" if said in state.thoughts else said
    state.thoughts.clear()
    opaque = text(data, "reasoningOpaque")
    encrypted = text(data, "encryptedContent") or opaque
    return (Reasoning(text=said, encrypted=encrypted),) if said or encrypted else ()


def _texts(data: dict[str, Any]) -> tuple[AnyBlock, ...]:
    content = text(data, "content")
    return () if content is None else (Text(text=content),)


def _asked(request: dict[str, Any]) -> ToolCall:
    return ToolCall(
        call=text(request, "toolCallId") or "",
        name=text(request, "name") or "",
        input=request.get("arguments"),
    )


def called(
    state: State,
    strand: Strand,
    call: str,
    name: str,
    given: Any,
    *,
    server: str | None,
    message: str | None = None,
) -> bool:
    """Tells of a tool call once, whichever of its rows comes first."""
    if not strand.remember_call(call):
        return False
    state.calls[call] = Call(name=name, given=given, strand=strand)
    strand.emit(
        f"call:{call}",
        ToolCalled(
            call=call, name=name, tool_kind=tool_kind(name), input=given, mcp_server=server, message=message
        ),
    )
    return True


def reasoning(state: State, strand: Strand, row: Row) -> None:
    """Thoughts in a row of their own; the answer that repeats them comes behind."""
    content = text(row.data, "content") or text(mapping(row.data, "reasoning"), "content") or ""
    state.thoughts.add(content)
    body = ReasoningBody(text=content, message=text(row.data, "reasoningId"))
    strand.emit(f"reasoning:{row.id}", body)

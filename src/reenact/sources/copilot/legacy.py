"""Chat documents of before 0.0.342: one JSON value for a whole session, without tokens.

Shape after public reports (copilot-cli#384, coder/registry#741): `sessionId`, `startTime`, and
`chatMessages` in the form of OpenAI's chat; `timeline` repeats them for the screen.
"""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec

from reenact import clock
from reenact.events import AnyBlock
from reenact.events.blocks import Text, ToolCall
from reenact.events.bodies import AssistantMessage, SystemMessage, ToolFinished, Unknown, UserMessage
from reenact.sources.copilot import course, dialog
from reenact.sources.copilot.state import AGENT, State
from reenact.sources.members import mapping, mappings, text
from reenact.sources.protocol import Disposition


def document(state: State, value: dict[str, Any]) -> Disposition:
    """Takes a whole session; what it does not tell (times of messages, tokens) stays unknown."""
    page = state.page
    page.ts = clock.parse_iso(text(value, "startTime", "timestamp"))
    course.start(state, None)
    page.ts = None
    for number, message in enumerate(mappings(value, "chatMessages") or mappings(value, "messages")):
        _message(state, number, message)
    state.main.end_loop()
    return "events"


def _message(state: State, number: int, message: dict[str, Any]) -> None:
    main, role = state.main, text(message, "role")
    blocks = _blocks(message)
    match role:
        case "user":
            main.start_loop(f"loop-{number}", agent=AGENT)
            main.emit(f"user:{number}", UserMessage(blocks=blocks, origin="prompt"))
        case "assistant":
            if main.loop is None:
                main.start_loop(f"loop-{number}", agent=AGENT)
            main.start_turn(f"t-{number}")
            calls = [_call(each, number, index) for index, each in enumerate(mappings(message, "tool_calls"))]
            main.emit(f"assistant:{number}", AssistantMessage(blocks=(*blocks, *calls)))
            for call in calls:
                dialog.called(state, main, call.call, call.name, call.input, server=None)
        case "system" | "developer":
            main.emit(f"system:{number}", SystemMessage(blocks=blocks, origin=role))
        case "tool":
            call_id = text(message, "tool_call_id") or f"call-{number}"
            output = "\n".join(block.text for block in blocks if isinstance(block, Text))
            main.emit(f"done:{call_id}", ToolFinished(call=call_id, output=output), call=call_id)
        case _:
            state.page.unknown.append(f"chatMessages/{role}")
            main.emit(f"unknown:{number}", Unknown(name=f"chatMessages/{role}", raw=message))


def _blocks(message: dict[str, Any]) -> tuple[AnyBlock, ...]:
    content = text(message, "content")
    if content is not None:
        return (Text(text=content),)
    return tuple(Text(text=said) for part in mappings(message, "content") if (said := text(part, "text")))


def _call(value: dict[str, Any], number: int, index: int) -> ToolCall:
    function = mapping(value, "function")
    given: Any = function.get("arguments")
    if isinstance(given, str):
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            given = msgspec.json.decode(given)
    call = text(value, "id") or f"call-{number}-{index}"
    return ToolCall(call=call, name=text(function, "name") or "", input=given)

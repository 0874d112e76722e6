"""Tool calls and their results belong together: what a cut parts, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from reenact.errors import UnpairedError, UsageError
from reenact.events import Event, blocks, bodies
from reenact.sessions.message import Message

OnUnpaired = Literal["error", "include", "drop"]
"""What to do with a call and a result that a cut would part."""
_WAYS = ("error", "include", "drop")


def check_way(way: str) -> None:
    """Raises `UsageError` where a way is none."""
    if way not in _WAYS:
        raise UsageError(f"on_unpaired={way!r} is none of {', '.join(_WAYS)}")


def is_user_turn(message: Message) -> bool:
    """Tells whether somebody speaks anew here: no result, no stand-in for what went before."""
    return message.role == "user" and not message.results and not message.is_summary


def orphans(messages: Sequence[Message], start: int) -> tuple[str, ...]:
    """Gives the calls asked before a place and answered behind it."""
    asked = {call for message in messages[:start] for call in message.calls}
    return tuple(call for message in messages[start:] for call in message.results if call in asked)


def together(messages: Sequence[Message], start: int) -> int:
    """Gives the nearest place at or before `start` at which no call is parted from its result."""
    asked = {call: at for at, message in enumerate(messages) for call in message.calls}
    at = len(messages)
    while at > start:
        at -= 1
        start = min([start, *(asked.get(call, start) for call in messages[at].results)])
    return start


def without(messages: Sequence[Message], gone: Iterable[int]) -> set[int]:
    """Gives what must go with some messages, so that no call is left without its result, or the reverse."""
    left = set(gone)
    asked = {call: at for at, message in enumerate(messages) for call in message.calls}
    answered = {call: at for at, message in enumerate(messages) for call in message.results}
    pending = list(left)
    while pending:
        message = messages[pending.pop()]
        ties = [answered.get(call) for call in message.calls] + [asked.get(call) for call in message.results]
        for at in ties:
            if at is not None and at not in left:
                left.add(at)
                pending.append(at)
    return left


def trimmed(session: str, messages: Sequence[Message], keep_last: int, way: OnUnpaired) -> set[int]:
    """Gives which messages stay where all but the last ones are to go."""
    start = max(0, len(messages) - keep_last)
    parted = orphans(messages, start)
    if parted and way == "error":
        raise UnpairedError(session, parted)
    if parted and way == "include":
        start = together(messages, start)
    gone = without(messages, range(start)) if parted and way == "drop" else set(range(start))
    return set(range(len(messages))) - gone


def open_calls(events: Iterable[Event]) -> dict[str, Event]:
    """Gives the calls that are asked for since anybody last spoke, and not answered: call → its event."""
    found: dict[str, Event] = {}
    for event in events:
        match event.body:
            case bodies.ToolCalled(server=False, call=call):
                found.setdefault(call, event)
            case bodies.ToolFinished(call=call):
                found.pop(call, None)
            case bodies.ContextReset() | bodies.CompactionFinished():
                found.clear()
            case _:
                _in_blocks(event, found)
    return found


def _in_blocks(event: Event, found: dict[str, Event]) -> None:
    said: tuple[object, ...] = getattr(event.body, "blocks", ())
    if speaks_anew(event):
        found.clear()
    for block in said:
        if isinstance(block, blocks.ToolCall) and not block.server:
            found.setdefault(block.call, event)
        elif isinstance(block, blocks.ToolResult):
            found.pop(block.call, None)


def speaks_anew(event: Event) -> bool:
    """Tells whether somebody speaks, so that no call before it waits for a result any more."""
    body = event.body
    match body:
        case bodies.UserMessage(human=True):
            pass
        case bodies.ContextInjected(role="user"):
            pass
        case _:
            return False
    return not any(isinstance(block, blocks.ToolResult) for block in body.blocks)


def answers(event: Event) -> set[str]:
    """Gives the calls that an event answers."""
    if isinstance(event.body, bodies.ToolFinished):
        return {event.body.call}
    said: tuple[object, ...] = getattr(event.body, "blocks", ())
    return {block.call for block in said if isinstance(block, blocks.ToolResult)}

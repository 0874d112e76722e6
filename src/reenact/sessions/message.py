"""One message of a live session's context, as the model would be shown it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from reenact.events import AnyBlock, Event, blocks, bodies
from reenact.events.blocks import Role
from reenact.tree import Message as Part


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What one side said, with the events that tell it."""

    role: Role
    blocks: tuple[AnyBlock, ...]
    events: tuple[str, ...]
    """Ids, in order."""
    session: str
    """The session that its first event is in: for what a fork shares, an earlier one."""
    seq: int
    """The position of its last event in that event's session."""
    is_summary: bool = False
    """True where it stands for what a compaction took away."""

    @property
    def text(self) -> str:
        """All of it as text: words, thoughts' summaries left out, results as they were given."""
        return "\n".join(filter(None, map(text_of, self.blocks)))

    @property
    def calls(self) -> tuple[str, ...]:
        """The tool calls that it asks for."""
        return tuple(block.call for block in self.blocks if isinstance(block, blocks.ToolCall))

    @property
    def results(self) -> tuple[str, ...]:
        """The tool calls that it answers."""
        return tuple(block.call for block in self.blocks if isinstance(block, blocks.ToolResult))

    @property
    def tokens(self) -> int:
        """Roughly how many tokens it takes: a quarter of its characters."""
        return sum(map(_size, self.blocks)) // 4


def messages_of(parts: Iterable[Part], events: Iterable[Event]) -> Iterator[Message]:
    """Yields messages: the parts of one response are one."""
    name: str | None = None
    gathered: list[tuple[Part, Event]] = []
    for part, event in zip(parts, events, strict=True):
        if gathered and (part.message is None or part.message != name):
            yield _message(gathered)
            gathered = []
        name = part.message
        gathered.append((part, event))
    if gathered:
        yield _message(gathered)


def count_of(parts: Iterable[Part]) -> int:
    """Gives how many messages some parts make."""
    count = 0
    name: str | None = None
    for part in parts:
        count += part.message is None or part.message != name
        name = part.message
    return count


def _message(gathered: list[tuple[Part, Event]]) -> Message:
    (first, told), (_, last) = gathered[0], gathered[-1]
    return Message(
        role=first.role,
        blocks=tuple(block for part, event in gathered for block in _blocks(part, event.body)),
        events=tuple(dict.fromkeys(event.id for _, event in gathered)),
        session=told.session,
        seq=last.seq,
        is_summary=first.is_summary,
    )


def _blocks(part: Part, body: bodies.Body) -> tuple[AnyBlock, ...]:
    match body:
        case bodies.ToolCalled():
            return (blocks.ToolCall(call=body.call, name=body.name, input=body.input, server=body.server),)
        case bodies.ToolFinished():
            output = body.output if body.output is not None else body.error
            return (blocks.ToolResult(call=body.call, output=output, is_error=body.ok is False),)
        case bodies.CompactionFinished() if part.role == "tool":
            told = (block for block in body.replacement if isinstance(block, blocks.ToolResult))
            return tuple(block for block in told if block.call == part.call)
        case bodies.CompactionFinished():
            return body.replacement or (blocks.Text(text=body.summary or ""),)
        case _:
            found: tuple[AnyBlock, ...] = getattr(body, "blocks", ())
            return found


def text_of(block: AnyBlock) -> str:
    """Gives a block as text."""
    match block:
        case blocks.Text():
            return block.text
        case blocks.ToolCall():
            return f"{block.name}({_plain(block.input)})"
        case blocks.ToolResult():
            return _plain(block.output)
        case blocks.File():
            return block.text or ""
        case _:
            return ""


def _plain(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return msgspec.json.encode(value, enc_hook=str).decode()


def _size(block: AnyBlock) -> int:
    if isinstance(block, blocks.Reasoning):
        return len(block.text)
    return len(text_of(block))

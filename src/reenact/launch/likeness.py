"""Whether a transcript tells of the run that was recorded, where no id and no process says so.

What the model answered over the wire is what the agent's log says that it answered. Without a wire
half, the folder, the time and the prompt must fit, and nobody else may have been at work there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from reenact.events.blocks import Text, ToolCall
from reenact.events.bodies import AssistantMessage, ModelResponded, ToolCalled, UserMessage

if TYPE_CHECKING:
    from reenact.events import AnyBlock, Event


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What was said in a session since some time."""

    texts: frozenset[str]
    calls: frozenset[str]
    asked: str
    """All that people said, one after the other."""


def said(events: Iterable[Event], *, since: int | None = None) -> Said:
    """Gives what was said in a recording, or in a transcript."""
    texts: set[str] = set()
    calls: set[str] = set()
    asked: list[str] = []
    for event in events:
        if since is not None and event.ts is not None and event.ts < since:
            continue
        match event.body:
            case ModelResponded(blocks=blocks) | AssistantMessage(blocks=blocks, error=None):
                texts |= set(_texts(blocks))
                calls |= {_call(each.name, each.input) for each in blocks if isinstance(each, ToolCall)}
            case ToolCalled(name=name, input=given):
                calls.add(_call(name, given))
            case UserMessage(human=True, blocks=blocks):
                asked += _texts(blocks)
            case _:
                pass
    return Said(texts=frozenset(texts), calls=frozenset(calls), asked="\n".join(asked))


def is_same(wire: Said, log: Said) -> bool:
    """Tells whether a log says what went over the wire: something of it, and nothing else."""
    if not log.texts <= wire.texts:
        return False
    return bool((log.texts & wire.texts) or (log.calls & wire.calls))


def _texts(blocks: Iterable[AnyBlock]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Text) and (text := block.text.strip()):
            yield text


def _call(name: str, given: object) -> str:
    return f"{name} {msgspec.json.encode(given, order='deterministic').decode()}"

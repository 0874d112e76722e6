"""Plans how a context becomes shorter: what is put in the place of what. Pure; nothing is lost by it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from reenact.errors import UsageError
from reenact.events import blocks
from reenact.sessions.message import Message
from reenact.sessions.pairs import is_user_turn, orphans, together

Strategy = Literal["truncate", "mask", "shorten", "summarise"]
"""First words of each message; all but observations; tool output cut down; a summary somebody writes."""
Summarise = Callable[[str], str | None]
"""Answers a prompt with a summary: a call of a model, mostly."""

INSTRUCTIONS = (
    "Summarise the conversation below so that the work can go on from your summary alone: the task, what was "
    "decided, what was done to which files, what is still open."
)
_SPLIT = {"keep_first": 0, "keep_last": 12}
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "truncate": {**_SPLIT, "messages": 15, "max_chars": 500},
    "mask": {**_SPLIT, "max_chars": 500},
    "shorten": {**_SPLIT, "max_chars": 16_000},
    "summarise": {**_SPLIT, "summarise": None, "instructions": INSTRUCTIONS},
}
"""Strategy → its options, with what they are unless told."""
_LINE = 120
_TELLING = re.compile(
    r"(?i)\b(error|errors|failed|failure|fatal|panic|exception|traceback|warning|assert\w*|denied|not found|"
    r"undefined|cannot|exit code|segfault)\b|^E\s|^\s*\^+\s*$|\bFAIL"
)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a compaction does."""

    archived: tuple[Message, ...] = ()
    """The messages that no longer stand there as they were."""
    kept: tuple[Message, ...] = ()
    summary: str | None = None
    replacement: tuple[blocks.ToolResult, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True where there is nothing to do."""
        return not self.archived


def chosen(strategy: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Gives a strategy's options with those that were told.

    Raises:
        UsageError: there is no such strategy or option, or a value cannot be.
    """
    known = OPTIONS.get(strategy)
    if known is None:
        raise UsageError(
            f"no compaction strategy is called {strategy!r}", hint=f"there are: {', '.join(OPTIONS)}"
        )
    for name in options:
        if name not in known:
            hint = f"{strategy} takes {', '.join(known)}"
            raise UsageError(f"compaction by {strategy} has no option {name!r}", hint=hint)
    found = {**known, **options}
    for name, value in found.items():
        is_number = isinstance(known[name], int)
        if is_number and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise UsageError(f"{name}={value!r} is no count", hint="give 0 or more")
    if strategy == "summarise" and not callable(found["summarise"]):
        raise UsageError(
            "summarise= is missing: what writes the summary", hint="give a function of the prompt"
        )
    return found


def plan(messages: Sequence[Message], strategy: Strategy, options: Mapping[str, Any]) -> Plan:
    """Gives what a strategy does to a context; options as `chosen` gave them."""
    first = max(options["keep_first"], _instructions(messages))
    if len(messages) <= first + options["keep_last"]:
        return Plan(kept=tuple(messages))
    if strategy == "shorten":
        return _shortened(messages, first, options)
    split = split_at(messages, first, options["keep_last"])
    # What is kept at the head may ask for what lies behind it: then that is archived, too.
    while first > 0 and orphans(messages[:split], first):
        first -= 1
    archived = tuple(messages[first:split])
    if not archived:
        return Plan(kept=tuple(messages))
    summary = _summary(archived, strategy, options)
    # A summary alone is only summed up where that halves it: else each time would wrap it once more.
    if len(archived) == 1 and archived[0].is_summary and 2 * len(summary) > len(archived[0].text):
        return Plan(kept=tuple(messages))
    return Plan(archived=archived, kept=(*messages[:first], *messages[split:]), summary=summary)


def split_at(messages: Sequence[Message], first: int, keep_last: int) -> int:
    """Gives where the kept end begins: at somebody's word, else nowhere inside of a call and its result."""
    naive = len(messages) - keep_last
    if not keep_last:
        return naive
    for at in range(naive, first, -1):
        if is_user_turn(messages[at]) and not orphans(messages, at):
            return at
    at = together(messages, naive)
    return at if at > first else _onward(messages, naive)


def _onward(messages: Sequence[Message], start: int) -> int:
    while start < len(messages) and orphans(messages, start):
        start += 1
    return start


def _instructions(messages: Sequence[Message]) -> int:
    """Gives how many messages at the head are the system's: they are never summed up."""
    return next((at for at, message in enumerate(messages) if message.role != "system"), len(messages))


def _summary(archived: Sequence[Message], strategy: Strategy, options: Mapping[str, Any]) -> str:
    if strategy == "mask":
        return masked(archived, options["max_chars"])
    if strategy == "summarise":
        told = options["summarise"](prompt(archived, options["instructions"]))
        if told and told.strip():
            return str(told)
        options = OPTIONS["truncate"]
    return truncated(archived, options["messages"], options["max_chars"])


def prompt(archived: Sequence[Message], instructions: str) -> str:
    """Gives what somebody who writes a summary is to be told."""
    told = "\n\n".join(f"[{message.role}] {message.text}" for message in archived)
    return f"{instructions}\n\n{len(archived)} messages are to be summarised:\n\n{told}"


def truncated(archived: Sequence[Message], messages: int, max_chars: int) -> str:
    """Gives the beginnings of the first messages."""
    lines = [f"[{len(archived)} earlier messages, cut short]"]
    for message in archived[:messages]:
        text = message.text
        more = f" [… {len(text) - max_chars} characters more]" if len(text) > max_chars else ""
        lines.append(f"[{message.role}] {text[:max_chars]}{more}")
    if len(archived) > messages:
        lines.append(f"[… {len(archived) - messages} messages more]")
    return "\n".join(lines)


def masked(archived: Sequence[Message], max_chars: int) -> str:
    """Gives what the model said in full, and of long observations that they were there."""
    lines = [f"[{len(archived)} earlier messages, long observations masked]"]
    for message in archived:
        text = message.text
        if message.role == "assistant" or len(text) < max_chars:
            lines.append(f"[{message.role}] {text}")
            continue
        head = text.split("\n", 1)[0][:_LINE]
        rows = text.count("\n") + 1
        lines.append(f"[{message.role}] {head}… [{rows} lines, {len(text)} characters masked]")
    return "\n".join(lines)


def _shortened(messages: Sequence[Message], first: int, options: Mapping[str, Any]) -> Plan:
    archived: list[Message] = []
    replacement: list[blocks.ToolResult] = []
    end = len(messages) - options["keep_last"]
    for message in messages[first:end]:
        results = [block for block in message.blocks if isinstance(block, blocks.ToolResult)]
        if message.role != "tool" or len(results) != len(message.blocks):
            continue
        shorter = [block.__replace__(output=_cut(block.output, options["max_chars"])) for block in results]
        if shorter != results:
            archived.append(message)
            replacement += shorter
    kept = tuple(message for message in messages if message not in archived)
    return Plan(archived=tuple(archived), kept=kept, replacement=tuple(replacement))


def _cut(output: Any, max_chars: int) -> Any:
    match output:
        case str():
            return shortened(output, max_chars)
        case list():
            return [_cut(item, max_chars) for item in output]
        case {"text": str(text), **rest}:
            return {**rest, "text": shortened(text, max_chars)}
        case _:
            return output


def shortened(text: str, max_chars: int) -> str:
    """Gives a tool's output within about `max_chars`: first and last lines, and those that tell of errors."""
    if len(text) <= max_chars:
        return text
    rows = text.splitlines()
    keep: set[int] = set()
    room = max_chars
    half, end = max_chars // 3, len(rows)
    room -= _take(range(end), rows, half, keep)
    room -= _take(range(end - 1, -1, -1), rows, half, keep)
    _take((at for at in range(end) if _TELLING.search(rows[at][:1000])), rows, room, keep)
    if not keep:  # a line longer than all there is room for
        return f"{text[:half]}\n[… {len(text) - 2 * half} characters left out …]\n{text[len(text) - half :]}"
    lines: list[str] = []
    at = 0
    while at < end:
        begin = at
        while at < end and at not in keep:
            at += 1
        if at > begin:
            left = sum(map(len, rows[begin:at]))
            lines.append(f"[… {at - begin} lines, {left} characters left out …]")
        if at < end:
            lines.append(rows[at])
            at += 1
    return "\n".join(lines)


def _take(order: Any, rows: Sequence[str], room: int, keep: set[int]) -> int:
    """Keeps rows in an order while there is room; gives the room they took."""
    taken = 0
    for at in order:
        if at in keep:
            continue
        if taken + len(rows[at]) + 1 > room:
            break
        taken += len(rows[at]) + 1
        keep.add(at)
    return taken

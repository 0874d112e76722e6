"""Sub-agents up to 0.36: they wrote under the id of the session above, beside its chat or into it.

A chat's file is named by the minute and the session, and each recorder rewrites what it read once. A
sub-agent that began in another minute than the main chat has a flat file of its own (of kind
`subagent`); one of the same minute writes into the main chat's file, until the main chat's next
message puts that right. Only states of the file that were kept before tell of such a one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from reenact.sources.gemini import content, tools
from reenact.sources.gemini.records import Call, Message, Meta

_REMINDER = "`complete_task`"
"""What the CLI reminds a sub-agent of that does not come to an end; its tasks are put in other words."""


class SubChat(msgspec.Struct, frozen=True, kw_only=True):
    """What was written of one sub-agent."""

    messages: tuple[Message, ...]
    call: str | None = None
    """The call that it worked for, where that is told."""

    @property
    def name(self) -> str:
        """What tells it from the others of its session."""
        return self.messages[0].id


class Parted(msgspec.Struct, frozen=True, kw_only=True):
    """A chat's messages, and those that sub-agents put among them."""

    own: tuple[Message, ...]
    others: tuple[SubChat, ...] = ()


def is_flat(meta: Meta, *, is_document: bool, has_root: bool) -> bool:
    """Tells whether a whole file is that of sub-agents under the id of the session above."""
    return is_document and not has_root and meta.kind == "subagent"


def parted(messages: Iterable[Message], calls: Sequence[Call] = ()) -> tuple[SubChat, ...]:
    """Parts the messages of sub-agents: each task begins one."""
    found: list[list[Message]] = []
    for message in messages:
        is_task = message.type == "user" and _REMINDER not in content.plain(message.content)
        if is_task or not found:
            found.append([])
        found[-1].append(message)
    return tuple(SubChat(messages=tuple(each), call=_call_of(each[0], calls)) for each in found)


def _call_of(task: Message, calls: Sequence[Call]) -> str | None:
    fitting = [call.id for call in calls if _asks_for(call, task)]
    return fitting[0] if len(fitting) == 1 else None


def _asks_for(call: Call, task: Message) -> bool:
    args = call.args if isinstance(call.args, dict) else {}
    return content.plain(task.content) in args.values()


class States:
    """What the states of one document tell of each other."""

    def __init__(self) -> None:
        self._calls: dict[str, tuple[Call, ...]] = {}
        self._with: dict[str, frozenset[str]] = {}
        """A message with calls → the messages that stand in every state in which it has them."""

    def learn(self, meta: Meta) -> None:
        """Takes one state."""
        there = frozenset(message.id for message in meta.messages or ())
        for message in meta.messages or ():
            if message.calls:
                self._calls[message.id] = message.calls
                self._with[message.id] = self._with.get(message.id, there) & there

    def part(self, messages: Sequence[Message]) -> Parted:
        """Takes out of a state what stands behind a call of a sub-agent and in no state that has the call."""
        own: list[Message] = []
        others: list[SubChat] = []
        at = 0
        while at < len(messages):
            own.append(messages[at])
            end = self._end(messages, at)
            if end > at + 1:
                others += parted(messages[at + 1 : end], self._calls[messages[at].id])
            at = end
        return Parted(own=tuple(own), others=tuple(others))

    def _end(self, messages: Sequence[Message], at: int) -> int:
        """Gives where what a message's sub-agents wrote behind it ends."""
        owner = messages[at].id
        there, end = self._with.get(owner, frozenset()), at + 1
        if owner not in self._with or end >= len(messages) or not self._is_task(owner, messages[end]):
            return end
        while end < len(messages) and messages[end].id not in there:
            end += 1
        return end

    def _is_task(self, owner: str, message: Message) -> bool:
        return message.type == "user" and any(
            tools.kind_of(call) == "sub_agent" or _asks_for(call, message) for call in self._calls[owner]
        )

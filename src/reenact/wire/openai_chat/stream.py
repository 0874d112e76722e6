"""A streamed chat completion, put together as the official Python client does it.

Deltas of one choice grow one message: texts are joined, items of lists go by their index, what is
not known is kept. A stream that breaks off gives what there was and says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from reenact.wire import canonical, sse
from reenact.wire.reply import End, Failure, Stream, failure_of

if TYPE_CHECKING:
    from reenact.wire.canonical import Json, Object

DONE = "[DONE]"
_WHOLE = frozenset({"id", "role", "type"})
"""Texts that come whole; a server that repeats them means the same one."""
_OWN = frozenset({"choices", "object"})


class Assembler:
    """Takes a stream's bytes as they come; `close` gives the result."""

    def __init__(self) -> None:
        self._decoder = sse.Decoder()
        self._frames: list[sse.Frame] = []
        self._top: Object = {}
        self._choices: dict[int, Object] = {}
        self._defects: list[str] = []
        self._failure: Failure | None = None
        self._is_done = False
        self._is_begun = False

    def feed(self, data: bytes) -> None:
        """Takes the next bytes of the body."""
        for frame in self._decoder.feed(data):
            self.take(frame)

    def take(self, frame: sse.Frame) -> None:
        """Takes one event."""
        self._frames.append(frame)
        text = frame.data.strip()
        if text == DONE:
            self._is_done = True
            return
        if not text:
            return  # a comment that keeps the connection alive
        try:
            data = canonical.decode(frame.data)
        except ValueError:
            self._defects.append("an event's data is no JSON")
            return
        if not isinstance(data, dict):
            self._defects.append("an event's data is no object")
        elif data.get("error"):
            self._failure = failure_of(data)
        else:
            self._chunk(data)

    def close(self) -> Stream:
        """Tells that no more bytes come, and gives the result."""
        torn = self._decoder.close()
        if torn is not None:
            self._frames.append(torn)
            self._defects.append("the stream ends inside an event")
        choices: list[Json] = [self._choices[index] for index in sorted(self._choices)]
        message: Object | None = None
        if self._is_begun:
            message = {**self._top, "object": "chat.completion", "choices": choices}
        return Stream(
            message=message,
            end=self._end(),
            failure=self._failure,
            defects=tuple(self._defects),
            frames=tuple(self._frames),
        )

    def _end(self) -> End:
        if self._failure is not None:
            return "error"
        ended = [choice.get("finish_reason") is not None for choice in self._choices.values()]
        return "complete" if self._is_done or (ended and all(ended)) else "truncated"

    def _chunk(self, data: Object) -> None:
        self._is_begun = True
        for name, value in data.items():
            if name not in _OWN and (value is not None or name not in self._top):
                self._top[name] = value
        choices = data.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict):
                self._choice(choice)

    def _choice(self, choice: Object) -> None:
        index = choice.get("index")
        place = index if isinstance(index, int) else 0
        known = self._choices.setdefault(place, {"index": place, "message": {}, "finish_reason": None})
        for name, value in choice.items():
            if name == "delta":
                message = known["message"]
                if isinstance(value, dict) and isinstance(message, dict):
                    grow(message, value)
            elif name == "logprobs" and isinstance(value, dict):
                before = known.get(name)
                known[name] = grow(before if isinstance(before, dict) else {}, value)
            elif value is not None or name not in known:
                known[name] = value


def grow(known: Object, delta: Object) -> Object:
    """Adds a delta to what there is, in place."""
    for name, value in delta.items():
        before = known.get(name)
        if name == "tool_calls" and isinstance(value, list):
            known[name] = _listed(before, value, keep_index=False)
        elif isinstance(value, list):
            known[name] = _listed(before, value, keep_index=True)
        elif isinstance(value, dict):
            known[name] = grow(before if isinstance(before, dict) else {}, value)
        elif isinstance(value, str) and isinstance(before, str) and name not in _WHOLE:
            known[name] = before + value
        elif value is not None or name not in known:
            known[name] = value
    return known


def _listed(before: Json, items: Iterable[Json], *, keep_index: bool) -> list[Json]:
    known = list(before) if isinstance(before, list) else []
    for item in items:
        index = item.get("index") if isinstance(item, dict) else None
        if not isinstance(item, dict) or not isinstance(index, int):
            known.append(item)
            continue
        while len(known) <= index:
            known.append({})
        there = known[index]
        told = item if keep_index else {name: value for name, value in item.items() if name != "index"}
        known[index] = grow(there if isinstance(there, dict) else {}, told)
    return known


def assemble(body: bytes | Iterable[bytes]) -> Stream:
    """Puts a whole streamed body together."""
    assembler = Assembler()
    for chunk in (body,) if isinstance(body, bytes) else body:
        assembler.feed(chunk)
    return assembler.close()

"""Rebuilds what a thread asked its model and what came back, from its rollout alone.

A rollout holds the items of the conversation but neither tools nor parameters, so an exchange is
told by its input items (without the base instructions, which are given apart) and its output items.
Since 0.169 a `token_usage_record` ends each response and names it; before, a response is the run of
output items up to the next input. Two things are not as they look:

- A sub-agent's rollout may begin with its parent's items, among them output of the model. Only
  output items behind the last item that is neither output nor a tool result are the response's own.
- A call without a result is sent with the result `aborted` right behind it.

Up to 0.98 a `turn_context` row stands before each request and ends the response before it; in 0.42
and 0.58 calls and results of one response alternate, so nothing else could. Copied rows of another
thread are input only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import msgspec

from reenact.events import Tokens
from reenact.sources import lines as rows_in
from reenact.sources.codex import content, usage
from reenact.sources.codex.past import Past
from reenact.sources.codex.records import Row, meta, read
from reenact.sources.members import mapping, mappings, text
from reenact.sources.protocol import Line

Item = dict[str, Any]

_OUTPUT = frozenset(
    {
        "reasoning", "function_call", "custom_tool_call", "local_shell_call", "web_search_call",
        "image_generation_call", "tool_search_call",
    }
)  # fmt: skip
_RESULTS = {
    "function_call": "function_call_output",
    "local_shell_call": "function_call_output",
    "custom_tool_call": "custom_tool_call_output",
}
_GIVEN = frozenset({*_RESULTS.values(), "tool_search_output"})
_FIRST_BY_TURN = 104
"""The first minor version known to write one `turn_context` a turn; up to 0.98 there is one a request."""
_FIRST_WITH_RECORDS = 169
_LOCAL = frozenset({"ghost_snapshot"})


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its response, as far as a rollout tells them."""

    input: tuple[Item, ...]
    output: tuple[Item, ...]
    response: str | None = None
    """The provider's id of the response (0.169)."""
    turn: str | None = None
    model: str | None = None
    effort: str | None = None
    instructions: str | None = None
    usage: Tokens | None = None
    purpose: Literal["main", "compact"] = "main"
    """`compact`: the request ended in a prompt that the log does not hold."""


def rebuild(lines: Iterable[Line], *, past: Sequence[Item] = ()) -> Iterator[Exchange]:
    """Yields a rollout's exchanges in order.

    `past` are the items of the thread that this one goes on from (`history_base`), as `history` gives
    them.
    """
    reading = _Reading(past)
    for row in _rows(lines):
        yield from reading.take(row)
    yield from reading.end()


def history(
    lines: Iterable[Line], *, end_ordinal: int | None = None, past: Sequence[Item] = ()
) -> tuple[Item, ...]:
    """Gives a thread's items before an ordinal (all of them without one): the past of its forks."""
    reading = _Reading(past)
    for row in _rows(lines):
        if end_ordinal is not None and row.ordinal is not None and row.ordinal >= end_ordinal:
            break
        for _ in reading.take(row):
            pass
    return tuple(reading.items)


def _rows(lines: Iterable[Line]) -> Iterator[Row]:
    for line in lines:
        for value in rows_in.decode(line).values:
            yield read(value)


class _Reading:
    """A conversation while it grows."""

    def __init__(self, past: Sequence[Item]) -> None:
        self.items: list[Item] = list(past)
        self._boundary = len(self.items)
        """Output items from here on may be of the response that is not told yet."""
        self._has_records = False
        self._past = Past()
        self._is_identified = False
        self._in_past = False
        self._asks_by_context = False
        """True where each request has its own `turn_context` (up to 0.98)."""
        self._is_compaction = False
        self._native: str | None = None
        self._instructions: str | None = None
        self._model: str | None = None
        self._effort: str | None = None
        self._turn: str | None = None

    def take(self, row: Row) -> Iterator[Exchange]:
        if row.type == "session_meta":
            self._meta(row)
        elif self._past.holds(row):
            self._in_past = True
            if row.type == "response_item" and row.kind not in _LOCAL:
                self.items.append(row.payload)
        else:
            if self._in_past:
                self._in_past = False
                self._boundary = len(self.items)
            yield from self._own(row)

    def _meta(self, row: Row) -> None:
        told = meta(row)
        if self._is_identified:
            if told.id != self._native:
                self._past.copied(row)
            return
        self._is_identified = True
        self._native = told.id
        self._instructions = told.instructions
        self._asks_by_context = _minor(told.version) < _FIRST_BY_TURN
        self._has_records = _minor(told.version) >= _FIRST_WITH_RECORDS
        self._past.begin(told, told.id or "", row.ts)

    def _own(self, row: Row) -> Iterator[Exchange]:
        match row.type:
            case "turn_context":
                if self._asks_by_context:
                    yield from self.end()
                self._model = text(row.payload, "model") or self._model
                self._effort = text(row.payload, "effort")
                self._turn = text(row.payload, "turn_id") or self._turn
            case "response_item" if row.kind not in _LOCAL:
                yield from self._item(row)
            case "token_usage_record":
                self._has_records = True
                yield from self._exchange(row.payload)
            case "compacted":
                yield from self._compact(row.payload)
            case "event_msg" if row.kind == "thread_rolled_back":
                yield from self.end()
                self._roll_back(row.payload.get("num_turns"))
            case _:
                pass

    def end(self) -> Iterator[Exchange]:
        """Yields the response that no record ended, if there is one."""
        if not self._has_records:
            yield from self._exchange({})

    def _item(self, row: Row) -> Iterator[Exchange]:
        if mapping({"metadata": row.metadata}, "metadata").get("compaction_output") is True:
            self._is_compaction = True
        if not _is_output(row.payload):
            is_result = row.kind in _GIVEN
            if not self._has_records and not (is_result and self._asks_by_context):
                yield from self._exchange({})
            if not is_result:
                self._boundary = len(self.items) + 1
        self.items.append(row.payload)

    def _exchange(self, record: dict[str, Any]) -> Iterator[Exchange]:
        behind = self.items[self._boundary :]
        output = tuple(item for item in behind if _is_output(item))
        start = next((i for i, item in enumerate(behind) if _is_output(item)), len(behind))
        asked = self.items[: self._boundary + start]
        self._boundary = len(self.items)
        if not output and not record:
            return
        counted = mapping(record, "usage")
        yield Exchange(
            input=tuple(_answered(asked)),
            output=output,
            response=text(record, "response_id"),
            turn=text(record, "turn_id") or self._turn,
            model=self._model,
            effort=self._effort,
            instructions=self._instructions,
            usage=usage.tokens(usage.totals(counted)) if counted else None,
            purpose="compact" if self._is_compaction else "main",
        )
        self._is_compaction = False

    def _compact(self, payload: dict[str, Any]) -> Iterator[Exchange]:
        summary = text(payload, "message") or ""
        if not self._has_records:
            yield from self._before_summary(summary)
        replaced = payload.get("replacement_history")
        if isinstance(replaced, list):
            self.items = mappings(payload, "replacement_history")
        else:  # up to 0.98 only the summary is told
            said = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": summary}]}
            self.items = [*_head(self.items), *filter(_is_prompt, self.items), said]
        self._boundary = len(self.items)

    def _before_summary(self, summary: str) -> Iterator[Exchange]:
        """Yields what no record ended; an answer that became the summary is a response of its own."""
        last = self.items[-1] if len(self.items) > self._boundary else {}
        said = content.plain(content.blocks(last)) if _is_output(last) else ""
        if said and said in summary:
            self.items.pop()
            yield from self._exchange({})
            self.items.append(last)
            self._boundary = len(self.items) - 1
            self._is_compaction = True
        yield from self._exchange({})

    def _roll_back(self, turns: Any) -> None:
        left = turns if isinstance(turns, int) else 0
        for index in range(len(self.items) - 1, -1, -1):
            if left <= 0:
                break
            if _is_prompt(self.items[index]):
                left -= 1
                del self.items[index:]
        self._boundary = len(self.items)


def _is_output(item: Item) -> bool:
    kind = item.get("type")
    return kind in _OUTPUT or (kind == "message" and item.get("role") == "assistant")


def _minor(version: str | None) -> int:
    parts = (version or "").split(".")
    return int(parts[1]) if len(parts) > 1 and parts[0] == "0" and parts[1].isdigit() else _FIRST_BY_TURN


def _head(items: list[Item]) -> list[Item]:
    """Gives the items before the first prompt: what Codex tells every new context."""
    first = next((index for index, item in enumerate(items) if _is_prompt(item)), len(items))
    return items[:first]


def _is_prompt(item: Item) -> bool:
    if item.get("type") != "message" or item.get("role") != "user":
        return False
    return content.origin(content.plain(content.blocks(item)), content.kinds_of(item)) == "prompt"


def _answered(items: list[Item]) -> Iterator[Item]:
    """Yields items as they are sent: a call without a result has one that says `aborted`."""
    answered = {text(item, "call_id") for item in items if text(item, "type") in _GIVEN}
    for item in items:
        yield item
        kind, call = text(item, "type"), text(item, "call_id")
        if kind in _RESULTS and call not in answered:
            yield {"type": _RESULTS[kind], "call_id": call, "output": "aborted"}

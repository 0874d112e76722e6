"""Counts what a recording saw and no log of the agent's own does: every answer once, here or there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

from reenact.events.bodies import ModelRequested, ModelResponded, UsageRecorded
from reenact.launch.tools import Tools
from reenact.recorder import spent
from reenact.store import Filter
from reenact.wire.dialects import dialect_named

if TYPE_CHECKING:
    from reenact.events import Event, Header, Tokens

_Sum = tuple[int, int, int, int]


def count(tools: Tools, header: Header, transcripts: Collection[str]) -> int:
    """Adds to a recording the usage of its calls that these transcripts do not hold; gives how many.

    A log tells an answer by its provider's id where it keeps that, else by what it cost. Where there is
    a transcript, an answer that was broken off is left to it: it knows what the agent took of it.
    """
    tools.store.catch_up()
    keys, sums = _logged(tools, transcripts)
    records: list[tuple[UsageRecorded, Event]] = []
    spoken: dict[str, str] = {}
    events = list(tools.store.events(header.id))
    counted = {event.turn for event in events if isinstance(event.body, UsageRecorded)}
    for event in events:
        match event.body:
            case ModelRequested(exchange=exchange, dialect=dialect):
                spoken[exchange] = dialect or "anthropic"
            case ModelResponded(exchange=exchange, usage=tokens) as body:
                if tokens is None or exchange in counted:
                    continue
                record = _record(body, tokens, spoken.get(exchange, "anthropic"))
                if record.key in keys or (transcripts and not record.final):
                    continue
                if sums[_sum(tokens)]:
                    sums[_sum(tokens)] -= 1
                    continue
                records.append((record, event))
            case _:
                pass
    if not records:
        return 0
    recorder = tools.recorder(header)
    for record, event in records:
        recorder.record(record, turn=event.turn, lane=event.lane, ts=event.ts, source_kind="wire")
    recorder.close()
    return len(records)


def _record(body: ModelResponded, tokens: Tokens, dialect: str) -> UsageRecorded:
    return spent(
        body.message or body.exchange,
        tokens,
        model=body.model,
        is_final=body.stop_reason is not None,
        kind=dialect_named(dialect).counted_as,
    )


def _logged(tools: Tools, transcripts: Collection[str]) -> tuple[set[str], Counter[_Sum]]:
    """Gives the ledger keys and the sums of all answers in some sessions and in those below them."""
    family = set(transcripts)
    if not family:
        return set(), Counter()
    waiting = family
    while waiting:
        rows = tools.store.sessions(Filter(sessions=tuple(waiting)))
        waiting = {child for row in rows for child in row.children} - family
        family |= waiting
    keys, sums = set(), Counter[_Sum]()
    for entry in tools.store.entries(Filter(sessions=tuple(family))):
        keys.add(entry.key)
        if not entry.key.startswith("msg:"):
            sums[_sum(entry.tokens)] += 1
    return keys, sums


def _sum(tokens: Tokens) -> _Sum:
    return tokens.input, tokens.cache_read, tokens.cache_write, tokens.output

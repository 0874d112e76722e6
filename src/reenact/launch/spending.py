"""Counts what a recording saw where no log of the agent's own does."""

from __future__ import annotations

from collections.abc import Iterable

from reenact.events import Header
from reenact.events.bodies import ModelRequested, ModelResponded, UsageRecorded
from reenact.launch.record import Tools
from reenact.recorder import SESSION_HEADER, Recorder, spent


def count(tools: Tools, header: Header, native_ids: Iterable[str]) -> int:
    """Adds to a recording the usage of its calls in sessions that left no transcript; gives how many."""
    unlogged = set(native_ids)
    asked: set[str] = set()
    records: list[tuple[UsageRecorded, str, str | None, int | None]] = []
    for event in tools.store.events(header.id):
        match event.body:
            case ModelRequested(exchange=exchange, params=params):
                headers = (params or {}).get("headers") or {}
                if headers.get(SESSION_HEADER) in unlogged:
                    asked.add(exchange)
            case ModelResponded(exchange=exchange, usage=tokens, message=str(message)) as answered:
                if exchange in asked and tokens is not None:
                    is_final = answered.stop_reason is not None
                    record = spent(message, tokens, model=answered.model, is_final=is_final)
                    records.append((record, exchange, event.lane, event.ts))
            case _:
                pass
    recorder = Recorder(tools.store, header, clock=tools.clock, minter=tools.minter, scrub=tools.scrub)
    for body, turn, lane, ts in records:
        recorder.record(body, turn=turn, lane=lane, ts=ts, source_kind="wire")
    recorder.close()
    return len(records)

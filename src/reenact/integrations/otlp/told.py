"""What is remembered of traces that are in sessions, so that a span that comes late joins its own.

Only what a place is found by: who is in whom, agents, calls. The oldest traces are forgotten first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from reenact.integrations.otlp.spans import GenAiSpan

_MOST = 100_000
"""Spans that are remembered."""


class Told(msgspec.Struct, kw_only=True):
    """A trace that is in a session, which goes by this name with this agent."""

    trace: str
    agent: str
    session: str
    spans: dict[str, GenAiSpan] = {}


class Memory:
    """The latest traces that became sessions."""

    def __init__(self) -> None:
        self._traces: dict[str, Told] = {}
        self._count = 0

    def get(self, trace: str) -> Told | None:
        return self._traces.get(trace)

    def add(self, told: Told) -> None:
        """Remembers a trace, with more of it than before; the one that was added last is forgotten last."""
        before = self._traces.pop(told.trace, None)
        spans = {**(before.spans if before is not None else {}), **told.spans}
        self._count += len(spans) - (len(before.spans) if before is not None else 0)
        self._traces[told.trace] = msgspec.structs.replace(told, spans=spans)
        while self._count > _MOST and len(self._traces) > 1:
            oldest = next(iter(self._traces))
            self._count -= len(self._traces.pop(oldest).spans)

    def has(self, span: GenAiSpan) -> bool:
        """Tells whether a span is in a session already."""
        told = self._traces.get(span.trace)
        return told is not None and span.id in told.spans

    def of(self, spans: Iterable[GenAiSpan]) -> Iterator[Told]:
        """Yields what is known of the traces of some spans."""
        for trace in dict.fromkeys(span.trace for span in spans):
            if trace in self._traces:
                yield self._traces[trace]

    def placed(self, trace: str, waiting: Mapping[str, GenAiSpan]) -> dict[str, GenAiSpan]:
        """Gives those of a trace's spans that have their place: all they are in has come."""
        told = self._traces.get(trace)
        if told is None:
            return {}
        return {each: span for each, span in waiting.items() if _reaches(span, told.spans, waiting)}


def _reaches(span: GenAiSpan, told: Mapping[str, GenAiSpan], waiting: Mapping[str, GenAiSpan]) -> bool:
    seen = set()
    at: GenAiSpan | None = span
    while at is not None and at.id not in seen:
        if not at.parent or at.parent in told:
            return True
        seen.add(at.id)
        at = waiting.get(at.parent)
    return False

"""Puts spans together into traces, and writes each as a session: loops, turns, tools, sub-agents.

Spans are kept from the moment they are taken. What a session tells already is not told again, so that
a trace that comes twice, or whose writing was cut short, becomes one.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from reenact.errors import ArchiveError
from reenact.events import AnyBody, blocks, bodies
from reenact.integrations.otlp.spans import GenAiSpan, blocks_of
from reenact.integrations.otlp.spool import Spool
from reenact.recorder import Session, spent

_AGENT, _TOOL = "invoke_agent", "execute_tool"
_MOST = 100_000
"""Spans that wait for their trace to be complete; the traces with the oldest are then written as they are."""


class Recordings(Protocol):
    """What keeps sessions; an archive does."""

    def record(self, *, agent: str, session: str) -> Session: ...


class _Told(msgspec.Struct, kw_only=True):
    """Something that happened, and where it belongs; written in the order of time."""

    ts: int
    order: int
    body: AnyBody | None
    loop: str
    turn: str = ""
    span: GenAiSpan | None = None
    """A model call that is asked (no body), or a sub-agent that begins."""


class Traces:
    """Collects spans; writes a trace when the span that all others are in has come. Safe for threads."""

    def __init__(self, archive: Recordings, spool: Spool) -> None:
        self._archive = archive
        self._spool = spool
        self._lock = threading.Lock()
        self._waiting: dict[str, dict[str, GenAiSpan]] = {}
        self._count = 0

    def add(self, spans: Iterable[GenAiSpan]) -> None:
        """Takes spans; a span that came before is the same. They survive when it returns.

        Raises:
            OSError: they could not be kept.
            ArchiveError: a trace could not be written; it is kept until it can be.
        """
        told = list(spans)
        with self._lock:
            self._spool.keep(told)
            self._take(told)

    def recover(self) -> None:
        """Takes up what receivers left that were killed."""
        with self._lock:
            told, forget = self._spool.take_over()
            self._spool.keep(told)
            forget()
            try:
                self._take(told)
            except (OSError, ArchiveError) as error:
                sys.stderr.write(f"reenact: spans are kept, and not yet recorded: {error}\n")

    def flush(self) -> None:
        """Writes what has come, complete or not; what cannot be written stays kept."""
        with self._lock:
            for trace in list(self._waiting):
                try:
                    self._write(trace)
                except (OSError, ArchiveError) as error:
                    sys.stderr.write(f"reenact: spans are kept, and not yet recorded: {error}\n")
            self._spool.close()

    def _take(self, spans: Sequence[GenAiSpan]) -> None:
        for span in spans:
            known = self._waiting.setdefault(span.trace, {})
            self._count += span.id not in known
            known[span.id] = span
        for trace in dict.fromkeys(span.trace for span in spans if not span.parent):
            self._write(trace)
        while self._count > _MOST:
            self._write(next(iter(self._waiting)))

    def _write(self, trace: str) -> None:
        spans = self._waiting[trace]
        if any(span.operation for span in spans.values()):
            _Writing(self._archive, trace, spans).write()
        del self._waiting[trace]
        self._count -= len(spans)
        self._spool.done(trace, (span for others in self._waiting.values() for span in others.values()))


class _Writing:
    """One trace on its way into a session."""

    def __init__(self, archive: Recordings, trace: str, spans: dict[str, GenAiSpan]) -> None:
        self._archive = archive
        self._trace = trace
        self._spans = spans
        inner = (span for span in spans.values() if span.operation)
        self._known = sorted(inner, key=lambda span: (span.begin, -span.end))

    def write(self) -> None:
        tops = [span for span in self._known if span.operation == _AGENT and self._agent_of(span) is None]
        first = self._known[0]
        told = (span.text("gen_ai.conversation.id") for span in self._known)
        name = next(filter(None, told), self._trace)
        agent = tops[0].agent if tops else first.text("gen_ai.agent.name") or first.name or "agent"
        session = self._archive.record(agent=agent, session=name)
        known = _Known(session)
        session.start(ts=first.begin)
        loops: list[GenAiSpan | None] = [*tops]
        if any(self._agent_of(span) is None and span.operation != _AGENT for span in self._known):
            loops.append(None)
        for top in sorted(loops, key=lambda span: span.begin if span is not None else first.begin):
            self._write_loop(session, known, top)
        end = max(span.end for span in self._spans.values())
        failed = next((top.error for top in tops if top.error), None)
        session.end("failed" if failed else "completed", error=failed, ts=end)
        _check(session)

    def _write_loop(self, session: Session, known: _Known, agent: GenAiSpan | None) -> None:
        """Writes one run of an agent; of what is in no agent where None."""
        own = [one for one in self._known if self._agent_of(one) is agent and one is not agent]
        if agent is None:
            own = [one for one in own if one.operation != _AGENT]
        loop = agent.id if agent is not None else self._trace
        name = agent.agent if agent is not None else None
        begin = agent.begin if agent is not None else own[0].begin
        end = agent.end if agent is not None else max(one.end for one in own)
        error = agent.error if agent is not None else None
        events = [_Told(ts=begin, order=0, body=bodies.LoopStarted(agent=name), loop=loop)]
        events += _prompt(own, loop, begin, is_human=session.header.kind != "subagent")
        turn = ""
        turns: dict[str, str] = {}
        for one in own:
            if one.is_model_call:
                turn = one.id
                turns.update({block.call: turn for block in one.said if isinstance(block, blocks.ToolCall)})
                events += _model_call(one, loop)
            elif one.operation == _TOOL:
                events += _tool_call(one, loop, turns.get(one.text("gen_ai.tool.call.id") or "", turn))
            elif one.operation == _AGENT:
                events.append(_Told(ts=one.begin, order=3, body=None, loop=loop, turn=turn, span=one))
            else:
                data = {"name": one.name, "attributes": one.attributes}
                body = bodies.Custom(name="otlp.span", data=data)
                events.append(_Told(ts=one.begin, order=3, body=body, loop=loop, turn=turn))
        ended = bodies.LoopEnded(status="aborted" if error else "completed", reason=error)
        events.append(_Told(ts=end, order=9, body=ended, loop=loop))
        for event in sorted(events, key=lambda event: (event.ts, event.order)):
            self._emit(session, known, event)

    def _emit(self, session: Session, known: _Known, event: _Told) -> None:
        span = event.span
        if event.body is not None:
            if not known.tells(event.body, event.ts, event.loop, event.turn):
                session.emit(event.body, ts=event.ts, loop=event.loop, turn=event.turn)
        elif span is not None and span.is_model_call:
            asked = bodies.ModelRequested(exchange=span.id)
            if not known.tells(asked, span.begin, event.loop, span.id):
                _ask(session, span, event.loop)
        elif span is not None:
            self._write_child(session, known, span)

    def _write_child(self, session: Session, known: _Known, span: GenAiSpan) -> None:
        own = f"{self._trace}/{span.id}"
        child = session.child(agent=span.agent, call=self._call_of(span), session=own)
        if known.has_finished(child.id):
            return
        if known.has_begun(child.id):
            child.announced = None
        told = _Known(child)
        child.start(ts=span.begin)
        self._write_loop(child, told, span)
        child.end("failed" if span.error else "completed", error=span.error, ts=span.end)
        _check(child)

    def _above(self, span: GenAiSpan) -> Iterator[GenAiSpan]:
        seen = {span.id}
        at = self._spans.get(span.parent)
        while at is not None and at.id not in seen:
            seen.add(at.id)
            yield at
            at = self._spans.get(at.parent)

    def _agent_of(self, span: GenAiSpan) -> GenAiSpan | None:
        return next((above for above in self._above(span) if above.operation == _AGENT), None)

    def _call_of(self, span: GenAiSpan) -> str | None:
        """Gives the tool call that a sub-agent runs in."""
        for above in self._above(span):
            if above.operation == _TOOL:
                return above.text("gen_ai.tool.call.id") or above.id
            if above.operation == _AGENT:
                return None
        return None


class _Known:
    """What a session told before a trace is written into it."""

    def __init__(self, session: Session) -> None:
        self._told: Counter[tuple[Any, ...]] = Counter()
        self._begun: set[str | None] = set()
        self._finished: set[str | None] = set()
        for event in session.events():
            self._told[_key(event.body, event.ts, event.loop, event.turn)] += 1
            match event.body:
                case bodies.AgentSpawned(child=child):
                    self._begun.add(child)
                case bodies.AgentFinished(child=child):
                    self._finished.add(child)
                case _:
                    pass

    def tells(self, body: AnyBody, ts: int, loop: str, turn: str) -> bool:
        """Tells whether an event is there already; each that is there answers for one."""
        key = _key(body, ts, loop, turn)
        is_told = self._told[key] > 0
        self._told[key] -= is_told
        return is_told

    def has_begun(self, child: str) -> bool:
        return child in self._begun

    def has_finished(self, child: str) -> bool:
        return child in self._finished


def _key(body: AnyBody, ts: int | None, loop: str | None, turn: str | None) -> tuple[Any, ...]:
    about = [getattr(body, name, None) for name in ("exchange", "call", "key")]
    return (body.kind, ts, loop or "", turn or "", *about)


def _check(session: Session) -> None:
    """Raises `ArchiveError` where not all of a session could be kept."""
    if session.degraded is not None:
        raise ArchiveError(f"session {session.id} could not be written: {session.degraded}")


def _prompt(own: Sequence[GenAiSpan], loop: str, begin: int, *, is_human: bool) -> list[_Told]:
    """Gives what the first call of a run was asked, by its last message of the user."""
    call = next((one for one in own if one.is_model_call), None)
    for message in reversed(call.asked if call is not None else []):
        if isinstance(message, dict) and message.get("role") == "user":
            body = bodies.UserMessage(blocks=tuple(blocks_of(message)), human=is_human)
            return [_Told(ts=begin, order=1, body=body, loop=loop)]
    return []


def _model_call(span: GenAiSpan, loop: str) -> list[_Told]:
    turn = span.id
    told = [_Told(ts=span.begin, order=4, body=None, loop=loop, turn=turn, span=span)]
    if span.error is not None:
        category = span.text("error.type")
        failed = bodies.ModelFailed(exchange=span.id, error=span.error, category=category)
        return [*told, _Told(ts=span.end, order=5, body=failed, loop=loop, turn=turn)]
    answer = bodies.ModelResponded(
        exchange=span.id,
        blocks=span.said,
        message=span.text("gen_ai.response.id"),
        model=span.model,
        stop_reason=span.stop_reason,
        usage=span.tokens,
        duration=span.end - span.begin,
        fidelity="journal",
    )
    told.append(_Told(ts=span.end, order=5, body=answer, loop=loop, turn=turn))
    if span.tokens is not None:
        provider = span.text("gen_ai.provider.name") or span.text("gen_ai.system")
        kind = "msg" if provider == "anthropic" else "resp"
        name = span.text("gen_ai.response.id") or span.id
        cost = spent(name, span.tokens, model=span.model, is_final=True, kind=kind)
        told.append(_Told(ts=span.end, order=6, body=cost, loop=loop, turn=turn))
    return told


def _tool_call(span: GenAiSpan, loop: str, turn: str) -> list[_Told]:
    call = span.text("gen_ai.tool.call.id") or span.id
    asked = bodies.ToolCalled(
        call=call,
        name=span.text("gen_ai.tool.name") or span.name.removeprefix("execute_tool").strip(),
        input=span.value("gen_ai.tool.call.arguments"),
    )
    ended = bodies.ToolFinished(
        call=call,
        ok=span.error is None,
        output=span.value("gen_ai.tool.call.result"),
        error=span.error,
        category=span.text("error.type") if span.error else None,
        duration=span.end - span.begin,
    )
    return [
        _Told(ts=span.begin, order=2, body=asked, loop=loop, turn=turn),
        _Told(ts=span.end, order=7, body=ended, loop=loop, turn=turn),
    ]


def _ask(session: Session, span: GenAiSpan, loop: str) -> None:
    """Writes down what a model was asked, as the conventions tell it."""
    taken = ("gen_ai.input.messages", "gen_ai.output.messages")
    shape = {name: value for name, value in span.attributes.items() if name not in taken}
    messages = [msgspec.json.encode(message) for message in span.asked]
    asked = session.keeper.ask(
        span.id, lane="", shape=msgspec.json.encode(shape), messages=messages, field="gen_ai.input.messages"
    )
    tools = span.value("gen_ai.tool.definitions")
    body = bodies.ModelRequested(
        exchange=span.id,
        dialect="otel-genai",
        model=span.text("gen_ai.request.model") or span.model,
        request=asked.reference,
        provenance=asked.provenance,
        history_len=len(messages),
        tools_count=len(tools) if isinstance(tools, list) else None,
        purpose="embeddings" if span.operation == "embeddings" else None,
    )
    if session.emit(body, ts=span.begin, loop=loop, turn=span.id) is not None:
        session.keeper.kept(asked)

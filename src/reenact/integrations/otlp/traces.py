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
from reenact.integrations.otlp.spans import GenAiSpan, bare, blocks_of
from reenact.integrations.otlp.spool import Spool
from reenact.integrations.otlp.told import Memory, Told
from reenact.recorder import Session, spent

_AGENT, _TOOL = "invoke_agent", "execute_tool"
_MAIN = ""
_MOST = 100_000
"""Spans that wait for their trace to be complete; the traces with the oldest are then written as they are."""


class Recordings(Protocol):
    """What keeps sessions; an archive does."""

    def record(self, *, agent: str, session: str) -> Session: ...


class _Event(msgspec.Struct, kw_only=True):
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
        self._memory = Memory()
        self._waiting: dict[str, dict[str, GenAiSpan]] = {}
        self._count = 0

    def add(self, spans: Iterable[GenAiSpan]) -> None:
        """Takes spans; a span that came before is the same. They survive when it returns.

        Raises:
            OSError: they could not be kept.
            ArchiveError: a trace could not be written; it is kept until it can be.
        """
        with self._lock:
            fresh = [span for span in spans if not self._memory.has(span)]
            self._spool.keep(fresh, self._memory.of(fresh))
            self._take(fresh)

    def recover(self) -> None:
        """Takes up what receivers left that were killed."""
        with self._lock:
            left = self._spool.take_over()
            for told in left.told:
                self._memory.add(told)
            self._spool.keep(left.spans, left.told)
            left.forget()
            try:
                self._take(left.spans)
            except (OSError, ArchiveError) as error:
                sys.stderr.write(f"reenact: spans are kept, and not yet recorded: {error}\n")

    def flush(self) -> None:
        """Writes what has come, complete or not; what cannot be written stays kept."""
        with self._lock:
            for trace in list(self._waiting):
                try:
                    self._write(trace, self._waiting[trace])
                except (OSError, ArchiveError) as error:
                    sys.stderr.write(f"reenact: spans are kept, and not yet recorded: {error}\n")
            self._spool.close()

    def _take(self, spans: Sequence[GenAiSpan]) -> None:
        for span in spans:
            known = self._waiting.setdefault(span.trace, {})
            self._count += span.id not in known
            known[span.id] = span
        roots = {span.trace for span in spans if not span.parent}
        for trace in dict.fromkeys(span.trace for span in spans):
            waiting = self._waiting[trace]
            is_late = self._memory.get(trace) is not None
            ready = self._memory.placed(trace, waiting) if is_late else waiting if trace in roots else {}
            if ready:
                self._write(trace, ready)
        while self._count > _MOST:
            trace = next(iter(self._waiting))
            self._write(trace, self._waiting[trace])

    def _write(self, trace: str, spans: dict[str, GenAiSpan]) -> None:
        """Writes spans of a trace that wait."""
        told = self._memory.get(trace)
        if any(span.operation for span in spans.values()):
            told = _Writing(self._archive, trace, spans, told).write()
        if told is not None:
            added = {span.id: bare(span) for span in spans.values()}
            self._memory.add(msgspec.structs.replace(told, spans=added))
        rest = {each: span for each, span in self._waiting.pop(trace).items() if each not in spans}
        if rest:
            self._waiting[trace] = rest
        self._count -= len(spans)
        waiting = [span for others in self._waiting.values() for span in others.values()]
        self._spool.done(trace, waiting, self._memory.of(waiting))


class _Writing:
    """One trace on its way into a session; or what came late of it, into the one where the rest is."""

    def __init__(
        self, archive: Recordings, trace: str, spans: dict[str, GenAiSpan], told: Told | None
    ) -> None:
        self._archive = archive
        self._trace = trace
        self._told = told
        self._before = told.spans if told is not None else {}
        self._spans = {**spans, **self._before}
        inner = (span for span in self._spans.values() if span.operation)
        self._known = sorted(inner, key=lambda span: (span.begin, -span.end))
        self._fresh = [span for span in self._known if span.id not in self._before]
        self._changed = {self._session_of(span) for span in self._fresh}

    def write(self) -> Told:
        """Gives where it was written."""
        tops = [span for span in self._known if span.operation == _AGENT and self._agent_of(span) is None]
        first = self._fresh[0]
        into = self._told or self._place(tops, first)
        session = self._archive.record(agent=into.agent, session=into.session)
        known = _Known(session)
        if _MAIN in self._changed:
            session.start(ts=first.begin)
        loops: list[GenAiSpan | None] = [*tops]
        if any(self._agent_of(span) is None and span.operation != _AGENT for span in self._known):
            loops.append(None)
        for top in sorted(loops, key=lambda span: span.begin if span is not None else first.begin):
            self._write_loop(session, known, top)
        if _MAIN in self._changed:
            end = max(span.end for span in self._spans.values())
            failed = next((top.error for top in tops if top.error), None)
            session.end("failed" if failed else "completed", error=failed, ts=end)
        _check(session)
        return into

    def _place(self, tops: Sequence[GenAiSpan], first: GenAiSpan) -> Told:
        told = (span.text("gen_ai.conversation.id") for span in self._known)
        agent = tops[0].agent if tops else first.text("gen_ai.agent.name") or first.name or "agent"
        return Told(trace=self._trace, agent=agent, session=next(filter(None, told), self._trace))

    def _session_of(self, span: GenAiSpan) -> str:
        """Gives the sub-agent in whose session a span is told."""
        above = self._agent_of(span)
        return _MAIN if above is None or self._agent_of(above) is None else above.id

    def _write_loop(self, session: Session, known: _Known, agent: GenAiSpan | None) -> None:
        """Writes one run of an agent; of what is in no agent where None."""
        own = [one for one in self._known if self._agent_of(one) is agent and one is not agent]
        if agent is None:
            own = [one for one in own if one.operation != _AGENT]
        loop = agent.id if agent is not None else self._trace
        events = self._events(own, loop)
        if not any(one.id in self._before for one in (own if agent is None else [agent])):
            events += self._frame(own, loop, agent)
        if not any(one.id in self._before for one in own if one.is_model_call):
            begin = agent.begin if agent is not None else own[0].begin
            events += _prompt(own, loop, begin, is_human=session.header.kind != "subagent")
        for event in sorted(events, key=lambda event: (event.ts, event.order)):
            self._emit(session, known, event)

    @staticmethod
    def _frame(own: Sequence[GenAiSpan], loop: str, agent: GenAiSpan | None) -> list[_Event]:
        """Gives begin and end of a run."""
        if agent is None:
            begin, end, name, error = own[0].begin, max(one.end for one in own), None, None
        else:
            begin, end, name, error = agent.begin, agent.end, agent.agent, agent.error
        ended = bodies.LoopEnded(status="aborted" if error else "completed", reason=error)
        return [
            _Event(ts=begin, order=0, body=bodies.LoopStarted(agent=name), loop=loop),
            _Event(ts=end, order=9, body=ended, loop=loop),
        ]

    def _events(self, own: Sequence[GenAiSpan], loop: str) -> list[_Event]:
        """Gives what was done in a run; of what is told already, only sub-agents: there may be more below."""
        events: list[_Event] = []
        turn = ""
        turns: dict[str, str] = {}
        for one in own:
            if one.is_model_call:
                turn = one.id
                turns.update({block.call: turn for block in one.said if isinstance(block, blocks.ToolCall)})
            if one.operation == _AGENT:
                events.append(_Event(ts=one.begin, order=3, body=None, loop=loop, turn=turn, span=one))
            elif one.id in self._before:
                continue
            elif one.is_model_call:
                events += _model_call(one, loop)
            elif one.operation == _TOOL:
                events += _tool_call(one, loop, turns.get(one.text("gen_ai.tool.call.id") or "", turn))
            else:
                data = {"name": one.name, "attributes": one.attributes}
                body = bodies.Custom(name="otlp.span", data=data)
                events.append(_Event(ts=one.begin, order=3, body=body, loop=loop, turn=turn))
        return events

    def _emit(self, session: Session, known: _Known, event: _Event) -> None:
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
        if span.id in self._before:
            if not any(span in self._above(one) for one in self._fresh):
                return
            child.parent = None  # it was told of its begin and its end
        elif known.has_finished(child.id):
            return
        elif known.has_begun(child.id):
            child.announced = None
        told = _Known(child)
        is_told_of = span.id in self._changed or span.id not in self._before
        if is_told_of:
            child.start(ts=span.begin)
        self._write_loop(child, told, span)
        if is_told_of:
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


def _prompt(own: Sequence[GenAiSpan], loop: str, begin: int, *, is_human: bool) -> list[_Event]:
    """Gives what the first call of a run was asked, by its last message of the user."""
    call = next((one for one in own if one.is_model_call), None)
    for message in reversed(call.asked if call is not None else []):
        if isinstance(message, dict) and message.get("role") == "user":
            body = bodies.UserMessage(blocks=tuple(blocks_of(message)), human=is_human)
            return [_Event(ts=begin, order=1, body=body, loop=loop)]
    return []


def _model_call(span: GenAiSpan, loop: str) -> list[_Event]:
    turn = span.id
    told = [_Event(ts=span.begin, order=4, body=None, loop=loop, turn=turn, span=span)]
    if span.error is not None:
        category = span.text("error.type")
        failed = bodies.ModelFailed(exchange=span.id, error=span.error, category=category)
        return [*told, _Event(ts=span.end, order=5, body=failed, loop=loop, turn=turn)]
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
    told.append(_Event(ts=span.end, order=5, body=answer, loop=loop, turn=turn))
    if span.tokens is not None:
        provider = span.text("gen_ai.provider.name") or span.text("gen_ai.system")
        kind = "msg" if provider == "anthropic" else "resp"
        name = span.text("gen_ai.response.id") or span.id
        cost = spent(name, span.tokens, model=span.model, is_final=True, kind=kind)
        told.append(_Event(ts=span.end, order=6, body=cost, loop=loop, turn=turn))
    return told


def _tool_call(span: GenAiSpan, loop: str, turn: str) -> list[_Event]:
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
        _Event(ts=span.begin, order=2, body=asked, loop=loop, turn=turn),
        _Event(ts=span.end, order=7, body=ended, loop=loop, turn=turn),
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

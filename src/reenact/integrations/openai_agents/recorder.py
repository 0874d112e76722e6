"""Records runs of agents: a loop per agent, a session per sub-agent, turns, tools, handoffs, guardrails.

The SDK tells its tracing processors of every step in the very context that the step runs in. So what
is recorded inside (calls over the wire, tools of one's own) finds its place by itself.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

from agents.tracing import (
    AgentSpanData,
    FunctionSpanData,
    GenerationSpanData,
    GuardrailSpanData,
    HandoffSpanData,
    ResponseSpanData,
    Span,
    SpanData,
    Trace,
    TracingProcessor,
    TurnSpanData,
)

from reenact.events import Event, Tokens, blocks, bodies
from reenact.integrations.tap import Records, telling
from reenact.recorder import Here, LoopScope, Session, ToolScope, current, innermost, plain
from reenact.recorder.here import enter, leave
from reenact.wire.dialects import dialect_named

_CANCELLED = "cancelled"
_is_aside: ContextVar[bool] = ContextVar("reenact_agents_aside", default=False)
"""True in a guardrail: agents that run there are sub-agents."""


class Recorder(TracingProcessor):
    """A tracing processor. Give it to `agents.set_trace_processors`, once.

    Args:
        into: an archive: runs outside of any session get one of their own, a trace each. With None they
            are not recorded.
    """

    def __init__(self, into: Records | None = None) -> None:
        self._into = into
        self._lock = threading.Lock()
        self._places: dict[str, ExitStack] = {}
        """What is open, by span or trace."""
        self._scopes: dict[str, ToolScope | LoopScope] = {}
        self._sessions: dict[str, Session] = {}
        """The session that a trace or span is in."""
        self._children: dict[str, Session] = {}
        """The sub-agent's session that a run has begun, by the run's span."""
        self._loops: dict[str, str] = {}
        """The latest loop of a run, by the run's span."""
        self._tripped: dict[str, str] = {}
        """The guardrail that rejected a loop."""
        self._books: dict[str, _Books] = {}
        """By session."""

    # -- what the SDK calls ---------------------------------------------------------------------

    def on_trace_start(self, trace: Trace) -> None:
        with telling():
            self._begin_trace(trace)

    def on_trace_end(self, trace: Trace) -> None:
        with telling():
            self._leave(trace.trace_id)
            self._end_child(trace.trace_id)

    def on_span_start(self, span: Span[Any]) -> None:
        with telling():
            session = current()
            if session is not None and session.is_open:
                self._begin(span, session)

    def on_span_end(self, span: Span[Any]) -> None:
        with telling():
            if span.span_id in self._sessions:
                self._end(span)

    def shutdown(self) -> None:
        """Ends what is open still."""
        for name in list(self._places):
            self._leave(name)

    def force_flush(self) -> None:
        """There is nothing to flush: what happened is on disk."""

    # -- beginnings -----------------------------------------------------------------------------

    def _begin_trace(self, trace: Trace) -> None:
        session = current()
        places = ExitStack()
        if session is None and self._into is not None:
            session = places.enter_context(self._into.record(agent=trace.name))
        if session is not None:
            self._sessions[trace.trace_id] = session
            self._places[trace.trace_id] = places

    def _begin(self, span: Span[Any], session: Session) -> None:
        places = ExitStack()
        self._sessions[span.span_id] = session
        self._places[span.span_id] = places
        data: SpanData = span.span_data
        match data:
            case AgentSpanData():
                self._begin_agent(span, data, session, places)
            case TurnSpanData():
                places.enter_context(session.turn())
            case FunctionSpanData():
                scope = session.tool(data.name, None, call=None, kind="other")
                self._begin_tool(span, scope, session, places)
            case GuardrailSpanData():
                places.enter_context(_aside())
            case ResponseSpanData() | GenerationSpanData():
                self._of(session).wire.discard(_strand())
            case _:
                pass

    def _begin_agent(self, span: Span[Any], data: AgentSpanData, session: Session, places: ExitStack) -> None:
        run = span.parent_id or span.trace_id
        here = innermost()
        child = self._children.get(run)
        if child is None and (_is_aside.get() or (here is not None and here.call is not None)):
            child = self._children[run] = session.child(agent=data.name, name=data.name).start()
        if child is not None:
            places.enter_context(_within(child))
            session = self._sessions[span.span_id] = child
        loop = session.loop(agent=data.name, parent=self._loops.get(run), config=_config(data))
        places.enter_context(loop)
        self._scopes[span.span_id] = loop
        self._loops[run] = loop.id

    def _begin_tool(self, span: Span[Any], scope: ToolScope, session: Session, places: ExitStack) -> None:
        asked = self._of(session).take(scope.name)
        if asked is not None:
            scope.call, scope.input = asked.call, asked.input
        scope.start()
        self._scopes[span.span_id] = scope
        places.enter_context(scope.inside())

    # -- ends -----------------------------------------------------------------------------------

    def _end(self, span: Span[Any]) -> None:
        session = self._sessions[span.span_id]
        data: SpanData = span.span_data
        error = _error(span)
        scope = self._scopes.pop(span.span_id, None)
        match data:
            case FunctionSpanData() if isinstance(scope, ToolScope):
                _finish(scope, data, error)
            case AgentSpanData() if isinstance(scope, LoopScope):
                guardrail = self._tripped.pop(scope.id, None)
                if guardrail is not None:
                    scope.end("rejected", reason=f"guardrail {guardrail}")
                elif error is not None:
                    scope.abort(error)
            case HandoffSpanData():
                self._handed_over(session, data)
            case GuardrailSpanData():
                outcome = "deny" if data.triggered else "allow"
                session.emit(bodies.HookRan(name=data.name, event="guardrail", outcome=outcome, reason=error))
                here = innermost()
                if data.triggered and here is not None and here.loop is not None:
                    self._tripped[here.loop] = data.name
            case ResponseSpanData() | GenerationSpanData() if _strand() not in self._of(session).wire:
                _tell(session, data, error)
            case _:
                pass
        self._leave(span.span_id)
        self._end_child(span.span_id, error)

    def _handed_over(self, session: Session, data: HandoffSpanData) -> None:
        """Records a handoff as the tool call that asked for it."""
        asked = self._of(session).take_handoff(data.to_agent or "")
        name = asked.name if asked is not None else "handoff"
        call = asked.call if asked is not None else None
        told = asked.input if asked is not None else None
        with session.tool(name, told, call=call, kind="sub_agent") as scope:
            scope.finish({"from": data.from_agent, "to": data.to_agent})

    def _end_child(self, run: str, error: str | None = None) -> None:
        child = self._children.pop(run, None)
        if child is not None:
            child.end("aborted" if error == _CANCELLED else "completed")
            self._books.pop(child.id, None)

    def _leave(self, name: str) -> None:
        places = self._places.pop(name, None)
        self._sessions.pop(name, None)
        self._loops.pop(name, None)
        if places is not None:
            places.close()

    # -- what models asked for ------------------------------------------------------------------

    def _of(self, session: Session) -> _Books:
        with self._lock:
            books = self._books.get(session.id)
            if books is None:
                books = self._books[session.id] = _Books()
                session.observe(books.hear, name="reenact.openai_agents")
        return books


class _Books:
    """What the models of one session asked for and was not done yet, and which turns the wire tells of."""

    def __init__(self) -> None:
        self.wire: set[str | None] = set()
        self._calls: deque[blocks.ToolCall] = deque()

    def hear(self, event: Event) -> None:
        match event.body:
            case bodies.ModelRequested():
                self.wire.update((event.turn, event.loop))
            case bodies.ModelResponded(blocks=said):
                self._calls.extend(block for block in said if isinstance(block, blocks.ToolCall))
            case _:
                pass

    def take(self, name: str) -> blocks.ToolCall | None:
        """Gives the earliest call of a tool; tools are begun in the order in which they were asked for."""
        return self._first(lambda call: call.name == name)

    def take_handoff(self, to: str) -> blocks.ToolCall | None:
        """Gives the call that handed over: by the SDK's name for it, else the latest one left."""
        named = f"transfer_to_{to}".lower().replace(" ", "_")
        found = self._first(lambda call: call.name.lower() == named)
        return found or (self._calls.pop() if self._calls else None)

    def _first(self, fits: Callable[[blocks.ToolCall], bool]) -> blocks.ToolCall | None:
        found = next(filter(fits, self._calls), None)
        if found is not None:
            self._calls.remove(found)
        return found


def _error(span: Span[Any]) -> str | None:
    """Gives what went wrong in a span, with the cause that the SDK tells apart.

    Of what it cancels (the other tools of a turn in which one raised) it tells nothing: the span ends
    without output, under the cancellation.
    """
    if span.error is None:
        is_cancelled = isinstance(sys.exc_info()[1], asyncio.CancelledError)
        return _CANCELLED if is_cancelled and getattr(span.span_data, "output", None) is None else None
    told, cause = str(span.error["message"]), (span.error.get("data") or {}).get("error")
    return f"{told}: {cause}" if isinstance(cause, str) and cause not in told else told


def _finish(scope: ToolScope, data: FunctionSpanData, error: str | None) -> None:
    if error is not None:
        scope.fail(error, output=plain(data.output))
    else:
        scope.finish(plain(data.output))


def _config(data: AgentSpanData) -> dict[str, Any]:
    told = {"tools": data.tools, "handoffs": data.handoffs, "output_type": data.output_type}
    return {name: value for name, value in told.items() if value}


@contextmanager
def _aside() -> Iterator[None]:
    token = _is_aside.set(True)
    try:
        yield
    finally:
        with telling():
            _is_aside.reset(token)


@contextmanager
def _within(child: Session) -> Iterator[None]:
    """Places what runs in the block in a sub-agent's session, which stays open."""
    token = enter(Here(session=child, above=innermost()))
    aside = _is_aside.set(False)
    try:
        yield
    finally:
        leave(token)
        with telling():
            _is_aside.reset(aside)


def _strand() -> str | None:
    """Gives the turn that the running code is in; where the SDK tells no turns, the loop."""
    here = innermost()
    return (here.turn or here.loop) if here is not None else None


def _tell(session: Session, data: ResponseSpanData | GenerationSpanData, error: str | None) -> None:
    """Records a model call that nothing on the wire told of, as the SDK tells it."""
    asked = _response_request(data) if isinstance(data, ResponseSpanData) else _generation_request(data)
    dialect = "openai-responses" if isinstance(data, ResponseSpanData) else "openai-chat"
    with session.exchange(asked, dialect=dialect) as exchange:
        if isinstance(data, ResponseSpanData) and data.response is not None:
            exchange.respond(data.response.model_dump(mode="json"))
        elif isinstance(data, GenerationSpanData) and data.output is not None:
            said: list[Any] = [{"message": plain(each)} for each in data.output]
            shown = tuple(dialect_named(dialect).blocks({"choices": said}))
            exchange.respond(shown, usage=_tokens(data.usage), answered_by=data.model)
        elif error is None:
            exchange.respond(None, usage=_tokens(data.usage))
        else:
            exchange.fail(error)


def _response_request(data: ResponseSpanData) -> dict[str, Any] | None:
    if data.input is None:
        return None
    told = data.response.model_dump(mode="json", exclude_unset=True) if data.response is not None else {}
    kept = ("model", "instructions", "tools", "tool_choice", "temperature", "reasoning", "text")
    return {**{name: told[name] for name in kept if told.get(name)}, "input": plain(data.input)}


def _generation_request(data: GenerationSpanData) -> dict[str, Any] | None:
    if data.input is None:
        return None
    return {"model": data.model, **(plain(data.model_config) or {}), "messages": plain(data.input)}


def _tokens(usage: Any) -> Tokens | None:
    """Gives what the SDK tells that a call cost; of what came from a cache it tells in details only."""
    if not isinstance(usage, dict) or "input_tokens" not in usage:
        return None
    details = usage.get("input_tokens_details") or {}
    read = details.get("cached_tokens") or 0 if isinstance(details, dict) else 0
    of_output = usage.get("output_tokens_details") or {}
    return Tokens(
        input=max(usage["input_tokens"] - read, 0),
        cache_read=read,
        output=usage.get("output_tokens") or 0,
        reasoning=of_output.get("reasoning_tokens") if isinstance(of_output, dict) else None,
    )

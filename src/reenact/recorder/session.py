"""A session while it is recorded: what an agent's author holds, and what never stands in the agent's way.

```python
with archive.record(task="fix the tests", agent="my-agent", model="gpt-5.5") as session:
    session.message("user", "fix the tests")
    with session.turn():
        session.model_call(request, response)
        with session.tool("shell", {"command": "pytest"}) as tool:
            tool.finish("3 failed", ok=False)
```

Every call writes what happened at once. What cannot be written is counted and told at the end, on
stderr and in `degraded`; only a hook that denies something raises (`DeniedError`).
"""

from __future__ import annotations

import asyncio
import atexit
import sys
import threading
from collections.abc import Mapping
from contextvars import Token
from typing import TYPE_CHECKING, Any, Literal, Self

from reenact.events import Completeness, Event, Header, SourceKind, blocks, bodies
from reenact.events.bodies import EndStatus
from reenact.ids import session_id
from reenact.recorder.asking import ExchangeScope
from reenact.recorder.content import blocks_of
from reenact.recorder.course import Course
from reenact.recorder.exchanges import ExchangeRecorder, Place
from reenact.recorder.here import Here, enter, here_in, innermost, leave
from reenact.recorder.hooks import Ask, DeniedError, Hooks, Moment, Verdict
from reenact.recorder.origins import Origins
from reenact.recorder.recorder import Observer, Recorder
from reenact.recorder.requests import RequestKeeper
from reenact.recorder.scopes import LoopScope, ParallelScope, ToolScope, TurnScope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reenact.events import AnyBlock, AnyBody
    from reenact.events.blocks import ToolKind
    from reenact.recorder.tools import Tools

Trigger = Literal["user", "sub_agent", "continuation", "branch"]
Continuation = Literal["initial", "default", "rerun", "branch", "compaction"]


class Session:
    """One recorded session. A context manager, sync and async; safe for threads and tasks.

    Args:
        tools: what it works with.
        header: who it is.
        begin: its run inputs, the first event.
        tags: put on at the beginning.
        hooks: who watches and who decides.
        deltas: whether pieces of streams are kept.
        parent: the session that started this one as a sub-agent.
    """

    def __init__(
        self,
        tools: Tools,
        header: Header,
        begin: bodies.SessionStarted,
        *,
        tags: Sequence[str] = (),
        hooks: Hooks | None = None,
        deltas: bool = False,
        parent: Session | None = None,
    ) -> None:
        self.tools = tools
        self.hooks = hooks or Hooks()
        self.deltas = deltas
        self.parent = parent
        self.begin = begin
        self.tags = tuple(tags)
        self.children: list[Session] = []
        self.recorder: Recorder | None = None
        self._header = header
        self._lock = threading.RLock()
        self.course = Course(self)
        self._token: Token[Here | None] | None = None
        self._state: Literal["new", "open", "paused", "over"] = "new"
        self._is_told = False
        self._has_warned = False
        self.finally_: Callable[[], None] | None = None
        """Called once the session has ended, whatever came of it."""
        self._active = 0
        self._next: Session | None = None

    # -- beginning and end ----------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The session's id in the archive."""
        return self._header.id

    @property
    def header(self) -> Header:
        """Who the session is."""
        return self._header

    @property
    def degraded(self) -> str | None:
        """Why something could not be kept; None while all is well."""
        told = self.recorder.degraded if self.recorder is not None else None
        return told or self.unkept

    @property
    def lost(self) -> int:
        """How many events could not be kept."""
        return self.recorder.lost if self.recorder is not None else 0

    @property
    def is_open(self) -> bool:
        """True between the beginning and the end."""
        return self._state in {"open", "paused"}

    def start(self, *, ts: int | None = None) -> Self:
        """Begins: run inputs are on disk when this returns. `with` calls it.

        Args:
            ts: when it began, where that was not now.

        Raises:
            DeniedError: a `before_session` hook rejected it; the recording says so.
        """
        if self._state != "new":
            return self
        self._open_recorder()
        self._state = "open"
        resumed = self.recorder is not None and self.recorder.last > 0
        self.emit(self.begin.__replace__(resumed=True) if resumed else self.begin, ts=ts)
        if self.tags:
            self.tag(*self.tags)
        if self.parent is not None:
            self.parent.told_of(self, ts=ts)
        verdict = self.ask("before_session", name=self._header.agent, value=self.begin)
        if verdict.denied is not None:
            loop = self.recorder.header.id[:12] if self.recorder is not None else "loop"
            self.emit(bodies.LoopStarted(agent=self._header.agent, continuation="initial"), loop=loop)
            self.emit(bodies.LoopEnded(status="rejected", reason=verdict.denied), loop=loop)
            self.end("failed", error=f"rejected by {verdict.by}: {verdict.denied}")
            raise DeniedError("the session", verdict.denied, by=verdict.by or "a hook")
        return self

    def end(
        self,
        status: EndStatus = "completed",
        *,
        error: str | None = None,
        result: str | None = None,
        ts: int | None = None,
    ) -> None:
        """Ends the session, at `ts` where not now; what is open in it is aborted, and keeps what it had."""
        if self._next is not None:
            self._next.end(status, error=error, result=result, ts=ts)
        if self._state not in {"open", "paused"}:
            return
        if self._state == "open":
            self._close_up(status, error, result, ts)
        self._state = "over"
        if self.recorder is not None:
            self.recorder.close()
        self._complain()
        if self.finally_ is not None:
            self.finally_()

    def __enter__(self) -> Self:
        self.start()
        self._token = enter(Here(session=self, above=innermost()))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        leave(self._token)
        self._token = None
        match error:
            case None:
                self.end()
            case asyncio.CancelledError() | GeneratorExit():
                self.end("aborted", error=type(error).__name__)
            case Exception():
                self.end("failed", error=f"{type(error).__name__}: {error}")
            case _:
                self.end("interrupted", error=type(error).__name__)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        self.__exit__(kind, error, trace)

    # -- events ---------------------------------------------------------------------------------

    def emit(
        self,
        *body: AnyBody,
        loop: str | None = None,
        turn: str | None = None,
        lane: str | None = None,
        parent: str | None = None,
        ts: int | None = None,
        source_kind: SourceKind = "recorder",
        completeness: Completeness = "full",
    ) -> Event | None:
        """Writes events down, where the running code is unless told; gives the last, None if all were lost.

        A `turn` that is empty puts them into no turn.
        """
        recorder = self._writing()
        place = self.course.place()
        here = place.turn if loop is None or loop == place.loop else None
        events = recorder.record_all(
            body,
            loop=loop or place.loop,
            turn=here if turn is None else turn or None,
            lane=lane or place.lane,
            parent=parent,
            ts=ts,
            source_kind=source_kind,
            completeness=completeness,
        )
        self._note(events)
        return events[-1] if events else None

    def emit_at(self, place: Place, *body: AnyBody) -> list[Event]:
        """Writes events down at a place, all at once; gives those that could be kept."""
        events = self._writing().record_all(body, loop=place.loop, turn=place.turn, lane=place.lane)
        self._note(events)
        return events

    def _note(self, events: list[Event]) -> None:
        """Takes note of what was written."""
        for event in events:
            self._active = event.recorded_at
            if type(event.body) in _TELLING:
                self.origins.learn(event)

    def message(
        self,
        role: Literal["user", "assistant", "system"],
        content: str | Sequence[AnyBlock],
        *,
        human: bool | None = None,
        origin: str | None = None,
        model: str | None = None,
        message: str | None = None,
    ) -> Event | None:
        """Records what was said. A user's words after the model's begin a new loop, where none is told.

        `human` is False for what no person said; what a sub-agent is told comes from no person.
        """
        said = blocks_of(content)
        self.course.settle(begins=role == "user" and human is not False)
        here = here_in(self)
        turn = (here.turn if here is not None else None) or ""
        if role == "user":
            is_human = self._header.kind != "subagent" if human is None else human
            told = bodies.UserMessage(blocks=said, human=is_human, origin=origin, message=message)
            return self.emit(told, turn=turn)
        if role == "system":
            return self.emit(bodies.SystemMessage(blocks=said, origin=origin), turn=turn)
        place = self.course.place()
        self.course.spoke(place.loop)
        return self.emit(bodies.AssistantMessage(blocks=said, message=message, model=model))

    def note(self, text: str, *, target: str | None = None) -> Event | None:
        """Writes a note, on the session or on one event."""
        return self.emit(bodies.SessionNote(text=text, target=target))

    def tag(self, *add: str, remove: Sequence[str] = ()) -> Event | None:
        """Puts tags on and takes others off."""
        return self.emit(bodies.SessionTagged(add=add, remove=tuple(remove)))

    def title(self, title: str) -> Event | None:
        """Gives the session a title."""
        return self.emit(bodies.SessionTitled(title=title))

    # -- structure ------------------------------------------------------------------------------

    def loop(
        self,
        *,
        agent: str | None = None,
        continuation: Continuation | None = None,
        parent: str | None = None,
        tag: str | None = None,
        config: Mapping[str, Any] | None = None,
        id: str | None = None,  # noqa: A002 - the field's word
    ) -> LoopScope:
        """Gives one run of the agent, from a request until it yields; enter it with `with`, or `start` it.

        It goes on from the session's latest loop unless `parent` names another one.
        """
        return LoopScope(
            self, agent=agent, continuation=continuation, parent=parent, tag=tag, config=config, loop=id
        )

    def turn(self, *, trigger: Trigger | None = None, id: str | None = None) -> TurnScope:  # noqa: A002
        """Gives one model call with the tool calls it causes."""
        return TurnScope(self, trigger=trigger, turn=id)

    def parallel(self, count: int = 0, *, group: str | None = None) -> ParallelScope:
        """Gives a group of loops that run side by side; `count` of them are announced at once."""
        return ParallelScope(self, count=count, group=group)

    def tool(
        self,
        name: str,
        input: Any = None,  # noqa: A002 - the field's word
        *,
        call: str | None = None,
        kind: ToolKind = "other",
        risk: str | None = None,
        mcp_server: str | None = None,
    ) -> ToolScope:
        """Gives a tool call: recorded as called on entering, as finished by `finish` or on leaving.

        Entering raises `DeniedError` where a `before_tool` hook denies it; `input` of what is entered is
        what is to be run, which a hook may have replaced.
        """
        return ToolScope(self, name, input, call=call, kind=kind, risk=risk, mcp_server=mcp_server)

    def exchange(
        self,
        request: Mapping[str, Any] | bytes | None = None,
        *,
        dialect: str | None = None,
        model: str | None = None,
        lane: str | None = None,
        purpose: str | None = None,
        path: str | None = None,
        provenance: Sequence[str] | None = None,
        id: str | None = None,  # noqa: A002
    ) -> ExchangeScope:
        """Gives a model call: the request is recorded on entering, the answer by `respond` or `fail`.

        Args:
            request: the body as it is sent, decoded or not. Of its history only what is new is kept.
            dialect: its language (`anthropic`, `openai-chat` …); guessed where None.
            model: the model, where the request does not say it.
            lane: the strand of calls that each repeat the one before; the place's own where None.
            purpose: what the call is for, where it is no step of the conversation.
            path: the address it goes to.
            provenance: where each message of the request came from (event ids, space between several);
                found by content where None.
            id: the exchange's name.
        """
        return ExchangeScope(
            self, request, dialect=dialect, model=model, lane=lane, purpose=purpose, path=path,
            provenance=provenance, exchange=id,
        )  # fmt: skip

    def model_call(
        self,
        request: Mapping[str, Any] | bytes | None,
        response: Mapping[str, Any] | bytes | str | Sequence[AnyBlock] | None,
        **more: Any,
    ) -> str:
        """Records a model call that is over, request and answer; gives the name of the exchange.

        `more` is what `exchange` and `respond` take.
        """
        told = {name: more.pop(name) for name in _ANSWER & more.keys()}
        exchange = self.exchange(request, **more)
        exchange.tell(response, **told)
        return exchange.id

    def child(
        self,
        *,
        agent: str,
        task: str | None = None,
        call: str | None = None,
        name: str | None = None,
        model: str | None = None,
        config: Mapping[str, Any] | None = None,
        background: bool = False,
        session: str | None = None,
    ) -> Session:
        """Gives the session of a sub-agent, linked both ways; enter it with `with`, or `start` it.

        Args:
            agent: the agent.
            task: what it is to do.
            call: the tool call that started it; the one that the running code is in where None.
            name: what the parent calls it.
            model: its model.
            config: its configuration.
            background: whether the parent goes on meanwhile.
            session: its own id of the session, any text; the same one again goes on where it was.
        """
        here = here_in(self)
        call = call or (here.call if here is not None else None)
        fresh = self.tools.minter.mint() if session is None else session_id(agent, session)
        header = Header(
            id=fresh,
            agent=agent,
            native_id=session or fresh,
            kind="subagent",
            parent=self.id,
            parent_call=call,
        )
        begin = bodies.SessionStarted(
            task=task, agent=agent, model=model, cwd=self.begin.cwd, config=dict(config) if config else None
        )
        child = Session(self.tools, header, begin, hooks=self.hooks, deltas=self.deltas, parent=self)
        child.announced = bodies.AgentSpawned(
            child=fresh, call=call, name=name or agent, task=task, background=background
        )
        return child

    unkept: str | None = None
    """Why nothing of this session is kept at all."""
    announced: bodies.AgentSpawned | None = None
    """What the parent is told when this session begins as a sub-agent."""

    def link_child(self, child: str, *, call: str | None = None, name: str | None = None) -> Event | None:
        """Tells that another session is this one's sub-agent, whenever that becomes known."""
        return self.emit(bodies.AgentSpawned(child=child, call=call, name=name))

    # -- keeping --------------------------------------------------------------------------------

    def flush(self) -> None:
        """Makes all that was recorded survive the death of the machine. Nothing ends by it."""
        self.course.flush()
        for child in self.children:
            child.flush()
        if self.recorder is not None:
            self.recorder.sync()

    def checkpoint(self, name: str | None = None, *, data: Any = None) -> int:
        """Marks this point, and ends those sessions (this one, its sub-agents) in which nothing is open.

        One that is ended so goes on where it was as soon as something is recorded in it again; its
        `after_session` hooks have run then, and do not run twice.

        Returns:
            How many sessions it ended.
        """
        self.emit(bodies.CheckpointCreated(name=name, data=data))
        ended = sum(child.checkpoint(name) for child in self.children if child.is_open)
        if self._state == "open" and not self.course.is_busy:
            self._close_up("completed", None, None)
            self._state = "paused"
            if self.recorder is not None:
                self.recorder.close()
            ended += 1
        return ended

    def rotate(self) -> Session:
        """Ends this session and begins a fresh one of the same agent, which is current from now on."""
        if self._next is not None:
            return self._next.rotate()
        session = self.tools.minter.mint()
        header = Header(id=session, agent=self._header.agent, native_id=session)
        fresh = Session(self.tools, header, self.begin, tags=self.tags, hooks=self.hooks, deltas=self.deltas)
        fresh.finally_, self.finally_ = self.finally_, None
        self.end()
        fresh.start()
        fresh.emit(bodies.SessionCleared(old=self.id, new=session))
        self._next = fresh
        enter(Here(session=fresh, above=innermost()))
        return fresh

    def fresh(self, *, after: float) -> Session:
        """Gives this session (or what it became), or a fresh one after so many idle seconds."""
        if self._next is not None:
            return self._next.fresh(after=after)
        idle = self.tools.clock.now() - self._active
        return self.rotate() if idle > after * 1_000_000 else self

    def observe(self, observer: Observer, *, name: str | None = None) -> Callable[[], None]:
        """Tells an observer every event from now on; gives what ends that."""
        return self._writing().observe(observer, name=name)

    def events(self) -> Iterator[Event]:
        """Yields what was recorded so far."""
        return self.tools.events(self.id)

    # -- for scopes and integrations ------------------------------------------------------------

    def ask(
        self, moment: Moment, *, name: str | None = None, value: Any = None, call: str | None = None
    ) -> Verdict:
        """Asks the deciding hooks, and records what each said."""
        if not self.hooks.has(moment):
            return Verdict(value=value)
        verdict = self.hooks.ask(Ask(moment=moment, session=self.id, name=name, value=value, call=call))
        self.emit(*verdict.ran)
        for ran in verdict.ran:
            if ran.outcome == "failed":
                sys.stderr.write(f"reenact: hook {ran.name} failed: {ran.reason}\n")
        if verdict.injected:
            told = (blocks.Text(text=verdict.text),)
            by = next(ran.name for ran in verdict.ran if ran.outcome == "inject")
            self.emit(bodies.ContextInjected(blocks=told, origin=by))
        return verdict

    def keep(self, data: bytes) -> str | None:
        """Keeps a large payload (already scrubbed) beside the events; gives its name."""
        return self._writing().put(data)

    def told_of(self, child: Session, *, ts: int | None = None) -> None:
        """Takes a sub-agent in that has begun."""
        self.children.append(child)
        if child.announced is not None and self.is_open:
            self.emit(child.announced, ts=ts)

    # -- inside ---------------------------------------------------------------------------------

    def _open_recorder(self) -> None:
        tools = self.tools
        self.recorder = recorder = Recorder(
            tools.store, self._header, clock=tools.clock, minter=tools.minter, scrub=tools.scrub,
            is_clean=tools.is_clean,
        )  # fmt: skip
        self.origins = Origins()
        self.keeper = RequestKeeper(
            recorder, scrub_text=tools.scrub_text, is_clean=tools.is_clean, origin=self.origins.of
        )
        self.exchanges = ExchangeRecorder(
            recorder, scrub_text=tools.scrub_text, is_clean=tools.is_clean, keeper=self.keeper,
            place=self.course.exchange_place,
        )  # fmt: skip
        for name, observer in self.hooks.observers:
            recorder.observe(observer, name=name)

    def _writing(self) -> Recorder:
        """Gives the recorder, taken up again where a checkpoint put it down."""
        recorder = self.recorder
        if recorder is None:
            self.start()
            recorder = self.recorder
            assert recorder is not None
        if recorder.is_elsewhere:
            self._become_child()
            return self._writing()
        if self._state == "open":
            return recorder
        if self._state == "over" and not self._has_warned:
            self._has_warned = True
            sys.stderr.write(f"reenact: session {self.id} has ended; what comes now is not recorded\n")
        if self._state == "paused":
            with self._lock:
                if self._state == "paused":
                    recorder.reopen()
                    self._state = "open"
                    recorder.record(self.begin.__replace__(resumed=True))
        return recorder

    def _become_child(self) -> None:
        """In a forked process: goes on as a sub-agent of the session that was forked."""
        parent, old = self.id, self._header
        self._lock = threading.RLock()
        session = self.tools.minter.mint()
        self._header = Header(id=session, agent=old.agent, native_id=session, kind="subagent", parent=parent)
        self.course = Course(self)
        self.children, self.parent = [], None
        self._open_recorder()
        assert self.recorder is not None
        self.recorder.record(self.begin)
        if self._state == "open":
            atexit.register(self.end)
            finalizing = sys.modules.get("multiprocessing.util")
            if finalizing is not None:
                finalizing.Finalize(None, self.end, exitpriority=10)

    def _close_up(
        self, status: EndStatus, error: str | None, result: str | None, ts: int | None = None
    ) -> None:
        self.course.close(status, error)
        if not self._is_told:
            self._is_told = True
            self.ask("after_session", name=self._header.agent, value=status)
        self.emit(bodies.SessionEnded(status=status, error=error, result=result), ts=ts)
        if self.parent is not None and self.parent.is_open:
            call = self.announced.call if self.announced is not None else None
            finished = bodies.AgentFinished(child=self.id, call=call, status=status, result=result)
            self.parent.emit(finished, ts=ts)

    def _complain(self) -> None:
        """Says loudly what could not be kept."""
        recorder = self.recorder
        if recorder is not None and recorder.degraded is not None:
            lost = f"{recorder.lost} events of session {self.id} were not recorded"
            sys.stderr.write(f"reenact: {lost}: {recorder.degraded}\n")


_TELLING = frozenset({
    bodies.UserMessage, bodies.AssistantMessage, bodies.SystemMessage, bodies.ModelResponded,
    bodies.ToolFinished, bodies.ContextInjected, bodies.CompactionFinished,
})  # fmt: skip
_ANSWER = frozenset({"text", "blocks", "usage", "stop_reason", "message", "status", "answered_by"})

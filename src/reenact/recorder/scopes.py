"""Loops, turns, parallel groups and tool calls while they run: entered, left, and aborted if need be."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import Token
from typing import TYPE_CHECKING, Any, Literal, Self

from reenact.events import bodies
from reenact.events.blocks import ToolKind
from reenact.recorder.here import Here, enter, here_in, innermost, leave
from reenact.recorder.hooks import DeniedError
from reenact.recorder.plain import plain

if TYPE_CHECKING:
    from reenact.recorder.session import Continuation, Session, Trigger


class Scope(ABC):
    """Something that begins and ends in a session; `with`, `async with`, or `start` and `end` by hand."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.is_open = False
        self._token: Token[Here | None] | None = None

    @abstractmethod
    def start(self) -> Self:
        """Begins it; what runs from here on is not placed in it unless it is entered by `with`."""

    @abstractmethod
    def abort(self, reason: str) -> None:
        """Ends it as cut short; what it had stays."""

    @abstractmethod
    def _leave(self) -> None:
        """Ends it as done."""

    @abstractmethod
    def _here(self) -> Here:
        """Gives the place of what runs in it."""

    def __enter__(self) -> Self:
        self.start()
        self._token = enter(self._here())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        leave(self._token)
        if not self.is_open:
            return
        if error is None:
            self._leave()
        else:
            self.abort(f"{type(error).__name__}: {error}")

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        self.__exit__(kind, error, trace)

    @contextmanager
    def inside(self) -> Iterator[Self]:
        """Places what runs in the block in this scope, which `start` began and which stays open."""
        token = enter(self._here())
        try:
            yield self
        finally:
            leave(token)

    def _around(self) -> Here:
        """Gives where the running code is in this session; the session itself where it is not in it."""
        return here_in(self.session) or Here(session=self.session, above=innermost())


class LoopScope(Scope):
    """One run of the agent."""

    def __init__(
        self,
        session: Session,
        *,
        agent: str | None,
        continuation: Continuation | None,
        parent: str | None,
        tag: str | None,
        config: Mapping[str, Any] | None,
        loop: str | None,
    ) -> None:
        super().__init__(session)
        self.id = loop or session.tools.minter.mint()
        self._continuation: Continuation | None = continuation
        self._parent = parent
        self._agent = agent
        self._tag = tag
        self._config = plain(dict(config)) if config is not None else None

    def start(self) -> Self:
        """Begins the loop.

        Raises:
            DeniedError: a `before_loop` hook rejected it; the recording says so.
        """
        here = here_in(self.session)
        before = self.session.course.link(self.id)
        parent = self._parent or (here.loop if here is not None else None) or before
        if self._continuation == "rerun":
            parent = self._parent
        continuation = self._continuation or ("default" if parent else "initial")
        started = bodies.LoopStarted(
            agent=self._agent,
            parent_loop=parent,
            continuation=continuation,
            tag=self._tag,
            config=self._config,
        )
        self.session.emit(started, loop=self.id, turn="")
        self.continuation = continuation
        self.is_open = True
        self.session.course.opened(self)
        verdict = self.session.ask("before_loop", name=self._agent, value=self._config)
        if verdict.denied is not None:
            self.end("rejected", reason=verdict.denied)
            raise DeniedError("the loop", verdict.denied, by=verdict.by or "a hook")
        return self

    def end(
        self, status: Literal["completed", "rejected", "aborted"] = "completed", *, reason: str | None = None
    ) -> None:
        """Ends the loop."""
        if self.is_open:
            self.is_open = False
            self.session.emit(bodies.LoopEnded(status=status, reason=reason), loop=self.id, turn="")
            self.session.course.closed(self)

    def abort(self, reason: str) -> None:
        """Ends the loop as aborted."""
        self.end("aborted", reason=reason)

    def _leave(self) -> None:
        self.end()

    def _here(self) -> Here:
        around = self._around()
        return Here(session=self.session, loop=self.id, lane=around.lane, above=around)


class TurnScope(Scope):
    """One model call with the tool calls it causes."""

    def __init__(self, session: Session, *, trigger: Trigger | None, turn: str | None) -> None:
        super().__init__(session)
        self.id = turn or session.tools.minter.mint()
        self._trigger: Trigger | None = trigger

    def start(self) -> Self:
        """Begins the turn."""
        self.session.course.settle()
        self.loop = self.session.course.place().loop
        index = self.session.course.next_turn(self.loop)
        first: Trigger = "sub_agent" if self.session.header.kind == "subagent" else "user"
        trigger = self._trigger or (first if index == 0 else "continuation")
        self.session.emit(bodies.TurnStarted(index=index, trigger=trigger), loop=self.loop, turn=self.id)
        self.is_open = True
        self.session.course.opened(self)
        return self

    def end(self, *, stop_reason: str | None = None) -> None:
        """Ends the turn."""
        if self.is_open:
            self.is_open = False
            self.session.emit(bodies.TurnEnded(stop_reason=stop_reason), loop=self.loop, turn=self.id)
            self.session.course.closed(self)

    def abort(self, reason: str) -> None:  # noqa: ARG002 - the loop tells why
        """Leaves the turn without an end: that is what marks it as cut short."""
        self.is_open = False
        self.session.course.closed(self)

    def _leave(self) -> None:
        self.end()

    def _here(self) -> Here:
        around = self._around()
        return Here(session=self.session, loop=self.loop, turn=self.id, lane=around.lane, above=around)


class ParallelScope:
    """Loops that run side by side, of which one may be selected."""

    def __init__(self, session: Session, *, count: int, group: str | None) -> None:
        self.session = session
        self.id = group or session.tools.minter.mint()
        self.loops = [session.tools.minter.mint() for _ in range(count)]
        self._selected: str | None = None
        self._parent: str | None = None

    def loop(self, number: int | None = None, **more: Any) -> LoopScope:
        """Gives the loop of this number, or another one; `more` is what `Session.loop` takes."""
        if number is None:
            number = len(self.loops)
            self.loops.append(self.session.tools.minter.mint())
        told: dict[str, Any] = {"continuation": "branch", "parent": self._parent, **more}
        return self.session.loop(id=self.loops[number], **told)

    def select(self, chosen: int | LoopScope) -> None:
        """Chooses the loop whose outcome counts."""
        self._selected = self.loops[chosen] if isinstance(chosen, int) else chosen.id

    def __enter__(self) -> Self:
        here = here_in(self.session)
        self._parent = here.loop if here is not None else None
        self.session.emit(bodies.ParallelStarted(group=self.id, loops=tuple(self.loops)))
        return self

    def __exit__(self, *_: object) -> None:
        ended = bodies.ParallelEnded(group=self.id, selected=self._selected, loops=tuple(self.loops))
        self.session.emit(ended)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        self.__exit__()


class ToolScope(Scope):
    """One call of a tool."""

    def __init__(
        self,
        session: Session,
        name: str,
        value: Any,
        *,
        call: str | None,
        kind: ToolKind,
        risk: str | None,
        mcp_server: str | None,
    ) -> None:
        super().__init__(session)
        self.name = name
        self.input = value
        """What is to be run: what was asked for, or what a hook put in its place."""
        self.call = call or session.tools.minter.mint()
        self.injected = ""
        """What hooks want the agent to be told."""
        self.output: Any = None
        """What came of it, as hooks left it."""
        self._kind: ToolKind = kind
        self._risk = risk
        self._server = mcp_server
        self._begun = 0

    def start(self) -> Self:
        """Records the call.

        Raises:
            DeniedError: a `before_tool` hook denied it; the recording says so.
        """
        session = self.session
        session.course.settle()
        self._place = session.course.place()
        asked = bodies.ToolCalled(
            call=self.call, name=self.name, tool_kind=self._kind, input=self.input, risk=self._risk,
            mcp_server=self._server,
        )  # fmt: skip
        events = session.emit_at(self._place, asked)
        self._begun = events[0].recorded_at if events else session.tools.clock.now()
        self.is_open = True
        session.course.opened(self)
        if session.hooks.has("before_tool"):
            self._ask()
        return self

    def _ask(self) -> None:
        verdict = self.session.ask("before_tool", name=self.name, value=self.input, call=self.call)
        if verdict.denied is not None or verdict.allowed:
            self.session.emit(
                bodies.PermissionAnswered(
                    granted=verdict.denied is None,
                    call=self.call,
                    tool=self.name,
                    reason=verdict.denied,
                    source=verdict.by,
                )
            )
        self.input = verdict.value
        self.injected = verdict.text
        if verdict.denied is not None:
            self._finished(ok=False, error=verdict.denied, category="denied")
            raise DeniedError(f"tool {self.name}", verdict.denied, by=verdict.by or "a hook")

    def progress(self, text: str | None = None, *, data: Any = None) -> None:
        """Records that the tool is at work."""
        self.session.emit(bodies.ToolProgress(call=self.call, text=text, data=data))

    def finish(
        self,
        output: Any = None,
        *,
        ok: bool = True,
        error: str | None = None,
        category: str | None = None,
        child: str | None = None,
        exit_code: int | None = None,
        data: Any = None,
    ) -> Any:
        """Records what came of the call; gives the output, which a hook may have replaced."""
        if self.session.hooks.has("after_tool"):
            verdict = self.session.ask("after_tool", name=self.name, value=output, call=self.call)
            output = verdict.value
            self.injected = "\n".join(filter(None, (self.injected, verdict.text)))
        self.output = output
        self._finished(
            output=output, ok=ok, error=error, category=category, child=child, exit_code=exit_code, data=data
        )
        return output

    def fail(self, error: str, *, category: str | None = None, output: Any = None) -> None:
        """Records that the call failed."""
        self.finish(output, ok=False, error=error, category=category)

    def abort(self, reason: str) -> None:
        """Records that the call was cut short."""
        self._finished(ok=False, error=reason, category="exception")

    def _finished(self, **told: Any) -> None:
        if self.is_open:
            self.is_open = False
            duration = max(self.session.tools.clock.now() - self._begun, 0)
            self.session.emit_at(self._place, bodies.ToolFinished(call=self.call, duration=duration, **told))
            self.session.course.closed(self)

    def _leave(self) -> None:
        self.finish()

    def _here(self) -> Here:
        around = self._around()
        place = self._place
        return Here(
            session=self.session, loop=place.loop, turn=place.turn, lane=place.lane, call=self.call,
            above=around,
        )  # fmt: skip

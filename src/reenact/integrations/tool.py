"""Functions as tools: `@reenact.tool` records their calls in the session that the running code is in.

Without a session the function just runs. In a block of `archive.recorded_tools(…)` it does not run at
all: what it gave back when it was recorded is given again, in the recorded order.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextvars import ContextVar, Token
from typing import Any, ParamSpec, Self, TypeVar, overload

from reenact.events.blocks import ToolKind
from reenact.recorder import Session, ToolScope, current
from reenact.recorder.plain import plain
from reenact.replay.tools import RecordedTools, ToolDivergedError, ToolResult

P = ParamSpec("P")
R = TypeVar("R")
_served: ContextVar[ServedTools | None] = ContextVar("reenact_served_tools", default=None)


class ToolFailedError(Exception):
    """A recorded tool call had failed; raised in place of what the tool had raised then."""


class ServedTools:
    """Gives recorded results in place of running tools, in its block or for functions that it wraps."""

    def __init__(self, recorded: RecordedTools) -> None:
        self.recorded = recorded
        self._lock = threading.Lock()
        self._tokens: list[Token[ServedTools | None]] = []

    def __enter__(self) -> Self:
        self._tokens.append(_served.set(self))
        return self

    def __exit__(self, *_: object) -> None:
        _served.reset(self._tokens.pop())

    def result(self, name: str, given: Any = None) -> ToolResult:
        """Gives what a call gave back.

        Raises:
            ToolDivergedError: nothing (more) was recorded of it.
        """
        with self._lock:
            return self.recorded.result(name, plain(given))

    def serve(self, name: str, given: Any = None) -> Any:
        """Gives the output of a call.

        Raises:
            ToolDivergedError: nothing (more) was recorded of it.
            ToolFailedError: it had failed.
        """
        result = self.result(name, given)
        if not result.ok:
            raise ToolFailedError(result.error or str(result.output))
        return result.output

    def check(self) -> None:
        """Sees to it that every recorded result was asked for.

        Raises:
            ToolDivergedError: one was not.
        """
        unused = self.recorded.unused
        if unused:
            step = self.recorded.results.index(unused[0]) + 1
            raise ToolDivergedError(step, unused[0].name, unused[0].input, "it was not called this time")


@overload
def tool(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def tool(
    *, name: str | None = None, kind: ToolKind = "other", risk: str | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    kind: ToolKind = "other",
    risk: str | None = None,
) -> Any:
    """Makes a function a tool whose calls are recorded: one that returns, awaits or yields.

    Hooks may deny a call (`DeniedError`), or put another input or output in place.

    Args:
        function: the function.
        name: what the tool is called; the function's name unless told.
        kind: what it does.
        risk: how dangerous it is.
    """
    if function is None:
        return functools.partial(_made, name=name, kind=kind, risk=risk)
    return _made(function, name=name, kind=kind, risk=risk)


def _made(function: Callable[..., Any], *, name: str | None, kind: ToolKind, risk: str | None) -> Any:
    called = _Called(function, name=name or function.__name__, kind=kind, risk=risk)
    if inspect.isasyncgenfunction(function):
        run: Callable[..., Any] = called.yield_async
    elif inspect.isgeneratorfunction(function):
        run = called.yield_sync
    elif inspect.iscoroutinefunction(function):
        run = called.run_async
    else:
        run = called.run
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            return await run(args, kwargs)

        return awaited

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return run(args, kwargs)

    return wrapped


class _Called:
    """One tool and the ways to call it."""

    def __init__(self, function: Callable[..., Any], *, name: str, kind: ToolKind, risk: str | None) -> None:
        self._function = function
        self._name = name
        self._kind: ToolKind = kind
        self._risk = risk
        self._signature = inspect.signature(function)

    def run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given, session, served = self._given(args, kwargs), current(), _served.get()
        if session is None:
            return served.serve(self._name, given) if served else self._function(*args, **kwargs)
        with self._scope(session, given) as scope:
            args, kwargs = self._replaced(scope, given, args, kwargs)
            out = served.serve(self._name, scope.input) if served else self._function(*args, **kwargs)
            return scope.finish(out)

    async def run_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given, session, served = self._given(args, kwargs), current(), _served.get()
        if session is None:
            return served.serve(self._name, given) if served else await self._function(*args, **kwargs)
        with self._scope(session, given) as scope:
            args, kwargs = self._replaced(scope, given, args, kwargs)
            out = served.serve(self._name, scope.input) if served else await self._function(*args, **kwargs)
            return scope.finish(out)

    def yield_sync(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Any]:
        given, session, served = self._given(args, kwargs), current(), _served.get()
        if served is not None:
            yield from served.serve(self._name, given)
        elif session is None:
            yield from self._function(*args, **kwargs)
        else:
            yield from self._yielding(session, given, args, kwargs)

    def _yielding(
        self, session: Session, given: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Iterator[Any]:
        scope = self._scope(session, given).start()
        args, kwargs = self._replaced(scope, given, args, kwargs)
        items: list[Any] = []
        try:
            pieces = self._function(*args, **kwargs)
            while True:
                with scope.inside():  # only while the tool runs, not while its pieces are used
                    try:
                        items.append(next(pieces))
                    except StopIteration:
                        break
                yield items[-1]
        except BaseException as error:
            _cut(scope, error, items)
            raise
        scope.finish(items)

    async def yield_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> AsyncIterator[Any]:
        given, session, served = self._given(args, kwargs), current(), _served.get()
        if served is not None:
            for piece in served.serve(self._name, given):
                yield piece
            return
        if session is None:
            async for piece in self._function(*args, **kwargs):
                yield piece
            return
        scope = self._scope(session, given).start()
        args, kwargs = self._replaced(scope, given, args, kwargs)
        items: list[Any] = []
        try:
            pieces = self._function(*args, **kwargs)
            while True:
                with scope.inside():
                    try:
                        items.append(await anext(pieces))
                    except StopAsyncIteration:
                        break
                yield items[-1]
        except BaseException as error:
            _cut(scope, error, items)
            raise
        scope.finish(items)

    def _given(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Gives the arguments by name; the object that a method is of is none."""
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError:
            return {"args": list(args), **kwargs}  # the function itself says what is wrong with them
        return {name: value for name, value in bound.arguments.items() if name not in ("self", "cls")}

    def _scope(self, session: Session, given: dict[str, Any]) -> ToolScope:
        return session.tool(self._name, plain(given), kind=self._kind, risk=self._risk)

    def _replaced(
        self, scope: ToolScope, given: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Gives what to call the function with: another input where a hook put one in place."""
        if scope.input == plain(given) or not isinstance(scope.input, Mapping):
            return args, kwargs
        bound = self._signature.bind(*args, **kwargs)
        for name, value in scope.input.items():
            bound.arguments[name] = value
        return bound.args, bound.kwargs


def _cut(scope: ToolScope, error: BaseException, items: list[Any]) -> None:
    reason = "its pieces were not all taken" if isinstance(error, GeneratorExit) else str(error)
    scope.fail(f"{type(error).__name__}: {reason}", category="exception", output=items)

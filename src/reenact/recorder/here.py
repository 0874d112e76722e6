"""Where the running code is: session, loop, turn, lane and tool call, carried by context variables.

Tasks inherit them; threads do not, unless what they run goes through `carry`. Every value is
immutable, so that what one task enters, no other one sees.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token, copy_context
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

import msgspec

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from reenact.recorder.session import Session

P = ParamSpec("P")
R = TypeVar("R")


class Here(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a session; `above` is where the code was before that session began."""

    session: Session
    loop: str | None = None
    turn: str | None = None
    lane: str | None = None
    call: str | None = None
    above: Here | None = None


_here: ContextVar[Here | None] = ContextVar("reenact_here", default=None)


def current() -> Session | None:
    """Gives the innermost session that the running code is in; None outside of any."""
    here = _here.get()
    return here.session if here is not None else None


def here_in(session: Session) -> Here | None:
    """Gives where the running code is within a session; None where it is not in it."""
    here = _here.get()
    while here is not None and here.session is not session:
        here = here.above
    return here


def enter(here: Here) -> Token[Here | None]:
    """Goes to a place; `leave` with the token comes back."""
    return _here.set(here)


def leave(token: Token[Here | None] | None) -> None:
    """Comes back from where `enter` went."""
    if token is None:
        return
    try:  # noqa: SIM105 - this is passed at every step, and suppressing costs
        _here.reset(token)
    except (ValueError, RuntimeError):
        pass  # another task closes what this one opened


def innermost() -> Here | None:
    """Gives where the running code is, in whatever session."""
    return _here.get()


def carry(function: Callable[P, R]) -> Callable[P, R]:
    """Gives a function that runs where this code is now, in whatever thread it is called."""
    context = copy_context()

    @wraps(function)
    def carried(*args: P.args, **kwargs: P.kwargs) -> R:
        return context.copy().run(function, *args, **kwargs)

    return carried


class Carrying:
    """An executor whose tasks run where they were submitted; wraps any other, and shuts that one down."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def submit(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Submits a function like the wrapped executor."""
        return self._executor.submit(carry(function), *args, **kwargs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown()

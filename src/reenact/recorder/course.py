"""Where a recorded session stands: what is open in it, which loop and turn come next.

Where an agent's author tells no loops and turns, they are made: the first thing said or done opens a
loop, a model call is a turn of its own, and what tools do then belongs to it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from reenact.recorder.asking import ExchangeScope
from reenact.recorder.exchanges import Place
from reenact.recorder.here import here_in

if TYPE_CHECKING:
    from reenact.recorder.scopes import LoopScope
    from reenact.recorder.session import Session


class Open(Protocol):
    """What is under way: a scope, or a call that a client makes."""

    def abort(self, reason: str) -> None:
        """Ends it as cut short; what it had is written down."""


class Course:
    """The loops and turns of one session, as far as they have come."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.RLock()
        self._scopes: dict[int, Open] = {}
        self._implicit: LoopScope | None = None
        self._last_loop: str | None = None
        self._spoken: set[str] = set()
        """Loops in which a model was asked: what a person says then begins the next one."""
        self._turns: dict[str, int] = {}
        self._latest: dict[tuple[str | None, str | None], str] = {}

    def place(self) -> Place:
        """Gives where in this session the running code is."""
        here = here_in(self._session)
        loop = here.loop if here is not None else None
        lane = here.lane if here is not None else None
        if loop is None and self._implicit is not None:
            loop = self._implicit.id
        turn = here.turn if here is not None and here.turn is not None else self._latest.get((loop, lane))
        return Place(loop=loop, turn=turn, lane=lane)

    def settle(self, *, begins: bool = False) -> None:
        """Sees to it that there is a loop to be in; with `begins`, a new one after a model has spoken."""
        implicit = self._implicit
        if implicit is not None and implicit.is_open and not begins:
            return
        here = here_in(self._session)
        if here is not None and here.loop is not None:
            return
        with self._lock:
            if self._implicit is not None and begins and self._implicit.id in self._spoken:
                self._implicit.end()
            if self._implicit is None:
                self._implicit = self._session.loop()
                self._implicit.start()

    def spoke(self, loop: str | None, lane: str | None = None, turn: str | None = None) -> None:
        """Takes note that a model was asked in a loop; what follows there belongs to that turn."""
        if loop is not None:
            self._spoken.add(loop)
        if turn is not None:
            self._latest[loop, lane] = turn

    def opened(self, scope: Open) -> None:
        """Takes note of what is to be aborted if the session ends before it does."""
        self._scopes[id(scope)] = scope

    def closed(self, scope: Open) -> None:
        """Takes note that something has ended."""
        self._scopes.pop(id(scope), None)
        if scope is self._implicit:
            self._implicit = None

    def link(self, loop: str) -> str | None:
        """Gives the loop that a new one goes on from, which is the next one's."""
        before, self._last_loop = self._last_loop, loop
        return before

    def next_turn(self, loop: str | None) -> int:
        """Gives the position of the next turn of a loop."""
        with self._lock:
            index = self._turns.get(loop or "", 0)
            self._turns[loop or ""] = index + 1
        return index

    def exchange_place(self, exchange: str) -> Place:
        """Gives where a model call that begins now belongs: in the turn here, else in one of its own."""
        self.settle()
        here = here_in(self._session)
        place = self.place()
        turn = here.turn if here is not None and here.turn is not None else exchange
        self.spoke(place.loop, place.lane, turn)
        return Place(loop=place.loop, turn=turn, lane=place.lane)

    @property
    def is_busy(self) -> bool:
        """True where anything but the loop that opened by itself is open."""
        return any(scope is not self._implicit for scope in self._scopes.values())

    def flush(self) -> None:
        """Writes down what open model calls hold back."""
        for scope in list(self._scopes.values()):
            if isinstance(scope, ExchangeScope):
                scope.flush()

    def close(self, status: str, error: str | None) -> None:
        """Ends all that is open: as aborted, but for the loop of a session that is done."""
        for scope in reversed(list(self._scopes.values())):
            if scope is self._implicit and status == "completed":
                self._implicit.end()
            else:
                scope.abort(error or f"the session ended ({status})")

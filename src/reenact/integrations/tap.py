"""A model call on its way through an HTTP client: written down as it passes, whatever the client is.

Nothing is held back: pieces go on to the client as they come, and what is kept of them is written when
the answer has ended. Credentials never get here: only the headers that the recorder knows are kept.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from reenact.integrations.deciding import Decided, decide
from reenact.recorder import DeniedError, Session, current
from reenact.wire.dialects import dialect_of
from reenact.wire.reply import ErrorReply

End = Literal["complete", "client_abort", "upstream_error"]
Decode = Callable[[Mapping[str, str], Sequence[bytes]], list[tuple[int, bytes]]]
"""Gives what was compressed on its way as it was before, each piece with the number of the one it came in."""
_NEVER = float("inf")
_FAILED = 400


class Records(Protocol):
    """What begins a session; an archive does."""

    def record(self, *, agent: str) -> Session: ...


class Tap:
    """Where calls are recorded: in the session that the running code is in, else in one that was given.

    Args:
        into: a session; or an archive, in which one is begun with the first call; or None: calls that
            are made outside of any session pass unrecorded then.
        decode: undoes compression.
        agent: the agent's name in a session that is begun.
    """

    def __init__(self, into: Session | Records | None, decode: Decode, *, agent: str) -> None:
        self._into = into
        self._decode = decode
        self._agent = agent
        self._own: Session | None = None
        self._ends: weakref.finalize[Any, Any] | None = None
        self._lock = threading.Lock()

    def is_recorded(self, method: str, path: str, headers: Mapping[str, str]) -> bool:
        """Tells whether a request is a call of a model; all others pass unseen."""
        dialect = dialect_of(method, path, headers)
        route = dialect.route(method, path) if dialect is not None else None
        return route is not None and route.is_kept

    def begin(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Begun:
        """Asks the session's hooks and writes the request down; does nothing where there is no session."""
        decided = Decided()
        with telling():
            session = self._session()
            if session is None:
                return Begun()
            session.emit()  # takes a session up again that a checkpoint or a fork put down
            if session.is_open:
                decided = _decided(session, method, path, headers, body)
                if decided.refusal is not None:
                    return Begun(refusal=decided.refusal)
                sent = body if decided.body is None else decided.body
                call = Call(session, self._decode, method=method, path=path, headers=headers, body=sent)
                return Begun(call=call, body=decided.body)
        return Begun(body=decided.body)  # what a hook decided holds, recorded or not

    def close(self) -> None:
        """Ends the session that was begun here."""
        if self._ends is not None:
            self._ends()
        self._own = None

    def _session(self) -> Session | None:
        here, into = current(), self._into
        if isinstance(into, Session):
            into = into.fresh(after=_NEVER)
            return here if here is not None and _is_within(here, into) else into
        if here is not None or into is None:
            return here
        with self._lock:
            if self._own is None:
                self._own = into.record(agent=self._agent).start()
                self._ends = weakref.finalize(self, self._own.end)
            return self._own


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """A request that may go out, or may not."""

    call: Call | None = None
    """None where it is not recorded."""
    body: bytes | None = None
    """What is to be sent in place of what the client said; None where nobody changed it."""
    refusal: ErrorReply | None = None
    """The client's answer where nothing is to be sent."""


class Call:
    """One request and its answer."""

    def __init__(
        self,
        session: Session,
        decode: Decode,
        *,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> None:
        self._session = session
        self._exchanges = session.exchanges
        self._decode = decode
        self._id = session.tools.minter.mint()
        self._pieces: list[bytes] = []
        self._times: list[int] = []
        self._status = 0
        self._headers: Mapping[str, str] = {}
        self._is_over = False
        place = session.course.place()
        self._lane = headers.get("x-reenact-lane") or place.lane or ""
        self._exchanges.requested(
            self._id, method=method, path=path, headers=headers, body=body, lane=self._lane
        )
        session.course.opened(self)
        self._begun = time.perf_counter_ns()

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Takes note that an answer begins."""
        self._status = status
        self._headers = {name.lower(): value for name, value in headers.items()}

    def piece(self, data: bytes) -> None:
        """Takes note of a piece of it."""
        self._pieces.append(data)
        self._times.append((time.perf_counter_ns() - self._begun) // 1000)

    @property
    def is_unread_failure(self) -> bool:
        """True where a client is about to ask again without having read why it must; that is kept, too."""
        return self._status >= _FAILED and not self._pieces and not self._is_over

    def unreachable(self, error: BaseException) -> None:
        """Writes down that there was no answer."""
        if not self._is_over:
            self._over()
            with telling():
                reason = f"{type(error).__name__}: {error}".removesuffix(": ")
                category = "unreachable" if isinstance(error, Exception) else "client_abort"
                self._exchanges.unanswered(self._id, error=reason, lane=self._lane, category=category)

    def abort(self, reason: str) -> None:
        """Writes down what came so far where the session ends before the answer does."""
        if self._status:
            self.end("client_abort")
        elif not self._is_over:
            self._over()
            with telling():
                self._exchanges.unanswered(self._id, error=reason, lane=self._lane, category="unanswered")

    def _over(self) -> None:
        self._is_over = True
        self._session.course.closed(self)

    def end(self, end: End) -> None:
        """Writes the answer down, once, however it ended."""
        if self._is_over:
            return
        self._over()
        with telling():
            pieces = self._decoded()
            self._exchanges.responded(
                self._id,
                status=self._status,
                headers=self._headers,
                body=b"".join(data for _, data in pieces),
                chunks=[(when, len(data)) for when, data in pieces],
                end=end,
                lane=self._lane,
            )

    def _decoded(self) -> list[tuple[int, bytes]]:
        if self._headers.get("content-encoding", "identity") == "identity":
            return list(zip(self._times, self._pieces, strict=True))
        decoded = self._decode(self._headers, self._pieces)
        return [(self._times[number], data) for number, data in decoded]


@contextlib.contextmanager
def telling() -> Iterator[None]:
    """Never lets what goes wrong in recording reach the agent: says it on stderr instead."""
    try:
        yield
    except DeniedError:
        raise
    except Exception as error:  # noqa: BLE001 - the border to the agent
        sys.stderr.write(f"reenact: not recorded: {type(error).__name__}: {error}\n")


def _decided(session: Session, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Decided:
    dialect = dialect_of(method, path, headers)
    route = dialect.route(method, path) if dialect is not None else None
    return decide(session, dialect, route, body) if dialect is not None and route is not None else Decided()


def _is_within(session: Session, above: Session) -> bool:
    at: Session | None = session
    while at is not None and at is not above:
        at = at.parent
    return at is above

"""Recording: every request goes to the provider, and both ways are written down as they pass."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import msgspec

from reenact.gateway import http, websocket
from reenact.gateway.naming import session_of
from reenact.gateway.upstream import UpstreamError
from reenact.wire.dialects import dialect_named, dialect_of

if TYPE_CHECKING:
    from reenact.gateway.http import Asked, Receive, Scope, Send
    from reenact.gateway.upstream import Upstream
    from reenact.ids import Minter
    from reenact.recorder import ExchangeRecorder

LANE_HEADER = "x-claude-code-agent-id"
_BAD_GATEWAY = 502
_HELD_BACK = 0.01
"""Seconds for which writing down a request waits: it must not compete with sending it on. An answer
that is complete by then was in no need of it either."""


class Passed(msgspec.Struct):
    """What came through of an answer so far."""

    begun: int
    """When the request came, in nanoseconds of a clock of its own."""
    status: int = 0
    headers: dict[str, str] = {}
    chunks: list[tuple[int, bytes]] = []
    end: str = "truncated"


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request on its way."""

    exchange: str
    lane: str
    asked: Asked
    body: http.Body
    over: asyncio.Event
    """Set when the answer ended."""


class RecordingApp:
    """Passes on and records. Calls that are no model calls pass unrecorded, whatever they are."""

    def __init__(self, upstream: Upstream, recorder: ExchangeRecorder, *, minter: Minter) -> None:
        self._upstream = upstream
        self._recorder = recorder
        self._minter = minter
        self.sessions: set[str] = set()
        """The agent's own ids of the sessions that were seen."""
        self.exchanges = 0
        self._latest: asyncio.Task[bool] | None = None

    @property
    def is_cut(self) -> bool:
        """True where an answer is outstanding, or the latest one was not heard to its end."""
        return self._recorder.is_cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await http.lifespan(receive, send, close=self.close)
            return
        if scope["type"] == "websocket":
            await self._carry(websocket.head(scope), receive, send)
            return
        if scope["type"] != "http":
            return
        with contextlib.suppress(http.ClientLeftError):
            await self._pass(http.head(scope), http.Body(receive), receive, send)

    async def _carry(self, asked: Asked, receive: Receive, send: Send) -> None:
        """Passes a socket on, and records what is asked over it."""
        if not websocket.is_carried(asked.path):
            await websocket.refuse(send)
            return
        if session := session_of(asked.headers):
            self.sessions.add(session)
        socket = websocket.RecordedSocket(asked, self._recorder, self._minter)
        try:
            await socket.carry(self._upstream.base, receive, send)
        finally:
            self.exchanges += socket.exchanges

    async def close(self) -> None:
        """Closes the connections to the provider."""
        await self._upstream.close()

    async def pass_on(self, asked: Asked, receive: Receive, send: Send) -> None:
        """Sends one request on, its answer back, and records both where it is a model call."""
        await self._pass(asked, http.Body.given(asked.body), receive, send)

    async def _pass(self, asked: Asked, body: http.Body, receive: Receive, send: Send) -> None:
        call = Call(
            exchange=self._minter.mint() if _is_model_call(asked) else "",
            lane=asked.headers.get(LANE_HEADER, ""),
            asked=asked,
            body=body,
            over=asyncio.Event(),
        )
        if call.exchange and (session := session_of(asked.headers)):
            self.sessions.add(session)
        written = self._writing(call) if call.exchange else None
        passed = Passed(begun=time.perf_counter_ns(), headers={}, chunks=[])
        try:
            error = await self._tee(call, receive, send, passed)
        finally:
            body.close()
            call.over.set()
        if written is not None and await written:
            await asyncio.to_thread(self._write_answer, call, passed, error)
        if passed.end == "upstream_error":
            raise http.BrokenOffError

    async def _tee(self, call: Call, receive: Receive, send: Send, passed: Passed) -> str | None:
        """Passes the answer through, piece by piece; gives why the provider could not be reached."""
        gone = asyncio.create_task(_gone(call.body, receive))
        work = asyncio.create_task(self._pump(call, send, passed))
        done, _ = await asyncio.wait({gone, work}, return_when=asyncio.FIRST_COMPLETED)
        if work not in done:
            passed.end = "client_abort"
            work.cancel()
            await asyncio.wait({work})
            return None
        gone.cancel()
        return work.result()

    async def _pump(self, call: Call, send: Send, passed: Passed) -> str | None:
        try:
            async with self._upstream.send(call.asked, call.body) as answer:
                passed.status = answer.status
                passed.headers = dict(answer.headers)
                kept = [(name, value) for name, value in answer.headers if name not in http.HOP_BY_HOP]
                await http.start(send, answer.status, kept)
                async for piece in answer.pieces:
                    if piece:
                        passed.chunks.append(((time.perf_counter_ns() - passed.begun) // 1000, piece))
                        await http.chunk(send, piece)
                passed.end = "complete"
                await http.end(send)
            await call.body.drain()
        except UpstreamError as error:
            if passed.status:
                passed.end = "upstream_error"
                return str(error)
            await call.body.drain()
            message = f"reenact: the provider cannot be reached: {error}"
            asked = call.asked
            speaks = dialect_of(asked.method, asked.path, asked.headers) or dialect_named("anthropic")
            reply = speaks.error(_BAD_GATEWAY, kind="api_error", message=message, may_retry=True)
            await http.answer(send, reply.status, reply.headers, reply.body)
            return str(error)
        return None

    def _writing(self, call: Call) -> asyncio.Task[bool]:
        """Begins to write a request down, behind those that came before it."""
        self._latest = asyncio.create_task(self._write_request(call, self._latest))
        return self._latest

    async def _write_request(self, call: Call, before: asyncio.Task[bool] | None) -> bool:
        """Writes a request down once all of it came; gives whether it did."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(call.over.wait(), _HELD_BACK)
        if before is not None:
            await asyncio.wait({before})
        if not await call.body.comes_whole():
            return False
        self.exchanges += 1
        if session := session_of(call.asked.headers, call.body.data):
            self.sessions.add(session)
        await asyncio.to_thread(
            self._recorder.requested,
            call.exchange,
            method=call.asked.method,
            path=call.asked.path,
            headers=call.asked.headers,
            body=call.body.data,
            lane=call.lane,
        )
        return True

    def _write_answer(self, call: Call, passed: Passed, error: str | None) -> None:
        if error is not None and not passed.status:
            self._recorder.unanswered(call.exchange, error=error, lane=call.lane)
            return
        self._recorder.responded(
            call.exchange,
            status=passed.status,
            headers=passed.headers,
            body=b"".join(piece for _, piece in passed.chunks),
            chunks=[(when, len(piece)) for when, piece in passed.chunks],
            end=passed.end,
            lane=call.lane,
        )


def _is_model_call(asked: Asked) -> bool:
    """Tells whether a request is recorded: a call of the model, or one whose answer steers an agent."""
    speaks = dialect_of(asked.method, asked.path, asked.headers)
    route = speaks.route(asked.method, asked.path) if speaks is not None else None
    return route is not None and route.is_kept


async def _gone(body: http.Body, receive: Receive) -> None:
    """Returns when the client leaves, having asked."""
    await body.comes_whole()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return

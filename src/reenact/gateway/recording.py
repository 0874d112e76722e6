"""Recording: every request goes to the provider, and both ways are written down as they pass."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import httpx2
import msgspec

from reenact.gateway import http
from reenact.gateway.upstream import Upstream

if TYPE_CHECKING:
    from reenact.gateway.http import Asked, Receive, Scope, Send
    from reenact.ids import Minter
    from reenact.recorder import ExchangeRecorder

LANE_HEADER = "x-claude-code-agent-id"
SESSION_HEADER = "x-claude-code-session-id"
MESSAGES = "/v1/messages"
_HELD_BACK = 0.01
"""Seconds for which writing down a request waits: it must not compete with sending it on. An answer
that is complete by then was in no need of it either."""


class Passed(msgspec.Struct):
    """What came through of an answer so far."""

    status: int = 0
    headers: dict[str, str] = {}
    chunks: list[tuple[int, bytes]] = []
    end: str = "truncated"


class RecordingApp:
    """Passes on and records. Calls that are no model calls pass unrecorded, whatever they are."""

    def __init__(self, upstream: Upstream, recorder: ExchangeRecorder, *, minter: Minter) -> None:
        self._upstream = upstream
        self._recorder = recorder
        self._minter = minter
        self.sessions: set[str] = set()
        """The agent's own ids of the sessions that were seen."""
        self.exchanges = 0
        self._latest: asyncio.Task[None] | None = None

    @property
    def is_cut(self) -> bool:
        """True where an answer is outstanding, or the latest one was not heard to its end."""
        return self._recorder.is_cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await http.lifespan(receive, send, close=self.close)
            return
        if scope["type"] != "http":
            return
        asked = await http.read(scope, receive)
        if asked is not None:
            await self.pass_on(asked, receive, send)

    async def close(self) -> None:
        """Closes the connections to the provider."""
        await self._upstream.close()

    async def pass_on(self, asked: Asked, receive: Receive, send: Send) -> None:
        """Sends one request on, its answer back, and records both where it is a model call."""
        exchange = self._minter.mint() if _is_model_call(asked) else None
        lane = asked.headers.get(LANE_HEADER, "")
        if session := asked.headers.get(SESSION_HEADER):
            self.sessions.add(session)
        begun = time.perf_counter_ns()
        over = asyncio.Event()
        written = self._writing(exchange, asked, lane, over) if exchange else None
        passed = Passed(headers={}, chunks=[])
        try:
            error = await self._tee(asked, receive, send, passed, begun)
        finally:
            over.set()
        if exchange is not None and written is not None:
            await written
            await asyncio.to_thread(self._write_answer, exchange, lane, passed, error)
        if passed.end == "upstream_error":
            raise http.BrokenOffError

    async def _tee(
        self, asked: Asked, receive: Receive, send: Send, passed: Passed, begun: int
    ) -> str | None:
        """Passes the answer through, piece by piece; gives why the provider could not be reached."""
        gone = asyncio.create_task(_gone(receive))
        work = asyncio.create_task(self._pump(asked, send, passed, begun))
        done, _ = await asyncio.wait({gone, work}, return_when=asyncio.FIRST_COMPLETED)
        if work not in done:
            passed.end = "client_abort"
            work.cancel()
            await asyncio.wait({work})
            return None
        gone.cancel()
        return work.result()

    async def _pump(self, asked: Asked, send: Send, passed: Passed, begun: int) -> str | None:
        try:
            async with self._upstream.send(asked) as response:
                passed.status = response.status_code
                passed.headers = {name.lower(): value for name, value in response.headers.items()}
                kept = [(n, v) for n, v in response.headers.multi_items() if n.lower() not in http.HOP_BY_HOP]
                await http.start(send, response.status_code, kept)
                async for piece in response.aiter_raw():
                    if piece:
                        await http.chunk(send, piece)
                        passed.chunks.append(((time.perf_counter_ns() - begun) // 1000, piece))
                passed.end = "complete"
                await http.end(send)
        except httpx2.HTTPError as error:
            if passed.status:
                passed.end = "upstream_error"
                return str(error)
            message = f"reenact: the provider cannot be reached: {error or type(error).__name__}"
            body = msgspec.json.encode({"type": "error", "error": {"type": "api_error", "message": message}})
            await http.answer(send, 502, {"content-type": "application/json"}, body)
            return str(error) or type(error).__name__
        return None

    def _writing(self, exchange: str, asked: Asked, lane: str, over: asyncio.Event) -> asyncio.Task[None]:
        """Begins to write a request down, behind those that came before it."""
        self.exchanges += 1
        self._latest = asyncio.create_task(self._write_request(exchange, asked, lane, over, self._latest))
        return self._latest

    async def _write_request(
        self, exchange: str, asked: Asked, lane: str, over: asyncio.Event, before: asyncio.Task[None] | None
    ) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), _HELD_BACK)
        if before is not None:
            await asyncio.wait({before})
        await asyncio.to_thread(
            self._recorder.requested,
            exchange,
            method=asked.method,
            path=asked.path,
            headers=asked.headers,
            body=asked.body,
            lane=lane,
        )

    def _write_answer(self, exchange: str, lane: str, passed: Passed, error: str | None) -> None:
        if error is not None and not passed.status:
            self._recorder.unreachable(exchange, error=error, lane=lane)
            return
        self._recorder.responded(
            exchange,
            status=passed.status,
            headers=passed.headers,
            body=b"".join(piece for _, piece in passed.chunks),
            chunks=[(when, len(piece)) for when, piece in passed.chunks],
            end=passed.end,
            lane=lane,
        )


def _is_model_call(asked: Asked) -> bool:
    return asked.method == "POST" and asked.path.split("?")[0].endswith(MESSAGES)


async def _gone(receive: Receive) -> None:
    """Returns when the client leaves."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return

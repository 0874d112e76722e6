"""Model calls over a WebSocket: passed on and recorded, or served from a recording.

A request over a socket is an exchange like any other: what it asks is kept as if it had been posted,
what came back as the stream that it would have been. So one recording can be looked at, compared and
replayed without regard to how it travelled. The socket itself is not kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from reenact.gateway import http
from reenact.wire import sse
from reenact.wire.openai_responses.websocket import Conversation, Turn, as_stream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from websockets.asyncio.client import ClientConnection

    from reenact.gateway.http import Asked, Receive, Scope, Send
    from reenact.ids import Minter
    from reenact.recorder import ExchangeRecorder
    from reenact.replay import Chunk

_STREAM = {"content-type": "text/event-stream"}
_OPENING = 30.0
"""Seconds for connecting; what follows has no limit, models may think for many minutes."""
_UPGRADE_REQUIRED = 426
"""At this answer Codex goes over to posting its requests at once."""
_BAD_GATEWAY = 502
_MICROSECONDS = 1_000_000
_NORMAL, _BROKEN = 1000, 1011
_OWN = http.HOP_BY_HOP | {
    "sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "sec-websocket-protocol",
}  # fmt: skip


def is_carried(path: str) -> bool:
    """Tells whether what is asked at this address is understood over a socket."""
    return path.partition("?")[0].rstrip("/").endswith("/responses")


def head(scope: Scope) -> Asked:
    """Gives what a socket was opened with, as a request; each call over it is a posted one."""
    return http.head({**scope, "method": "POST"})


async def refuse(send: Send, status: int = _UPGRADE_REQUIRED, body: bytes = b"") -> None:
    """Refuses to open a socket."""
    await send({"type": "websocket.http.response.start", "status": status, "headers": []})
    await send({"type": "websocket.http.response.body", "body": body})


class _Call(msgspec.Struct):
    """A request over a socket whose answer is still coming."""

    exchange: str
    turn: Turn
    begun: int
    chunks: list[tuple[int, int]] = []


class RecordedSocket:
    """Passes one socket on to a provider and writes down its exchanges.

    Frames go on before they are looked at; what is to be written waits in a queue and is written in
    order by a thread, so that neither side waits for the archive.
    """

    def __init__(self, asked: Asked, recorder: ExchangeRecorder, minter: Minter) -> None:
        self._asked = asked
        self._recorder = recorder
        self._minter = minter
        self._talk = Conversation()
        self._call: _Call | None = None
        self._writes: asyncio.Queue[Callable[[], None] | None] = asyncio.Queue()
        self.exchanges = 0

    async def carry(self, base: str, receive: Receive, send: Send) -> None:
        """Opens the socket to the provider, and passes frames until one side leaves."""
        from websockets.asyncio.client import connect
        from websockets.exceptions import InvalidStatus, WebSocketException

        await receive()
        headers = [(name, value) for name, value in self._asked.headers.items() if name not in _OWN]
        opening = connect(
            _socket_address(base, self._asked.path),
            additional_headers=headers,
            user_agent_header=None,
            compression=None,
            max_size=None,
            open_timeout=_OPENING,
        )
        async with contextlib.AsyncExitStack() as stack:
            try:
                upstream = await stack.enter_async_context(opening)
            except InvalidStatus as error:
                await refuse(send, error.response.status_code, bytes(error.response.body or b""))
                return
            except (OSError, TimeoutError, WebSocketException):
                await refuse(send, _BAD_GATEWAY)
                return
            await send({"type": "websocket.accept"})
            writer = asyncio.create_task(self._write())
            try:
                await self._pass(upstream, receive, send)
            finally:
                self._writes.put_nowait(None)
                await writer

    async def _pass(self, upstream: ClientConnection, receive: Receive, send: Send) -> None:
        up = asyncio.create_task(self._up(upstream, receive))
        down = asyncio.create_task(self._down(upstream, send))
        done, left = await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        await asyncio.wait(left) if left else None
        self._break_off("client_abort" if up in done else "upstream_error")
        if up not in done:
            with contextlib.suppress(RuntimeError, OSError):
                await send({"type": "websocket.close", "code": _NORMAL})
        for task in done:
            task.result()

    async def _up(self, upstream: ClientConnection, receive: Receive) -> None:
        from websockets.exceptions import ConnectionClosed

        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            frame = message.get("text")
            try:
                await upstream.send(message["bytes"] if frame is None else frame)
            except ConnectionClosed:
                return
            if frame is not None and (turn := self._talk.from_client(frame)) is not None:
                self._begin(turn)

    async def _down(self, upstream: ClientConnection, send: Send) -> None:
        async for frame in upstream:
            if isinstance(frame, str):
                await send({"type": "websocket.send", "text": frame})
                self._take(frame)
            else:
                await send({"type": "websocket.send", "bytes": frame})

    def _begin(self, turn: Turn) -> None:
        self._break_off("client_abort")  # a request that comes before the answer's end takes its place
        del self._talk.turns[:-1]
        exchange, asked = self._minter.mint(), self._asked
        self._call = _Call(exchange=exchange, turn=turn, begun=time.perf_counter_ns(), chunks=[])
        self.exchanges += 1
        self._writes.put_nowait(
            lambda: self._recorder.requested(
                exchange, method="POST", path=asked.path, headers=asked.headers, body=turn.body, lane=""
            )
        )

    def _take(self, frame: str) -> None:
        turn, call = self._talk.from_server(frame), self._call
        if turn is None or call is None:
            return
        after = (time.perf_counter_ns() - call.begun) // 1000
        call.chunks.append((after, len(as_stream([frame]))))
        if turn.is_ended:
            self._end("complete")

    def _break_off(self, end: str) -> None:
        if self._call is not None:
            self._end(end)

    def _end(self, end: str) -> None:
        call, self._call = self._call, None
        assert call is not None  # both callers looked
        self._writes.put_nowait(
            lambda: self._recorder.responded(
                call.exchange,
                status=200,
                headers=_STREAM,
                body=call.turn.answer,
                chunks=call.chunks,
                end=end,
                lane="",
            )
        )

    async def _write(self) -> None:
        while (write := await self._writes.get()) is not None:
            await asyncio.to_thread(write)


class ServedSocket:
    """Serves one socket: every request over it is asked for as if it had been posted."""

    def __init__(self, ask: Callable[[bytes], Awaitable[Answered]]) -> None:
        """`ask` answers a posted request."""
        self._ask = ask
        self._talk = Conversation()

    async def serve(self, receive: Receive, send: Send) -> None:
        """Answers requests until the client leaves, or the recording breaks off."""
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            turn = self._talk.from_client(message.get("text") or "")
            if turn is None:
                continue
            del self._talk.turns[:-1]
            answered = await self._ask(turn.body)
            if not await self._answer(answered, send):
                return

    async def _answer(self, answered: Answered, send: Send) -> bool:
        """Sends an answer; gives whether the socket stays open."""
        delivered = False
        try:
            if answered.status >= 400:
                await send({"type": "websocket.send", "text": _error_frame(answered)})
            else:
                await self._frames(answered, send)
            delivered = True
        finally:
            if answered.finish is not None:
                answered.finish(delivered)
        if not answered.is_whole:
            await send({"type": "websocket.close", "code": _BROKEN})
        return answered.is_whole

    async def _frames(self, answered: Answered, send: Send) -> None:
        decoder = sse.Decoder()
        for chunk in answered.chunks:
            if chunk.delay:
                await asyncio.sleep(chunk.delay / _MICROSECONDS)
            for frame in decoder.feed(chunk.data):
                if frame.data:
                    self._talk.from_server(frame.data)
                    await send({"type": "websocket.send", "text": frame.data})


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said over a socket."""

    status: int
    chunks: tuple[Chunk, ...] = ()
    body: bytes = b""
    """An error's body."""
    is_whole: bool = True
    finish: Callable[[bool], None] | None = None
    """Is told whether all of it was sent."""


def _error_frame(answered: Answered) -> str:
    """Gives an error as a frame: its body, and the status that it would have had."""
    try:
        fields: dict[str, Any] = msgspec.json.decode(answered.body, type=dict)
    except msgspec.DecodeError:
        fields = {"error": {"message": answered.body.decode("utf-8", "replace")}}
    return msgspec.json.encode({"type": "error", "status": answered.status, **fields}).decode()


def _socket_address(base: str, path: str) -> str:
    parts = urlsplit(f"{base}{path}")
    return urlunsplit(parts._replace(scheme="wss" if parts.scheme == "https" else "ws"))

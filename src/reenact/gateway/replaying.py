"""Replaying: the player answers; where it says so, a request goes on to the real provider."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol, assert_never

import msgspec

from reenact.gateway import http, websocket
from reenact.gateway.cleaning import Cleaner
from reenact.replay import GoLive, Incoming, Refused, Served, Stubbed
from reenact.wire.dialects import dialect_named, dialect_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from reenact.gateway.http import Asked, Receive, Scope, Send
    from reenact.replay import Answer, Chunk, Player
    from reenact.wire.reply import ErrorReply

_MICROSECONDS = 1_000_000
_FAILED = 400


class Live(Protocol):
    """What sends a request on to the provider; a `RecordingApp` is one."""

    async def pass_on(self, asked: Asked, receive: Receive, send: Send) -> None: ...

    async def close(self) -> None: ...


class ReplayingApp:
    """Serves a player over HTTP.

    Args:
        player: what answers. It is called from one thread, one request at a time.
        scrub: takes secrets out of a request as the recording did, so that equal requests are equal.
        live: what passes a request on to the provider, where the player's policy allows that.
    """

    def __init__(self, player: Player, *, scrub: Callable[[str], str], live: Live | None = None) -> None:
        self._player = player
        self._cleaner = Cleaner(scrub)
        self._live = live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await http.lifespan(receive, send, close=self._close)
            return
        if scope["type"] == "websocket":
            await self._serve_socket(websocket.head(scope), receive, send)
            return
        if scope["type"] != "http":
            return
        asked = await http.read(scope, receive)
        if asked is None:
            return
        answer = self._respond(asked)
        match answer:
            case Served():
                await self._serve(answer, send)
            case Stubbed():
                await _answer(send, answer.status, answer.headers, answer.chunks)
            case Refused():
                await http.answer(send, answer.status, answer.headers, answer.body)
            case GoLive():
                await self._go_live(asked, receive, send)
            case _:
                assert_never(answer)

    def _respond(self, asked: Asked) -> Answer:
        return self._player.respond(
            Incoming(
                method=asked.method,
                path=asked.path,
                headers=dict(asked.headers),
                request=self._cleaner.request(
                    asked.body,
                    dialect=dialect_of(asked.method, asked.path, asked.headers),
                    method=asked.method,
                    path=asked.path,
                ),
            )
        )

    async def _serve_socket(self, asked: Asked, receive: Receive, send: Send) -> None:
        """Serves a socket; where a run may go on live, its client is asked to post instead."""
        if self._live is not None or not websocket.is_carried(asked.path):
            await websocket.refuse(send)
            return

        async def ask(body: bytes) -> websocket.Answered:
            return self._said(self._respond(msgspec.structs.replace(asked, body=body)), asked)

        await websocket.ServedSocket(ask).serve(receive, send)

    def _said(self, answer: Answer, asked: Asked) -> websocket.Answered:
        match answer:
            case Served():
                return websocket.Answered(
                    status=answer.status,
                    chunks=answer.chunks,
                    body=answer.body if answer.status >= _FAILED else b"",
                    is_whole=answer.end == "complete",
                    finish=lambda delivered: self._player.finish(answer.ticket, delivered=delivered),
                )
            case Stubbed():
                return websocket.Answered(status=answer.status, chunks=answer.chunks, body=answer.body)
            case Refused():
                return websocket.Answered(status=answer.status, body=answer.body)
            case GoLive():
                reply = _no_provider(asked)
                return websocket.Answered(status=reply.status, body=reply.body)
            case _:
                assert_never(answer)

    async def _close(self) -> None:
        if self._live is not None:
            await self._live.close()

    async def _serve(self, answer: Served, send: Send) -> None:
        delivered = False
        try:
            is_whole = answer.end == "complete"
            await _answer(send, answer.status, answer.headers, answer.chunks, is_whole=is_whole)
            delivered = True
            if not is_whole:
                raise http.BrokenOffError
        finally:
            self._player.finish(answer.ticket, delivered=delivered)

    async def _go_live(self, asked: Asked, receive: Receive, send: Send) -> None:
        if self._live is None:
            reply = _no_provider(asked)
            await http.answer(send, reply.status, reply.headers, reply.body)
            return
        await self._live.pass_on(asked, receive, send)


def _no_provider(asked: Asked) -> ErrorReply:
    speaks = dialect_of(asked.method, asked.path, asked.headers) or dialect_named("anthropic")
    return speaks.error(speaks.refusal_status, kind="api_error", message="reenact: no live provider")


async def _answer(
    send: Send, status: int, headers: dict[str, str], chunks: tuple[Chunk, ...], *, is_whole: bool = True
) -> None:
    """Sends an answer, and its end where it has one; pieces that nothing lies between go in one."""
    kept = [(name, value) for name, value in headers.items() if name.lower() not in http.HOP_BY_HOP]
    await http.start(send, status, kept)
    ready: list[bytes] = []
    for piece in chunks:
        if piece.delay:
            if ready:
                await http.chunk(send, b"".join(ready))
                ready = []
            await asyncio.sleep(piece.delay / _MICROSECONDS)
        ready.append(piece.data)
    if is_whole:
        await http.end(send, b"".join(ready))
    elif ready:
        with contextlib.suppress(ConnectionError):
            await http.chunk(send, b"".join(ready))

"""The little of HTTP that the gateway needs, as raw ASGI: read a body, send a start, send chunks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

import msgspec

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
    "transfer-encoding", "upgrade", "host", "content-length",
})  # fmt: skip
"""Headers that belong to one connection and are never passed on."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it arrived. Header names are lower-case; the last of several values counts."""

    method: str
    path: str
    """With its query."""
    headers: Mapping[str, str]
    body: bytes


class Body:
    """A request's body, given piece by piece as it comes, and whole when all of it came."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._pieces: list[bytes] = []
        self._is_whole = False
        self._is_over = asyncio.Event()

    @classmethod
    def given(cls, data: bytes) -> Body:
        """Gives a body of which all has come already."""

        async def receive() -> Message:
            return {"type": "http.request", "body": data}

        return cls(receive)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not self._is_whole:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.close()
                raise ClientLeftError
            if piece := message.get("body", b""):
                self._pieces.append(piece)
                yield piece
            self._is_whole = not message.get("more_body")
        self.close()

    async def drain(self) -> None:
        """Takes in what nobody asked for."""
        async for _ in self:
            pass

    def close(self) -> None:
        """Ends the waiting for more."""
        self._is_over.set()

    async def comes_whole(self) -> bool:
        """Waits until no more is asked for; gives whether all of it came."""
        await self._is_over.wait()
        return self._is_whole

    @property
    def data(self) -> bytes:
        """All that came."""
        return b"".join(self._pieces)


def head(scope: Scope) -> Asked:
    """Gives a request without its body."""
    query = scope.get("query_string", b"").decode("latin-1")
    return Asked(
        method=scope["method"],
        path=f"{scope['path']}?{query}" if query else scope["path"],
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body=b"",
    )


async def read(scope: Scope, receive: Receive) -> Asked | None:
    """Gives the whole request, or None where the client left before its end."""
    body = Body(receive)
    try:
        await body.drain()
    except ClientLeftError:
        return None
    return msgspec.structs.replace(head(scope), body=body.data)


async def start(send: Send, status: int, headers: Iterable[tuple[str, str]]) -> None:
    """Sends the status and the headers."""
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def chunk(send: Send, data: bytes) -> None:
    """Sends a piece of the body at once."""
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def end(send: Send, data: bytes = b"") -> None:
    """Ends the answer properly, with its last piece if there is one."""
    await send({"type": "http.response.body", "body": data, "more_body": False})


async def answer(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Sends a whole answer."""
    await start(send, status, [*headers.items(), ("content-length", str(len(body)))])
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def lifespan(receive: Receive, send: Send, *, close: Callable[[], Awaitable[None]]) -> None:
    """Answers the server's start and stop; `close` is called before it stops."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await close()
            await send({"type": "lifespan.shutdown.complete"})
            return


class ClientLeftError(Exception):
    """Raised where the client leaves in the middle of its request."""


class BrokenOffError(Exception):
    """Raised to break off an answer in its middle, as the recorded one broke off."""

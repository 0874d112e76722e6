"""The little of HTTP that the gateway needs, as raw ASGI: read a body, send a start, send chunks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
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


async def read(scope: Scope, receive: Receive) -> Asked | None:
    """Gives the whole request, or None where the client left before its end."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    query = scope.get("query_string", b"").decode("latin-1")
    return Asked(
        method=scope["method"],
        path=f"{scope['path']}?{query}" if query else scope["path"],
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body=b"".join(parts),
    )


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


class BrokenOffError(Exception):
    """Raised to break off an answer in its middle, as the recorded one broke off."""

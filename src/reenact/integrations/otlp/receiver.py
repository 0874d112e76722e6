"""The receiver's face: an ASGI app for `POST /v1/traces`, JSON only, from this machine only."""

from __future__ import annotations

import gzip
import ipaddress
import json
import sys
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from reenact.integrations.otlp.spans import spans_of
from reenact.integrations.otlp.spool import Spool
from reenact.integrations.otlp.traces import Recordings, Traces

Message = MutableMapping[str, Any]
_MOST = 64 << 20
"""Bytes of one request, as it came and unpacked."""
_JSON = "application/json"


class Receiver:
    """Takes spans from exporters. `close` (or the server's shutdown) writes what is not complete.

    What it acknowledged is on disk; after a kill, the next receiver of the archive takes it up.

    Args:
        archive: where sessions are recorded.
        spool: where spans wait.
    """

    def __init__(self, archive: Recordings, spool: Spool) -> None:
        self.traces = Traces(archive, spool)
        self.traces.recover()

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        status, message = _refusal(scope, headers)
        body = b""
        if not status:
            body, status, message = await _read(receive, headers)
        if not status:
            status, message = self.take(body)
        await _answer(send, status, message)

    def take(self, body: bytes) -> tuple[int, str]:
        """Takes the body of one request; gives the status and what is wrong, if anything is."""
        try:
            document = json.loads(body)
        except ValueError as error:
            return 400, f"the body is no JSON: {error}"
        if not isinstance(document, dict) or "resourceSpans" not in document:
            return 400, "the body has no resourceSpans: it is no export of traces"
        try:
            self.traces.add(spans_of(document))
        except Exception as error:  # noqa: BLE001 - one request must not end the receiver; its sender is told
            sys.stderr.write(f"reenact: spans were not recorded: {type(error).__name__}: {error}\n")
            return 500, f"not recorded: {type(error).__name__}"
        return 200, ""

    def close(self) -> None:
        """Writes what has come, complete or not."""
        self.traces.flush()

    async def _live(
        self, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                self.close()
                return


def _refusal(scope: Message, headers: dict[str, str]) -> tuple[int, str]:
    """Tells why a request is not taken; status 0 where it is."""
    client = scope.get("client")
    if not client or not _is_loopback(str(client[0])) or not _is_local(headers.get("host", "")):
        return 403, "only this machine is listened to"
    if scope["path"].rstrip("/") != "/v1/traces":
        return 404, "traces go to /v1/traces; nothing else is taken"
    if scope["method"] != "POST":
        return 405, "traces are posted"
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _JSON:
        return 415, (
            f"{kind or 'no content type'} is not read, JSON is: "
            "set OTEL_EXPORTER_OTLP_PROTOCOL=http/json, or use an exporter that has it"
        )
    return 0, ""


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _is_local(host: str) -> bool:
    """Tells whether a host name is this machine's: pages from elsewhere come under their own names."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return name == "localhost" or _is_loopback(name.strip("[]"))


async def _read(receive: Callable[[], Awaitable[Message]], headers: dict[str, str]) -> tuple[bytes, int, str]:
    pieces: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        more = message.get("more_body", False) and message["type"] == "http.request"
        if size > _MOST:
            return b"", 413, f"more than {_MOST} bytes"
    body = b"".join(pieces)
    if headers.get("content-encoding", "identity") == "gzip":
        try:
            unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
            body = unpacking.decompress(body, _MOST)
        except (zlib.error, gzip.BadGzipFile) as error:
            return b"", 400, f"the body cannot be unpacked: {error}"
        if unpacking.unconsumed_tail:
            return b"", 413, f"more than {_MOST} bytes when unpacked"
    return body, 0, ""


async def _answer(send: Callable[[Message], Awaitable[None]], status: int, message: str) -> None:
    body = b"{}" if status == 200 else json.dumps({"code": 3, "message": f"reenact: {message}"}).encode()
    headers = [(b"content-type", _JSON.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""A plain client for measuring: prepared bytes out, bytes in until the answer ends; no library between."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from typing import Self
from urllib.parse import urlsplit

import msgspec

_END = b"\r\n0\r\n\r\n"
_HEAD = b"\r\n\r\n"


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """How long an answer took, in seconds."""

    first: float
    """Until its first byte of body."""
    whole: float
    status: int


class Connection:
    """One kept-alive connection."""

    def __init__(self, address: str) -> None:
        place = urlsplit(address)
        self._socket = socket.create_connection((place.hostname, place.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> Timed:
        """Sends a request and reads its answer to the end."""
        start = time.perf_counter()
        self._socket.sendall(request)
        data = self._socket.recv(1 << 18)
        while (head := data.find(_HEAD)) < 0 or len(data) == head + len(_HEAD):
            data += self._receive()
        first = time.perf_counter()
        length = _length(data[:head])
        while not (data.endswith(_END) if length is None else len(data) >= head + len(_HEAD) + length):
            data += self._receive()
        return Timed(first=first - start, whole=time.perf_counter() - start, status=int(data[9:12]))

    def _receive(self) -> bytes:
        more = self._socket.recv(1 << 18)
        if not more:
            raise ConnectionError("the answer broke off")
        return more


def prepared(body: bytes, *, path: str = "/v1/messages?beta=true") -> bytes:
    """Gives a request as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"anthropic-version: 2023-06-01\r\nx-api-key: benchmark\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def rate(address: str, requests: Sequence[bytes], *, connections: int = 4) -> float:
    """Gives requests per second when every request is sent once, over some connections at a time."""
    failed: list[int] = []

    def work(mine: Sequence[bytes]) -> None:
        with Connection(address) as connection:
            failed.extend(found for one in mine if (found := connection.ask(one).status) != 200)

    threads = [threading.Thread(target=work, args=(requests[k::connections],)) for k in range(connections)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - start
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(requests)} requests were not answered: {failed[0]}")
    return len(requests) / took


def _length(head: bytes) -> int | None:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return None

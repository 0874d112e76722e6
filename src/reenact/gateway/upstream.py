"""The provider behind the gateway: requests go on as they come, answers come back as they arrive."""

from __future__ import annotations

import urllib.request
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import httpcore2
import msgspec

from reenact.gateway.http import HOP_BY_HOP
from reenact.gateway.network import Backend

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reenact.gateway.http import Asked

_LIMITS = {"connect": 30.0, "read": None, "write": None, "pool": None}
"""Models may think for many minutes; only connecting has a limit (seconds)."""
_MOST_URLS = 1000
_OWN = HOP_BY_HOP | {"accept-encoding"}
_LOST = (
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
    httpcore2.TimeoutException,
    httpcore2.UnsupportedProtocol,
    OSError,
)


class UpstreamError(Exception):
    """Raised where the provider cannot be reached, or breaks an answer off."""


class Answering(msgspec.Struct, frozen=True, kw_only=True):
    """An answer whose body has not come yet."""

    status: int
    headers: list[tuple[str, str]]
    """Names in lower case."""
    pieces: AsyncIterator[bytes]


class Upstream:
    """One provider, by its base address."""

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")
        self.base = self._base
        """The address that paths are asked at."""
        self._pool = httpcore2.AsyncConnectionPool(
            proxy=_proxy(self._base),
            max_connections=1000,
            max_keepalive_connections=100,
            keepalive_expiry=5.0,
            network_backend=Backend(),
        )
        self._urls: dict[str, httpcore2.URL] = {}

    @asynccontextmanager
    async def send(self, asked: Asked, body: AsyncIterable[bytes]) -> AsyncIterator[Answering]:
        """Passes a request on while its body comes in; the answer's body has not been read yet.

        The answer is asked for uncompressed, so that what is recorded can be read.

        Raises:
            UpstreamError: the provider cannot be reached, or breaks the answer off.
        """
        request = httpcore2.Request(
            asked.method,
            self._url(asked.path),
            headers=self._headers(asked.headers),
            content=body,
            extensions={"timeout": _LIMITS},
        )
        try:
            response = await self._pool.handle_async_request(request)
            try:
                headers = [
                    (name.decode("latin-1").lower(), value.decode("latin-1"))
                    for name, value in response.headers
                ]
                yield Answering(status=response.status, headers=headers, pieces=response.aiter_stream())
            finally:
                await response.aclose()
        except _LOST as error:
            raise UpstreamError(str(error) or type(error).__name__) from error

    def _headers(self, told: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        headers = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in told.items()
            if name not in _OWN
        ]
        headers.append((b"host", urlsplit(self._base).netloc.rpartition("@")[2].encode("latin-1")))
        headers.append((b"accept-encoding", b"identity"))
        if (length := told.get("content-length")) is not None:
            headers.append((b"content-length", length.encode("latin-1")))
        elif "transfer-encoding" in told:
            headers.append((b"transfer-encoding", b"chunked"))
        return headers

    def _url(self, path: str) -> httpcore2.URL:
        """Gives an address; an agent asks at few of them, and reading one takes its time."""
        url = self._urls.get(path)
        if url is None:
            if len(self._urls) > _MOST_URLS:
                self._urls.clear()
            url = self._urls[path] = httpcore2.URL(f"{self._base}{path}")
        return url

    async def close(self) -> None:
        await self._pool.aclose()


def _proxy(base: str) -> httpcore2.Proxy | None:
    """Gives the proxy that the environment names for an address (`HTTPS_PROXY`, `NO_PROXY`, …)."""
    place = urlsplit(base)
    named = urllib.request.getproxies()
    address = named.get(place.scheme) or named.get("all")
    if not address or urllib.request.proxy_bypass(place.hostname or ""):
        return None
    proxy = urlsplit(address if "://" in address else f"http://{address}")
    auth = (unquote(proxy.username), unquote(proxy.password or "")) if proxy.username else None
    return httpcore2.Proxy(f"{proxy.scheme}://{proxy.netloc.rpartition('@')[2]}", auth=auth)

"""The provider behind the gateway: requests go on as they came, answers come back as they arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx2

from reenact.gateway.http import HOP_BY_HOP

if TYPE_CHECKING:
    from reenact.gateway.http import Asked

_TIMEOUT = httpx2.Timeout(None, connect=30.0)
"""Models may think for many minutes; only connecting has a limit (seconds)."""
_MOST_URLS = 1000


class Upstream:
    """One provider, by its base address."""

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")
        self._client = httpx2.AsyncClient(timeout=_TIMEOUT, follow_redirects=False, trust_env=True)
        self._urls: dict[str, httpx2.URL] = {}

    @asynccontextmanager
    async def send(self, asked: Asked) -> AsyncIterator[httpx2.Response]:
        """Passes a request on; the answer's body has not been read yet.

        The answer is asked for uncompressed, so that what is recorded can be read.

        Raises:
            httpx2.HTTPError: the provider cannot be reached.
        """
        headers = [(name, value) for name, value in asked.headers.items() if name not in HOP_BY_HOP]
        headers = [(name, value) for name, value in headers if name != "accept-encoding"]
        headers.append(("accept-encoding", "identity"))
        # Built without the client: it would add headers that the agent did not send.
        request = httpx2.Request(
            asked.method,
            self._url(asked.path),
            headers=headers,
            content=asked.body,
            extensions={"timeout": _TIMEOUT.as_dict()},
        )
        response = await self._client.send(request, stream=True)
        try:
            yield response
        finally:
            await response.aclose()

    def _url(self, path: str) -> httpx2.URL:
        """Gives an address; an agent asks at few of them, and reading one takes its time."""
        url = self._urls.get(path)
        if url is None:
            if len(self._urls) > _MOST_URLS:
                self._urls.clear()
            url = self._urls[path] = httpx2.URL(f"{self._base}{path}")
        return url

    async def close(self) -> None:
        await self._client.aclose()

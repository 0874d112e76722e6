"""Transports of `httpx2`: record every model call that its clients make, or answer them from a script.

```python
client = openai.OpenAI(http_client=httpx2.Client(transport=RecordingTransport(session)))
```
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import httpx2

from reenact.integrations.mock import Mock
from reenact.integrations.streams import AsyncTeed, Playing, Teed
from reenact.integrations.tap import Records, Tap
from reenact.recorder import Session
from reenact.wire.reply import ErrorReply

__all__ = ["AsyncRecordingTransport", "MockTransport", "RecordingTransport"]

_OF_BODY = (b"content-length", b"content-encoding", b"transfer-encoding")


class RecordingTransport(httpx2.BaseTransport):
    """Records model calls, and passes all calls on to another transport.

    Args:
        into: the session to record in, or an archive, in which one is begun with the first call and
            ended by `close`. Code that runs in a session below (or, with an archive or None, in any)
            is recorded there.
        inner: what does the work; a plain `HTTPTransport` unless told.
        agent: the agent's name, where a session is begun.
    """

    def __init__(
        self,
        into: Session | Records | None = None,
        inner: httpx2.BaseTransport | None = None,
        *,
        agent: str = "agent",
    ) -> None:
        self._tap = Tap(into, _decode, agent=agent)
        self._inner = inner or httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        path, headers = _address(request)
        if not self._tap.is_recorded(request.method, path, headers):
            return self._inner.handle_request(request)
        begun = self._tap.begin(request.method, path, headers, request.read())
        if begun.refusal is not None:
            return _refused(request, begun.refusal)
        if begun.body is not None:
            request = _replaced(request, begun.body)
        call = begun.call
        if call is None:
            return self._inner.handle_request(request)
        try:
            response = self._inner.handle_request(request)
        except BaseException as error:
            call.unreachable(error)
            raise
        call.answered(response.status_code, response.headers)
        assert isinstance(response.stream, httpx2.SyncByteStream)
        response.stream = _Teed(response.stream, call)
        return response

    def close(self) -> None:
        self._tap.close()
        self._inner.close()


class AsyncRecordingTransport(httpx2.AsyncBaseTransport):
    """The same for asynchronous clients."""

    def __init__(
        self,
        into: Session | Records | None = None,
        inner: httpx2.AsyncBaseTransport | None = None,
        *,
        agent: str = "agent",
    ) -> None:
        self._tap = Tap(into, _decode, agent=agent)
        self._inner = inner or httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        path, headers = _address(request)
        if not self._tap.is_recorded(request.method, path, headers):
            return await self._inner.handle_async_request(request)
        begun = self._tap.begin(request.method, path, headers, await request.aread())
        if begun.refusal is not None:
            return _refused(request, begun.refusal)
        if begun.body is not None:
            request = _replaced(request, begun.body)
        call = begun.call
        if call is None:
            return await self._inner.handle_async_request(request)
        try:
            response = await self._inner.handle_async_request(request)
        except BaseException as error:
            call.unreachable(error)
            raise
        call.answered(response.status_code, response.headers)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _AsyncTeed(response.stream, call)
        return response

    async def aclose(self) -> None:
        self._tap.close()
        await self._inner.aclose()


class MockTransport(httpx2.AsyncBaseTransport, httpx2.BaseTransport):
    """Answers sync and async clients from a script, and reaches for no network; `mock` keeps the books."""

    def __init__(self, mock: Mock) -> None:
        self.mock = mock

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return self._answer(request, request.read())

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return self._answer(request, await request.aread())

    def _answer(self, request: httpx2.Request, body: bytes) -> httpx2.Response:
        path, headers = _address(request)
        played = self.mock.ask(request.method, path, headers, body)
        stream = _Playing(played, httpx2.RemoteProtocolError)
        return httpx2.Response(played.status, headers=played.headers, stream=stream, request=request)


class _Teed(Teed, httpx2.SyncByteStream):
    pass


class _AsyncTeed(AsyncTeed, httpx2.AsyncByteStream):
    pass


class _Playing(Playing, httpx2.AsyncByteStream, httpx2.SyncByteStream):
    pass


def _address(request: httpx2.Request) -> tuple[str, dict[str, str]]:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return request.url.raw_path.decode("ascii", "replace"), headers


def _refused(request: httpx2.Request, reply: ErrorReply) -> httpx2.Response:
    return httpx2.Response(reply.status, headers=reply.headers, content=reply.body, request=request)


def _replaced(request: httpx2.Request, body: bytes) -> httpx2.Request:
    """Gives a request with another body; its length is that body's."""
    headers = [(name, value) for name, value in request.headers.raw if name.lower() not in _OF_BODY]
    return httpx2.Request(
        request.method, request.url, headers=headers, content=body, extensions=request.extensions
    )


def _decode(headers: Mapping[str, str], pieces: Sequence[bytes]) -> list[tuple[int, bytes]]:
    """Undoes compression with the library's own decoders."""
    latest = -1

    def feed() -> Iterator[bytes]:
        nonlocal latest
        for number, piece in enumerate(pieces):
            latest = number
            yield piece

    response = httpx2.Response(200, headers=dict(headers), stream=_Given(feed()))
    return [(latest, data) for data in response.iter_bytes()]


class _Given(httpx2.SyncByteStream):
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

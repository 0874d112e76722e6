"""Byte streams of the transports, for the classes of whichever HTTP library they are mixed into."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from reenact.integrations.mock import Played
    from reenact.integrations.tap import Call, End

__all__ = ["AsyncTeed", "Playing", "Teed"]

_BROKEN = "the recorded answer breaks off here"


class SyncStream(Protocol):
    """What a synchronous answer's body can do in every library."""

    def __iter__(self) -> Iterator[bytes]: ...
    def close(self) -> None: ...


class AsyncStream(Protocol):
    """What an asynchronous answer's body can do in every library."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...
    async def aclose(self) -> None: ...


class Teed:
    """Passes pieces on as they come; the call hears them, too."""

    def __init__(self, stream: SyncStream, call: Call) -> None:
        self._stream = stream
        self._call = call

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self._stream:
                self._call.piece(piece)
                yield piece
        except BaseException as error:
            self._call.end(_end_of(error))
            raise
        self._call.end("complete")

    def close(self) -> None:
        try:
            if self._call.is_unread_failure:
                with contextlib.suppress(Exception):
                    for _ in self:
                        pass
            self._stream.close()
        finally:
            self._call.end("client_abort")


class AsyncTeed:
    """The same for asynchronous clients."""

    def __init__(self, stream: AsyncStream, call: Call) -> None:
        self._stream = stream
        self._call = call

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._stream:
                self._call.piece(piece)
                yield piece
        except BaseException as error:
            self._call.end(_end_of(error))
            raise
        self._call.end("complete")

    async def aclose(self) -> None:
        try:
            if self._call.is_unread_failure:
                with contextlib.suppress(Exception):
                    async for _ in self:
                        pass
            await self._stream.aclose()
        finally:
            self._call.end("client_abort")


def _end_of(error: BaseException) -> End:
    """Tells who broke an answer off: the network, or a reader that was cancelled, interrupted or is gone."""
    return "upstream_error" if isinstance(error, Exception) else "client_abort"


class Playing:
    """Gives the pieces of a recorded answer in their time, and breaks off where it did.

    `broken` makes the error that the library raises for an answer cut short.
    """

    def __init__(self, played: Played, broken: Callable[[str], Exception]) -> None:
        self._played = played
        self._broken = broken

    def __iter__(self) -> Iterator[bytes]:
        for delay, data in self._played:
            if delay:
                time.sleep(delay)
            yield data
        self._end()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for delay, data in self._played:
            if delay:
                await asyncio.sleep(delay)
            yield data
        self._end()

    def _end(self) -> None:
        if not self._played.is_whole:
            raise self._broken(_BROKEN)

    def close(self) -> None:
        self._played.finish(delivered=False)

    async def aclose(self) -> None:
        self._played.finish(delivered=False)

"""Requests and answers over HTTP as the frames that a socket would carry."""

from __future__ import annotations

from reenact.wire import canonical, sse
from reenact.wire.openai_responses.websocket import CREATE


def request_frame(body: bytes) -> str:
    """Gives a posted request as a client's frame."""
    value = canonical.decode(body)
    assert isinstance(value, dict)
    return canonical.dump({"type": CREATE, **value}).decode()


def as_frames(stream: bytes) -> tuple[str, ...]:
    """Gives the events of a stream as the frames that a socket would carry, their text as it was."""
    return tuple(frame.data for frame in sse.decode(stream) if frame.data and not frame.is_torn)

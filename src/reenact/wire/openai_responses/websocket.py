"""The Responses API over WebSocket, without the socket: its frames as requests and answers over HTTP.

A client's frame `response.create` is a request, and the server's events up to the last of that
response are its answer. The frames are the same events as those of a stream, so an exchange over a
socket is kept as a stream and served as either. A request names the response it continues
(`previous_response_id`) and holds only what is new; `generate: false` asks for nothing but that the
server takes note.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from reenact.wire import canonical, sse
from reenact.wire.openai_responses.stream import ENDS
from reenact.wire.reply import text_of

CREATE = "response.create"


class Turn(msgspec.Struct, kw_only=True):
    """One request over a socket, and its answer as far as it came."""

    body: bytes
    """The request as it would be posted."""
    frames: list[str] = []
    """The server's frames, as they came."""
    is_ended: bool = False

    @property
    def answer(self) -> bytes:
        """The answer as a stream."""
        return as_stream(self.frames)


class Conversation:
    """Follows the frames of one socket, in both directions."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.other: list[tuple[str, str]] = []
        """Frames that belong to no request: who sent it (`client`, `server`), and what."""

    @property
    def open(self) -> Turn | None:
        """The request that is being answered."""
        last = self.turns[-1] if self.turns else None
        return last if last is not None and not last.is_ended else None

    def from_client(self, frame: str) -> Turn | None:
        """Takes a frame of the client; gives the request that it begins, if it does."""
        body = request_body(frame)
        if body is None:
            self.other.append(("client", frame))
            return None
        turn = Turn(body=body, frames=[])
        self.turns.append(turn)
        return turn

    def from_server(self, frame: str) -> Turn | None:
        """Takes a frame of the server; gives the request that it answers, `is_ended` with its last."""
        turn = self.open
        if turn is None:
            self.other.append(("server", frame))
            return None
        turn.frames.append(frame)
        turn.is_ended = is_last(frame)
        return turn


def request_body(frame: str) -> bytes | None:
    """Gives the request that a client's frame holds, as it would be posted; None for another frame."""
    try:
        value = canonical.decode(frame)
    except ValueError:
        return None
    if not isinstance(value, dict) or value.get("type") != CREATE:
        return None
    inner = value.get("response")
    fields = {**inner} if isinstance(inner, dict) else {k: v for k, v in value.items() if k != "type"}
    return canonical.dump({**fields, "stream": True})


def is_last(frame: str) -> bool:
    """Tells whether a server's frame is the last of its response."""
    try:
        kind = text_of(canonical.decode(frame), "type")
    except ValueError:
        return False
    return kind in ENDS or kind == "error"


def as_stream(frames: Iterable[str]) -> bytes:
    """Gives a server's frames as server-sent events."""
    return b"".join(sse.encode(sse.Frame(event=_kind(frame), data=frame)) for frame in frames)


def _kind(frame: str) -> str:
    try:
        return text_of(canonical.decode(frame), "type") or ""
    except ValueError:
        return ""

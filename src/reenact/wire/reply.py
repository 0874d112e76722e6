"""What an answer held, in any dialect: the message, or the error in the provider's own words."""

from __future__ import annotations

from typing import Literal

import msgspec

from reenact.wire import canonical, sse
from reenact.wire.canonical import Json, Object

End = Literal["complete", "truncated", "error"]
NO_RETRY = {"x-should-retry": "false"}
"""Tells the official clients, and Claude Code, not to ask again."""
STREAM_HEADERS = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
"""Headers of an answer that is a stream."""
JSON_HEADERS = {"content-type": "application/json"}
"""Headers of an answer in one piece."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An error the provider answered with, in its own words."""

    type: str
    message: str
    request_id: str | None = None
    status: int | None = None
    raw: Json = None
    """The whole body as decoded; None where it was no JSON."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer held: `message` or `failure`; neither where it is something else, kept in `raw`."""

    message: Object | None = None
    failure: Failure | None = None
    raw: Json = None
    defect: str | None = None


class Assembled(msgspec.Struct, frozen=True, kw_only=True):
    """A streamed answer put together, whole or as far as it got.

    `message` has the same shape as the answer to a request without streaming.
    """

    message: Object | None = None
    end: End = "truncated"
    failure: Failure | None = None
    defects: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """True when the stream came to its own end."""
        return self.end == "complete"


class Stream(Assembled, frozen=True, kw_only=True):
    """A streamed answer with all its events; written again, they are the same bytes."""

    frames: tuple[sse.Frame, ...] = ()


class ErrorReply(msgspec.Struct, frozen=True, kw_only=True):
    """An error answer, ready to be sent."""

    status: int
    headers: dict[str, str]
    body: bytes


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """What every dialect tells of an answer, each under names of its own."""

    id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    is_final: bool = False
    """True where the answer came to its end: its counts are final."""


def read_json(body: bytes, *, status: int) -> tuple[Json, Reply | None]:
    """Decodes a body; gives the reply instead where it is no JSON."""
    try:
        return canonical.decode(body), None
    except ValueError as error:
        if status >= 400:
            text = body.decode("utf-8", "replace")
            return None, Reply(failure=Failure(type="unknown", message=text, status=status))
        return None, Reply(defect=f"the answer is no JSON: {error}")


def failure_of(value: Json, *, status: int | None = None) -> Failure:
    """Reads an error body, or the data of an error event; a text is the message itself.

    `type` is the most telling word for the kind that the body has.
    """
    if isinstance(value, str):
        return Failure(type="unknown", message=value, status=status)
    fields = value if isinstance(value, dict) else {}
    error = fields.get("error")
    inner = error if isinstance(error, dict) else {}
    kind = next((text for name in ("type", "status", "code") if (text := text_of(inner, name))), None)
    message = next((text for text in (inner.get("message"), error, fields.get("message")) if text), None)
    request_id = fields.get("request_id")
    return Failure(
        type=kind or "unknown",
        message=message if isinstance(message, str) else canonical.dump(value).decode("utf-8", "replace"),
        request_id=request_id if isinstance(request_id, str) else None,
        status=status,
        raw=value,
    )


def error_answer(
    status: int, body: Object, *, may_retry: bool = False, divergence: str | None = None
) -> ErrorReply:
    """Gives an error body as an answer; unless `may_retry`, clients are told not to ask again.

    `divergence` is the id of a replay's report; it travels in `x-reenact-divergence`.
    """
    headers = dict(JSON_HEADERS) if may_retry else {**JSON_HEADERS, **NO_RETRY}
    if divergence is not None:
        headers["x-reenact-divergence"] = divergence
    return ErrorReply(status=status, headers=headers, body=canonical.dump(body))


def count(fields: Json, name: str) -> int | None:
    """Gives a count among fields, or None where there is none."""
    value = fields.get(name) if isinstance(fields, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def text_of(fields: Json, name: str) -> str | None:
    """Gives a text among fields, or None where there is none."""
    value = fields.get(name) if isinstance(fields, dict) else None
    return value if isinstance(value, str) else None

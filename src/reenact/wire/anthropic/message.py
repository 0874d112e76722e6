"""An answer of the Messages API that came in one piece: a message or an error, and the tokens it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from reenact.events import Tokens
from reenact.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reenact.wire.canonical import Json, Object


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


def parse_reply(body: bytes, *, status: int = 200) -> Reply:
    """Reads an answer that is no stream. Unknown fields stay in the message."""
    try:
        value = canonical.decode(body)
    except ValueError as error:
        if status >= 400:
            return Reply(failure=failure_of(body.decode("utf-8", "replace"), status=status))
        return Reply(defect=f"the answer is no JSON: {error}")
    if isinstance(value, dict) and value.get("type") == "message":
        return Reply(message=value)
    if status >= 400 or (isinstance(value, dict) and value.get("type") == "error"):
        return Reply(failure=failure_of(value, status=status))
    return Reply(raw=value)


def failure_of(value: Json, *, status: int | None = None) -> Failure:
    """Reads an error body, or the data of an `error` event; a text is the message itself."""
    if isinstance(value, str):
        return Failure(type="unknown", message=value, status=status)
    fields = value if isinstance(value, dict) else {}
    error = fields.get("error")
    inner = error if isinstance(error, dict) else {}
    kind, message, request_id = inner.get("type"), inner.get("message"), fields.get("request_id")
    return Failure(
        type=kind if isinstance(kind, str) else "unknown",
        message=message if isinstance(message, str) else canonical.dump(value).decode("utf-8", "replace"),
        request_id=request_id if isinstance(request_id, str) else None,
        status=status,
        raw=value,
    )


def tokens(message: Mapping[str, Json]) -> Tokens | None:
    """Gives the tokens a message says it cost; None where it has no usage.

    `input_tokens` of this API already leaves out what was read from or written to the cache, and
    `output_tokens` includes thinking. The two parts of the cache write are told where they are.
    """
    usage = message.get("usage")
    if not isinstance(usage, dict):
        return None
    parts = usage.get("cache_creation")
    by_age = parts if isinstance(parts, dict) else {}
    short, long = (_count(by_age, f"ephemeral_{age}_input_tokens") for age in ("5m", "1h"))
    written = _count(usage, "cache_creation_input_tokens")
    if written is None:
        written = (short or 0) + (long or 0)
    details = usage.get("output_tokens_details")
    return Tokens(
        input=_count(usage, "input_tokens") or 0,
        cache_read=_count(usage, "cache_read_input_tokens") or 0,
        cache_write=written,
        cache_write_5m=short,
        cache_write_1h=long,
        output=_count(usage, "output_tokens") or 0,
        reasoning=_count(details, "thinking_tokens") if isinstance(details, dict) else None,
    )


def _count(usage: Mapping[str, Json], name: str) -> int | None:
    value = usage.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None

"""An answer of the Messages API that came in one piece: a message or an error, and the tokens it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenact.events import Tokens
from reenact.wire.reply import Failure, Reply, count, failure_of, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reenact.wire.canonical import Json

__all__ = ["Failure", "Reply", "failure_of", "parse_reply", "tokens"]


def parse_reply(body: bytes, *, status: int = 200) -> Reply:
    """Reads an answer that is no stream. Unknown fields stay in the message."""
    value, reply = read_json(body, status=status)
    if reply is not None:
        return reply
    if isinstance(value, dict) and value.get("type") == "message":
        return Reply(message=value)
    if status >= 400 or (isinstance(value, dict) and value.get("type") == "error"):
        return Reply(failure=failure_of(value, status=status))
    return Reply(raw=value)


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
    short, long = (count(by_age, f"ephemeral_{age}_input_tokens") for age in ("5m", "1h"))
    written = count(usage, "cache_creation_input_tokens")
    if written is None:
        written = (short or 0) + (long or 0)
    details = usage.get("output_tokens_details")
    return Tokens(
        input=count(usage, "input_tokens") or 0,
        cache_read=count(usage, "cache_read_input_tokens") or 0,
        cache_write=written,
        cache_write_5m=short,
        cache_write_1h=long,
        output=count(usage, "output_tokens") or 0,
        reasoning=count(details, "thinking_tokens") if isinstance(details, dict) else None,
    )

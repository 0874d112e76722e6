"""Errors in the provider's words, and the refusal of a request that replay has no answer for.

Claude Code stops after one request, shows the message and exits with 1 only at status 410 with
`x-should-retry: false`. Other statuses make it (or the official clients) ask again, change the
request, or end as if all were well; a polite answer or an error inside a stream does so too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from reenact.wire import canonical
from reenact.wire.reply import NO_RETRY, ErrorReply

if TYPE_CHECKING:
    from reenact.wire.canonical import Object

__all__ = ["REFUSAL_STATUS", "ErrorReply", "error_reply", "refusal"]

REFUSAL_STATUS = 410
"""The only status at which Claude Code asks no more and says why."""


def error_reply(
    status: int,
    *,
    kind: str,
    message: str,
    request_id: str | None = None,
    may_retry: bool = False,
) -> ErrorReply:
    """Gives an error as the provider would send it; unless `may_retry`, clients are told not to ask again."""
    body: Object = {"type": "error", "error": {"type": kind, "message": message}}
    headers = {"content-type": "application/json"}
    if request_id is not None:
        body["request_id"] = request_id
        headers["request-id"] = request_id
    return ErrorReply(
        status=status, headers=headers if may_retry else {**headers, **NO_RETRY}, body=canonical.dump(body)
    )


def refusal(message: str, *, divergence: str | None = None) -> ErrorReply:
    """Gives the answer to a request that the recording has no answer for.

    `divergence` is the id of the report; it travels in `x-reenact-divergence`.
    """
    reply = error_reply(REFUSAL_STATUS, kind="invalid_request_error", message=message)
    if divergence is None:
        return reply
    return msgspec.structs.replace(reply, headers={**reply.headers, "x-reenact-divergence": divergence})

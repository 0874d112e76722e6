"""What OpenAI's dialects have in common: answers and their counts, errors, refusals, lists of models.

A client that gets 400 asks no more and shows the message (Codex, Copilot and OpenCode do); other
statuses make one or another of them ask again, change the request, or end as if all were well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenact.events import Tokens
from reenact.wire.dialect import Dialect
from reenact.wire.reply import ErrorReply, Reply, count, error_answer, failure_of, read_json
from reenact.wire.rules import CURRENT_DATETIME, LISTING_DATES, UUIDS, IdShape, Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reenact.wire.canonical import Json, Object
    from reenact.wire.request import Request

SEALED = frozenset({"encrypted_content", "reasoning_opaque", "signature", "thought_signature"})
DROPPED = frozenset({
    "client_metadata", "metadata", "prompt_cache_key", "prompt_cache_retention", "safety_identifier",
    "stream_options", "user",
})  # fmt: skip
"""Fields that name an account, a run or a cache, or say how the answer is sent."""
RULES = Rules(
    shapes=(
        UUIDS,
        IdShape(name="call-id", pattern="call_[A-Za-z0-9]{6,}", hint="call_"),
        IdShape(name="session-id", pattern="ses_[A-Za-z0-9]{6,}", hint="ses_"),
    ),
    rules=(
        CURRENT_DATETIME,
        LISTING_DATES,
    ),
)
"""Rules for Copilot and OpenCode, each needed in a run at another place."""


class OpenAi(Dialect):
    """The common ground of OpenAI's dialects."""

    rules = RULES
    sealed = SEALED

    def error(self, status: int, *, kind: str, message: str, may_retry: bool = False) -> ErrorReply:
        """Gives an error as the provider would send it."""
        return error_answer(status, _body(kind, message), may_retry=may_retry)

    def refusal(self, message: str, *, divergence: str | None = None) -> ErrorReply:
        """Gives the answer to a request that the recording has no answer for."""
        body = _body("invalid_request_error", message, code="replay_diverged")
        return error_answer(self.refusal_status, body, divergence=divergence)

    def beside(self, purpose: str, request: Request) -> Object | None:
        """Gives a made-up list of models; there is nothing else."""
        del request
        return {"object": "list", "data": []} if purpose == "models" else None


def read_reply(body: bytes, *, status: int, holds: str) -> Reply:
    """Reads an answer that is no stream: a message `holds` a list of this name. Unknown fields stay in it."""
    value, reply = read_json(body, status=status)
    if reply is not None:
        return reply
    if status < 400 and isinstance(value, dict) and isinstance(value.get(holds), list):
        return Reply(message=value)
    if status >= 400 or (isinstance(value, dict) and value.get("error")):
        return Reply(failure=failure_of(value, status=status))
    return Reply(raw=value)


def read_tokens(message: Mapping[str, Json], *, given: str, made: str) -> Tokens | None:
    """Gives the tokens a message says it cost; None where it has no usage.

    What was `given` (`prompt` or `input`) includes what was read from or written to a cache, what was
    `made` (`completion` or `output`) includes reasoning.
    """
    usage = message.get("usage")
    if not isinstance(usage, dict):
        return None
    of_given, of_made = usage.get(f"{given}_tokens_details"), usage.get(f"{made}_tokens_details")
    read = count(of_given, "cached_tokens") or 0
    written = count(of_given, "cache_write_tokens") or 0
    return Tokens(
        input=max((count(usage, f"{given}_tokens") or 0) - read - written, 0),
        cache_read=read,
        cache_write=written,
        output=count(usage, f"{made}_tokens") or 0,
        reasoning=count(of_made, "reasoning_tokens"),
    )


def _body(kind: str, message: str, code: str | None = None) -> Object:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}

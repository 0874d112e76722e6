"""The Anthropic Messages dialect: requests and answers read, rendered, compared and rewritten.

It knows the protocol and what Claude Code adds to it; it refuses to send anything.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reenact.wire.anthropic.diff import Difference, diff_requests
    from reenact.wire.anthropic.failure import REFUSAL_STATUS, ErrorReply, error_reply, refusal
    from reenact.wire.anthropic.fingerprint import CLAUDE_CODE, RULES, fingerprint_request
    from reenact.wire.anthropic.message import Failure, Reply, failure_of, parse_reply, tokens
    from reenact.wire.anthropic.render import render_assembled, render_json, render_stream
    from reenact.wire.anthropic.request import Request, as_blocks, parse_request, request_of
    from reenact.wire.anthropic.rewrite import rewrite_message, rewrite_stream
    from reenact.wire.anthropic.stream import Assembler, Stream, assemble

__all__ = [
    "CLAUDE_CODE",
    "REFUSAL_STATUS",
    "RULES",
    "Assembler",
    "Difference",
    "ErrorReply",
    "Failure",
    "Reply",
    "Request",
    "Stream",
    "as_blocks",
    "assemble",
    "diff_requests",
    "error_reply",
    "failure_of",
    "fingerprint_request",
    "parse_reply",
    "parse_request",
    "refusal",
    "render_assembled",
    "render_json",
    "render_stream",
    "request_of",
    "rewrite_message",
    "rewrite_stream",
    "tokens",
]

_HOMES = {
    "diff": ("Difference", "diff_requests"),
    "failure": ("REFUSAL_STATUS", "ErrorReply", "error_reply", "refusal"),
    "fingerprint": ("CLAUDE_CODE", "RULES", "fingerprint_request"),
    "message": ("Failure", "Reply", "failure_of", "parse_reply", "tokens"),
    "render": ("render_assembled", "render_json", "render_stream"),
    "request": ("Request", "as_blocks", "parse_request", "request_of"),
    "rewrite": ("rewrite_message", "rewrite_stream"),
    "stream": ("Assembler", "Stream", "assemble"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Loads the part of the room where a name lives; who needs one part does not pay for all."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)

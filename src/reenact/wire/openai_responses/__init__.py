"""The OpenAI Responses dialect: over HTTP with server-sent events, and over WebSocket.

It knows items, events and what the server may remember (`previous_response_id`); it refuses to send
anything.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reenact.wire.openai_responses.dialect import DIALECT
    from reenact.wire.openai_responses.message import parse_reply, tokens
    from reenact.wire.openai_responses.render import render_stream
    from reenact.wire.openai_responses.stream import Assembler, assemble
    from reenact.wire.openai_responses.websocket import (
        Conversation,
        Turn,
        as_stream,
    )

__all__ = [
    "DIALECT",
    "Assembler",
    "Conversation",
    "Turn",
    "as_stream",
    "assemble",
    "parse_reply",
    "render_stream",
    "tokens",
]

_HOMES = {
    "dialect": ("DIALECT",),
    "message": ("parse_reply", "tokens"),
    "render": ("render_stream",),
    "stream": ("Assembler", "assemble"),
    "websocket": ("Conversation", "Turn", "as_stream"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Loads the part of the room where a name lives; who needs one part does not pay for all."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)

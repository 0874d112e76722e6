"""The OpenAI Responses dialect: over HTTP with server-sent events, and over WebSocket.

It knows items, events and what the server may remember (`previous_response_id`); it refuses to send
anything.
"""

from reenact.wire.openai_responses.dialect import DIALECT
from reenact.wire.openai_responses.message import parse_reply, tokens
from reenact.wire.openai_responses.render import render_stream
from reenact.wire.openai_responses.stream import assemble
from reenact.wire.openai_responses.websocket import (
    Conversation,
    Turn,
    as_frames,
    as_stream,
    request_frame,
)

__all__ = [
    "DIALECT",
    "Conversation",
    "Turn",
    "as_frames",
    "as_stream",
    "assemble",
    "parse_reply",
    "render_stream",
    "request_frame",
    "tokens",
]

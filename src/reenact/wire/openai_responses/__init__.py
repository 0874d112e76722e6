"""The OpenAI Responses dialect: over HTTP with server-sent events, and over WebSocket.

It knows items, events and what the server may remember (`previous_response_id`); it refuses to send
anything.
"""

__all__: list[str] = []
"""Nothing: `wire.dialect_named` gives the dialect, and loads no other one."""

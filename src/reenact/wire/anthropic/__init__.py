"""The Anthropic Messages dialect: requests and answers read, rendered, compared and rewritten.

It knows the protocol and what Claude Code adds to it; it refuses to send anything.
"""

__all__: list[str] = []
"""Nothing: `wire.dialect_named` gives the dialect, and loads no other one."""

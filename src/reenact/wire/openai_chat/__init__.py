"""The OpenAI Chat Completions dialect, as OpenAI and the many servers beside it speak it.

It knows the protocol and the fields that other servers add (reasoning, cache marks); it refuses to
send anything.
"""

__all__: list[str] = []
"""Nothing: `wire.dialect_named` gives the dialect, and loads no other one."""

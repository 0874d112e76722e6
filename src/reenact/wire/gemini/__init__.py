"""The Gemini dialect: answers whole, as events or as a JSON array; counts and embeddings.

It knows that an address holds the model and whether a stream is wanted; it refuses to send anything.
"""

__all__: list[str] = []
"""Nothing: `wire.dialect_named` gives the dialect, and loads no other one."""

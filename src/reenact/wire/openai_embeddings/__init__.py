"""OpenAI's embeddings as a dialect of its own: what is asked counts, the vectors are served as recorded."""

__all__: list[str] = []
"""Nothing: `wire.dialect_named` gives the dialect, and loads no other one."""

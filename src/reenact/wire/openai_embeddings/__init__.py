"""OpenAI's embeddings as a dialect of its own: what is asked counts, the vectors are served as recorded."""

from reenact.wire.openai_embeddings.dialect import DIALECT

__all__ = ["DIALECT"]

"""The Gemini dialect: answers whole, as events or as a JSON array; counts and embeddings.

It knows that an address holds the model and whether a stream is wanted; it refuses to send anything.
"""

from reenact.wire.gemini.dialect import DIALECT
from reenact.wire.gemini.message import parse_reply, tokens
from reenact.wire.gemini.render import render_array, render_stream
from reenact.wire.gemini.stream import assemble

__all__ = ["DIALECT", "assemble", "parse_reply", "render_array", "render_stream", "tokens"]

"""The OpenAI Chat Completions dialect, as OpenAI and the many servers beside it speak it.

It knows the protocol and the fields that other servers add (reasoning, cache marks); it refuses to
send anything.
"""

from reenact.wire.openai_chat.dialect import DIALECT
from reenact.wire.openai_chat.message import parse_reply, tokens
from reenact.wire.openai_chat.render import render_stream
from reenact.wire.openai_chat.stream import assemble

__all__ = ["DIALECT", "assemble", "parse_reply", "render_stream", "tokens"]

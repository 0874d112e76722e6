"""The Gemini dialect: answers whole, as events or as a JSON array; counts and embeddings.

It knows that an address holds the model and whether a stream is wanted; it refuses to send anything.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reenact.wire.gemini.dialect import DIALECT
    from reenact.wire.gemini.message import parse_reply, tokens
    from reenact.wire.gemini.render import render_array, render_stream
    from reenact.wire.gemini.stream import Assembler, assemble

__all__ = ["DIALECT", "Assembler", "assemble", "parse_reply", "render_array", "render_stream", "tokens"]

_HOMES = {
    "dialect": ("DIALECT",),
    "message": ("parse_reply", "tokens"),
    "render": ("render_array", "render_stream"),
    "stream": ("Assembler", "assemble"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Loads the part of the room where a name lives; who needs one part does not pay for all."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)

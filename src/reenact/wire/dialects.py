"""The dialects that are known, and which of them a request speaks."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reenact.wire.dialect import Dialect

_HOMES = {
    "anthropic": "anthropic",
    "openai-chat": "openai_chat",
    "openai-responses": "openai_responses",
    "openai-embeddings": "openai_embeddings",
    "gemini": "gemini",
}
"""Name → folder; loaded when first spoken."""
_MARKS = {"anthropic-version": "anthropic", "x-goog-api-key": "gemini", "authorization": "openai-chat"}
"""Headers that tell whose an address is that several providers have, the most telling first."""


@cache
def dialect_named(name: str) -> Dialect:
    """Gives a dialect by its name.

    Raises:
        LookupError: there is none of this name.
    """
    home = _HOMES.get(name)
    if home is None:
        raise LookupError(f"no dialect is called {name!r}")
    found: Dialect = import_module(f"reenact.wire.{home}.dialect").DIALECT
    return found


def dialect_of(method: str, path: str, headers: Mapping[str, str] | None = None) -> Dialect | None:
    """Gives the dialect that a request speaks, or None; header names are lower-case."""
    name = _named_by(path.partition("?")[0])
    if name is None and (headers is not None) and _is_listing(path):
        name = next((told for mark, told in _MARKS.items() if mark in headers), None)
    dialect = dialect_named(name) if name is not None else None
    return dialect if dialect is not None and dialect.route(method, path) is not None else None


def _named_by(path: str) -> str | None:
    last = path.rstrip("/").rpartition("/")[2]
    if "/models/" in path and ":" in last:
        return "gemini"
    if path.endswith(("/v1/messages", "/v1/messages/count_tokens")):
        return "anthropic"
    if path.endswith("/chat/completions"):
        return "openai-chat"
    if last == "embeddings":
        return "openai-embeddings"
    if last == "responses" or "/responses/" in path:
        return "openai-responses"
    return None


def _is_listing(path: str) -> bool:
    base = path.partition("?")[0]
    return base.rstrip("/").endswith("/models") or "/models/" in base

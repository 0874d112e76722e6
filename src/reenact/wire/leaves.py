"""The decoded strings of a JSON value: the only place where values are looked for and replaced.

In JSON text a path after a line break stands behind the letter `n` of an escape, and no word
boundary holds; so JSON that is held in a string (arguments of a tool, for example) is opened as
well, each of its strings decoded, and everything between them left as it was written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from reenact.wire import canonical

if TYPE_CHECKING:
    from reenact.wire.canonical import Json

MapText = Callable[[str], str]

_LITERAL = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_TORN_LITERAL = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*\Z', re.DOTALL)
_TORN_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")
_DEEPEST = 6
"""JSON in JSON in JSON: deeper than this nobody has nested it on purpose."""


def map_leaves(value: Json, change: MapText) -> Json:
    """Gives the value with every string in it changed, names of members included."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [map_leaves(item, change) for item in value]
    if isinstance(value, dict):
        return {change(name): map_leaves(item, change) for name, item in value.items()}
    return value


def opened(change: MapText, *, depth: int = 0) -> MapText:
    """Gives a mapping that also changes the strings of JSON objects and arrays held in a string."""

    def change_opened(text: str) -> str:
        if depth < _DEEPEST and holds_json(text):
            return map_literals(text, opened(change, depth=depth + 1))
        return change(text)

    return change_opened


def holds_json(text: str) -> bool:
    """Tells whether a string is a JSON object or array."""
    inner = text.strip(" \t\r\n")
    if not (inner[:1] in ("{", "[") and inner[-1:] in ("}", "]") and '"' in inner):
        return False
    try:
        canonical.decode(text)
    except ValueError:
        return False
    return True


def map_literals(text: str, change: MapText) -> str:
    """Changes the decoded strings of JSON text; spaces, order and numbers stay as they were written.

    Text that breaks off inside a string is JSON up to there: that string is changed too, unless it
    ends inside an escape.
    """
    parts: list[str] = []
    end = last = 0
    for match in _LITERAL.finditer(text):
        literal, last = match.group(), match.end()
        changed = _changed(literal, change)
        if changed is not None:
            parts += (text[end : match.start()], changed)
            end = match.end()
    torn = _TORN_LITERAL.search(text, last)
    if torn is not None and not _TORN_ESCAPE.search(torn.group()):
        changed = _changed(torn.group() + '"', change)
        if changed is not None:
            parts += (text[end : torn.start()], changed[:-1])
            end = len(text)
    return "".join(parts) + text[end:]


def _changed(literal: str, change: MapText) -> str | None:
    """Gives the literal of the changed string, or None where nothing changed."""
    if "\\" in literal:
        try:
            decoded: str = json.loads(literal, strict=False)
        except ValueError:
            return None
    else:
        decoded = literal[1:-1]
    after = change(decoded)
    return None if after == decoded else json.dumps(after, ensure_ascii=False)

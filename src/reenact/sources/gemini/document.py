"""A `.json` chat that is not whole: found while its agent rewrote it, or left so by a crash."""

from __future__ import annotations

import json
import re

from reenact.events.bodies import ParseWarning
from reenact.sources.gemini.records import Message, Meta, message, meta
from reenact.sources.lines import clean
from reenact.sources.protocol import Line

_TEXT = r'"((?:[^"\\]|\\.)*)"'
_MEMBERS = re.compile(rf'"(sessionId|projectHash|startTime|kind)"\s*:\s*{_TEXT}')
_MESSAGES = re.compile(r'"messages"\s*:\s*\[')
_SPACE = re.compile(r"[\s,]*")
_decoder = json.JSONDecoder()


def is_torn(line: Line, warning: ParseWarning | None) -> bool:
    """Tells whether a document is one that its agent was writing, or died while it did."""
    if warning is None or warning.category not in {"malformed", "spliced"}:
        return False
    return line.data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def torn(data: bytes) -> Meta | None:
    """Gives what a document that breaks off holds up to there; None where it does not say whose it is."""
    said = data.decode("utf-8", "replace")
    begin = _MESSAGES.search(said)
    head = said[: begin.start()] if begin is not None else said[:4096]
    found = meta(dict(_MEMBERS.findall(head)))
    if found.session is None:
        return None
    return found.__replace__(messages=_whole(said, begin.end()) if begin is not None else ())


def _whole(said: str, position: int) -> tuple[Message, ...]:
    messages: list[Message] = []
    while (space := _SPACE.match(said, position)) is not None:
        try:
            value, position = _decoder.raw_decode(said, space.end())
        except (ValueError, RecursionError):
            break
        if isinstance(value, dict):
            messages.append(message(clean(value)))
    return tuple(messages)

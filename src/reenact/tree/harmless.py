"""Makes recorded text harmless to show.

Recorded text is hostile: it may hold sequences that move a cursor, retitle a window, write the
clipboard or turn the reading direction. Nothing that leaves this module can.
"""

from __future__ import annotations

import re

RETURN = "⏎"
_TAB = "    "
_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC: titles, links, clipboard
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c]*(?:\x1b\\|\x9c)"  # DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-Z\\^-~]"  # two characters; not the beginning of a longer one
)
_BREAKS = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")
_BREAK_RUNS = re.compile(r"\s*(?:\r\n|[\n\r\v\f\x85\u2028\u2029])\s*")
_JOINERS = frozenset("\u200d\u200c")
"""Characters without a width that emoji and some scripts need; they move nothing."""
_PICTURES = 0x2400


def safe(text: str) -> str:
    """Gives text that is harmless on one line: sequences gone, controls and line breaks visible."""
    if text.isprintable():
        return text
    return _visible(_BREAKS.sub(RETURN, _SEQUENCES.sub("", text)))


def safe_lines(text: str) -> list[str]:
    """Gives the lines of a text, each harmless; tabs are four spaces."""
    return [_visible(part) for part in _BREAKS.split(_SEQUENCES.sub("", text))]


def joined(text: str) -> str:
    """Gives text that is harmless on one line, with every run of line breaks as one visible sign."""
    return safe(_BREAK_RUNS.sub(f" {RETURN} ", _SEQUENCES.sub("", text).strip()))


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _shown(character) for character in text)


def _shown(character: str) -> str:
    """Gives a sign for a character that does something instead of showing something."""
    code = ord(character)
    if character == "\t":
        return _TAB
    if character in _JOINERS:
        return character
    if code < 0x20:
        return chr(_PICTURES + code)
    if code == 0x7F:
        return "␡"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    if character.isspace():
        return " "
    return f"<U+{code:04X}>"

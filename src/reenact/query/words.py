"""Text to words, by the rule of SQLite's FTS5 tokeniser `unicode61 remove_diacritics 2`.

A word is a run of letters, digits and private-use characters (general categories L, N and Co).
Case is folded, accents are dropped. For ASCII this is exactly the rule of the text index; beyond it
`docs/reference/query.md` says what differs: the two know different versions of Unicode.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_ASCII = re.compile(r"[0-9a-z]+")
LONGEST_WORD = 32_768
"""Bytes of a word that count; a longer one is cut."""
_ACCENTS = frozenset(
    (
        *range(0x300, 0x305),
        *range(0x306, 0x30D),
        0x30F,
        0x311,
        0x31B,
        *range(0x323, 0x329),
        0x32D,
        0x32E,
        0x330,
        0x331,
    )
)
"""Combining marks that FTS5 drops inside a word; all others end it."""
_FOLDED = dict(
    zip(
        "\u00b5\u017f\u1e9b\u03c2\u03d0\u03d1\u03d5\u03d6\u03f0\u03f1\u03f5\u1fbe\u0130\u01e0",
        "\u03bc\u0073\u0073\u03c3\u03b2\u03b8\u03c6\u03c0\u03ba\u03c1\u03b5\u03b9\u0069\u01e1",
        strict=True,
    )
)
"""Letters whose folding is not that of `str.lower`."""
_KEPT = "\u01e1"
"""A letter that keeps its accents."""
_NEWER_SIGNS = (range(0x2000, 0x2C00), range(0x1F000, 0x1FC00))
"""Where signs and emoji lie that a newer Unicode added."""


def tokens(text: str) -> list[str]:
    """Gives the words of a text.

    >>> tokens("Foo_bar(2): Crème brûlée!")
    ['foo', 'bar', '2', 'creme', 'brulee']
    """
    if text.isascii():
        found = _ASCII.findall(text.lower())
        return found if len(text) <= LONGEST_WORD else [word[:LONGEST_WORD] for word in found]
    return [word for word, _, _ in spans(text)]


def spans(text: str) -> list[tuple[str, int, int]]:
    """Gives the words of a text with where each begins and ends."""
    if text.isascii():
        return [
            (found.group()[:LONGEST_WORD], found.start(), found.end())
            for found in _ASCII.finditer(text.lower())
        ]
    found = []
    word: list[str] = []
    start = 0
    for index, character in enumerate(text):
        folded = _folded(character)
        if folded is None or (not folded and not word):
            if word:
                found.append((_cut("".join(word)), start, index))
                word = []
            continue
        if not word:
            start = index
        word.append(folded)
    if word:
        found.append((_cut("".join(word)), start, len(text)))
    return found


@lru_cache(maxsize=65_536)
def _folded(character: str) -> str | None:
    """Gives what a character is inside a word: nothing for an accent, None where it ends the word."""
    if ord(character) in _ACCENTS:
        return ""
    category = unicodedata.category(character)
    if category[0] not in "LN" and category not in {"Co", "Cn"}:
        return None
    lowered = _FOLDED.get(character) or character.lower()
    parts = unicodedata.normalize("NFD", lowered)
    return parts[0] if len(parts) > 1 and parts[0].isascii() and lowered != _KEPT else lowered


def separators() -> str:
    """Gives the characters that end a word though an older Unicode does not know them (newer emoji …).

    The text index is told them, so that it and this module part words at the same places.
    """
    return "".join(chr(code) for signs in _NEWER_SIGNS for code in signs if _folded(chr(code)) is None)


def _cut(word: str) -> str:
    data = word.encode("utf-8", "surrogatepass")
    return word if len(data) <= LONGEST_WORD else data[:LONGEST_WORD].decode("utf-8", "ignore")

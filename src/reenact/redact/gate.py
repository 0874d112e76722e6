"""Tells at memory speed that a text holds no secret, so that clean text is never searched rule by rule.

The search for all keywords of all rules goes letter by letter; searches for a few words each go by
the machine's widest registers. Nearly every text that an agent writes is let off here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ahocorasick_rs import BytesAhoCorasick, MatchKind

_TOGETHER = 48
"""Words of one search: more of them, and it goes letter by letter again."""
_FOLDED = (b"\xe2\x84\xaa", b"\xc5\xbf")
"""The Kelvin sign and the long s: letters that are ASCII to an expression that ignores case."""
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
"""What JSON and URLs never write in another way."""
_SHORTEST = 3


class Gate:
    """Knows words without which there is no secret.

    Args:
        keywords: what rules begin at, in lower case.
        values: values known to be secret.
        harmless: keyword → longer words in which no rule takes it for one.
    """

    def __init__(
        self,
        keywords: Iterable[str],
        values: Iterable[str] = (),
        *,
        harmless: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        told = harmless or {}
        self._counted = [
            (word.encode(), [longer.encode() for longer in longers]) for word, longers in told.items()
        ]
        words = {_tail(keyword) for keyword in keywords if keyword not in told}
        for value in values:
            words.add(max(_PLAIN.findall(value), key=len, default="").lower())
        self._is_shut = any(len(word) < _SHORTEST - 1 for word in words)
        needed = sorted(word for word in words if not any(o != word and o in word for o in words))
        self._searches = [
            BytesAhoCorasick(
                [word.encode() for word in needed[begin : begin + _TOGETHER]],
                matchkind=MatchKind.LeftmostFirst,
            ).find_matches_as_indexes
            for begin in range(0, 0 if self._is_shut else len(needed), _TOGETHER)
        ]

    def is_clean(self, data: bytes) -> bool:
        """Tells that no rule and no known value is in a text or its JSON (UTF-8); False says nothing."""
        if self._is_shut:
            return False
        low = data.lower()
        if not low.isascii() and any(letter in low for letter in _FOLDED):
            return False
        for find in self._searches:
            if find(low):
                return False
        for word, longers in self._counted:
            count = low.count(word)
            if count and count != sum(map(low.count, longers)):
                return False
        return True


def _tail(keyword: str) -> str:
    """Gives the end of a keyword that JSON holds unchanged: from its last backslash or quote on."""
    return keyword[max(keyword.rfind("\\"), keyword.rfind('"'), 0) :]

"""Tells at memory speed that a text holds no secret, so that clean text is never searched rule by rule.

The search for all keywords of all rules goes letter by letter; searches for a few words each go by
the machine's widest registers. Nearly every text that an agent writes is let off here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

_TOGETHER = 32
"""Words of one search: more of them, and it goes letter by letter again."""
_HEAPS = 8
"""A search tells its words apart by so many heaps, dealt out in turn: what is alike belongs in one."""
_SHORT = 3
"""Letters of words that have a search of their own: among longer ones they make it halt everywhere."""
_FOLDED = (b"\xe2\x84\xaa", b"\xc5\xbf")
"""The Kelvin sign and the long s: letters that are ASCII to an expression that ignores case."""
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
"""What JSON and URLs never write in another way."""
_SHORTEST = 3
_Search = Callable[[bytes], list[tuple[int, int, int]]]


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
        self._excused = [
            (_search([word]), tuple(longer.encode() for longer in longers)) for word, longers in told.items()
        ]
        words = {word for keyword in keywords if keyword not in told for word in _forms(keyword)}
        for value in values:
            words.add(max(_PLAIN.findall(value), key=len, default="").lower())
        self._is_shut = any(len(word) < _SHORTEST - 1 for word in words)
        needed = sorted(word for word in words if not any(o != word and o in word for o in words))
        short = [word for word in needed if len(word) <= _SHORT]
        long = [word for word in needed if len(word) > _SHORT]
        self._searches = [] if self._is_shut else [*_searches(short), *_searches(long)]

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
        for find, longers in self._excused:
            for _, start, _ in find(low):
                if not low.startswith(longers, start):
                    return False
        return True


def _searches(words: Sequence[str]) -> list[_Search]:
    """Gives searches for all of these words, a few in each."""
    parts = [words[begin : begin + _TOGETHER] for begin in range(0, len(words), _TOGETHER)]
    return [_search(_dealt(part)) for part in parts]


def _dealt(words: Sequence[str]) -> list[str]:
    """Gives sorted words in the order in which neighbours come to lie on the same heap."""
    width = -(-len(words) // _HEAPS)
    return [word for place in range(width) for word in words[place::width]]


def _search(words: Sequence[str]) -> _Search:
    """Gives what finds the places of these words in bytes."""
    search = BytesAhoCorasick(
        [word.encode() for word in words],
        matchkind=MatchKind.LeftmostFirst,
        implementation=Implementation.ContiguousNFA,  # it is hardly ever entered: the smallest one
    )
    return search.find_matches_as_indexes


def _forms(keyword: str) -> set[str]:
    r"""Gives what text or its JSON holds of a keyword: itself, or its end where JSON writes it anew.

    >>> sorted(_forms(":\\/")) == [":\\/", "\\\\/"]
    True
    """
    end = keyword[max(keyword.rfind("\\"), keyword.rfind('"'), 0) :]
    return {keyword, f"\\{end}"} if end.startswith("\\") else {end}

"""Values known to be secret, in every form in which text may carry them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, quote_plus

from ahocorasick_rs import AhoCorasick, MatchKind

SHORTEST = 6
"""Known values with fewer characters are left alone: they would hit words of ordinary text."""


class Known:
    """Finds known values: raw, in JSON strings (also strings within strings), in URL encoding."""

    def __init__(self, values: Iterable[str]) -> None:
        forms: dict[str, str] = {}
        for value in values:
            if len(value) >= SHORTEST:
                for form in _forms(value):
                    forms.setdefault(form, value)
        self._forms = list(forms)
        self._values = list(forms.values())
        self._search = AhoCorasick(self._forms, matchkind=MatchKind.LeftmostLongest) if self._forms else None

    def find(self, text: str) -> list[Found]:
        """Gives each place of a known value; `text` has no lone surrogates."""
        if self._search is None:
            return []
        return [
            Found(start, end, self._values[index])
            for index, start, end in self._search.find_matches_as_indexes(text)
        ]


class Found(NamedTuple):
    start: int
    end: int
    value: str


@lru_cache(maxsize=8)
def compile_known(values: tuple[str, ...]) -> Known:
    """Gives the search for these values, kept for the next call."""
    return Known(values)


def _forms(value: str) -> set[str]:
    plain = {value}
    for safe in ("", "/", "!'()*", "!'()*/:@;,+$&=?#"):
        plain |= {
            quote(value, safe=safe, errors="replace"),
            _lower_hex(quote(value, safe=safe, errors="replace")),
        }
    plain.add(quote_plus(value, errors="replace"))
    once = {form for each in plain for form in _escaped(each)}
    twice = {form for each in once for form in _escaped(each)}
    return {form for form in plain | once | twice if not _is_surrogate(form)}


def _escaped(text: str) -> set[str]:
    ascii_only = json.dumps(text)[1:-1]
    as_is = json.dumps(text, ensure_ascii=False)[1:-1]
    return {ascii_only, as_is, ascii_only.replace("/", "\\/"), as_is.replace("/", "\\/")}


def _lower_hex(quoted: str) -> str:
    head, *rest = quoted.split("%")
    return head + "".join(f"%{part[:2].lower()}{part[2:]}" for part in rest)


def _is_surrogate(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)

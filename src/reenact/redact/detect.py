"""Finds secrets: one pass for all keywords, and an expression only where a keyword stands.

What was found is masked and the text searched again until nothing more is found, so that
scrubbing a scrubbed text changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec
from ahocorasick_rs import AhoCorasick

from reenact.redact.checks import is_secret
from reenact.redact.known import Known
from reenact.redact.rules import BUILT_IN, MASK, Rule

_PLACEHOLDER = re.compile(r"\[redacted:[a-z0-9-]+:[0-9a-f]{8}\]")
_UNSEARCHABLE = re.compile(rf"[\ud800-\udfff{MASK}]")
_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A secret: `text[start:end]` is to be taken out; `secret` is what makes its placeholder."""

    rule: str
    start: int
    end: int
    secret: str


def find(text: str, *, known: Known | None = None, rules: Sequence[Rule] = BUILT_IN) -> list[Hit]:
    """Gives the secrets of a text, from its beginning to its end, none overlapping another."""
    compiled = _compile(tuple(rules))
    if not text.isascii():
        text = _UNSEARCHABLE.sub("\ufffd", text)
    if "[redacted:" in text:
        text = _mask(text, [match.span() for match in _PLACEHOLDER.finditer(text)])
    found: list[Hit] = []
    while hits := _merge(list(compiled.hits(text, known))):
        found += hits
        text = _mask(text, [(hit.start, hit.end) for hit in hits])
    return sorted(found, key=lambda hit: hit.start)


def named(name: str, value: str, rules: Sequence[Rule] = BUILT_IN) -> str | None:
    """Gives the rule by which the value of a field of this name is a secret, if there is one."""
    if _PLACEHOLDER.fullmatch(value):
        return None
    return _compile(tuple(rules)).named(name, value)


class _Rules:
    """Rules made ready to search."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._patterns = [re.compile(rule.pattern) for rule in rules]
        self._everywhere = [index for index, rule in enumerate(rules) if not rule.keywords]
        self._names = [(re.compile(rule.names), rule) for rule in rules if rule.names]
        by_keyword: dict[str, list[int]] = {}
        for index, rule in enumerate(rules):
            for keyword in rule.keywords:
                by_keyword.setdefault(keyword, []).append(index)
        self._of_keyword = list(by_keyword.values())
        self._search = AhoCorasick(list(by_keyword)) if by_keyword else None

    def hits(self, text: str, known: Known | None) -> Iterator[tuple[int, Hit]]:
        """Yields (rank, hit); hits may overlap, the lowest rank is the most telling."""
        for found in known.find(text) if known else ():
            yield -1, Hit(rule="known", start=found.start, end=found.end, secret=found.value)
        for index, start in self._places(text):
            match = self._patterns[index].match(text, start)
            if match is not None and (hit := self._hit(index, match)):
                yield index, hit
        for index in self._everywhere:
            for match in self._patterns[index].finditer(text):
                if hit := self._hit(index, match):
                    yield index, hit

    def named(self, name: str, value: str) -> str | None:
        for pattern, rule in self._names:
            if pattern.search(name) and is_secret(value, rule.check):
                return rule.name
        return None

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        """Yields (rule, position) wherever a keyword of a rule stands."""
        if self._search is None:
            return
        for keyword, start, _ in self._search.find_matches_as_indexes(_lower(text), overlapping=True):
            for index in self._of_keyword[keyword]:
                yield index, start

    def _hit(self, index: int, match: re.Match[str]) -> Hit | None:
        rule = self._rules[index]
        group = next((name for name, value in match.groupdict().items() if value is not None), 0)
        start, end = match.span(group)
        secret = match[group]
        if start == end or MASK in secret or not is_secret(secret, rule.check):
            return None
        return Hit(rule=rule.name, start=start, end=end, secret=secret)


@lru_cache(maxsize=8)
def _compile(rules: tuple[Rule, ...]) -> _Rules:
    return _Rules(rules)


def _mask(text: str, spans: list[tuple[int, int]]) -> str:
    """Puts marks over what is dealt with; as many as characters, so that positions stay true."""
    parts, end = [], 0
    for start, stop in spans:
        parts += [text[end:start], MASK * (stop - start)]
        end = stop
    return "".join((*parts, text[end:]))


def _merge(ranked: list[tuple[int, Hit]]) -> list[Hit]:
    """Joins overlapping hits: all they cover is taken out, under the most telling one's name."""
    ranked.sort(key=lambda pair: (pair[1].start, -pair[1].end))
    merged: list[tuple[int, Hit]] = []
    for rank, hit in ranked:
        if not merged or hit.start >= merged[-1][1].end:
            merged.append((rank, hit))
            continue
        old_rank, old = merged[-1]
        best = hit if rank < old_rank else old
        end = max(old.end, hit.end)
        merged[-1] = (min(rank, old_rank), Hit(rule=best.rule, start=old.start, end=end, secret=best.secret))
    return [hit for _, hit in merged]


def _lower(text: str) -> str:
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text.translate(_ASCII_LOWER)

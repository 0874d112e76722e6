"""The form of a value that two runs of one thing have in common.

Order: rules mask what varies at a named place, declared values become placeholders, ids are
renamed in order of their first use. Ids that only their place tells (`with ID: x`) are looked for
first, so that their other occurrences are renamed as well. All of it happens on decoded strings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from reenact.wire.canonical import content_hash, encode
from reenact.wire.declared import Declared, Entry, Substitution, forms
from reenact.wire.leaves import MapText, map_leaves, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reenact.wire.canonical import Json
    from reenact.wire.rules import Rule, Rules

_LEAST_ECHO = 6
"""An id field may hold anything; shorter values are not looked for in texts, they would hit words."""
_MOST_PATTERNS = 500
_MOST_INERT = 5_000
_BEFORE = re.compile("[A-Za-z0-9_]")


class Id(str):
    """The value of a protocol's id field: renamed whatever it looks like. Dialects mark them so."""

    __slots__ = ()


def without_marks(value: Json) -> Json:
    """Gives the value with plain strings in place of marked ids, for showing and storing."""
    return map_leaves(value, str)


class NormalForm(msgspec.Struct, frozen=True, kw_only=True):
    """A value's canonical bytes with ids numbered within it, and these ids in order of first use."""

    data: bytes
    ids: tuple[str, ...]


class Normaliser:
    """Brings values to their common form, under one set of rules and declared values.

    Give the declared values of one side, or of both (the union): each value then has the same
    placeholder wherever it came from, so that a value which is also a fixed part of a prompt is
    replaced on both sides.
    """

    def __init__(self, rules: Rules, declared: Sequence[Declared] = ()) -> None:
        """Compiles the rules; keep the object, it is the key under which caches keep results."""
        self.rules = rules
        self.declared = tuple(declared)
        described: Json = msgspec.to_builtins([rules, list(self.declared)])
        self.key = content_hash(described)
        self.sessions = tuple(dict.fromkeys(name for one in self.declared for name in one.sessions if name))
        self._substitute = Substitution(
            Entry(form=form, replace=f"⟦{form.name}⟧") for one in self.declared for form in forms(one)
        )
        self._masks = _compiled(rule for rule in rules.rules if rule.does == "mask")
        self._finders = _compiled(rule for rule in rules.rules if rule.does == "id")
        self._shape_hints = tuple(shape.hint for shape in rules.shapes)
        self._shapes = "|".join(f"(?:{shape.pattern})" for shape in rules.shapes)
        self._whole_shape = re.compile(f"(?:{self._shapes})") if self._shapes else None
        self._inert: set[str] = set()
        self._id_patterns: dict[frozenset[str], re.Pattern[str] | None] = {}

    def find_ids(self, value: Json) -> tuple[str, ...]:
        """Gives the ids in a value that only their place tells, in order, without those of known shape."""
        found: dict[str, None] = {}

        def look(text: str) -> str:
            if isinstance(text, Id):
                if len(text) >= _LEAST_ECHO and not self._has_shape(text):
                    found[str(text)] = None
                return text
            for rule, pattern in self._finders:
                if rule.hint in text:
                    for match in pattern.finditer(text):
                        if not self._has_shape(match.group(1)):
                            found[match.group(1)] = None
            return text

        map_leaves(value, _for_leaves(look))
        return tuple(found)

    def form(self, value: Json, known: frozenset[str] = frozenset()) -> NormalForm:
        """Gives the common form of a value; `known` are ids found elsewhere that may be echoed here."""
        numbers: dict[str, int] = {}
        changed = self._changed(value, known, lambda name: f"⟦id:{numbers.setdefault(name, len(numbers))}⟧")
        return NormalForm(data=encode(changed), ids=tuple(numbers))

    def plain(self, value: Json, known: frozenset[str] = frozenset()) -> Json:
        """Gives the value with placeholders and all ids alike, for comparing part by part."""
        return self._changed(value, known, lambda _name: "⟦id⟧")

    def _changed(self, value: Json, known: frozenset[str], rename: Callable[[str], str]) -> Json:
        pattern = self._id_pattern(known)

        def renamed(match: re.Match[str]) -> str:
            start = match.start()
            if start and _BEFORE.match(match.string, start - 1):
                return match.group()
            return rename(match.group())

        def change(text: str) -> str:
            if isinstance(text, Id):
                return rename(str(text))
            for rule, mask in self._masks:
                if rule.hint in text:
                    text = mask.sub(_masking(rule.name), text)
            text = self._substitute(text)
            if pattern is None or not (known or any(hint in text for hint in self._shape_hints)):
                return text
            return pattern.sub(renamed, text)

        inside, inert = _for_leaves(change), self._inert

        def change_once(text: str) -> str:
            # Names and roles come again and again; inside one word only the word itself can be an id.
            if type(text) is str and text in inert and text not in known:
                return text
            after = inside(text)
            if after is text and len(inert) < _MOST_INERT and text.isascii() and text.isidentifier():
                inert.add(text)
            return after

        return map_leaves(_by_name(value), change_once)

    def _has_shape(self, text: str) -> bool:
        return self._whole_shape is not None and self._whole_shape.fullmatch(text) is not None

    def _id_pattern(self, known: frozenset[str]) -> re.Pattern[str] | None:
        """Gives the one pattern that finds ids of known shape and known ids; longest ids first."""
        if known not in self._id_patterns:
            if len(self._id_patterns) > _MOST_PATTERNS:
                self._id_patterns.clear()
            words = [re.escape(name) for name in sorted(known, key=lambda name: (-len(name), name))]
            alternatives = "|".join((*words, *([self._shapes] if self._shapes else ())))
            whole = f"(?:{alternatives})(?![A-Za-z0-9_])"
            self._id_patterns[known] = re.compile(whole) if alternatives else None
        return self._id_patterns[known]


def _compiled(rules: Iterable[Rule]) -> tuple[tuple[Rule, re.Pattern[str]], ...]:
    return tuple((rule, re.compile(rule.pattern)) for rule in rules)


def _masking(name: str) -> Callable[[re.Match[str]], str]:
    """Gives a replacement that puts a placeholder for every group of a match and keeps the rest."""

    def masked(match: re.Match[str]) -> str:
        text, start = match.group(), match.start()
        for group in range(match.re.groups, 0, -1):
            begin, end = match.span(group)
            if begin >= 0:
                text = f"{text[: begin - start]}⟦{name}⟧{text[end - start :]}"
        return text

    return masked


def _for_leaves(change: MapText) -> MapText:
    inside = opened(change)
    return lambda text: change(text) if isinstance(text, Id) else inside(text)


def _by_name(value: Json) -> Json:
    """Sorts members by name, so that the first use of an id does not depend on their order."""
    if isinstance(value, dict):
        return {name: _by_name(value[name]) for name in sorted(value)}
    return [_by_name(item) for item in value] if isinstance(value, list) else value

"""The place in an event's text where a query's words stand, with the words marked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from reenact.query import And, Field, Node, Not, Or, Pattern, Query, Searchable, Words, leaves, spans, tokens

LENGTH = 200
"""Characters of a snippet."""
_BEFORE = 60
_MARKS = 50
_LETTER = r"[^\W_]"


class Snippet(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a text; `marks` are (start, end) of what was found in it."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()


def snippet(said: Searchable, query: Query) -> Snippet:
    """Gives the first place where one of the query's words stands, else the beginning."""
    wanted = _wanted(query)
    texts = [text for text in (said.text, said.command, said.files) if text]
    if wanted is not None:
        for text in texts:
            at = wanted.first(text)
            if at is not None:
                return _cut(text, at, wanted.expression)
        for text in texts:
            place = None if text.isascii() else _folded_place(text, query)
            if place is not None:
                start, end = place
                cut = _cut(text, start, None)
                begin = cut.text.find(text[start:end])
                return Snippet(text=cut.text, marks=((begin, begin + end - start),) if begin >= 0 else ())
    return _cut(texts[0], 0, None) if texts else Snippet(text="")


def _cut(text: str, at: int, expression: re.Pattern[str] | None) -> Snippet:
    start = max(0, at - _BEFORE)
    if start:
        start = next((index + 1 for index in range(start, at) if text[index].isspace()), start)
    piece = text[start : start + LENGTH]
    marks: list[tuple[int, int]] = []
    if expression is not None:
        for found in expression.finditer(text, start, min(len(text), start + 2 * LENGTH)):
            if found.start() >= start + LENGTH or len(marks) == _MARKS:
                break
            if found.end() > found.start():
                marks.append((found.start() - start, min(found.end() - start, LENGTH)))
    return Snippet(text=piece, marks=tuple(marks))


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be marked: words or patterns that are not unwanted ones."""

    expression: re.Pattern[str]
    words: tuple[str, ...] | None
    """First words of all alternatives, where all are made of words."""

    def first(self, text: str) -> int | None:
        """Gives where the first one stands; looking for plain words first is many times as fast."""
        if self.words is None or not text.isascii():
            found = self.expression.search(text)
            return None if found is None else found.start()
        lowered = text.lower()
        places = [place for word in self.words if (place := self._of(word, text, lowered)) is not None]
        return min(places, default=None)

    def _of(self, word: str, text: str, lowered: str) -> int | None:
        at = lowered.find(word)
        while at >= 0:
            if self.expression.match(text, at) is not None:
                return at
            at = lowered.find(word, at + 1)
        return None


@lru_cache(maxsize=32)
def _wanted(query: Query) -> _Wanted | None:
    parts = list(dict.fromkeys(_sources(query.root)))
    if not parts:
        return None
    plain = not any(isinstance(leaf, Pattern) for leaf in leaves(query.root))
    words = tuple({words[0] for words in _words_of(query.root) if words}) if plain else None
    return _Wanted(expression=re.compile("|".join(parts), re.IGNORECASE), words=words)


def _sources(node: Node) -> Iterator[str]:
    match node:
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from _sources(part)
        case Not():
            return
        case Words(words=words, prefix=prefix):
            yield _of_words(words, prefix=prefix)
        case Field(name="file" | "command", value=value, prefix=prefix):
            yield _of_words(tokens(value), prefix=prefix)
        case Pattern(text=text, regex=regex):
            yield f"(?:{text})" if regex else re.escape(text)
        case _:
            return


def _of_words(words: tuple[str, ...] | list[str], *, prefix: bool) -> str:
    body = r"[\W_]+".join(re.escape(word) for word in words)
    return f"(?<!{_LETTER}){body}{_LETTER + '*' if prefix else f'(?!{_LETTER})'}"


def _folded_place(text: str, query: Query) -> tuple[int, int] | None:
    """Gives where a word stands that is written with accents or other letters than it was asked with."""
    wanted = {word for words in _words_of(query.root) for word in words}
    return next(((start, end) for word, start, end in spans(text) if word in wanted), None)


def _words_of(node: Node) -> Iterator[tuple[str, ...]]:
    match node:
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from _words_of(part)
        case Words(words=words):
            yield words
        case Field(name="file" | "command", value=value):
            yield tuple(tokens(value))
        case _:
            return

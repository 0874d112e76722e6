"""Query text to its tree.

```text
query   = any ;                      any  = all { ("or" | "OR") all } ;      all = one { ["and"] one } ;
one     = "-" one | "(" any ")" | field ":" value | word ["*"] | '"' phrase '"' ["*"] ;
```
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import get_args

from reenact.errors import QuerySyntaxError, UsageError
from reenact.query import dates
from reenact.query.syntax import (
    And,
    Asked,
    Compare,
    Everything,
    Field,
    FieldName,
    Is,
    Node,
    Not,
    Or,
    Pattern,
    Query,
    Since,
    Until,
    Words,
)
from reenact.query.words import tokens

_TEXTS: tuple[str, ...] = get_args(FieldName)
_ASKED: tuple[str, ...] = get_args(Asked)
_FIELDS = (*_TEXTS, "since", "until", "cost", "tokens", "is")
_BY_WORDS = ("agent", "model", "tool", "kind", "file", "command", "branch")
"""Fields that are compared word by word."""
_NAMED = re.compile(rf"({'|'.join(_FIELDS)}):|([A-Za-z_]+):(?![:/\\])", re.IGNORECASE)
_NUMBER = re.compile(r"(>=|<=|>|<)\s*\$?([0-9]+(?:\.[0-9]+)?)([kmKM]?)")
_BARE = re.compile(r'[^\s()"]+')
_SPACE = re.compile(r"\s*")
_SCALE = {"": 1, "k": 1_000, "m": 1_000_000}
_PICO = 10**12
_DEEPEST = 50
_A_TERM = "a word, a \"phrase\", field:value or '('"


def parse(text: str, *, now: int, timezone: str, scan: bool = False) -> Query:
    """Reads a query; an empty one fits everything.

    Args:
        text: what was asked.
        now: the time (UTC microseconds) by which `since:yesterday` is understood.
        timezone: IANA name of the viewer's zone.
        scan: words and phrases are looked for letter by letter, and `/…/` is a regular expression.

    Raises:
        QuerySyntaxError: it cannot be read; tells the column and what was expected there.
    """
    return Query(text=text, root=_Parser(text, now, timezone, scan=scan).whole())


class _Parser:
    def __init__(self, text: str, now: int, timezone: str, *, scan: bool) -> None:
        self._text = text
        self._at = 0
        self._now = now
        self._timezone = timezone
        self._scan = scan
        self._depth = 0

    def whole(self) -> Node:
        self._skip()
        if self._at == len(self._text):
            return Everything()
        node = self._any()
        if self._at < len(self._text):
            raise self._error("this ')' closes nothing", "the end of the query, or a '(' before it")
        return node

    # -- or, and, not ---------------------------------------------------------------------------

    def _any(self) -> Node:
        parts = [self._all()]
        while self._takes_word("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Or(parts=tuple(parts))

    def _all(self) -> Node:
        parts = [self._one()]
        while self._at < len(self._text) and self._text[self._at] != ")" and not self._is_word("or"):
            self._takes_word("and")
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else And(parts=tuple(parts))

    def _one(self) -> Node:
        if self._depth > _DEEPEST:
            raise self._error("nested too deep", f"at most {_DEEPEST} levels")
        if self._at == len(self._text) or self._text[self._at] == ")" or self._is_word("or", "and"):
            raise self._error("something is missing", _A_TERM)
        self._depth += 1
        node = self._term()
        self._depth -= 1
        self._skip()
        return node

    def _term(self) -> Node:
        sign = self._text[self._at]
        if sign == "-":
            self._at += 1
            if self._at == len(self._text) or self._text[self._at].isspace():
                raise self._error("nothing follows '-'", f"what is not wanted: {_A_TERM}")
            return Not(part=self._one())
        if sign == "(":
            opened = self._at
            self._at += 1
            self._skip()
            node = self._any()
            if self._at == len(self._text):
                raise self._error("this '(' is not closed", "a ')'", at=opened)
            self._at += 1
            return node
        if sign == "/" and self._scan:
            return self._regex()
        named = _NAMED.match(self._text, self._at)
        return self._field(named) if named else self._words()

    # -- words ----------------------------------------------------------------------------------

    def _words(self) -> Node:
        begin = self._at
        said, prefix = self._value(_A_TERM)
        if self._scan:
            return Pattern(text=said)
        found = tuple(tokens(said))
        if not found:
            raise self._error(f"{said!r} has no letter or digit", "a word; `--scan` finds signs", at=begin)
        return Words(words=found, prefix=prefix)

    def _regex(self) -> Node:
        begin = self._at
        end = begin + 1
        while end < len(self._text) and self._text[end] != "/":
            end += 2 if self._text[end] == "\\" else 1
        if end >= len(self._text):
            raise self._error("this '/' is not closed", "a '/' at the end of the regular expression")
        source = self._text[begin + 1 : end].replace("\\/", "/")
        self._at = end + 1
        try:
            re.compile(source, re.IGNORECASE)
        except (re.error, OverflowError, RecursionError) as error:
            raise self._error(str(error), "a regular expression between '/' and '/'", at=begin) from None
        return Pattern(text=source, regex=True)

    def _value(self, expected: str) -> tuple[str, bool]:
        """Takes a word or a phrase, and whether a `*` ends it."""
        if self._text[self._at : self._at + 1] == '"':
            end = self._text.find('"', self._at + 1)
            if end < 0:
                raise self._error("this quote is not closed", 'a second "')
            said = self._text[self._at + 1 : end]
            self._at = end + 1
            prefix = self._text[self._at : self._at + 1] == "*"
            self._at += prefix
            return said, prefix
        bare = _BARE.match(self._text, self._at)
        if bare is None:
            raise self._error("something is missing", expected)
        self._at = bare.end()
        said = bare.group()
        return (said, False) if self._scan or not said.endswith("*") else (said.rstrip("*"), True)

    # -- fields ---------------------------------------------------------------------------------

    def _field(self, named: re.Match[str]) -> Node:
        if named[1] is None:
            raise self._error(
                f"{named[2]!r} is no field", f"one of {', '.join(_FIELDS)}; quoted, it is searched as text"
            )
        name = named[1].lower()
        self._at = named.end()
        if name in {"cost", "tokens"}:
            return self._compare(name)
        value_at = self._at
        value, prefix = self._value(f"a value right after '{name}:'")
        if name == "is":
            if value.lower() not in _ASKED:
                raise self._error(f"{value!r} cannot be asked", f"one of {', '.join(_ASKED)}", at=value_at)
            return Is(what=value.lower())  # type: ignore[arg-type]  # it is one of the words, as was just seen
        if name in {"since", "until"}:
            return self._time(name, value, value_at)
        if not (tokens(value) if name in _BY_WORDS else value.strip()):
            raise self._error(f"{name}: has no value", "letters or digits", at=min(value_at, len(self._text)))
        return Field(name=name, value=value.lower(), prefix=prefix)  # type: ignore[arg-type]  # as above

    def _compare(self, name: str) -> Node:
        number = _NUMBER.match(self._text, self._at)
        if number is None:
            raise self._error(f"{name}: is compared with a number", f"{name}:>1, {name}:<=20k or the like")
        self._at = number.end()
        amount = Decimal(number[2]) * _SCALE[number[3].lower()]
        scaled = amount * _PICO if name == "cost" else amount
        return Compare(name=name, operator=number[1], number=int(scaled))  # type: ignore[arg-type]  # by the pattern

    def _time(self, name: str, value: str, at: int) -> Node:
        try:
            found = dates.moment(value, now=self._now, timezone=self._timezone, end=name == "until")
        except UsageError as error:
            raise self._error(error.message, dates.EXAMPLES.replace("'", '"'), at=at) from None
        return Since(moment=found) if name == "since" else Until(moment=found)

    # -- ground ---------------------------------------------------------------------------------

    def _skip(self) -> None:
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at

    def _is_word(self, *words: str) -> bool:
        bare = _BARE.match(self._text, self._at)
        return bare is not None and bare.group() in {*words, *(word.upper() for word in words)}

    def _takes_word(self, word: str) -> bool:
        if not self._is_word(word):
            return False
        self._at += len(word)
        self._skip()
        return True

    def _error(self, problem: str, expected: str, *, at: int | None = None) -> QuerySyntaxError:
        return QuerySyntaxError(self._text, (self._at if at is None else at) + 1, problem, expected)

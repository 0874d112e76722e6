"""A query's tree to what the shards understand: one full-text expression and, for the rest, conditions.

Words and fields become words of the expression; times and what is asked of a session as a whole
(cost, tokens, tags, live) become conditions on the row.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from reenact.query import (
    And,
    Compare,
    Everything,
    Field,
    Is,
    Leaf,
    Node,
    Not,
    Or,
    Pattern,
    Since,
    Until,
    Words,
    fits,
    leaves,
    tokens,
)
from reenact.store.text_shard import EVERY, NONE, Shard, number_of, word_of

PartsOf = Callable[[Leaf], str]
"""What is asked of a session as a whole → JSON list of the parts of sessions that fit."""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What rows of one shard fit."""

    expression: str
    """For `words MATCH`; every row where nothing can be said in words."""
    condition: str
    """On `row r` (and `words`), with its values in order."""
    values: tuple[object, ...]


def statement(node: Node, shard: Shard, parts_of: PartsOf) -> Statement:
    """Gives what finds the rows of a shard that fit."""
    parts = node.parts if isinstance(node, And) else (node,)
    wordy = [part for part in parts if _is_wordy(part)]
    others = [part for part in parts if not _is_wordy(part)]
    values: list[object] = []
    conditions = [_condition(part, shard, parts_of, values) for part in others]
    conditions += _bounds(parts, shard, values)
    return Statement(
        expression=expression(And(parts=tuple(wordy)), shard),
        condition=" AND ".join(conditions) or "1",
        values=tuple(values),
    )


def expression(node: Node, shard: Shard) -> str:
    """Gives the full-text expression of a node that has one."""
    match node:
        case Not(part=part):
            return f"({_word(EVERY)} NOT {expression(part, shard)})"
        case And(parts=parts):
            wanted = [expression(part, shard) for part in parts if not isinstance(part, Not)]
            unwanted = [expression(part.part, shard) for part in parts if isinstance(part, Not)]
            found = " AND ".join(wanted) or _word(EVERY)
            for other in unwanted:
                found = f"({found}) NOT {other}"
            return f"({found})"
        case Or(parts=parts):
            return f"({' OR '.join(expression(part, shard) for part in parts)})"
        case Words(words=words, prefix=prefix):
            return _phrase(words, prefix=prefix)
        case Field(name="file" | "command" as name, value=value, prefix=prefix):
            return f"({name} : {_phrase(tokens(value), prefix=prefix)})"
        case Field() as field:
            return _any_of([number for number, text in shard.values(field.name) if fits(field, text)])
        case Is(what=what):
            return _any_of([number for number, text in shard.values("is") if text == what])
        case _:
            return _word(EVERY)


def _is_wordy(node: Node) -> bool:
    return all(
        isinstance(leaf, Words | Everything)
        or (isinstance(leaf, Field) and leaf.name != "tag")
        or (isinstance(leaf, Is) and leaf.what != "live")
        for leaf in leaves(node)
    )


def _condition(node: Node, shard: Shard, parts_of: PartsOf, values: list[object]) -> str:
    match node:
        case _ if _is_wordy(node):
            values.append(expression(node, shard))
            return "r.id IN (SELECT rowid FROM words WHERE words MATCH ?)"
        case Not(part=part):
            return f"NOT {_condition(part, shard, parts_of, values)}"
        case And(parts=parts):
            return f"({' AND '.join([_condition(part, shard, parts_of, values) for part in parts])})"
        case Or(parts=parts):
            return f"({' OR '.join([_condition(part, shard, parts_of, values) for part in parts])})"
        case Since(moment=moment):
            values.append(moment)
            return "r.moment>=?"
        case Until(moment=moment):
            values.append(moment)
            return "r.moment<?"
        case Compare() | Is() | Field():
            values.append(parts_of(node))
            return "r.part IN (SELECT value FROM json_each(?))"
        case Pattern(text=text):
            raise ValueError(f"{text!r} can only be looked for by a scan")
        case _:
            return "1"


def _bounds(parts: tuple[Node, ...], shard: Shard, values: list[object]) -> list[str]:
    """Gives bounds of the row numbers, so that rows of another time are not even looked at."""
    found = []
    for part in parts:
        if isinstance(part, Since):
            found.append("words.rowid>=?")
            values.append(number_of(part.moment))
        elif isinstance(part, Until):
            found.append("words.rowid<?")
            values.append(number_of(part.moment) + shard.shift + 1)
    return found


def _any_of(values: list[int]) -> str:
    return f"({' OR '.join(_word(word_of(value)) for value in values)})" if values else _word(NONE)


def _word(word: str) -> str:
    return f'fields : "{word}"'


def _phrase(words: tuple[str, ...] | list[str], *, prefix: bool) -> str:
    return f'"{" ".join(words)}"{" *" if prefix else ""}'

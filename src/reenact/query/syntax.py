"""What a query says, as a tree of frozen values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

FieldName = Literal["agent", "project", "model", "tool", "kind", "file", "command", "role", "branch", "tag"]
"""Fields whose value is a text."""
Operator = Literal[">", "<", ">=", "<="]
Asked = Literal["error", "subagent", "fork", "live"]
"""What `is:` can ask."""


class _Node(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    pass


class Everything(_Node, frozen=True, kw_only=True):
    """Fits always: the empty query."""


class Words(_Node, frozen=True, kw_only=True):
    """These words, next to each other and in this order; with `prefix` the last may go on."""

    words: tuple[str, ...]
    prefix: bool = False


class Pattern(_Node, frozen=True, kw_only=True):
    """A text to look for letter by letter (whatever the case), or a regular expression."""

    text: str
    regex: bool = False


class Field(_Node, frozen=True, kw_only=True):
    """A field with these words in it, in lower case; `project`, `role` and `tag` are compared as a whole."""

    name: FieldName
    value: str
    prefix: bool = False


class Since(_Node, frozen=True, kw_only=True):
    """Not before: UTC microseconds."""

    moment: int


class Until(_Node, frozen=True, kw_only=True):
    """Before: UTC microseconds."""

    moment: int


class Compare(_Node, frozen=True, kw_only=True):
    """The session's own tokens, or its own cost in pico-USD, against a number."""

    name: Literal["cost", "tokens"]
    operator: Operator
    number: int


class Is(_Node, frozen=True, kw_only=True):
    """A yes-or-no question."""

    what: Asked


class Not(_Node, frozen=True, kw_only=True):
    """Fits where its part does not."""

    part: Node


class And(_Node, frozen=True, kw_only=True):
    """Fits where all parts do."""

    parts: tuple[Node, ...]


class Or(_Node, frozen=True, kw_only=True):
    """Fits where any part does."""

    parts: tuple[Node, ...]


Leaf = Everything | Words | Pattern | Field | Since | Until | Compare | Is
"""What is true or false by itself."""
Node = Leaf | Not | And | Or
"""Any part of a query."""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A query as it was said, and what it says."""

    text: str
    root: Node


def leaves(node: Node) -> Iterator[Leaf]:
    """Yields what a query is made of, left to right."""
    match node:
        case Not(part=part):
            yield from leaves(part)
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from leaves(part)
        case _:
            yield node

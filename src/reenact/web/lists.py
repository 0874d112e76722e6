"""The list of sessions: what fits a query, page by page, and its mistakes at their place."""

from __future__ import annotations

import shlex
import threading
from time import perf_counter
from typing import TYPE_CHECKING, get_args

import msgspec

from reenact.errors import QuerySyntaxError
from reenact.query import And, Everything, Field, Is, Leaf, Node, Not, Query, leaves
from reenact.store import Filter
from reenact.store.values import Order
from reenact.web import snippets
from reenact.web.views import QueryPart, QueryProblem, SessionList

if TYPE_CHECKING:
    from reenact.web.desk import Reading

MOST = 200
_TRIES = 20
_HELD = 500
_counts: dict[tuple[object, ...], int] = {}
_lock = threading.Lock()
_LONGEST = 2_000


def sessions(
    reading: Reading, text: str = "", *, offset: int = 0, limit: int = 50, sort: str = "ended"
) -> SessionList:
    """Gives a page of the sessions that fit a query."""
    began = perf_counter()
    query, problems = understood(reading, text[:_LONGEST])
    order: Order = next((name for name in get_args(Order) if name == sort), "ended")
    where = Filter(query=people(query), hidden=False)
    page = msgspec.structs.replace(where, limit=min(max(limit, 0), MOST), offset=offset, order=order)
    rows = reading.archive.sessions(page)
    total = counted(reading, Filter(query=people(None), hidden=False))
    matched = total if query is None else counted(reading, where)
    return SessionList(
        total=total,
        matched=matched,
        offset=offset,
        rows=tuple(snippets.shown(reading, query, rows)),
        problems=tuple(problems),
        parts=_parts(reading, query) if not matched and query is not None else None,
        took_ms=round((perf_counter() - began) * 1000, 2),
    )


def counted(reading: Reading, where: Filter) -> int:
    """Gives how many sessions fit, counted once for every state of the index."""
    root = where.query.root if where.query is not None else Everything()
    if any(_lies_beside(leaf) for leaf in leaves(root)):
        return reading.archive.store.count(where)
    feed = reading.archive.store.feed()
    key = (reading.archive.path, feed.index, feed.last, reading.archive.store.version(), where)
    with _lock:
        known = _counts.get(key)
    if known is None:
        known = reading.archive.store.count(where)
        with _lock:
            if len(_counts) > _HELD:
                _counts.clear()
            _counts[key] = known
    return known


def _lies_beside(leaf: Leaf) -> bool:
    """Tells whether a part asks for what changes without the index."""
    match leaf:
        case Is(what="live") | Field(name="tag"):
            return True
        case _:
            return False


def understood(reading: Reading, text: str) -> tuple[Query | None, list[QueryProblem]]:
    """Reads as much of a query as can be read; every mistake is told, and its words are left out."""
    problems: list[QueryProblem] = []
    left = text
    for _ in range(_TRIES):
        try:
            query = reading.archive.texts.query(left)
        except QuerySyntaxError as error:
            start, stop = _word_at(left, error.column - 1)
            problems.append(
                QueryProblem(
                    column=start + 1,
                    length=max(stop - start, 1),
                    message=error.problem,
                    expected=error.expected,
                    example=_example(left[start:stop], error.expected),
                )
            )
            if stop <= start:
                return None, problems
            left = left[:start] + " " * (stop - start) + left[stop:]
        else:
            return (query if left.strip() else None), problems
    return None, problems


def _word_at(text: str, at: int) -> tuple[int, int]:
    """Gives where the word that holds a position begins and ends; at the end the last word."""
    at = min(at, len(text))
    if at == len(text) or text[at].isspace():
        while at > 0 and (at == len(text) or text[at].isspace()):
            at -= 1
            if not text[at].isspace():
                break
    start = at
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    stop = at
    while stop < len(text) and not text[stop].isspace():
        stop += 1
    return start, stop


_EXAMPLES = {
    "cost": "cost:>0.50",
    "tokens": "tokens:>100k",
    "since": 'since:"2 hours ago"',
    "until": "until:2026-11-20",
    "is": "is:error",
    "agent": "agent:claude_code",
    "model": "model:opus",
    "role": "role:user",
    "tag": "tag:keep",
}


def _example(word: str, expected: str) -> str:
    name = word.lstrip("-(").partition(":")[0].lower()
    if name in _EXAMPLES:
        return _EXAMPLES[name]
    return 'agent:codex "magic number" -is:error' if "field" in expected else 'tool:Bash "two words"'


def people(query: Query | None) -> Query:
    """Gives a query that leaves sub-agents out, unless it asks for them."""
    root: Node = query.root if query is not None else Everything()
    if any(isinstance(leaf, Is) and leaf.what == "subagent" for leaf in leaves(root)):
        return query or Query(text="", root=root)
    return Query(text=query.text if query else "", root=And(parts=(root, Not(part=Is(what="subagent")))))


def _parts(reading: Reading, query: Query) -> tuple[QueryPart, ...]:
    """Gives how many sessions each part of a query would match alone."""
    parts = query.root.parts if isinstance(query.root, And) else (query.root,)
    found = []
    for word, part in zip(_words(query.text, len(parts)), parts, strict=False):
        alone = people(Query(text=word, root=part))
        count = counted(reading, Filter(query=alone, hidden=False))
        found.append(QueryPart(text=word, matches=count))
    return tuple(found)


def _words(text: str, count: int) -> list[str]:
    """Gives the query's own words for its parts; where they cannot be told apart, all of it."""
    try:
        words = [word for word in shlex.split(text, posix=False) if word.lower() != "and"]
    except ValueError:
        words = text.split()
    return words if len(words) == count else [text] * count

"""Whether an event or a session fits a query: the plain way, which every faster one must agree with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from reenact.query.facts import EventFacts, SessionFacts
from reenact.query.syntax import (
    And,
    Compare,
    Everything,
    Field,
    FieldName,
    Is,
    Leaf,
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


def matches(query: Query, event: EventFacts, session: SessionFacts) -> bool:
    """Tells whether an event of a session fits; one that says nothing never does."""
    return not event.said.is_silent and holds(query.root, lambda leaf: _event_fits(leaf, event, session))


def matches_session(query: Query, session: SessionFacts, events: Iterable[EventFacts]) -> bool:
    """Tells whether a session fits.

    What is asked of a session (`of_session`) is asked of it; anything else is true where it is true
    of one of its events, each part of the query by itself.
    """
    held = [event for event in events if not event.said.is_silent]

    def fits_one(leaf: Leaf) -> bool:
        if of_session(leaf):
            return session_fits(leaf, session)
        return any(_event_fits(leaf, event, session) for event in held)

    return holds(query.root, fits_one)


def holds(node: Node, fits_one: Callable[[Leaf], bool]) -> bool:
    """Tells whether a query holds where each of its parts is told to hold or not."""
    match node:
        case Not(part=part):
            return not holds(part, fits_one)
        case And(parts=parts):
            return all(holds(part, fits_one) for part in parts)
        case Or(parts=parts):
            return any(holds(part, fits_one) for part in parts)
        case _:
            return fits_one(node)


def of_session(leaf: Leaf) -> bool:
    """Tells whether a part asks for something that a session has as a whole."""
    match leaf:
        case Field(name=name):
            return name in {"agent", "project", "model", "tag"}
        case Is(what=what):
            return what != "error"
        case Words() | Pattern():
            return False
        case _:
            return True


def session_fits(leaf: Leaf, session: SessionFacts) -> bool:
    """Tells whether a session fits what is asked of it as a whole."""
    match leaf:
        case Field(name="agent") as field:
            return fits(field, session.agent)
        case Field(name="project") as field:
            return session.project is not None and fits(field, session.project)
        case Field(name="tag") as field:
            return any(fits(field, tag) for tag in session.tags)
        case Field() as field:
            return any(fits(field, model) for model in session.models)
        case Is(what=what):
            return session.is_live if what == "live" else session.kind == what
        case Since(moment=moment):
            return session.ended_at is not None and session.ended_at >= moment
        case Until(moment=moment):
            return session.ended_at is not None and session.ended_at < moment
        case Compare():
            return compares(leaf, session)
        case _:
            return True


def compares(leaf: Compare, session: SessionFacts) -> bool:
    """Tells whether a session's sum surely compares so; of an unknown cost only what is known is sure."""
    number = leaf.number
    if leaf.name == "tokens":
        low = high = session.tokens
    elif session.cost is None:
        low, high = session.cost_known, None
    else:
        low = high = session.cost
    match leaf.operator:
        case ">":
            return low > number
        case ">=":
            return low >= number
        case "<":
            return high is not None and high < number
        case "<=":
            return high is not None and high <= number


def fits(field: Field, value: str) -> bool:
    """Tells whether a value is what a field asks for."""
    match field.name:
        case "project":
            return _is_project(value.lower(), field.value.rstrip("/") or "/", prefix=field.prefix)
        case "role" | "tag":
            said = value.lower()
            return said.startswith(field.value) if field.prefix else said == field.value
        case _:
            return _has(tokens(value), tokens(field.value), prefix=field.prefix)


def _event_fits(leaf: Leaf, event: EventFacts, session: SessionFacts) -> bool:
    match leaf:
        case Words(words=words, prefix=prefix):
            texts = (event.said.text, event.said.files, event.said.command)
            return any(_has(tokens(text), words, prefix=prefix) for text in texts)
        case Pattern():
            pattern = compiled(leaf)
            texts = (event.said.text, event.said.files, event.said.command)
            return any(pattern.search(text) is not None for text in texts)
        case Field(name="agent" | "project" | "tag"):
            return session_fits(leaf, session)
        case Field() as field:
            value = _value(field.name, event)
            return value is not None and fits(field, value)
        case Since(moment=moment):
            return event.moment >= moment
        case Until(moment=moment):
            return event.moment < moment
        case Is(what="error"):
            return event.said.is_error
        case Everything():
            return True
        case _:
            return session_fits(leaf, session)


def _value(name: FieldName, event: EventFacts) -> str | None:
    match name:
        case "model":
            return event.model
        case "tool":
            return event.tool
        case "kind":
            return event.said.kind
        case "file":
            return event.said.files
        case "command":
            return event.said.command
        case "role":
            return event.said.role
        case _:
            return event.branch


@lru_cache(maxsize=64)
def compiled(pattern: Pattern) -> re.Pattern[str]:
    """Gives a pattern ready for searching; case makes no difference."""
    return re.compile(pattern.text if pattern.regex else re.escape(pattern.text), re.IGNORECASE)


def _has(found: list[str], words: Iterable[str], *, prefix: bool) -> bool:
    """Tells whether the words stand next to each other in a text."""
    wanted = " ".join(words)
    return f" {wanted}" in f" {' '.join(found)}" if prefix else f" {wanted} " in f" {' '.join(found)} "


def _is_project(path: str, wanted: str, *, prefix: bool) -> bool:
    parts = path.split("/")
    names = {path, *("/".join(parts[start:]) for start in range(1, len(parts)))}
    return any(name.startswith(wanted) for name in names) if prefix else wanted in names

"""Query: the language in which sessions and events are asked for.

Text becomes a syntax tree (`parse`), and the tree says of an event or a session whether it fits
(`matches`, `matches_session`). These matchers are slow and plain: they are what every store's own
way to an answer is held against. This room asks no database and no clock.
"""

from reenact.query.dates import moment
from reenact.query.facts import EventFacts, SessionFacts, Walk
from reenact.query.match import fits, matches, matches_session, of_session
from reenact.query.parse import parse
from reenact.query.searchable import Searchable, searchable
from reenact.query.syntax import (
    And,
    Asked,
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
    leaves,
)
from reenact.query.words import separators, spans, tokens

__all__ = [
    "And",
    "Asked",
    "Compare",
    "EventFacts",
    "Everything",
    "Field",
    "FieldName",
    "Is",
    "Leaf",
    "Node",
    "Not",
    "Or",
    "Pattern",
    "Query",
    "Searchable",
    "SessionFacts",
    "Since",
    "Until",
    "Walk",
    "Words",
    "fits",
    "leaves",
    "matches",
    "matches_session",
    "moment",
    "of_session",
    "parse",
    "searchable",
    "separators",
    "spans",
    "tokens",
]

"""Searching events: by the text index, or by reading everything."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import apsw
import msgspec

from reenact.errors import UsageError
from reenact.events import Event
from reenact.query import (
    And,
    EventFacts,
    Node,
    Pattern,
    Query,
    Searchable,
    SessionFacts,
    Walk,
    leaves,
    matches,
    searchable,
)
from reenact.store.frames import Reads
from reenact.store.pick import pick
from reenact.store.snippet import snippet
from reenact.store.text_match import PartsOf, statement
from reenact.store.text_shard import Shard
from reenact.store.values import Hit, SessionRow

_TWINS = tuple(sign.encode() for sign in ("\u212a", "\u017f", "\u0130", "\u0131"))
"""Letters beyond ASCII that are the same as one of ASCII where case makes no difference."""
_OF_NUMBERS = frozenset("0123456789.eE+-")
RANKED = 5_000
"""Newest rows among which the best are looked for."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row that fits."""

    at: int
    shard: Shard
    part: int
    seq: int
    moment: int
    score: float = 0.0

    @property
    def cursor(self) -> str:
        return f"{self.at}.{self.shard.number}"


def rows(
    shards: list[Shard], query: Query, parts_of: PartsOf, *, limit: int, rank: bool, before: str | None
) -> list[Row]:
    """Gives the rows that fit: newest first, or the best of the newest."""
    if any(isinstance(leaf, Pattern) for leaf in leaves(query.root)):
        raise UsageError("patterns are looked for by a scan", hint="say --scan")
    found: list[Row] = []
    for shard in shards:
        found += _of_shard(shard, query, parts_of, limit=limit, rank=rank, before=before)
    if rank:
        found.sort(key=lambda row: (row.score, -row.at, row.shard.number))
    else:
        found.sort(key=lambda row: (-row.at, row.shard.number))
    return found[:limit]


def _of_shard(
    shard: Shard, query: Query, parts_of: PartsOf, *, limit: int, rank: bool, before: str | None
) -> Iterator[Row]:
    found = statement(query.root, shard, parts_of)
    bound, values = "", list(found.values)
    if before is not None:
        at, number = _cursor(before)
        bound = f" AND words.rowid<{'=' if shard.number > number else ''}?"
        values.append(at)
    head = "SELECT r.id, r.part, r.seq, r.moment"
    body = (
        "FROM words CROSS JOIN row r ON r.id=words.rowid "
        f"WHERE words MATCH ? AND {found.condition}{bound} ORDER BY words.rowid DESC LIMIT ?"
    )
    # The condition's values stand behind the expression's.
    if rank:
        answer = shard.connection.execute(
            f"SELECT * FROM ({head}, bm25(words) AS score {body}) ORDER BY score, id DESC LIMIT ?",
            (found.expression, *values, RANKED, limit),
        )
    else:
        answer = shard.connection.execute(f"{head}, 0.0 {body}", (found.expression, *values, limit))
    for at, part, seq, moment, score in answer:
        yield Row(at=at, shard=shard, part=part, seq=seq, moment=moment, score=score)


def _cursor(text: str) -> tuple[int, int]:
    at, _, number = text.partition(".")
    if not (at.isdecimal() and number.isdecimal()):
        raise UsageError(f"{text!r} is no place in a list of hits")
    return int(at), int(number)


def hits(connection: apsw.Connection, found: list[Row], query: Query, reads: Reads) -> list[Hit]:
    """Gives what rows stand for; rows of events that are no more are left out."""
    events = pick(connection, [(row.part, row.seq) for row in found], reads=reads)
    return [
        hit(event, searchable(event), query, cursor=row.cursor, moment=row.moment)
        for row in found
        if (event := events.get((row.part, row.seq))) is not None
    ]


def hit(event: Event, said: Searchable, query: Query, *, cursor: str, moment: int) -> Hit:
    """Gives one hit with the place where the words stand."""
    shown = snippet(said, query)
    return Hit(
        session=event.session,
        seq=event.seq,
        event=event.id,
        ts=event.ts,
        moment=moment,
        kind=event.body.kind,
        tool=said.tool,
        snippet=shown.text,
        marks=shown.marks,
        cursor=cursor,
    )


def facts_of(row: SessionRow, *, alive: Collection[str] = ()) -> SessionFacts:
    """Gives what a query can ask of a session as a whole."""
    return SessionFacts(
        agent=row.agent,
        project=row.project,
        models=row.models,
        kind=row.kind,
        ended_at=row.ended_at,
        is_live=row.status == "running" or row.id in alive,
        tokens=row.own.tokens.total,
        cost=row.own.cost,
        cost_known=row.own.cost_known,
        tags=row.tags,
    )


# -- scanning -----------------------------------------------------------------------------------


def scan_session(
    events: Iterator[Event], session: SessionFacts, query: Query
) -> Iterator[tuple[Event, EventFacts]]:
    """Yields a session's events that fit, each read whole."""
    walk = Walk()
    for event in events:
        facts = walk.step(event, longest=None)
        if matches(query, event=facts, session=session):
            yield event, facts


def literals(node: Node) -> list[bytes]:
    """Gives texts of which every event that fits holds all, in small letters as they stand in JSON."""
    parts = node.parts if isinstance(node, And) else (node,)
    return [
        piece.lower().encode()
        for part in parts
        if isinstance(part, Pattern) and not part.regex
        for piece in part.text.split()
        if _stands_in_json(piece)
    ]


def _stands_in_json(text: str) -> bool:
    """Tells whether a text is in JSON letter by letter, and found by lowering ASCII letters alone."""
    return (
        text.isprintable()
        and not {'"', "\\"} & set(text)
        and not set(text) <= _OF_NUMBERS
        and all(sign.isascii() or sign.upper() == sign.lower() == sign for sign in text)
    )


def may_hold(data: bytes, wanted: list[bytes]) -> bool:
    """Tells whether events, as they are stored, may hold all of these texts."""
    lowered = data.lower()
    return all(text in lowered for text in wanted) or (
        not data.isascii() and any(twin in data for twin in _TWINS)
    )

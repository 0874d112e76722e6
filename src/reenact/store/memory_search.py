"""How a store in memory is searched: every event is held against the query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from reenact.errors import UsageError
from reenact.events import Event
from reenact.query import Pattern, Query, Walk, leaves, matches, matches_session, tokens
from reenact.store.search import facts_of, hit, scan_session
from reenact.store.values import Filter, Hit, Order, SessionRow

Kept = Iterable[tuple[SessionRow, list[Event]]]


def search(kept: Kept, query: Query, *, limit: int, rank: bool, before: str | None) -> list[Hit]:
    """Gives the hits: newest first, or those that hold the words most often."""
    if any(isinstance(leaf, Pattern) for leaf in leaves(query.root)):
        raise UsageError("patterns are looked for by a scan", hint="say --scan")
    found = []
    for row, events in kept:
        walk, facts = Walk(), facts_of(row)
        for event in events:
            seen = walk.step(event)
            if matches(query, seen, facts):
                cursor = f"{max(seen.moment, 0):020d}.{row.id}.{event.seq:012d}"
                found.append((cursor, hit(event, seen.said, query, cursor=cursor, moment=seen.moment)))
    found.sort(key=lambda pair: pair[0], reverse=True)
    hits = [one for cursor, one in found if before is None or cursor < before]
    if rank:
        hits.sort(key=lambda one: -len(one.marks) / (1 + len(tokens(one.snippet))))
    return hits[:limit]


def scan(kept: Kept, query: Query, *, limit: int) -> Iterator[Hit]:
    """Yields hits, sessions of the latest activity first, in each the latest event first."""
    left = limit
    for row, events in kept:
        for event, seen in reversed(list(scan_session(iter(events), facts_of(row), query))[-left:]):
            yield hit(event, seen.said, query, cursor="", moment=seen.moment)
            left -= 1
        if not left:
            return


def values(kept: Kept, field: str) -> dict[str, int]:
    """Gives how many sessions have each value of a field."""
    found: Counter[str] = Counter()
    for row, events in kept:
        walk = Walk()
        facts = [seen for event in events if not (seen := walk.step(event)).said.is_silent]
        told: dict[str, set[str | None]] = {
            "agent": {row.agent} if facts else set(),
            "project": {row.project} if facts else set(),
            "model": {seen.model for seen in facts},
            "branch": {seen.branch for seen in facts},
            "tool": {seen.tool for seen in facts},
            "kind": {seen.said.kind for seen in facts},
            "role": {seen.said.role for seen in facts},
        }
        found.update(text for text in told.get(field, ()) if text is not None)
    return dict(found)


def of_session(wanted: Filter) -> Filter:
    """Gives what a filter says of sessions alone."""
    return msgspec.structs.replace(wanted, model=None, since=None, until=None, limit=None)


def ranks(row: SessionRow, order: Order) -> tuple[bool, int, str]:
    """Gives what sessions are sorted by: those that tell nothing come last."""
    numbers: dict[Order, int | None] = {
        "ended": row.ended_at,
        "started": row.started_at,
        "cost": row.own.cost_known,
        "tokens": row.own.tokens.total,
        "turns": row.turns,
        "tools": row.tool_calls,
    }
    number = numbers[order]
    return number is None, -(number or 0), row.id


def fits(row: SessionRow, events: Iterable[Event], wanted: Filter) -> bool:
    """Tells whether a session fits a filter."""
    return (
        wanted.agent in {None, row.agent}
        and wanted.status in {None, row.status}
        and (wanted.model is None or wanted.model in row.models)
        and (wanted.project is None or _is_project(row.project, wanted.project))
        and (wanted.sessions is None or row.id in wanted.sessions)
        and (wanted.query is None or _is_asked(row, events, wanted.query))
        and (wanted.tag is None or wanted.tag in row.tags)
        and (wanted.hidden or not row.hidden)
        and (wanted.since is None or (row.ended_at is not None and row.ended_at >= wanted.since))
        and (wanted.until is None or (row.ended_at is not None and row.ended_at < wanted.until))
    )


def _is_project(project: str | None, wanted: str) -> bool:
    name = wanted.rstrip("/") or "/"
    return project is not None and (project == name or project.endswith("/" + name))


def _is_asked(row: SessionRow, events: Iterable[Event], query: Query) -> bool:
    walk = Walk()
    return matches_session(query, facts_of(row), [walk.step(event) for event in events])

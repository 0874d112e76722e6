"""Who comes from whom: parents as sessions declare them, as parents tell them, as the ledger shows them."""

from __future__ import annotations

from typing import Any, cast

import apsw
import msgspec

from reenact.events import Header, SessionKind
from reenact.store.sql import fetch, fetch_one

_DEEPEST = 1000
"""Generations of sub-agents that are followed; more would be a loop in damaged data."""


class Descent(msgspec.Struct, frozen=True, kw_only=True):
    """What a session is and where it comes from."""

    kind: SessionKind
    parent: str | None = None
    call: str | None = None
    event: str | None = None


def resolve(connection: apsw.Connection) -> None:
    """Works out kind, parent and root of every touched session, and of what hangs below it."""
    touched = fetch(
        connection, "SELECT s.id, s.header FROM touched_session t CROSS JOIN session s ON s.id=t.id"
    )
    for session, header in touched:
        descent = _descent(connection, session, msgspec.json.decode(header, type=Header))
        connection.execute(
            "UPDATE session SET kind=?, parent=?, parent_call=?, parent_event=? WHERE id=?",
            (descent.kind, descent.parent, descent.call, descent.event, session),
        )
    below = fetch(
        connection,
        "WITH RECURSIVE below(id) AS (SELECT id FROM touched_session UNION SELECT s.id FROM below b "
        "CROSS JOIN session s ON s.parent=b.id WHERE s.kind='subagent') SELECT id FROM below",
    )
    for (session,) in below:
        connection.execute("UPDATE session SET root=? WHERE id=?", (_root(connection, session), session))
    connection.execute("DELETE FROM touched_session")


def _descent(connection: apsw.Connection, session: str, header: Header) -> Descent:
    told = fetch(
        connection,
        "SELECT e.parent, e.call, e.event FROM edge e "
        "CROSS JOIN session p ON p.id=e.parent AND p.part=e.part WHERE e.child=? "
        "ORDER BY e.source='finished', e.parent, e.seq",
        (session,),
    )
    if header.parent is not None:
        fitting = [row for row in told if row[0] == header.parent]
        # A sub-agent may have begun before anybody knew which call that was for.
        fits = next((row for row in fitting if row[1]), fitting[0] if fitting else (None, None, None))
        if fits[0] is None and header.kind == "subagent":
            fits = _nearer(connection, told)
        return Descent(
            kind=header.kind,
            parent=fits[0] or header.parent,
            call=header.parent_call or fits[1],
            event=header.parent_event or (fits[2] if header.kind == "subagent" else None),
        )
    if told and header.kind != "fork":
        parent, call, event = told[0]
        return Descent(
            kind="subagent",
            parent=parent,
            call=header.parent_call or call,
            event=header.parent_event or event,
        )
    if header.kind != "subagent":
        owner = _owner_of_the_past(connection, session, header.agent)
        if owner is not None:
            return Descent(kind="fork", parent=owner[0], event=header.parent_event or owner[1])
    return Descent(kind=header.kind, call=header.parent_call, event=header.parent_event)


def _nearer(connection: apsw.Connection, told: list[Any]) -> tuple[str | None, str | None, str | None]:
    """Gives the sub-agent that tells of having started another one.

    Some agents file every sub-agent below the session at the top, whoever started it.
    """
    for row in told:
        if fetch_one(connection, "SELECT 1 FROM session WHERE id=? AND declared='subagent'", (row[0],)):
            return cast("tuple[str, str | None, str | None]", row)
    return None, None, None


def _owner_of_the_past(connection: apsw.Connection, session: str, agent: str) -> tuple[str, str] | None:
    """Gives the main session that owns the last response which this one repeats, and its event there."""
    row = fetch_one(
        connection,
        "SELECT p.id, o.event FROM session s CROSS JOIN ledger l ON l.session=s.n AND l.owned=0 "
        "CROSS JOIN ledger o ON o.key=l.key AND o.owned=1 AND o.session<>s.n "
        "CROSS JOIN session p ON p.n=o.session WHERE s.id=? AND p.agent=? AND p.declared<>'subagent' "
        "ORDER BY l.seq DESC LIMIT 1",
        (session, agent),
    )
    return None if row is None else cast("tuple[str, str]", row)


def _root(connection: apsw.Connection, session: str) -> str:
    """Gives the session at the top of a tree of sub-agents."""
    seen = {session}
    for _ in range(_DEEPEST):
        row = fetch_one(
            connection,
            "SELECT p.id FROM session s JOIN session p ON p.id=s.parent WHERE s.id=? AND s.kind='subagent'",
            (session,),
        )
        if row is None or row[0] in seen:
            break
        session = row[0]
        seen.add(session)
    return min(seen) if row is not None else session

"""Questions to the index: which sessions, which ledger entries, which name is whose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import apsw
import msgspec

from reenact.errors import AmbiguousSessionError, SessionNotFoundError
from reenact.events import Event, Tokens, decode
from reenact.store.ledger import QUARTER
from reenact.store.session_query import Asking, condition, of_models, of_projects
from reenact.store.sql import fetch, fetch_one
from reenact.store.tokens import COLUMNS, QUALITIES, add_sums, from_columns
from reenact.store.values import Entry, Filter, Rollup, SessionRow, Sums

_TEXTS = msgspec.json.Decoder(tuple[str, ...])
_SUMS = msgspec.json.Decoder(Sums)
_TOKENS = msgspec.json.Decoder(Tokens)
_PLAIN = (
    "id", "native_id", "agent", "kind", "title", "cwd", "project", "started_at", "ended_at", "status",
    "completeness", "parent", "parent_call", "parent_event", "loops", "turns", "events", "tool_calls",
    "warnings", "removed_at_source", "agent_version", "original", "asks",
)  # fmt: skip


_ORDERS = {
    "ended": "s.ended_at DESC, s.id",
    "started": "s.started_at DESC, s.id",
    "cost": "s.own_known DESC, s.id",
    "tokens": "s.own_tokens DESC, s.id",
    "turns": "s.turns DESC, s.id",
    "tools": "s.tool_calls DESC, s.id",
}


class Where:
    """Conditions with their values."""

    def __init__(self) -> None:
        self.conditions: list[str] = []
        self.values: list[Any] = []

    def add(self, condition: str, *values: object) -> None:
        self.conditions.append(condition)
        self.values.extend(values)

    def __str__(self) -> str:
        return " WHERE " + " AND ".join(self.conditions) if self.conditions else ""


def of_session(connection: apsw.Connection, wanted: Filter, where: Where, asking: Asking | None) -> None:
    """Adds what a filter says of the session; `asking` is needed where it holds a query."""
    if wanted.query is not None:
        assert asking is not None
        values: list[object] = []
        where.add(condition(wanted.query.root, asking, values), *values)
    if wanted.project is not None:
        projects: list[object] = []
        where.add(of_projects(connection, wanted.project, projects), *projects)
    if wanted.agent is not None:  # there are few agents: beside a project they lead to too many rows
        where.add("s.agent=?" if wanted.project is None else "+s.agent=?", wanted.agent)
    if wanted.status is not None:
        where.add("s.status=?", wanted.status)
    if wanted.sessions is not None:
        where.add("s.id IN (SELECT value FROM json_each(?))", msgspec.json.encode(wanted.sessions).decode())
    if not wanted.hidden:
        where.add("s.hidden=0")


def sessions(
    connection: apsw.Connection,
    wanted: Filter,
    *,
    running: Collection[str] = (),
    asking: Asking | None = None,
) -> list[SessionRow]:
    """Gives the sessions that fit, latest activity first; those without a time come last.

    `running` are those that somebody writes to now, whatever the index says of their status.
    """
    where = _where(connection, wanted, running, asking)
    limit = "" if wanted.limit is None else f" LIMIT {int(wanted.limit)}"
    if wanted.offset:
        limit = f"{limit or ' LIMIT -1'} OFFSET {int(wanted.offset)}"
    rows = fetch(
        connection,
        f"SELECT {', '.join('s.' + name for name in _PLAIN)}, s.models, s.tags, s.hidden, s.own, "
        "s.inherited, "
        "(SELECT path FROM original o WHERE o.id=s.original) "
        f"FROM session s{where} ORDER BY {_ORDERS[wanted.order]}{limit}",
        where.values,
    )
    found = _rows(connection, rows)
    return [msgspec.structs.replace(row, status="running") if row.id in running else row for row in found]


def tags(connection: apsw.Connection) -> dict[str, tuple[str, ...]]:
    """Gives the sessions whose own events put tags on them."""
    rows = fetch(connection, "SELECT id, tags FROM session WHERE tags<>'[]'")
    return {session: tuple(_TEXTS.decode(told)) for session, told in rows}


def count(
    connection: apsw.Connection,
    wanted: Filter,
    *,
    running: Collection[str] = (),
    asking: Asking | None = None,
) -> int:
    """Gives how many sessions fit, whatever the filter's limit and offset."""
    where = _where(connection, wanted, running, asking)
    return int(fetch(connection, f"SELECT count(*) FROM session s{where}", where.values)[0][0])


def _where(
    connection: apsw.Connection, wanted: Filter, running: Collection[str], asking: Asking | None
) -> Where:
    where = Where()
    of_session(connection, msgspec.structs.replace(wanted, status=None), where, asking)
    live = msgspec.json.encode(sorted(running)).decode()
    if wanted.status == "running":
        where.add("s.id IN (SELECT value FROM json_each(?))", live)
    elif wanted.status is not None:
        where.add("s.status=? AND s.id NOT IN (SELECT value FROM json_each(?))", wanted.status, live)
    if wanted.model is not None:
        models: list[object] = []
        where.add(of_models(connection, [wanted.model], models), *models)
    if wanted.since is not None:
        where.add("s.ended_at>=?", wanted.since)
    if wanted.until is not None:
        where.add("s.ended_at<?", wanted.until)
    return where


def _rows(connection: apsw.Connection, rows: Sequence[tuple[Any, ...]]) -> list[SessionRow]:
    ids = [row[0] for row in rows]
    children = _children(connection, ids)
    owns: dict[str, Sums] = {row[0]: _SUMS.decode(row[len(_PLAIN) + 3]) for row in rows}
    totals = _totals(connection, [name for name in ids if children.get(name)])
    agents = Counter(parent for parent, found in children.items() for child in found if child.is_agent)
    found = []
    for row in rows:
        models, tags, hidden, _, inherited, path = row[len(_PLAIN) :]
        own = owns[row[0]]
        found.append(
            SessionRow(
                **dict(zip(_PLAIN, row, strict=False)),
                models=_TEXTS.decode(models),
                tags=_TEXTS.decode(tags),
                hidden=bool(hidden),
                children=tuple(child.id for child in children.get(row[0], ())),
                agents=agents[row[0]],
                source_path=path,
                own=own,
                total=add_sums((own, totals[row[0]])) if row[0] in totals else own,
                inherited=_TOKENS.decode(inherited),
            )
        )
    return found


class _Child(msgspec.Struct, frozen=True, gc=False):
    id: str
    is_agent: bool
    """False for a fork, and for a sub-agent that is hidden."""


def _children(connection: apsw.Connection, ids: list[str]) -> dict[str, list[_Child]]:
    """Gives the sessions that name these as their parent, in the order in which they began."""
    children: dict[str, list[_Child]] = {}
    rows = connection.execute(
        "SELECT parent, id, kind='subagent' AND hidden=0 FROM session "
        "WHERE parent IN (SELECT value FROM json_each(?)) "
        "ORDER BY started_at IS NULL, started_at, id",
        (msgspec.json.encode(ids).decode(),),
    )
    for parent, child, is_agent in rows:
        children.setdefault(parent, []).append(_Child(child, bool(is_agent)))
    return children


def _totals(connection: apsw.Connection, ids: list[str]) -> dict[str, Sums]:
    """Gives what the sub-agents below these sessions used, however deep."""
    rows = connection.execute(
        "WITH RECURSIVE below(top, id) AS ("
        " SELECT parent, id FROM session WHERE kind='subagent' "
        "AND parent IN (SELECT value FROM json_each(?)) "
        " UNION SELECT b.top, s.id FROM below b CROSS JOIN session s "
        "ON s.parent=b.id WHERE s.kind='subagent') "
        "SELECT b.top, s.own FROM below b JOIN session s ON s.id=b.id WHERE b.top<>b.id",
        (msgspec.json.encode(ids).decode(),),
    )
    parts: dict[str, list[Sums]] = {}
    for top, own in rows:
        parts.setdefault(top, []).append(_SUMS.decode(own))
    return {top: add_sums(sums) for top, sums in parts.items()}


def resolve(connection: apsw.Connection, name: str) -> str:
    """Gives the session that a name means; see `Store.resolve`."""
    if name == "last":
        row = fetch_one(
            connection,
            "SELECT id FROM session WHERE kind<>'subagent' AND hidden=0 ORDER BY ended_at DESC, id LIMIT 1",
        )
        if row is None:
            raise SessionNotFoundError(name)
        return str(row[0])
    rows = fetch(
        connection, "SELECT id, kind, native_id FROM session WHERE id=?1 OR native_id=?1 ORDER BY id", (name,)
    )
    if not rows and name:
        rows = fetch(
            connection,
            "SELECT id, kind, native_id FROM session WHERE id>=?1 AND id<?2 UNION "
            "SELECT id, kind, native_id FROM session WHERE native_id>=?1 AND native_id<?2 ORDER BY id",
            (name, name + "\U0010ffff"),
        )
    if not rows:
        raise SessionNotFoundError(name)
    mains = [row for row in rows if row[1] != "subagent"]
    if len(rows) > 1 and len(mains) == 1:  # a sub-agent's native id may begin with its parent's
        rows = mains
    if len(rows) > 1:
        raise AmbiguousSessionError(name, {own: native or "" for own, _, native in rows})
    return str(rows[0][0])


def entries(connection: apsw.Connection, wanted: Filter, *, asking: Asking | None = None) -> Iterator[Entry]:
    """Yields the owned ledger entries that fit, in the order of their times."""
    where = Where()
    where.add("l.owned=1")
    of_session(connection, wanted, where, asking)
    if wanted.model is not None:
        where.add("l.model=?", wanted.model)
    if wanted.since is not None:
        where.add("l.ts>=?", wanted.since)
    if wanted.until is not None:
        where.add("l.ts<?", wanted.until)
    limit = "" if wanted.limit is None else f" LIMIT {int(wanted.limit)}"
    rows = connection.execute(
        "SELECT l.key, s.id, l.event, s.agent, s.project, l.model, l.ts, l.quality, l.cost, s.root, "
        f"{', '.join('l.' + name for name in COLUMNS)} FROM ledger l JOIN session s ON s.n=l.session{where} "
        f"ORDER BY l.ts IS NULL, l.ts, l.key{limit}",
        where.values,
    )
    for key, session, event, agent, project, model, ts, quality, cost, root, *tokens in rows:
        yield Entry(
            key=key,
            session=session,
            event=event,
            agent=agent,
            project=project,
            model=model,
            ts=ts,
            tokens=from_columns(tokens),
            quality=QUALITIES[quality],
            cost=cost,
            main_session=root,
        )


def rollups(connection: apsw.Connection, wanted: Filter, *, asking: Asking | None = None) -> list[Rollup]:
    """Gives the sums that fit; times are those of whole buckets."""
    where = Where()
    of_session(connection, wanted, where, asking)
    if wanted.model is not None:
        where.add("r.model=?", wanted.model)
    if wanted.since is not None:
        where.add("r.bucket>?", wanted.since - QUARTER)
    if wanted.until is not None:
        where.add("r.bucket<?", wanted.until)
    rows = fetch(
        connection,
        "SELECT r.bucket, s.id, s.root, s.agent, s.project, r.model, r.responses, r.quality, r.cost_known, "
        f"r.unpriced, {', '.join('r.' + name for name in COLUMNS)} "
        f"FROM rollup r JOIN session s ON s.n=r.session{where} "
        "ORDER BY r.bucket IS NULL, r.bucket, s.id, r.model",
        where.values,
    )
    return [
        Rollup(
            bucket=bucket,
            session=session,
            main_session=root,
            agent=agent,
            project=project,
            model=model,
            responses=responses,
            tokens=from_columns(tokens),
            quality=QUALITIES[quality],
            cost=None if unpriced else known,
            cost_known=known,
        )
        for bucket, session, root, agent, project, model, responses, quality, known, unpriced, *tokens in rows
    ]


def limits(connection: apsw.Connection, since: int | None) -> list[tuple[str, Event]]:
    """Gives (agent, event) for what sessions told last of each limit."""
    rows = fetch(
        connection,
        "SELECT agent, limits FROM session WHERE limits IS NOT NULL AND ended_at>=? ORDER BY ended_at",
        (since or 0,),
    )
    return [(agent, decode(text.encode())) for agent, told in rows for text in _TEXTS.decode(told)]

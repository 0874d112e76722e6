"""All answers worked out from nothing but events: slow and plain. Pure.

`MemoryStore` answers by it; the local store's index must come to the same, whatever the order in
which it heard of things.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce

import msgspec

from reenact.events import Event, Header, SessionKind, bodies
from reenact.store.ledger import QUARTER, Price, Record, merge, rank
from reenact.store.sessions import joined_headers
from reenact.store.summary import Summary
from reenact.store.tokens import add_sums, stated
from reenact.store.values import Entry, Rollup, SessionRow, Sums
from reenact.usage import better, total, worst

Edge = tuple[bool, str, int, str | None, str]
"""Whether told by a finished tool, parent, seq there, call, event."""


class Part(msgspec.Struct, kw_only=True):
    """What one transcript tells of a session."""

    original: str
    header: Header
    events: list[Event]
    removed: int = 0


class Session(msgspec.Struct, kw_only=True):
    """One session with all that is known of it."""

    header: Header
    original: str | None
    events: list[Event]
    summary: Summary
    removed: int
    records: dict[str, Record]
    kind: SessionKind = "main"
    parent: str | None = None
    call: str | None = None
    event: str | None = None
    entries: list[Entry] = []
    inherited: list[Record] = []


def session_of(parts: Sequence[Part], *, recorded: str) -> Session:
    """Joins the parts of one session: each event once, the earliest part first."""
    ordered = sorted(parts, key=_order)
    events: dict[str, Event] = {}
    for part in ordered:
        for event in part.events:
            events.setdefault(event.id, event)
    shown = list(events.values())
    if len(ordered) > 1:
        shown = [msgspec.structs.replace(event, seq=seq) for seq, event in enumerate(shown, 1)]
    header = joined_headers([_forked(part.header, part.events) for part in ordered])
    assert header is not None
    originals = [part.original for part in ordered if part.original != recorded]
    return Session(
        header=header,
        original=originals[0] if originals else None,
        events=shown,
        summary=summary_of(shown),
        removed=sum(part.removed for part in parts),
        records=_records(shown),
    )


def summary_of(events: Sequence[Event]) -> Summary:
    summary = Summary()
    for event in events:
        summary.add(event)
    return summary


def _order(part: Part) -> tuple[bool, int, str]:
    started = summary_of(part.events).started_at
    return (started is None, started or 0, part.original)


def _forked(header: Header, events: Sequence[Event]) -> Header:
    """Completes a header by what the session says of its own past."""
    for event in events:
        match event.body:
            case bodies.SessionForked(parent=parent, at=at):
                pass
            case bodies.SessionStarted(forked=str(parent)):
                at = None
            case _:
                continue
        if parent != header.id and header.kind != "subagent":
            header = msgspec.structs.replace(
                header, kind="fork", parent=header.parent or parent, parent_event=header.parent_event or at
            )
    return header


def _records(events: Sequence[Event]) -> dict[str, Record]:
    records: dict[str, Record] = {}
    for event in events:
        if isinstance(event.body, bodies.UsageRecorded):
            body = event.body
            record = Record(
                event=event.id,
                seq=event.seq,
                ts=event.ts,
                model=body.model,
                tokens=body.tokens,
                quality=body.quality,
                final=body.final,
                inherited=body.inherited,
                stated_cost=stated(body.cost),
            )
            records[body.key] = merge(records[body.key], record) if body.key in records else record
    return records


class Reckoning:
    """All sessions with who owns what and who comes from whom."""

    def __init__(
        self,
        sessions: Mapping[str, Session],
        *,
        price_for: Callable[[str], Price],
        project_of: Callable[[str], str | None],
    ) -> None:
        self.sessions = sessions
        self._price_for = price_for
        self._project_of = project_of
        self._owners: dict[str, str] = {}
        self._settle()
        self._descend()

    def project(self, session: Session) -> str | None:
        cwd = session.summary.cwd
        return (self._project_of(cwd) or cwd) if cwd else None

    def _settle(self) -> None:
        holders: dict[str, list[Session]] = {}
        for session in self.sessions.values():
            for key in session.records:
                holders.setdefault(key, []).append(session)
        for key, held in holders.items():
            best = reduce(better, (session.records[key] for session in held))
            owning = [session for session in held if not session.records[key].inherited]
            owner = min(owning, key=_rank, default=None)
            for session in held:
                if session is not owner:
                    session.inherited.append(session.records[key])
            if owner is not None:
                self._owners[key] = owner.header.id
                owner.entries.append(self._entry(key, owner, best))

    def _entry(self, key: str, owner: Session, best: Record) -> Entry:
        own = owner.records[key]
        cost = best.stated_cost if own.stated_cost is None else own.stated_cost
        price = self._price_for(owner.header.agent)
        return Entry(
            key=key,
            session=owner.header.id,
            event=own.event,
            agent=owner.header.agent,
            project=self.project(owner),
            model=best.model,
            ts=own.ts,
            tokens=best.tokens,
            quality=best.quality,
            cost=price(best.model, best.tokens, own.ts, cost),
            main_session="",
        )

    def _descend(self) -> None:
        edges: dict[str, list[Edge]] = {}
        for session in self.sessions.values():
            for event in session.events:
                match event.body:
                    case bodies.AgentSpawned(child=str(child), call=call):
                        is_finished = False
                    case bodies.ToolFinished(child=str(child), call=call):
                        is_finished = True
                    case _:
                        continue
                if child != session.header.id:
                    edge = (is_finished, session.header.id, event.seq, call, event.id)
                    edges.setdefault(child, []).append(edge)
        for name, session in self.sessions.items():
            self._descent(session, sorted(edges.get(name, []), key=lambda edge: edge[:3]))

    def _descent(self, session: Session, told: Sequence[Edge]) -> None:
        header = session.header
        session.kind, session.parent = header.kind, header.parent
        session.call, session.event = header.parent_call, header.parent_event
        if header.parent is not None:
            fitting = [edge for edge in told if edge[1] == header.parent]
            fits = next((edge for edge in fitting if edge[3]), fitting[0] if fitting else None)
            if fits is None and header.kind == "subagent":
                fits = next((edge for edge in told if self._is_subagent(edge[1])), None)
            if fits is not None:
                session.parent = fits[1]
                session.call = session.call or fits[3]
                if header.kind == "subagent":
                    session.event = session.event or fits[4]
        elif told and header.kind != "fork":
            session.kind, session.parent = "subagent", told[0][1]
            session.call, session.event = session.call or told[0][3], session.event or told[0][4]
        elif header.kind != "subagent":
            self._infer_fork(session)

    def _is_subagent(self, name: str) -> bool:
        return self.sessions[name].header.kind == "subagent"

    def _infer_fork(self, session: Session) -> None:
        """A session that repeats responses of another main session was forked from it."""
        for key, record in sorted(session.records.items(), key=lambda item: -item[1].seq):
            owner = self.sessions.get(self._owners.get(key, ""))
            if owner is None or owner is session or owner.header.agent != session.header.agent:
                continue
            if owner.header.kind != "subagent" and record in session.inherited:
                session.kind, session.parent = "fork", owner.header.id
                session.event = session.event or owner.records[key].event
                return

    # -- answers --------------------------------------------------------------------------------

    def root(self, name: str) -> str:
        """Gives the session at the top of a tree of sub-agents."""
        seen = {name}
        while (session := self.sessions[name]).kind == "subagent":
            if session.parent is None or session.parent not in self.sessions:
                break
            if session.parent in seen:
                return min(seen)
            name = session.parent
            seen.add(name)
        return name

    def own(self, session: Session) -> Sums:
        costs = [entry.cost for entry in session.entries]
        known = sum(cost for cost in costs if cost is not None)
        return Sums(
            tokens=total(entry.tokens for entry in session.entries),
            quality=worst(entry.quality for entry in session.entries),
            cost=None if None in costs else known,
            cost_known=known,
        )

    def _below(self, name: str, seen: set[str]) -> list[Session]:
        found = []
        for child, session in self.sessions.items():
            if session.parent == name and session.kind == "subagent" and child not in seen:
                seen.add(child)
                found += [session, *self._below(child, seen)]
        return found

    def entries(self) -> list[Entry]:
        """Gives the whole ledger by time."""
        found = [
            msgspec.structs.replace(entry, main_session=self.root(entry.session))
            for session in self.sessions.values()
            for entry in session.entries
        ]
        return sorted(found, key=lambda entry: (entry.ts is None, entry.ts or 0, entry.key))

    def row(self, name: str, *, path: str | None, is_running: bool) -> SessionRow:
        """Gives what lists show of a session."""
        session = self.sessions[name]
        summary = session.summary
        children = [child for child in self.sessions.values() if child.parent == name]
        children.sort(key=lambda child: (child.summary.started_at is None, *_started(child)))
        own = self.own(session)
        return SessionRow(
            id=name,
            native_id=session.header.native_id,
            agent=session.header.agent,
            kind=session.kind,
            title=summary.title,
            cwd=summary.cwd,
            project=self.project(session),
            models=tuple(summary.models),
            started_at=summary.started_at,
            ended_at=summary.ended_at,
            status="running" if is_running else summary.status_of(is_recorded=session.original is None),
            completeness=summary.completeness,
            parent=session.parent,
            parent_call=session.call,
            parent_event=session.event,
            children=tuple(child.header.id for child in children),
            agents=sum(child.kind == "subagent" and not _is_hidden(child) for child in children),
            loops=summary.loops,
            turns=summary.turns,
            events=summary.events,
            tool_calls=summary.tool_calls,
            warnings=summary.warnings,
            removed_at_source=session.removed,
            tags=tuple(summary.tags),
            hidden=_is_hidden(session),
            agent_version=summary.agent_version,
            asks=summary.asks,
            original=session.original,
            source_path=path,
            own=own,
            total=add_sums([own, *(self.own(child) for child in self._below(name, {name}))]),
            inherited=total(record.tokens for record in session.inherited),
        )


def rollups(entries: Sequence[Entry]) -> list[Rollup]:
    """Sums entries by session, model and quarter of an hour."""
    groups: dict[tuple[int | None, str, str | None], list[Entry]] = {}
    for entry in entries:
        bucket = None if entry.ts is None else entry.ts // QUARTER * QUARTER
        groups.setdefault((bucket, entry.session, entry.model), []).append(entry)
    found = []
    for (bucket, session, model), group in groups.items():
        costs = [entry.cost for entry in group]
        known = sum(cost for cost in costs if cost is not None)
        found.append(
            Rollup(
                bucket=bucket,
                session=session,
                main_session=group[0].main_session,
                agent=group[0].agent,
                project=group[0].project,
                model=model,
                responses=len(group),
                tokens=total(entry.tokens for entry in group),
                quality=worst(entry.quality for entry in group),
                cost=None if None in costs else known,
                cost_known=known,
            )
        )
    return sorted(found, key=lambda r: (r.bucket is None, r.bucket or 0, r.session, r.model or ""))


def _is_hidden(session: Session) -> bool:
    return session.header.hidden or session.summary.is_beside


def _started(session: Session) -> tuple[int, str]:
    return (session.summary.started_at or 0, session.header.id)


def _rank(session: Session) -> tuple[bool, int, bool, bool, int, str]:
    summary = session.summary
    is_fork = session.header.kind == "fork"
    return rank(summary.started_at, summary.ended_at, is_fork=is_fork, session=session.header.id)

"""All live sessions of one archive: found by their ids, opened once, put to rest when there are too many."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Literal, Self

from reenact.errors import (
    ArchiveBusyError,
    ArchiveError,
    NotFoundError,
    SessionBusyError,
    SessionExistsError,
    SessionNotFoundError,
    UsageError,
)
from reenact.events import Event, Header, bodies
from reenact.recorder import Session, Tools, current
from reenact.sessions import compaction, pairs
from reenact.sessions.cutting import Cut, cut_at, cut_behind
from reenact.sessions.live import LiveSession
from reenact.sessions.past import row_of
from reenact.sessions.values import Ancestry
from reenact.store import SessionRow, Store, forked_of, own_events

_DEEPEST = 1000
_BEGIN = 20


class LiveSessions:
    """The live sessions of an archive; `archive.live()` gives it.

    Args:
        tools: what recording works with.
        record: begins the recording of a new session, from its run inputs.
        cap: how many may be open at once; the one that was used longest ago rests then, on disk.
    """

    def __init__(self, tools: Tools, record: Callable[..., Session], *, cap: int = 128) -> None:
        self.store: Store = tools.store
        self.lock = threading.RLock()
        self._tools = tools
        self._record = record
        self._cap = max(cap, 1)
        self._known: dict[str, LiveSession] = {}
        self._awake: OrderedDict[str, LiveSession] = OrderedDict()

    @property
    def cap(self) -> int:
        """How many may be open at once."""
        return self._cap

    @cap.setter
    def cap(self, cap: int) -> None:
        with self.lock:
            self._cap = max(cap, 1)
            self._make_room()

    # -- finding and opening --------------------------------------------------------------------

    def open(self, id: str | None = None, **inputs: Any) -> LiveSession:  # noqa: A002 - the field's word
        """Gives the live session of this id, begun if there is none, gone on with if there is.

        Args:
            id: the session's id or the agent's own name for it, any text; a fresh one where None.
            inputs: what a run starts from, as `Archive.record` takes it.

        Raises:
            SessionBusyError: somebody else writes to it.
            UsageError: the session was imported; it can be forked.
        """
        with self.lock:
            if id is not None:
                live = self._held(id)
                if live is not None:
                    return live if live.is_open else live.reopen()
                row = self._row(id)
                if row is not None:
                    return self._reopened(row)
            session = self._record(session=id, **inputs)
            return self._begun(session, session.header)

    def read(self, name: str) -> LiveSession:
        """Gives a session to look at: `messages`, `snapshot`, `ancestry` and so on; nothing is opened.

        What somebody else records into it is there at the next look.

        Raises:
            SessionNotFoundError: there is none.
        """
        with self.lock:
            held = self._held(name)
            if held is not None:
                return held
            self.store.catch_up()
            row = row_of(self.store, self.store.resolve(name))
            if row is None:
                raise SessionNotFoundError(name)
            return self._known.get(row.id) or LiveSession(self, _header(row), None)

    def get(self, name: str) -> LiveSession:
        """Gives a session that is open here.

        Raises:
            NotFoundError: none that is open goes by this name.
        """
        live = self._held(name)
        if live is None or not live.is_open:
            raise NotFoundError(
                f"no live session is called {name!r}", hint="`open` opens it, `read` shows it"
            )
        return live

    def exists(self, name: str) -> bool:
        """Tells whether there is a session of this id or name, open or not."""
        return self._held(name) is not None or self._row(name) is not None

    def is_open(self, name: str) -> bool:
        """Tells whether a session is open here."""
        live = self._held(name)
        return live is not None and live.is_open

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.is_open(name)

    def ids(self) -> tuple[str, ...]:
        """Gives the ids of what is open here, resting or not."""
        return tuple(live.id for live in self._known.values() if live.is_open)

    def current(self) -> LiveSession | None:
        """Gives the innermost live session that the running code is in."""
        session = current()
        return self._known.get(session.id) if session is not None else None

    # -- lineage --------------------------------------------------------------------------------

    def fork(
        self,
        name: str,
        *,
        at: str | int | None = None,
        messages: int | None = None,
        id: str | None = None,  # noqa: A002
        on_unpaired: pairs.OnUnpaired = "error",
        **inputs: Any,
    ) -> LiveSession:
        """Gives a new live session that shares the past of another one, recorded or imported.

        Nothing is copied, and nobody who listens there listens here.

        Args:
            name: the session that is left.
            at: the last shared event, its id or position; 0 shares nothing, None everything.
            messages: instead, how many messages of its context are shared.
            id: the new session's own name.
            on_unpaired: what to do where that parts a tool call from its result: refuse, share the
                result as well, or leave the call out.
            inputs: task, model, agent or cwd where they differ.

        Raises:
            SessionNotFoundError: there is no such session.
            NotFoundError: it has no such event.
            SessionExistsError: there is a session called `id`.
            UnpairedError: see `on_unpaired`.
        """
        pairs.check_way(on_unpaired)
        with self.lock:
            self.store.catch_up()
            row = row_of(self.store, self.store.resolve(name))
            if row is None:
                raise SessionNotFoundError(name)
            if id is not None and self.exists(id):
                raise SessionExistsError(id)
            if messages is not None:
                cut = cut_behind(self.read(row.id), messages, on_unpaired)
            else:
                cut = cut_at(self.store, row, at, on_unpaired, lambda: self.read(row.id))
            fresh = self._tools.minter.mint()
            header = Header(
                id=fresh, agent=inputs.get("agent") or row.agent, native_id=id or fresh, kind="fork",
                parent=row.id, parent_event=cut.at,
            )  # fmt: skip
            session = Session(self._tools, header, self._inputs(row, inputs))
            live = self._begun(session, header)
            self._branch(live, row, cut)
            self.store.catch_up()
            return live

    def open_child(
        self,
        parent: LiveSession,
        *,
        agent: str,
        inherit: bool | Literal["summary"],
        summarise: compaction.Summarise | None,
        on_unpaired: pairs.OnUnpaired,
        inputs: Mapping[str, Any],
    ) -> LiveSession:
        """See `LiveSession.open_child`."""
        pairs.check_way(on_unpaired)
        if inherit not in (True, False, "summary"):
            raise UsageError(f"inherit={inherit!r} is none of True, False, 'summary'")
        told = _summary(parent, summarise) if inherit == "summary" else None
        with self.lock:
            session = parent.session.child(agent=agent, **inputs)
            self.store.catch_up()
            row = row_of(self.store, parent.id)
            cut = None
            if inherit is True and row is not None:
                cut = cut_at(self.store, row, None, on_unpaired, lambda: parent)
            live = self._begun(session, session.header)
            if cut is not None and row is not None:
                self._branch(live, row, cut)
            if told is not None:
                live.inject("user", told, origin="summary")
            return live

    def ancestry(self, session: str) -> Ancestry:
        """Gives where a session comes from, and what came from it."""
        with self.lock:
            self.store.catch_up()
            row = row_of(self.store, session)
            if row is None:
                raise SessionNotFoundError(session)
            line = self._line(row)
            forked = forked_of(self.store, session) if row.parent is not None else None
            at = forked.at if forked is not None else None
            return Ancestry(parent=row.parent, children=row.children, root=line[-1], branched_at=at)

    def linkable(self, parent: str, child: str) -> str:
        """Gives the id of a session that may become another one's sub-agent; see `LiveSession.link_child`."""
        with self.lock:
            self.store.catch_up()
            row = row_of(self.store, self.store.resolve(child))
            above = row_of(self.store, parent)
            if row is None:
                raise SessionNotFoundError(child)
            if row.id == parent or (above is not None and row.id in self._line(above)):
                raise UsageError(f"session {row.id} cannot be a sub-agent of what comes from it")
            return row.id

    def _line(self, row: SessionRow) -> list[str]:
        """Gives a session and all that it comes from, the nearest first."""
        line = [row.id]
        upper: SessionRow | None = row
        while upper is not None and upper.parent and upper.parent not in line and len(line) < _DEEPEST:
            line.append(upper.parent)
            upper = row_of(self.store, upper.parent)
        return line

    # -- beginning and end ----------------------------------------------------------------------

    def reopen(self, live: LiveSession) -> None:
        """See `LiveSession.reopen`."""
        with self.lock:
            if live.is_open:
                return
            begin = self._inputs(row_of(self.store, live.id), {})
            session = Session(self._tools, live.header, begin.__replace__(forked=None))
            self._start(session)
            live.attach(session)
            self._known[live.id] = live
            self.touch(live)

    def touch(self, live: LiveSession) -> None:
        """Takes note that a session is used: the ones used longest ago rest where there are too many."""
        with self.lock:
            if live.is_open:
                self._awake[live.id] = live
                self._awake.move_to_end(live.id)
                self._make_room()

    def closed(self, live: LiveSession) -> None:
        """Takes note that a session was closed."""
        with self.lock:
            self._awake.pop(live.id, None)
            self._known.pop(live.id, None)
            self.store.catch_up()

    def close(self) -> None:
        """Closes all that is open, as completed."""
        for live in list(self._known.values()):
            live.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make_room(self) -> None:
        while len(self._awake) > self._cap:
            _, oldest = self._awake.popitem(last=False)
            oldest.rest()

    # -- inside ---------------------------------------------------------------------------------

    def _held(self, name: str) -> LiveSession | None:
        with self.lock:
            live = self._known.get(name)
            return live or next((one for one in self._known.values() if one.header.native_id == name), None)

    def _row(self, name: str) -> SessionRow | None:
        """Gives the session whose whole id or name this is."""
        with self.lock:
            self.store.catch_up()
            row = row_of(self.store, name)
            if row is None:
                try:
                    row = row_of(self.store, self.store.resolve(name))
                except (NotFoundError, UsageError):
                    return None
            return row if row is not None and name in (row.id, row.native_id) else None

    def _reopened(self, row: SessionRow) -> LiveSession:
        if row.original is not None:
            raise UsageError(
                f"session {row.id} was imported: its agent writes it", hint="`fork` goes on from it"
            )
        live = LiveSession(self, _header(row), None)
        self.reopen(live)
        return live

    def _begun(self, session: Session, header: Header) -> LiveSession:
        self._start(session)
        live = LiveSession(self, header, session)
        self._known[live.id] = live
        self.touch(live)
        return live

    def _start(self, session: Session) -> None:
        session.start()
        recorder = session.recorder
        if recorder is None or recorder.degraded is not None:
            session.finally_ = None
            cause = recorder.cause if recorder is not None else None
            if isinstance(cause, ArchiveBusyError):
                raise SessionBusyError(session.id) from cause
            raise ArchiveError(f"session {session.id} cannot be written: {session.degraded}") from cause

    def _branch(self, live: LiveSession, row: SessionRow, cut: Cut) -> None:
        live.emit(bodies.SessionForked(parent=row.id, at=cut.at, parent_native=row.native_id))
        if cut.removed:
            live.emit(bodies.ContextTrimmed(removed=cut.removed, reason=cut.reason))

    def _inputs(self, row: SessionRow | None, inputs: Mapping[str, Any]) -> bodies.SessionStarted:
        """Gives what a session starts from: what another one did, where nothing else is told."""
        begun = bodies.SessionStarted()
        if row is not None:
            begun = next(filter(None, map(_started, self._first(row.id))), begun)
            model = begun.model or (row.models[-1] if row.models else None)
            begun = begun.__replace__(agent=begun.agent or row.agent, model=model, cwd=begun.cwd or row.cwd)
            begun = begun.__replace__(
                forked=row.id, resumed=False, cleared=False, imported=False, command=(), extra=None
            )
        told = {name: value for name, value in inputs.items() if value is not None}
        wrong = set(told) - {"task", "model", "agent", "agent_version", "cwd", "config"}
        if wrong:
            raise UsageError(f"{', '.join(sorted(wrong))} cannot be told to a fork")
        return begun.__replace__(**told)

    def _first(self, session: str) -> list[Event]:
        return list(own_events(self.store, session, stop=_BEGIN))


def _started(event: Event) -> bodies.SessionStarted | None:
    return event.body if isinstance(event.body, bodies.SessionStarted) else None


def _header(row: SessionRow) -> Header:
    return Header(
        id=row.id, agent=row.agent, native_id=row.native_id, kind=row.kind, parent=row.parent,
        parent_call=row.parent_call, parent_event=row.parent_event, hidden=row.hidden,
    )  # fmt: skip


def _summary(parent: LiveSession, summarise: compaction.Summarise | None) -> str | None:
    """Gives a summary of all that a session's context holds; None where it holds nothing."""
    messages = parent.messages()
    if not messages:
        return None
    told = summarise(compaction.prompt(messages, compaction.INSTRUCTIONS)) if summarise is not None else None
    options = compaction.OPTIONS["truncate"]
    return told or compaction.truncated(messages, options["messages"], options["max_chars"])

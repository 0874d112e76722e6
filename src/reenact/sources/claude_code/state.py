"""What the parser remembers between lines, and the one place where drafts are made."""

from __future__ import annotations

import msgspec

from reenact import clock, ids
from reenact.events import AnyBody, Header
from reenact.events.blocks import Repository
from reenact.events.bodies import LoopStarted, SessionForked, SessionStarted, SessionTitled, WorkspaceChanged
from reenact.sources.claude_code import content
from reenact.sources.claude_code.changes import Plan
from reenact.sources.claude_code.journal import Journal
from reenact.sources.claude_code.records import Row, table, text
from reenact.sources.claude_code.tools import Call
from reenact.sources.protocol import Draft, Setting
from reenact.usage.limits import Streak

AGENT = "claude_code"


def session_of(native: str) -> str:
    """Gives the archive's id of a main session, or (`owner/agent`) of a sub-agent."""
    return ids.session_id(AGENT, native)


class Session:
    """One session of the transcript: the main one, a sub-agent, or a side chain of old versions."""

    def __init__(self, header: Header, *, lane: str | None = None) -> None:
        self.header = header
        self.id = header.id
        self.lane = lane
        self.is_sub = header.kind == "subagent"
        self.is_started = False
        self.is_announced = False
        self.loop: str | None = None
        self.loops = 0
        self.turns: dict[str, int] = {}
        self.trigger: str = "sub_agent" if self.is_sub else "user"
        self.command: tuple[str, str | None] | None = None
        self.limit = Streak()
        self.model: str | None = None
        self.cwd: str | None = None
        self.branch: str | None = None
        self.permission: str = "default"
        self.mode: str = "normal"
        self.titles: dict[str, str] = {}
        self.tags: set[str] = set()
        self.stated: object = None
        """What the agent said last of its own running costs."""
        self.usage: dict[str, tuple[object, ...]] = {}
        self.least: dict[str, int] = {}
        self.plan = Plan()
        self.results: dict[str, str] = {}
        """Call → record of its result."""
        self.boundary: tuple[Row, int | None] | None = None
        self.compacted: str | None = None
        self.has_root = False
        self.last: str | None = None
        self.anchors: dict[str, str | None] = {}
        """uuid of a row → record of the nearest draft at or above it."""
        self.fork_of: str | None = None
        self.fork_at: str | None = None
        self.fork_told = False
        self.fork_by_row = False
        """True where copied rows themselves say so (`forkedFrom`)."""


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """Where in the conversation a row stands, and the name of the draft that it mainly becomes."""

    session: Session
    row: Row
    ts: int | None
    parent: str | None
    record: str

    def after(self, suffix: str) -> str:
        """Gives the name of a further draft of the same row."""
        return f"{self.record}:{suffix}"


class Reading:
    """The state of one transcript's reading."""

    def __init__(self, setting: Setting) -> None:
        owner, _, agent_id = setting.key.partition("/")
        self.setting = setting
        self.owner = owner
        self.agent_id = agent_id or None
        self._meta = sidecar_json(setting, "meta.json")
        self.main = Session(self._header(agent_id), lane=agent_id or None)
        self.sides: dict[str, Session] = {}
        """Side chains of old versions: uuid of each of their rows → session."""
        self.last_side: Session | None = None
        self.above: dict[str, str | None] = {}
        """uuid of a row → uuid of the row above."""
        self.links: set[str] = set()
        """Rows between two messages: attachments, notices, progress."""
        self.answered: set[str] = set()
        self.calls: dict[str, Call] = {}
        self.prompts: dict[str, list[str]] = {}
        """Prompt of a sub-agent → calls that gave it and have no session yet."""
        self.spawned: set[str] = set()
        self.summaries: dict[str, str] = {}
        self.exchange: str | None = None
        self.first_ts: int | None = None
        self.starts_own = False
        """True where the first time in the file is certainly not that of a copied row."""
        self.journal = Journal()
        self.counts: dict[str, int] = {}
        self.warnings = 0
        self.version: str | None = None
        self.held: list[tuple[AnyBody, str]] = []
        self.drafts: list[Draft] = []
        self.headers: list[Header] = []
        self.unknown: list[str] = []

    def _header(self, agent_id: str) -> Header:
        if not agent_id:
            return Header(id=session_of(self.owner), agent=AGENT, native_id=self.owner)
        outer = text(self._meta.get("parentAgentId"))
        return Header(
            id=session_of(f"{self.owner}/{agent_id}"),
            agent=AGENT,
            native_id=agent_id,
            kind="subagent",
            parent=session_of(f"{self.owner}/{outer}" if outer else self.owner),
            parent_call=text(self._meta.get("toolUseId")),
            hidden=agent_id.startswith("acompact-"),
        )

    # -- names ----------------------------------------------------------------------------------

    def numbered(self, name: str) -> str:
        """Gives a record name that is unique: the name and how many equals came before."""
        count = self.counts.get(name, 0)
        self.counts[name] = count + 1
        return f"{name}:{count}"

    def once(self, name: str) -> str:
        """Gives a record name that is the name itself the first time."""
        count = self.counts.get(name, 0)
        self.counts[name] = count + 1
        return f"{name}:{count}" if count else name

    def spot(self, session: Session, row: Row, ts: int | None) -> Spot:
        """Gives where a row stands."""
        return Spot(
            session=session, row=row, ts=ts, parent=self.parent_of(session, row), record=str(row.uuid)
        )

    def parent_of(self, session: Session, row: Row) -> str | None:
        """Gives the record that a row hangs on; a missing parent is a gap, not a new root."""
        above = text(row.parent_uuid) or text(row.logical_parent_uuid)
        if above is None:
            return None
        return session.anchors.get(above, session.last)

    # -- drafts ---------------------------------------------------------------------------------

    def add(
        self,
        session: Session,
        body: AnyBody,
        record: str,
        *,
        ts: int | None,
        turn: str | None = None,
        parent: str | None = None,
    ) -> None:
        """Adds a draft to what this line becomes."""
        if not session.is_started:
            self.start(session, None, ts)
        self.drafts.append(
            Draft(
                session=session.id,
                record=record,
                body=body,
                ts=ts,
                loop=session.loop,
                turn=turn,
                lane=session.lane,
                parent=parent,
            )
        )

    def header(self, session: Session, header: Header) -> None:
        """Tells who a session is, or more of it."""
        session.header = header
        session.is_announced = True
        self.headers.append(header)

    def start(self, session: Session, row: Row | None, ts: int | None) -> None:
        """Opens a session before its first draft.

        Its time is that of the first row with a time in the file, which in a copied file is its
        own and not that of the copied rows (rows of the prompt queue come first there).
        """
        session.is_started = True
        if not session.is_announced:
            self.header(session, session.header)
        is_own = session is self.main
        meta = sidecar_json(self.setting, "meta.json") if is_own else {}
        config = {
            "entrypoint": text(row.entrypoint) if row else None,
            "agent_type": text(meta.get("agentType")),
        }
        session.cwd = text(row.cwd) if row else None
        session.branch = text(row.git_branch) if row else None
        body = SessionStarted(
            task=_task(session, row),
            agent=AGENT,
            agent_version=text(row.version) if row else None,
            model=_model(row),
            cwd=session.cwd,
            config={key: value for key, value in config.items() if value} or None,
            repo=Repository(branch=session.branch) if session.branch else None,
            imported=True,
        )
        session.model = body.model
        started = self.first_ts if is_own and self.first_ts is not None else ts
        self.add(session, body, "session.started", ts=started)
        if title := text(meta.get("description")):
            session.titles["agent"] = title
            self.add(session, SessionTitled(title=title), "session.titled:meta", ts=started)
        if is_own:
            held, self.held = self.held, []
            for waiting, record in held:
                self.add(session, waiting, record, ts=None)

    def prepare(self, session: Session, row: Row, ts: int | None) -> None:
        """Opens the session where needed and tells where the work moved."""
        if not session.is_started:
            self.start(session, row, ts)
            return
        cwd, branch = text(row.cwd), text(row.git_branch)
        moved = cwd if cwd and cwd != session.cwd else None
        switched = branch if branch and branch != session.branch else None
        if moved or switched:
            session.cwd, session.branch = cwd or session.cwd, branch or session.branch
            body = WorkspaceChanged(cwd=moved, branch=switched)
            self.add(session, body, self.once(f"{row.uuid}:workspace"), ts=ts)

    def tell(self, spot: Spot, body: AnyBody, *, turn: str | None = None) -> None:
        """Adds the draft that a row mainly becomes."""
        self.add(spot.session, body, spot.record, ts=spot.ts, turn=turn, parent=spot.parent)

    def anchor(self, spot: Spot, *, is_link: bool = False) -> None:
        """Remembers what a row became, for the rows that hang on it."""
        spot.session.anchors[spot.record] = spot.session.last = spot.record
        if is_link:
            self.links.add(spot.record)

    def pass_over(self, spot: Spot) -> None:
        """Remembers a row that became nothing: what hangs on it hangs on the draft above."""
        spot.session.anchors[spot.record] = spot.parent
        self.links.add(spot.record)

    def answer(self, row: Row) -> None:
        """Remembers that the message above this one has one below it (links between are passed)."""
        above = text(row.parent_uuid)
        while above is not None and above not in self.answered:
            self.answered.add(above)
            above = self.above.get(above) if above in self.links else None

    def open_loop(self, spot: Spot, name: str, why: str, *, tag: str | None = None) -> None:
        """Starts the next run of the agent."""
        session = spot.session
        previous, session.loop = session.loop, name
        session.loops += 1
        session.trigger = "branch" if why == "branch" else "sub_agent" if session.is_sub else "user"
        body = LoopStarted(continuation=why, parent_loop=previous, tag=tag)  # type: ignore[arg-type]  # a Literal
        self.add(session, body, self.once(f"loop:{name}"), ts=spot.ts, parent=spot.parent)

    # -- forks ----------------------------------------------------------------------------------

    def copied(self, session: Session, row: Row) -> bool:
        """Tells whether a row is proved to be a copy out of another session.

        A fork of a fork holds rows of both: those copied last are of the session that it was made from.
        """
        origin = text(table(row.forked_from).get("sessionId")) or text(row.request_session_id)
        if session.is_sub or origin is None or origin == self.owner:
            return False
        if session.fork_of != origin and not session.fork_told:  # the nearest of those it was copied through
            session.fork_of = origin
            header = session.header
            self.header(
                session,
                Header(
                    id=header.id,
                    agent=AGENT,
                    native_id=header.native_id,
                    kind="fork",
                    parent=session_of(origin),
                ),
            )
        session.fork_by_row = session.fork_by_row or bool(table(row.forked_from))
        session.fork_at = text(table(row.forked_from).get("messageUuid")) or text(row.uuid)
        return True

    def tell_fork(self, session: Session, ts: int | None) -> None:
        """Adds `session.forked` before the first row that is the fork's own."""
        if session.fork_told or session.fork_of is None or session.fork_at is None:
            return
        session.fork_told = True
        parent = session_of(session.fork_of)
        at = ids.event_id(parent, session.fork_at)
        body = SessionForked(parent=parent, at=at, mode="copy", parent_native=session.fork_of)
        self.add(session, body, "session.forked", ts=ts)


def sidecar_json(setting: Setting, name: str) -> dict[str, object]:
    """Gives the object in a sidecar, or an empty one."""
    data = setting.sidecars.get(name)
    if not data:
        return {}
    try:
        return table(msgspec.json.decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def moment(row: Row) -> int | None:
    """Gives a row's own time."""
    return clock.parse_iso(row.timestamp) if isinstance(row.timestamp, str) else None


def _task(session: Session, row: Row | None) -> str | None:
    """Gives what a sub-agent was asked, or the command that began a session; a prompt tells itself."""
    if row is None or row.type != "user":
        return None
    said = content.plain(table(row.message).get("content"))
    if session.is_sub:
        return said or None
    command = content.command_name(said)
    return f"/{command}" if command else None


def _model(row: Row | None) -> str | None:
    model = text(table(row.message).get("model")) if row is not None else None
    return None if model == "<synthetic>" else model

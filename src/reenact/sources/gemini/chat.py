"""What the parser remembers of one chat: its messages, which are live, and what is still to be told."""

from __future__ import annotations

from typing import Any

import msgspec

from reenact import ids
from reenact.events.bodies import ContextInjected, ContextTrimmed, SessionStarted, SessionTitled
from reenact.sources.gemini import content
from reenact.sources.gemini.records import Message, Meta
from reenact.sources.names import name_of
from reenact.sources.protocol import Setting
from reenact.sources.session import SessionDrafts, Spot

AGENT = "gemini"


class Known(msgspec.Struct, kw_only=True):
    """A message that was met, with what of it became events."""

    type: str
    said: str = ""
    spot: Spot = Spot()
    record: str | None = None
    """The name of its main event."""
    is_human: bool = False
    thoughts: int = 0
    has_usage: bool = False
    calls: set[str] = set()
    records: list[str] = []
    """Names of all its events that are part of the context."""


class Chat:
    """One chat file while it is read."""

    def __init__(self, setting: Setting) -> None:
        self.hints = setting.hints
        self.sidecars = setting.sidecars
        self.drafts = SessionDrafts(setting.agent, setting.hints.get("session") or setting.key)
        self.known: dict[str, Known] = {}
        self.live: dict[str, None] = {}
        """Ids of the messages that the agent's own reader would have now, in order."""
        self.calls: dict[str, str] = {}
        """Tool calls → the message that made them."""
        self.finished: set[str] = set()
        self.answer: Known | None = None
        """The answer that came last, until someone speaks."""
        self.is_past = False
        """True while messages come that were copied from another chat."""
        self.is_branch = False
        """True after a rewind, until the next prompt."""
        self.gone: list[str] = []
        """Messages that a replaced history lacks; told only when the talk goes on without them."""
        self.titles: set[str] = set()
        self.title: str | None = None
        """A title that the header brought, until it is told."""
        self.is_ended = False
        self._meta: Meta | None = None
        self._context: list[Message] = []
        self._starts = 0
        self._project: str | None = None
        self._is_told = False

    # -- the beginning ------------------------------------------------------------------------

    def begin(self, meta: Meta) -> None:
        """Takes a header. Nothing is told of it before anything happens: many starts come to nothing."""
        if meta.session is not None and not self._is_told:
            self.drafts.identify(meta.session)
        self._project = meta.project or self._project
        self._meta = meta
        self._context = []

    def set_up(self, message: Message) -> None:
        """Takes the message that sets up the context, told with the beginning it belongs to."""
        said = content.plain(message.content)
        known = self.known.get(message.id)
        if known is not None and known.said == said and known.records:
            return
        if known is None:
            self.known[message.id] = Known(type="user")
        self.known[message.id].said = said
        self._context = [message]
        if self._meta is None and self._is_told:
            self.settle()

    def settle(self) -> None:
        """Tells what has to be told before the next thing that happens."""
        lane, self.drafts.lane = self.drafts.lane, None
        if self._meta is not None or not self._is_told:
            self._start(self._meta or Meta())
        self._meta = None
        for message in self._context:
            blocks = content.blocks(message.content)
            body = ContextInjected(blocks=blocks, origin="environment")
            self._context_event(message, body)
        self._context = []
        if self.gone:
            records = [record for each in self.gone for record in self.known[each].records]
            self.gone = []
            if records:
                removed = tuple(map(self.drafts.event, records))
                name = name_of("trim", "\x1f".join(records))
                self.drafts.emit(name, ContextTrimmed(removed=removed, reason="history_replaced"))
        self.drafts.lane = lane

    def is_talk(self, identity: str) -> bool:
        """Tells whether a message is part of what the model is given."""
        known = self.known.get(identity)
        return known is not None and known.type in {"user", "gemini"} and bool(known.records)

    def entitle(self, title: str) -> str:
        """Tells the session's title; gives the name of the event."""
        return self.drafts.emit(
            name_of("title", title), SessionTitled(title=title, by="summary"), spot=Spot()
        )

    def _context_event(self, message: Message, body: ContextInjected) -> None:
        known = self.known[message.id]
        ts, self.drafts.ts = self.drafts.ts, message.ts
        if known.records:  # the set-up is another one after a resume, and takes the place of the first
            removed = tuple(map(self.drafts.event, known.records))
            name = name_of("trim-set-up", "\x1f".join((*known.records, known.said)))
            self.drafts.emit(name, ContextTrimmed(removed=removed, reason="set_up_replaced"), spot=Spot())
        record = self.drafts.emit(name_of(f"m:{message.id}", known.said), body, spot=Spot())
        self.drafts.ts = ts
        known.record, known.records = record, [record]

    def _start(self, meta: Meta) -> None:
        drafts = self.drafts
        if not self._is_told:
            if meta.kind == "subagent" or "root" in self.hints:
                drafts.kind = "subagent"
                root = self.hints.get("root")
                drafts.parent = ids.session_id(drafts.agent, root) if root else None
            drafts.tell_header()
        self._is_told = True
        ts = drafts.ts
        drafts.ts = meta.ts if meta.ts is not None else ts
        drafts.end_loop()
        name = name_of("start", f"{meta.session}\x1f{meta.ts}")
        drafts.emit(name, self._started(meta), spot=Spot())
        if self.title is not None and drafts.kind != "subagent":
            self.entitle(self.title)
        self.title = None
        drafts.ts = ts
        self._starts += 1

    def _started(self, meta: Meta) -> SessionStarted:
        cwd = self.hints.get("cwd")
        for message in self._context:
            cwd = cwd or content.root_in(content.plain(message.content), self._project)
        config: dict[str, Any] = {}
        if self._project is not None:
            config["project_hash"] = self._project
        if meta.directories:
            config["directories"] = list(meta.directories)
        return SessionStarted(
            agent=self.drafts.agent,
            cwd=cwd or (meta.directories[0] if meta.directories else None),
            config=config or None,
            resumed=self._starts > 0,
        )

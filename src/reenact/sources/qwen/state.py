"""What the parser remembers of one Qwen Code file: its session, its sub-agents, the answer being told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from reenact import ids
from reenact.events.blocks import Repository, Tokens
from reenact.events.bodies import SessionForked, SessionStarted, UsageRecorded
from reenact.sources.members import mapping, object_in, text
from reenact.sources.protocol import Setting
from reenact.sources.qwen.records import Record
from reenact.sources.session import SessionDrafts, Spot

AGENT = "qwen"
INHERITED = "inherited"
HIDDEN = "managed-"
"""How the names of agents begin that Qwen Code runs for itself (to extract memories)."""


class Answer(msgspec.Struct, kw_only=True):
    """The answer of the model that is being told, maybe over several records."""

    key: str
    tokens: Tokens | None = None
    prompt: int = 0
    model: str | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice of an answer that no record told yet."""

    uuid: str
    tokens: Tokens
    model: str | None
    ts: int | None


class File:
    """One chat file while it is read."""

    def __init__(self, setting: Setting) -> None:
        self.drafts = SessionDrafts(AGENT, setting.hints.get("session") or setting.key)
        self.main = setting.hints.get("main")
        """The main session, where this is the file of a sub-agent."""
        self.meta = _decoded(setting.sidecars.get("meta"))
        flags = mapping(self.meta, "persistedCliFlags")
        self.meta_model = text(self.meta, "model") or text(flags, "model")
        """What a sub-agent asks: its records do not tell. One in the foreground has it among the flags."""
        self.children: dict[str, SessionDrafts] = {}
        self.anchors: dict[str, str | None] = {}
        """Records → the newest event on their branch."""
        self.anchor: str | None = None
        self.head: str | None = None
        self.is_branch = False
        self.calls: dict[str, tuple[Spot, str, Any]] = {}
        self.durations: dict[str, int] = {}
        self.answer: Answer | None = None
        self.notice: Notice | None = None
        self.rounds = 0
        self.agents: Counter[str] = Counter()
        self.agent_id: str | None = None
        self.version: str | None = None
        self.is_begun = False
        self._cwd: str | None = None

    def others(self) -> Iterator[SessionDrafts]:
        """Yields the drafts of the sub-agents that this file told of."""
        yield from self.children.values()

    # -- beginnings ---------------------------------------------------------------------------

    def begin(self, record: Record) -> None:
        """Tells the beginning, once, out of the first record."""
        if self.is_begun:
            return
        self.is_begun = True
        drafts, parent = self.drafts, None
        if self.main is not None:
            drafts.kind = "subagent"
            above = text(self.meta, "parentAgentId")
            drafts.parent = ids.session_id(AGENT, f"{self.main}#{above}" if above else self.main)
            drafts.parent_call = text(self.meta, "toolUseId")
            drafts.hidden = (record.agent_name or "").startswith(HIDDEN)
            self.agent_id = record.agent or text(self.meta, "agentId")
        elif record.forked_from is not None:
            parent = record.forked_from
            drafts.kind = "fork"
            drafts.parent = ids.session_id(AGENT, parent)
        drafts.tell_header()
        self._cwd = record.cwd
        body = SessionStarted(
            agent=AGENT,
            agent_version=record.version,
            cwd=record.cwd,
            repo=Repository(branch=record.branch) if record.branch else None,
            forked=drafts.parent if drafts.kind == "fork" else None,
        )
        drafts.emit("start", body, spot=Spot())
        if parent is not None and drafts.parent is not None:
            drafts.emit("forked", SessionForked(parent=drafts.parent, mode="copy", parent_native=parent))

    def child(self, agent: str, name: str | None) -> SessionDrafts:
        """Gives the drafts of a sub-agent that this file tells of."""
        if agent not in self.children:
            made = SessionDrafts(AGENT, f"{self.main or self.drafts.native}#{agent}")
            made.kind = "subagent"
            made.parent = self.drafts.id
            made.hidden = (name or agent).startswith(HIDDEN)
            made.tell_header()
            self.children[agent] = made
        return self.children[agent]

    # -- the tree -----------------------------------------------------------------------------

    def enter(self, record: Record) -> None:
        """Goes to where a record hangs."""
        self.drafts.ts = record.ts
        self.drafts.lane = INHERITED if record.forked_from is not None else None
        if record.parent == self.head or record.uuid is None:
            return
        if record.parent is not None and record.parent in self.anchors:
            self.anchor = self.anchors[record.parent]
            self.is_branch = True

    def leave(self, record: Record) -> None:
        """Remembers where a record stands."""
        self.drafts.lane = None
        if record.uuid is not None:
            self.anchors[record.uuid] = self.anchor
            self.head = record.uuid

    def hang(self) -> str | None:
        """Gives what the next event hangs on; nothing tells that while the talk just goes on."""
        return self.anchor if self.is_branch else None

    # -- usage --------------------------------------------------------------------------------

    def settle(self) -> None:
        """Books an answer that was noticed and that no record tells: a call beside the talk."""
        notice, self.notice = self.notice, None
        if notice is not None:
            body = UsageRecorded(
                key=f"qwen:{notice.uuid}", tokens=notice.tokens, model=notice.model, final=True
            )
            self.drafts.emit(f"usage:{notice.uuid}", body, ts=notice.ts)

    def count(self, answer: Answer) -> None:
        """Books what is known of an answer; told again, the larger one holds."""
        if answer.tokens is None:
            return
        body = UsageRecorded(
            key=answer.key,
            tokens=answer.tokens,
            model=answer.model,
            inherited=self.drafts.lane == INHERITED,
        )
        self.drafts.emit(f"usage:{answer.key}", body)


def key_of(main: str, agent: str, round_: int) -> str:
    """Gives the ledger's key of a sub-agent's answer: its own file and its main session's both tell it."""
    return f"qwen:{main}#{agent}#{round_}"


def _decoded(data: bytes | None) -> dict[str, Any]:
    return object_in(data or b"") or {}

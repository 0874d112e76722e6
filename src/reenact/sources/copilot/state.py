"""What the parser remembers of one Copilot transcript between lines."""

from __future__ import annotations

from typing import Any

import msgspec

from reenact.events.bodies import LimitResumed
from reenact.sources.copilot.records import Row
from reenact.sources.copilot.spent import Meter
from reenact.sources.members import mapping, text
from reenact.sources.protocol import Setting
from reenact.sources.strand import Page, Strand
from reenact.usage.limits import Streak

AGENT = "copilot"
WORKSPACE, USAGE = "workspace.yaml", "usage"
"""Names of sidecars: Copilot's own notes on a session, and its rows in the shared database."""


class Call(msgspec.Struct, kw_only=True):
    """A tool call that was asked for."""

    name: str
    given: Any
    strand: Strand
    started: int | None = None
    child: str | None = None


class State:
    """One transcript: the main agent's strand, the sub-agents', their calls, and the usage told so far."""

    def __init__(self, setting: Setting) -> None:
        self.page = Page()
        self.setting = setting
        self.main = Strand(self.page, AGENT, setting.key)
        self.notes = notes(setting.sidecars.get(WORKSPACE, b""))
        self.meter = Meter(self.page, self.main, self.strand, setting.sidecars.get(USAGE, b""))
        self.calls: dict[str, Call] = {}
        self.asked: dict[str, tuple[str | None, str | None]] = {}
        """Permission request → (call, tool)."""
        self.thoughts: set[str] = set()
        """Reasoning that was told by a row of its own, since the last answer."""
        self.streak = Streak()
        self.has_started = self.is_over = self.was_aborted = False
        self.version: str | None = None
        self.cwd: str | None = None
        self._children: dict[str, Strand] = {}
        self._by_call: dict[str, Strand] = {}

    def strand(self, agent: str | None) -> Strand:
        """Gives the strand of a sub-agent by its id; the main one's where there is none."""
        if agent is None or agent == "main":
            return self.main
        return self._children.get(agent) or self.child(agent, None, self.main)

    def of(self, row: Row) -> Strand:
        """Gives the strand that a row belongs to; rows before 1.0.100 name only the call that began it."""
        if row.agent is not None:
            if row.agent not in self._children:
                call = text(row.data, "parentToolCallId")
                known = self.calls.get(call or "")
                return self.child(row.agent, call, known.strand if known else self.main)
            return self._children[row.agent]
        call = text(row.data, "parentToolCallId") or text(mapping(row.data, "usage"), "parentToolCallId")
        return self._by_call.get(call or "", self.main)

    def of_call(self, call: str | None) -> Strand | None:
        """Gives the strand of the sub-agent that a call started."""
        return self._by_call.get(call or "")

    def tell_resumed(self, strand: Strand, incident: str) -> None:
        """Tells that the model answered again after a limit."""
        strand.emit(f"limit-over:{incident}", LimitResumed(incident=incident))

    def child(self, agent: str, call: str | None, parent: Strand) -> Strand:
        """Gives the strand of a sub-agent; it is made the first time."""
        if agent not in self._children:
            self._children[agent] = Strand(
                self.page,
                AGENT,
                f"{self.main.native}/{agent}",
                kind="subagent",
                parent=parent.session,
                parent_call=call,
            )
        strand = self._children[agent]
        if call is not None:
            self._by_call[call] = strand
        return strand


def notes(data: bytes) -> dict[str, str]:
    """Gives what `workspace.yaml` says: flat `key: value` lines, of which some are quoted."""
    found = {}
    for line in data.decode("utf-8", "replace").splitlines():
        key, colon, value = line.partition(":")
        if colon and key.isidentifier():
            found[key] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':
        try:
            return str(msgspec.json.decode(value))
        except msgspec.DecodeError:
            return value[1:-1]
    if len(value) >= 2 and value[0] == value[-1] == "'":
        return value[1:-1].replace("''", "'")
    return value

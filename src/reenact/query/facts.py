"""What a query can ask of an event and of a session, gathered from the events in order."""

from __future__ import annotations

import msgspec

from reenact.events import Event, SessionKind, bodies
from reenact.query.searchable import LONGEST, Searchable, searchable


class SessionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a query can ask of a session as a whole."""

    agent: str
    project: str | None = None
    models: tuple[str, ...] = ()
    kind: SessionKind = "main"
    ended_at: int | None = None
    """Last activity, UTC microseconds."""
    is_live: bool = False
    tokens: int = 0
    cost: int | None = 0
    """Pico-USD of its own responses; None where a part is unknown."""
    cost_known: int = 0
    tags: tuple[str, ...] = ()


class EventFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a query can ask of an event. Model and branch are those in force at that event."""

    said: Searchable
    tool: str | None = None
    """The tool that the event is about; also for the end of a call."""
    model: str | None = None
    branch: str | None = None
    moment: int = 0
    """Its time, else that of the latest event before it that has one, else 0."""


class Walk(msgspec.Struct, kw_only=True):
    """Walks through a session's events in order. Mutable: it remembers what is in force."""

    model: str | None = None
    branch: str | None = None
    moment: int = 0
    tools: dict[str, str] = {}
    """Calls that have not ended, and their tools."""

    def step(self, event: Event, *, longest: int | None = LONGEST) -> EventFacts:
        """Gives the facts of the next event."""
        body = event.body
        if event.ts is not None:
            self.moment = event.ts
        said = searchable(event, longest=longest)
        tool = said.tool
        match body:
            case bodies.SessionStarted():
                self.model = body.model or self.model
                self.branch = (body.repo.branch if body.repo else None) or self.branch
            case bodies.WorkspaceChanged(branch=str(branch)):
                self.branch = branch
            case (
                bodies.AssistantMessage(model=str(model), error=None)
                | bodies.ModelResponded(model=str(model))
                | bodies.ModelSwitched(model=model)
                | bodies.UsageRecorded(model=str(model))
            ):
                self.model = model
            case bodies.ToolCalled(call=call, name=name):
                self.tools[call] = name
                if len(self.tools) > _OPEN_CALLS:
                    del self.tools[next(iter(self.tools))]
            case bodies.ToolFinished(call=call):
                tool = self.tools.pop(call, None)
        return EventFacts(said=said, tool=tool, model=self.model, branch=self.branch, moment=self.moment)


_OPEN_CALLS = 1000
"""Calls without an end that are remembered."""

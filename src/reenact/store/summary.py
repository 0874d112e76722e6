"""What a list shows of a session, summed up event by event in bounded memory. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from reenact.events import Completeness, Event, blocks, bodies, encode
from reenact.store.values import Status
from reenact.tree.status import QUESTIONS, Asks

TITLE = 200
"""Characters of a title; the rest is cut."""
_LIMITS = 32
"""Limits of one session that are remembered."""
_RECENT = 8192
"""Ids of turns and loops remembered: one that comes back after so many others would count twice."""
BESIDE = "beside"
"""Tag of a recording whose session has a transcript of the agent's own."""
_LOW: dict[Completeness, int] = {"full": 0, "partial": 1, "metadata_only": 2}
_UNFINISHED = {"tool_use", "tool_calls", "function_call", "pause_turn"}
_PROMPTS = {None, "prompt"}
# The kinds that each step looks at: most events are none of them, and asking so is the cheapest.
_SUMMED = frozenset({
    bodies.SessionStarted, bodies.SessionTitled, bodies.SessionTagged, bodies.UserMessage,
    bodies.ToolCalled, bodies.LimitStatus, bodies.LimitHit, bodies.LimitResumed, bodies.ParseWarning,
    bodies.AssistantMessage, bodies.ModelResponded, bodies.ModelSwitched, bodies.UsageRecorded,
})  # fmt: skip
_ASKING = frozenset({
    bodies.PermissionAsked, bodies.ToolCalled, bodies.PermissionAnswered, bodies.ToolFinished,
    bodies.UserMessage, bodies.SessionEnded, bodies.LoopEnded,
})  # fmt: skip
_TELLING = frozenset({
    bodies.SessionEnded, bodies.UserMessage, bodies.ToolCalled, bodies.SessionStarted,
    bodies.AssistantMessage, bodies.ModelFailed, bodies.ErrorBody, bodies.ModelResponded,
    bodies.LoopEnded,
})  # fmt: skip


class Summary(msgspec.Struct, kw_only=True):
    """The sums of one session so far. Mutable: it is fed, and kept between two catch-ups."""

    events: int = 0
    last_seq: int = 0
    first_ts: int | None = None
    began: int | None = None
    """Time of `session.started`."""
    ended_at: int | None = None
    user_title: str | None = None
    agent_title: str | None = None
    summary_title: str | None = None
    prompt: str | None = None
    command: str | None = None
    """The first human text of any other origin than a prompt."""
    task: str | None = None
    cwd: str | None = None
    agent_version: str | None = None
    models: list[str] = []
    completeness: Completeness = "full"
    status: Status = "unknown"
    is_open: bool = False
    """True between `session.started` and `session.ended`."""
    loops: int = 0
    turns: int = 0
    tool_calls: int = 0
    warnings: int = 0
    tags: list[str] = []
    recent_loops: dict[str, None] = {}
    recent_turns: dict[str, None] = {}
    limits: dict[str, str] = {}
    """Kind and scope → the last event on that limit, as JSON."""
    asked: dict[str, Asks] = {}
    """Call → what was asked for it and not answered yet."""

    @property
    def started_at(self) -> int | None:
        return self.first_ts if self.began is None else self.began

    @property
    def title(self) -> str | None:
        return (
            self.user_title
            or self.agent_title
            or self.summary_title
            or self.prompt
            or self.task
            or self.command
        )

    @property
    def is_beside(self) -> bool:
        """True for a recording beside the agent's own transcript: one run is one row for people."""
        return BESIDE in self.tags

    @property
    def asks(self) -> Asks | None:
        """What the session waits for, by its own words."""
        return next(reversed(self.asked.values()), None)

    def _limit(self, event: Event, scope: str | None) -> None:
        """Takes note of what was told last of a limit; what its agent said of it word by word is left out."""
        key = f"{event.body.kind}/{scope or ''}"
        self.limits.pop(key, None)
        plain = msgspec.structs.replace(event.body, raw=None) if hasattr(event.body, "raw") else event.body
        self.limits[key] = encode(msgspec.structs.replace(event, body=plain)).decode()
        if len(self.limits) > _LIMITS:
            del self.limits[next(iter(self.limits))]

    def status_of(self, *, is_recorded: bool) -> Status:
        """Gives how the session stands while nobody writes to it.

        Our own recordings always say how they ended: one that does not, lost its writer.
        """
        return "aborted" if is_recorded and self.is_open else self.status

    def add(self, event: Event) -> None:
        """Takes the next event of the session."""
        self.events += 1
        self.last_seq = event.seq
        if event.ts is not None:
            self.first_ts = event.ts if self.first_ts is None else min(self.first_ts, event.ts)
            self.ended_at = event.ts if self.ended_at is None else max(self.ended_at, event.ts)
        if event.completeness != "full" and _LOW[event.completeness] > _LOW[self.completeness]:
            self.completeness = event.completeness
        if event.loop is not None:
            self.loops += _is_new(self.recent_loops, event.loop)
        if event.turn is not None:
            self.turns += _is_new(self.recent_turns, event.turn)
        kind = type(event.body)
        if kind in _SUMMED:
            self._body(event)
        if kind in _ASKING and (self.asked or kind is not bodies.ToolFinished):
            self._asks(event.body)
        if kind in _TELLING:
            self._status(event.body)

    def _body(self, event: Event) -> None:
        match event.body:
            case bodies.SessionStarted() as body:
                self._started(event.ts, body)
            case bodies.SessionTitled(title=title, by=by):
                self._titled(one_line(title), by)
            case bodies.SessionTagged(add=add, remove=remove):
                self.tags = sorted({*self.tags, *map(storable, add)} - set(map(storable, remove)))
            case bodies.UserMessage(human=True, blocks=content, origin=origin):
                self._prompt(content, origin)
            case bodies.ToolCalled():
                self.tool_calls += 1
            case bodies.LimitStatus(scope=scope) | bodies.LimitHit(scope=scope):
                self._limit(event, scope)
            case bodies.LimitResumed(incident=incident):
                self._limit(event, incident)
            case bodies.ParseWarning():
                self.warnings += 1
            case (
                bodies.AssistantMessage(model=str(model), error=None)
                | bodies.ModelResponded(model=str(model))
                | bodies.ModelSwitched(model=model)
                | bodies.UsageRecorded(model=str(model))
            ):
                self._model(model)
            case _:
                pass

    def _started(self, ts: int | None, body: bodies.SessionStarted) -> None:
        self.is_open = True
        if self.began is None:
            self.began = ts
        self.cwd = self.cwd or (storable(body.cwd) if body.cwd else None)
        self.task = self.task or (one_line(body.task) if body.task else None)
        if body.agent_version:
            self.agent_version = storable(body.agent_version)
        if body.model:
            self._model(body.model)

    def _titled(self, title: str, by: str) -> None:
        match by:
            case "user":
                self.user_title = title
            case "agent":
                self.agent_title = title
            case _:
                self.summary_title = title

    def _prompt(self, content: Iterable[blocks.AnyBlock], origin: str | None) -> None:
        if self.prompt is not None:
            return
        text = one_line(" ".join(block.text for block in content if isinstance(block, blocks.Text)))
        if text and origin in _PROMPTS:
            self.prompt = text
        elif text and self.command is None:
            self.command = text

    def _model(self, model: str) -> None:
        model = storable(model)
        if model not in self.models:
            self.models.append(model)

    def _asks(self, body: bodies.AnyBody) -> None:
        match body:
            case bodies.PermissionAsked():
                self.asked[body.call or body.tool or ""] = "permission"
            case bodies.ToolCalled(name=name, call=call) if name in QUESTIONS:
                self.asked[call] = "question"
            case bodies.PermissionAnswered():
                self.asked.pop(body.call or body.tool or "", None)
            case bodies.ToolFinished(call=call):
                self.asked.pop(call, None)
            case bodies.UserMessage(human=True) | bodies.SessionEnded() | bodies.LoopEnded():
                self.asked.clear()

    def _status(self, body: bodies.AnyBody) -> None:
        match body:
            case bodies.SessionEnded(status=status):
                self.status = status
                self.is_open = False
            case bodies.UserMessage(origin="interrupt"):
                self.status = "interrupted"
            case bodies.UserMessage() | bodies.ToolCalled() | bodies.SessionStarted(resumed=True):
                self.status = "unknown"
            case bodies.AssistantMessage(error=str()) | bodies.ModelFailed() | bodies.ErrorBody():
                self.status = "failed"
            case bodies.AssistantMessage() | bodies.ModelResponded():
                self.status = "completed" if _yields(body) else "unknown"
            case bodies.LoopEnded(status="aborted", reason=reason):
                self.status = "interrupted" if reason and "interrupt" in reason else "aborted"
            case bodies.LoopEnded(status="completed") if self.status == "unknown":
                self.status = "completed"
            case _:
                pass


def storable(text: str) -> str:
    """Gives a text that a database can hold: lone surrogates become question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def one_line(text: str) -> str:
    """Gives a text on one line, cut to the length of a title."""
    head = storable(" ".join(text[: TITLE * 10].split()))
    return head if len(head) <= TITLE else head[: TITLE - 1] + "…"


def lower(a: Completeness, b: Completeness) -> Completeness:
    """Gives the lower of two."""
    return a if _LOW[a] >= _LOW[b] else b


def _yields(body: bodies.AssistantMessage | bodies.ModelResponded) -> bool:
    """Tells whether the model gave the word back with this.

    It stopped by itself; or, in logs that tell no stop reason, it said something and asked for nothing.
    """
    if body.stop_reason is not None:
        return body.stop_reason not in _UNFINISHED
    said = any(isinstance(block, blocks.Text) for block in body.blocks)
    asked = any(isinstance(block, blocks.ToolCall) and not block.server for block in body.blocks)
    return said and not asked


def _is_new(recent: dict[str, None], name: str) -> bool:
    if name in recent:
        return False
    recent[name] = None
    if len(recent) > _RECENT:
        del recent[next(iter(recent))]
    return True

"""What the fold does not keep and the page needs: gathered from the events as they pass by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reenact.events import Event, blocks, bodies
from reenact.tree import argument, plain
from reenact.web.reel import Exchange, Numbers, Read, numbers
from reenact.web.views import Limit, Mark

_PATHS = ("file_path", "path", "notebook_path", "absolute_path", "filePath", "target_file")


class Gathering:
    """Takes note of every event of a session; `through` hands them on to the fold."""

    def __init__(self, forked_at: Iterable[str] = ()) -> None:
        self.first = 1
        """The position that `times` begin at."""
        self.times: Numbers = numbers()
        self.asked: list[tuple[int, int, int]] = []
        """(seq, tokens in the request, those of them from the cache)."""
        self.usage_events: dict[str, int] = {}
        self.shells: list[int] = []
        self.reads: list[Read] = []
        self.limits: list[Limit] = []
        self.marks: list[Mark] = []
        self.chars: dict[int, int] = {}
        self.compacted_at: list[int] = []
        self.exchanges: dict[str, list[Any]] = {}
        self.spawned: dict[str, int] = {}
        self.asked_agents: dict[str, int] = {}
        """Where each call for a sub-agent is."""
        self.returned: dict[str, int] = {}
        self.models: list[str] = []
        self._reading: dict[str, tuple[int, str]] = {}
        self._forked_at = frozenset(forked_at)

    def through(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            if not self.times:
                self.first = event.seq
            while len(self.times) < event.seq - self.first:
                self.times.append(-1)
            self.times.append(-1 if event.ts is None else event.ts // 1000)
            self._take(event)
            yield event

    def adopt(self, child: str, call: str | None) -> None:
        """Takes where a sub-agent says it began: of one that failed or was cut off nothing else does."""
        if call in self.asked_agents:
            self.spawned.setdefault(child, self.asked_agents[call])

    def _take(self, event: Event) -> None:
        seq = event.seq
        if event.id in self._forked_at:
            self._mark(event, "fork", "")
        match event.body:
            case bodies.UserMessage() | bodies.AssistantMessage() | bodies.SystemMessage() as body:
                self.chars[seq] = sum(map(_chars, body.blocks))
            case bodies.ToolCalled() as body:
                self._called(seq, body)
            case bodies.ToolFinished() as body:
                self._finished(seq, body)
            case bodies.UsageRecorded() as body:
                self.usage_events[event.id] = seq
                tokens = body.tokens
                size = tokens.input + tokens.cache_read + tokens.cache_write
                if size:
                    self.asked.append((seq, size, tokens.cache_read))
            case bodies.ModelRequested() as body:
                self.exchanges[body.exchange] = [seq, 0, body.purpose, body.model]
            case bodies.ModelResponded() as body:
                self.chars[seq] = sum(map(_chars, body.blocks))
                self.exchanges.setdefault(body.exchange, [seq, 0, None, body.model])[1] = seq
            case bodies.ReasoningBody(text=text):
                self.chars[seq] = len(text)
            case bodies.ContextInjected() as body:
                self.chars[seq] = sum(map(_chars, body.blocks))
            case bodies.CompactionFinished() as body:
                self.chars[seq] = len(body.summary or "") + sum(map(_chars, body.replacement))
                if body.before is not None and body.trigger == "auto":
                    self.compacted_at.append(body.before)
                self._mark(event, "compaction", body.trigger or body.strategy or "")
            case _:
                self._rare(event)

    def _rare(self, event: Event) -> None:
        seq = event.seq
        match event.body:
            case bodies.PermissionAsked() as body:
                self._mark(event, "permission", body.description or body.tool or "")
            case bodies.PermissionAnswered(granted=False) as body:
                self._mark(event, "permission", body.reason or body.tool or "denied")
            case bodies.SessionNote(text=text):
                self._mark(event, "note", text)
            case bodies.LimitStatus() as body:
                resets = None if body.resets_at is None else body.resets_at // 1000
                self.limits.append(
                    Limit(scope=body.scope, used_percent=body.used_percent, resets_at=resets, seq=seq)
                )
            case bodies.AgentSpawned(child=str(child)):
                self.spawned.setdefault(child, seq)
            case bodies.AgentFinished(child=str(child)):
                self.returned[child] = seq
            case _:
                pass

    def _called(self, seq: int, body: bodies.ToolCalled) -> None:
        self.chars[seq] = len(body.name) + _size(body.input)
        if body.tool_kind == "shell":
            self.shells.append(seq)
        if body.tool_kind == "sub_agent":
            self.asked_agents[body.call] = seq
        if body.tool_kind == "file_read" and isinstance(body.input, dict):
            path = next((body.input[name] for name in _PATHS if isinstance(body.input.get(name), str)), None)
            if path:
                self._reading[body.call] = (seq, path)

    def _finished(self, seq: int, body: bodies.ToolFinished) -> None:
        self.chars[seq] = _size(body.output)
        reading = self._reading.pop(body.call, None)
        if reading is not None:
            self.reads.append(Read(reading[0], reading[1], body.ok is not False))
        if body.child is not None:
            self.returned[body.child] = seq

    def _mark(self, event: Event, kind: Any, text: str) -> None:
        ts = None if event.ts is None else event.ts // 1000
        self.marks.append(Mark(seq=event.seq, ts=ts, kind=kind, text=text[:200]))

    def exchange_list(self, turn_of: Any) -> list[Exchange]:
        return [
            Exchange(key, asked, answered, turn_of(asked), purpose, model, False)
            for key, (asked, answered, purpose, model) in self.exchanges.items()
        ]


def _chars(block: Any) -> int:
    match block:
        case blocks.Text(text=text):
            return len(text)
        case blocks.Reasoning(text=text, encrypted=sealed):
            return len(text) or len(sealed or "")
        case blocks.ToolCall(name=name, input=value):
            return len(name) + _size(value)
        case blocks.ToolResult(output=output):
            return _size(output)
        case blocks.File(text=text):
            return len(text or "")
        case blocks.Image():
            return 6_000  # about 1,500 tokens, whatever its bytes
        case _:
            return len(argument(getattr(block, "raw", None)))


def _size(value: Any) -> int:
    """Gives about how long a value is as text."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(key) + 6 + _size(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return sum(_size(item) + 2 for item in value)
    return len(plain(value)) if value is not None else 0

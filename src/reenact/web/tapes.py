"""Sessions as small drawings: model over tools over time, for the rows of a list."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from reenact.events import Event, bodies
from reenact.store import Filter
from reenact.web import kinds
from reenact.web.views import Chip, Tape, Tapes

if TYPE_CHECKING:
    from reenact.store import SessionRow
    from reenact.web.desk import Reading

WIDTH = 96
_WAIT_MS = 30_000
_GAP = 1
_MOST_EVENTS = 4_000
"""Events of a session that are looked at for its drawing: of longer ones, evenly chosen runs."""
_RUNS = 8
_HELD = 4_000
_LETTERS = {"look": "l", "change": "c", "run": "r", "reach": "a", "spawn": "s", "other": "o"}
_STRONG = "crasol"
"""Letters by how much they tell: of several in a bucket the first is drawn."""


class _Act(msgspec.Struct, frozen=True, gc=False):
    ts: int
    seq: int
    what: str
    """`model`, a letter of a tool, or the kind of a mark."""
    weight: int = 0


_cache: OrderedDict[str, tuple[tuple[int, int | None], Tape]] = OrderedDict()
_lock = threading.Lock()


def tapes(reading: Reading, names: Iterable[str]) -> Tapes:
    """Gives the drawings of some sessions; names that mean none are left out."""
    rows = reading.archive.store.sessions(Filter(sessions=tuple(names)))
    return Tapes(tapes={row.id: tape(reading, row) for row in rows})


def tape(reading: Reading, row: SessionRow) -> Tape:
    """Gives the drawing of a session, made once of each of its states."""
    key = (row.events, row.ended_at)
    with _lock:
        held = _cache.get(row.id)
        if held is not None and held[0] == key:
            _cache.move_to_end(row.id)
            return held[1]
    made = _drawn(reading, row)
    with _lock:
        _cache[row.id] = (key, made)
        while len(_cache) > _HELD:
            _cache.popitem(last=False)
    return made


def _drawn(reading: Reading, row: SessionRow) -> Tape:
    watching = _Watching()
    for event in _some(reading, row):
        watching.take(event)
    scrub = reading.archive.guard.text
    buckets = _buckets(watching.acts)
    used = max(buckets.values(), default=-1) + 1
    model, tools = [0] * used, ["."] * used
    marks: dict[tuple[int, str], None] = {}
    agents: dict[str, list[int]] = {}
    most = max((act.weight for act in watching.acts if act.what == "model"), default=1) or 1
    for act in watching.acts:
        at = buckets[act.ts]
        if act.what == "model":
            model[at] = max(model[at], 1 + min(8, round(8 * (act.weight / most) ** 0.5)))
        elif len(act.what) == 1:
            tools[at] = _stronger(tools[at], act.what)
        elif act.what.startswith("agent "):
            agents.setdefault(act.what, [at, at])[1] = at
        else:
            marks[at, act.what] = None
    lanes = sorted(agents.values())
    return Tape(
        width=WIDTH,
        used=used,
        model="".join(map(str, model)),
        tools="".join(tools),
        agents=tuple((first, last, number) for number, (first, last) in enumerate(lanes, 1)),
        marks=tuple(marks)[:100],
        branch=scrub(watching.branch) if watching.branch else None,
        chip=watching.chip(),
    )


def _some(reading: Reading, row: SessionRow) -> Iterable[Event]:
    """Yields a session's events; of a long one runs from everywhere in it."""
    if row.events <= _MOST_EVENTS:
        yield from reading.archive.store.events(row.id)
        return
    size = _MOST_EVENTS // _RUNS
    for number in range(_RUNS):
        start = 1 + (row.events - size) * number // (_RUNS - 1)
        yield from reading.archive.store.events(row.id, start=start, stop=start + size)


class _Watching:
    def __init__(self) -> None:
        self.acts: list[_Act] = []
        self.branch: str | None = None
        self._calls: dict[str, str] = {}
        self._failure: bodies.ModelFailed | None = None
        self._answers = 0
        self._latest = 0

    def take(self, event: Event) -> None:
        self._latest = max(self._latest, 0 if event.ts is None else event.ts // 1000)
        match event.body:
            case bodies.AssistantMessage() as body:
                size = sum(len(getattr(block, "text", "") or "") for block in body.blocks)
                self._add(event, "error" if body.error else "model", size + 1)
                self._failure = None if body.error is None else self._failure
            case bodies.ModelResponded():
                self._add(event, "model", 1)
                self._failure = None
            case bodies.UsageRecorded() as body:
                self._add(event, "model", body.tokens.output * 4)
            case bodies.ToolCalled() as body:
                letter = _LETTERS.get(kinds.effect_of_tool(body.tool_kind, body.name), "o")
                self._calls[body.call] = letter
                self._add(event, letter)
            case bodies.ToolFinished() as body:
                letter = self._calls.pop(body.call, "o")
                self._add(event, letter.upper() if body.ok is False else letter)
            case bodies.AgentSpawned(child=child) | bodies.AgentFinished(child=child) if child:
                self._add(event, f"agent {child}")
            case bodies.ModelFailed() as body:
                self._failure = body
                self._add(event, "error")
            case bodies.ErrorBody():
                self._add(event, "error")
            case bodies.CompactionFinished():
                self._add(event, "compaction")
            case bodies.PermissionAsked() | bodies.PermissionAnswered(granted=False):
                self._add(event, "permission")
            case bodies.SessionForked():
                self._add(event, "fork")
            case bodies.SessionStarted(repo=repo) if repo is not None:
                self.branch = repo.branch or self.branch
            case bodies.WorkspaceChanged(branch=branch) if branch:
                self.branch = branch
            case bodies.UserMessage():
                self._add(event, "you")
            case _:
                pass

    def _add(self, event: Event, what: str, weight: int = 0) -> None:
        ts = event.ts // 1000 if event.ts is not None else self._latest
        self.acts.append(_Act(ts, event.seq, what, weight))

    def chip(self) -> Chip | None:
        """Gives why it ended badly, where a failure of the model was the last word."""
        failed = self._failure
        if failed is None:
            return None
        words = [str(failed.status) if failed.status else failed.category or "failed"]
        if failed.attempt and failed.attempt > 1:
            words.append(f"gave up after {failed.attempt}")
        return Chip(text=" · ".join(words)[:40], tone="bad")


def _buckets(acts: list[_Act]) -> dict[int, int]:
    """Gives the bucket of each moment: time with waits folded, short sessions short."""
    moments = sorted({act.ts for act in acts})
    if not moments:
        return {}
    at = 0
    places = {moments[0]: 0}
    for before, moment in pairwise(moments):
        gap = moment - before
        at += min(gap, _WAIT_MS)
        places[moment] = at
    width = min(WIDTH, max(len(moments), 1))
    scale = (width - 1) / at if at else 0
    return {moment: int(place * scale) for moment, place in places.items()}


def _stronger(held: str, new: str) -> str:
    """Gives the letter that is drawn where two fall into a bucket; a failure is always seen."""
    if held == ".":
        return new
    if held.isupper() != new.isupper():
        return held if held.isupper() else new
    return min(held, new, key=lambda letter: _STRONG.index(letter.lower()))

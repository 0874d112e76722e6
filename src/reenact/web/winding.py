"""Winds a session up: one pass over its events, one fold, and the columns made of both."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

import msgspec

from reenact.archive.values import header_of
from reenact.events import Tokens
from reenact.store import Filter
from reenact.tree import Step, Tree, fold
from reenact.usage import add, worst
from reenact.web import kinds, outlines, spans
from reenact.web.gathering import Gathering
from reenact.web.reel import FORMAT, Exchange, Plan, Reel, Set, Spent, Turned, Version, numbers, pack
from reenact.web.views import Mark, Wait
from reenact.web.windows import window_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reenact.archive import Archive
    from reenact.events import Event
    from reenact.store import Entry, SessionRow

LONGEST_LABEL = 160
WAIT_MS = 30_000
_TOLD = 2_000
_MICRO = 1_000_000
"""Pico-dollars in a micro-dollar."""


def key_of(archive: Archive, row: SessionRow, family: list[SessionRow]) -> str:
    """Gives what a reel of this session would be made from, as a text."""
    made = archive.store.derived(row.original) if row.original else None
    parts: list[Any] = [FORMAT, archive.prices.version, made.parser if made else "", header_of(row)]
    parts += [(item.id, item.events, item.ended_at, item.own) for item in (row, *family)]
    return msgspec.json.encode(parts).decode()


def wind(
    archive: Archive,
    row: SessionRow,
    family: list[SessionRow],
    forks: list[SessionRow],
    key: str,
    *,
    tell: Callable[[int], None] = lambda _: None,
) -> Reel:
    """Gives the reel of a session.

    Args:
        archive: where its events are.
        row: the session.
        family: its sub-agents, however deep.
        forks: the sessions that left it.
        key: what `key_of` gave.
        tell: is told now and then how many events were read.
    """
    entries = list(archive.store.entries(Filter(sessions=(row.id, *(item.id for item in family)))))
    owned = {entry.key for entry in entries if entry.session == row.id}
    gathering = Gathering(fork.parent_event for fork in forks if fork.parent_event)
    events = _told(archive.store.events(row.id), tell)
    tree = fold(gathering.through(events), header=header_of(row), owned=owned)
    for item in family:
        if item.parent == row.id:
            gathering.adopt(item.id, item.parent_call)
    return Winding(archive, row, tree, gathering, entries).reel(key, family)


def _told(events: Iterator[Event], tell: Callable[[int], None]) -> Iterator[Event]:
    for number, event in enumerate(events):
        if number % _TOLD == 0:
            tell(number)
        yield event


def wind_part(archive: Archive, row: SessionRow, start: int, stop: int) -> Reel:
    """Gives a reel of nothing but the events with `start` <= seq < `stop`, for a first look."""
    gathering = Gathering()
    events = archive.store.events(row.id, start=start, stop=stop)
    tree = fold(gathering.through(events), header=header_of(row))
    winding = Winding(archive, row, tree, gathering, [])
    winding.is_part = True
    return winding.reel("", [])


class _Placed(msgspec.Struct, frozen=True, gc=False):
    step: Step
    loop: int
    turn: int
    live: bool


class Winding:
    """A session while its reel is made."""

    def __init__(
        self, archive: Archive, row: SessionRow, tree: Tree, gathering: Gathering, entries: list[Entry]
    ) -> None:
        self.archive = archive
        self.row = row
        self.tree = tree
        self.facts = gathering
        self.entries = entries
        self.is_part = False
        """True where this is a piece of a session, in which nothing can be numbered."""
        self.clean: Callable[[str], str] = archive.guard.text
        self.turns: list[Turned] = []
        self.placed: list[_Placed] = []
        self._labels: dict[int, str] = {}
        self.beside: dict[str, list[int]] = {}
        """Changes, to-dos and permissions of a tool call: they are told in its row."""
        self._place()
        self.moments = self._moments() if entries else []
        self.unpriced: list[int] = []
        """How many responses without a price there are by each of `costs`."""
        self.costs = self._costs()

    def _place(self) -> None:
        for step in self.tree.steps:
            self._add(step, 0, 0, live=True)
        turns = sorted(
            ((turn, number, loop) for number, loop in enumerate(self.tree.loops, 1) for turn in loop.turns),
            key=lambda item: item[0].begin,
        )
        for turn_number, (turn, loop_number, _) in enumerate(turns, 1):
            tokens = turn.usage
            told = (
                (tokens.input, tokens.cache_read, tokens.cache_write, tokens.output)
                if tokens is not None
                else (0, 0, 0, 0)
            )
            self.turns.append(
                Turned(
                    turn.begin,
                    turn.end,
                    turn.model,
                    tokens is not None,
                    told,
                    turn.quality,
                    turn.stop_reason,
                    turn.error,
                    turn.live,
                )
            )
            for step in turn.steps:
                self._add(step, loop_number, turn_number, live=turn.live)
        for number, loop in enumerate(self.tree.loops, 1):
            for step in loop.steps:
                self._add(step, number, 0, live=loop.live)
        self.placed.sort(key=lambda item: item.step.seq)

    def _add(self, step: Step, loop: int, turn: int, *, live: bool) -> None:
        if kinds.has_row(step):
            self.placed.append(_Placed(step, loop, turn, live))
        elif step.call is not None:
            self.beside.setdefault(step.call, []).extend(step.events)

    def _at(self, entry: Entry) -> int:
        """Gives the position at which a response counts: a sub-agent's by its time."""
        seq = self.facts.usage_events.get(entry.event) if entry.session == self.row.id else None
        if seq is not None:
            return seq
        after = self.facts.first + bisect_right(self.moments, (entry.ts or 0) // 1000)
        return min(after, max(self.tree.last, 1))

    def _spent(self) -> list[Spent]:
        own = [
            (self._at(entry), number, entry)
            for number, entry in enumerate(self.entries)
            if entry.session == self.row.id
        ]
        found: list[Spent] = []
        tokens, quality = Tokens(), worst([])
        for seq, _, entry in sorted(own):
            tokens = add(tokens, entry.tokens) if found else entry.tokens
            quality = worst([quality, entry.quality])
            found.append(Spent(seq, tokens, quality))
        return found

    def _moments(self) -> list[int]:
        """Gives the latest time by every position."""
        moments: list[int] = []
        latest = 0
        for moment in self.facts.times:
            latest = max(latest, moment)
            moments.append(latest)
        return moments

    def _costs(self) -> list[tuple[int, int, int]]:
        """Gives (seq, micro-dollars by then, tokens by then), sub-agents included."""
        at = sorted(
            (self._at(entry), entry.cost or 0, entry.tokens.total, entry.cost is None)
            for entry in self.entries
        )
        found: list[tuple[int, int, int]] = []
        cost = tokens = 0
        for seq, pico, count, is_unpriced in at:
            cost, tokens = cost + pico, tokens + count
            found.append((seq, cost // _MICRO, tokens))
            self.unpriced.append((self.unpriced[-1] if self.unpriced else 0) + is_unpriced)
        return found

    def reel(self, key: str, family: list[SessionRow]) -> Reel:
        columns = self._columns()
        rows = outlines.rows(self)
        heads = [row for row in rows if row.depth <= 1]
        parts, versions = self.tree.state.context.history()
        chars = self.facts.chars
        window = (
            None
            if self.is_part
            else window_of([turn.model for turn in self.turns if turn.model] or list(self.row.models))
        )
        state = self.tree.state
        asked = self.facts.asked
        return Reel(
            session=self.row.id,
            key=key,
            last=self.tree.last,
            events=self.tree.events,
            **columns,
            first=self.facts.first,
            times=self.facts.times,
            loops=len(self.tree.loops),
            turns=self.turns,
            marks=self._marks(),
            waits=_waits(columns),
            lanes=spans.lanes(self.archive, self.row, family, self.facts),
            outline=pack(rows),
            heads=pack(heads),
            head_index=numbers([row.index for row in heads]),
            outline_seq=numbers([row.seq for row in rows]),
            changes=state.files.history(),
            reads=self.facts.reads,
            shells=numbers(self.facts.shells),
            plans=[Plan(s, v) for s, v in zip(state.plans.seqs, state.plans.values, strict=True)],
            settings=[Set(s, v) for s, v in zip(state.settings.seqs, state.settings.values, strict=True)],
            spent=self._spent(),
            limits=self.facts.limits,
            exchanges=self._exchanges(),
            parts_seq=numbers([part.seq for part in parts]),
            parts_role=numbers([ROLES.index("summary" if part.is_summary else part.role) for part in parts]),
            parts_chars=numbers([chars.get(part.seq, 0) for part in parts]),
            versions=[Version(seq, ranges, start) for seq, ranges, start in versions],
            asked=numbers([item[0] for item in asked]),
            asked_context=numbers([item[1] for item in asked]),
            asked_cached=numbers([item[2] for item in asked]),
            errors=sum(1 for ok in columns["ok"] if ok == kinds.FAILED),
            window=window,
            compact_at=max(self.facts.compacted_at, default=None),
            cost_total=None if self.row.total.cost is None else self.row.total.cost / 10**12,
            quality=worst([self.row.total.quality]),
        )

    def _columns(self) -> dict[str, Any]:
        names = (
            "seq", "end", "ts", "begin", "took", "kind", "act", "effect", "ok", "loop", "turn", "live",
            "context", "cached", "cost", "tokens", "files", "plus", "minus", "todos", "todos_done", "result",
            "more_at", "more",
        )  # fmt: skip
        found: dict[str, Any] = {name: numbers() for name in names}
        running = _Running(self)
        numbered = int(not self.is_part)
        latest = -1
        for number, item in enumerate(self.placed):
            step = item.step
            stop = self.placed[number + 1].step.seq if number + 1 < len(self.placed) else self.tree.last + 1
            ts = -1 if step.ts is None else step.ts // 1000
            act = kinds.act_of(step)
            begin = latest if act == "model" and 0 <= latest <= ts else ts
            took = (step.duration or 0) // 1000 if act == "tool" else (ts - begin if ts >= 0 else -1)
            latest = max(latest, ts, ts + took if ts >= 0 and act == "tool" else -1)
            values = {
                "seq": step.seq, "end": max(step.end, step.seq), "ts": ts, "begin": begin, "took": took,
                "kind": kinds.KINDS.index(step.kind), "act": kinds.ACTS.index(act),
                "effect": kinds.EFFECTS.index(kinds.effect_of(step)), "ok": kinds.ok_of(step),
                "loop": item.loop * numbered, "turn": item.turn * numbered, "live": int(item.live),
                "result": -1 if step.result is None else step.result,
                "more_at": len(found["more"]), **running.until(stop - 1),
            }  # fmt: skip
            for name, value in values.items():
                found[name].append(value)
            with_call = self.beside.get(step.call, []) if step.call is not None else []
            found["more"].extend(sorted({*step.events, *with_call} - {step.seq}))
        found["more_at"].append(len(found["more"]))
        found["labels"] = pack([self.label(item.step) for item in self.placed])
        return found

    def cost_between(self, first: int, last: int) -> tuple[float, bool] | None:
        """Gives the dollars known to be spent between two positions, and whether that is all.

        None where nothing is told to have been spent.
        """
        stop = bisect_right(self.costs, (last, 1 << 62, 0))
        start = bisect_right(self.costs, (first, -1, 0))
        if stop <= start:
            return None
        before, unpriced = (self.costs[start - 1][1], self.unpriced[start - 1]) if start else (0, 0)
        return (self.costs[stop - 1][1] - before) / 1_000_000, self.unpriced[stop - 1] == unpriced

    def label(self, step: Step) -> str:
        """Gives a step in a few words, scrubbed once for all who show it."""
        known = self._labels.get(step.seq)
        if known is None:
            known = self._labels[step.seq] = self.clean(kinds.label_of(step))[:LONGEST_LABEL]
        return known

    def _marks(self) -> list[Mark]:
        found = [
            Mark(seq=mark.seq, ts=mark.ts, kind=mark.kind, text=self.clean(mark.text))
            for mark in self.facts.marks
        ]
        for item in self.placed:
            step = item.step
            ts = None if step.ts is None else step.ts // 1000
            if step.human:
                found.append(Mark(seq=step.seq, ts=ts, kind="you", text=self.label(step)))
            elif kinds.ok_of(step) == kinds.FAILED:
                found.append(Mark(seq=step.seq, ts=ts, kind="error", text=self.label(step)))
        return sorted(found, key=lambda mark: mark.seq)

    def _exchanges(self) -> list[Exchange]:
        """Gives the requests; a turn that no request is on record for stands for one that was made."""
        begins = [turn.begin for turn in self.turns]
        told = self.facts.exchange_list(lambda seq: bisect_right(begins, seq))
        has_request = {item.turn for item in told}
        for number, turn in enumerate(self.turns, 1):
            if number not in has_request and turn.has_usage:
                told.append(Exchange(f"turn {number}", turn.begin, turn.end, number, None, turn.model, True))
        return sorted(told, key=lambda item: item.asked)


ROLES = ("user", "assistant", "system", "tool", "summary")


class _Running:
    """What holds at a position, for positions that ascend."""

    def __init__(self, winding: Winding) -> None:
        self._asked = iter([*winding.facts.asked, (1 << 62, 0, 0)])
        self._costs = iter([*winding.costs, (1 << 62, 0, 0)])
        self._files = iter([*winding.tree.state.files.history(), None])
        plans = winding.tree.state.plans
        self._plans = iter([*zip(plans.seqs, plans.values, strict=True), (1 << 62, ())])
        self._next: dict[str, Any] = {
            "asked": next(self._asked), "cost": next(self._costs), "file": next(self._files),
            "plan": next(self._plans),
        }  # fmt: skip
        self._states: dict[str, Any] = {}
        self._now = dict.fromkeys(
            ("context", "cached", "cost", "tokens", "files", "plus", "minus", "todos", "todos_done"), 0
        )

    def until(self, seq: int) -> dict[str, int]:
        now, following = self._now, self._next
        while following["asked"][0] <= seq:
            _, now["context"], now["cached"] = following["asked"]
            following["asked"] = next(self._asked)
        while following["cost"][0] <= seq:
            _, now["cost"], now["tokens"] = following["cost"]
            following["cost"] = next(self._costs)
        while following["file"] is not None and following["file"].last <= seq:
            state = following["file"]
            old = self._states.get(state.path)
            now["plus"] += state.plus - (old.plus if old else 0)
            now["minus"] += state.minus - (old.minus if old else 0)
            self._states[state.path] = state
            now["files"] = len(self._states)
            following["file"] = next(self._files)
        while following["plan"][0] <= seq:
            items = following["plan"][1]
            now["todos"], now["todos_done"] = len(items), sum(item.status == "completed" for item in items)
            following["plan"] = next(self._plans)
        return now


def _waits(columns: dict[str, Any]) -> list[Wait]:
    """Gives the gaps of over 30 s in which neither the model nor a tool was at work."""
    found: list[Wait] = []
    until, from_seq = -1, 0
    for seq, begin, took in zip(columns["seq"], columns["begin"], columns["took"], strict=True):
        if begin < 0:
            continue
        if until >= 0 and begin - until > WAIT_MS:
            found.append(Wait(from_seq=from_seq, to_seq=seq, from_ts=until, to_ts=begin))
        if begin + max(took, 0) >= until:
            until, from_seq = begin + max(took, 0), seq
    return found

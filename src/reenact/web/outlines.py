"""The outline: loops, their turns, their steps, sub-agents that ran side by side under one row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reenact.tree import Loop, Step, Turn
from reenact.web import kinds
from reenact.web.texts import line_of
from reenact.web.views import OutlineRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reenact.web.winding import Winding

_TITLE = 120
_CENT = 0.01


def rows(winding: Winding) -> list[OutlineRow]:
    """Gives all rows, each before its descendants."""
    return _Outline(winding).whole()


class _Outline:
    def __init__(self, winding: Winding) -> None:
        self._w = winding
        self._rows: list[OutlineRow] = []
        self._numbers = {turn.begin: number for number, turn in enumerate(winding.turns, 1)}
        lanes = sorted(winding.facts.spawned.items(), key=lambda item: item[1])
        self._lanes = {session: number for number, (session, _) in enumerate(lanes, 1)}

    def whole(self) -> list[OutlineRow]:
        tops: list[tuple[int, Loop | Step, int]] = [
            (loop.begin, loop, number) for number, loop in enumerate(self._w.tree.loops, 1)
        ]
        tops += [(step.seq, step, 0) for step in self._w.tree.steps if kinds.has_row(step)]
        for _, item, number in sorted(tops, key=lambda top: top[0]):
            if isinstance(item, Loop):
                self._loop(item, number)
            else:
                self._step(item, 0, live=True)
        return self._rows

    def _loop(self, loop: Loop, number: int) -> None:
        at = self._open()
        items: list[tuple[int, Turn | Step]] = [(turn.begin, turn) for turn in loop.turns]
        items += [
            (step.seq, step)
            for step in loop.steps
            if kinds.has_row(step) and not (step.human and step.seq == loop.prompt_seq)
        ]
        for _, item in sorted(items, key=lambda pair: pair[0]):
            if isinstance(item, Turn):
                self._turn(item, depth=1)
            else:
                self._step(item, 1, live=loop.live)
        cost = self._w.cost_between(loop.begin, loop.end)
        title = line_of(self._w.clean, loop.prompt, _TITLE) or loop.agent or loop.tag or f"Loop {number}"
        self._close(
            at,
            depth=0,
            kind="loop",
            seq=loop.prompt_seq or loop.begin,
            last=loop.end,
            title=title,
            detail=None if loop.status in {"completed", "open"} else loop.status,
            right=_spent(cost),
            number=number,
            live=loop.live,
            ok=kinds.FAILED if loop.status == "failed" else kinds.NOTHING,
        )

    def _turn(self, turn: Turn, *, depth: int) -> None:
        at = self._open()
        shown = [step for step in turn.steps if kinds.has_row(step)]
        groups: dict[str, list[Step]] = {}
        for step in shown:
            if step.group is not None and step.tool_kind == "sub_agent":
                groups.setdefault(step.group, []).append(step)
        told: set[str] = set()
        for step in shown:
            group = groups.get(step.group or "", [])
            if step in group and len(group) > 1:
                if step.group not in told:
                    told.add(step.group or "")
                    self._parallel(group, depth + 1, live=turn.live)
            else:
                self._step(step, depth + 1, live=turn.live)
        number = self._numbers.get(turn.begin, turn.index + 1)
        self._close(
            at,
            depth=depth,
            kind="turn",
            seq=turn.begin,
            last=turn.end,
            title=f"Turn {number}",
            detail=self._detail(turn, shown),
            right=_duration(shown),
            number=number,
            live=turn.live,
            ok=kinds.FAILED if turn.error else kinds.NOTHING,
        )

    def _detail(self, turn: Turn, shown: list[Step]) -> str | None:
        if turn.error:
            return line_of(self._w.clean, turn.error, _TITLE)
        best = next((step for step in shown if step.kind == "tool"), shown[0] if shown else None)
        return None if best is None else self._w.label(best)[:_TITLE]

    def _parallel(self, group: Iterable[Step], depth: int, *, live: bool) -> None:
        at = self._open()
        steps = list(group)
        for step in steps:
            self._step(step, depth + 1, live=live)
        self._close(
            at,
            depth=depth,
            kind="parallel",
            seq=steps[0].seq,
            last=max(step.end for step in steps),
            title="parallel",
            detail=f"{len(steps)} agents",
            right=_duration(steps),
            live=live,
        )

    def _step(self, step: Step, depth: int, *, live: bool) -> None:
        at = self._open()
        kind = "step"
        if step.kind == "compaction":
            kind = "compaction"
        elif step.child is not None:
            kind = "child"
        elif step.event == "session.forked":
            kind = "fork"
        self._close(
            at,
            depth=depth,
            kind=kind,
            seq=step.seq,
            last=step.end,
            title=self._w.label(step)[:_TITLE],
            detail=line_of(self._w.clean, step.error, _TITLE) or None,
            right=_right(step),
            what=step.kind,
            act=kinds.act_of(step),
            effect=kinds.effect_of(step),
            ok=kinds.ok_of(step),
            session=step.child,
            lane=self._lanes.get(step.child) if step.child else None,
            live=live,
        )

    def _open(self) -> int:
        self._rows.append(_OPEN)
        return len(self._rows) - 1

    def _close(self, at: int, **told: Any) -> None:
        values = {
            **_EMPTY,
            "index": at,
            "descendants": len(self._rows) - at - 1,
            "what": told["kind"],
            **told,
        }
        is_error = values["ok"] == kinds.FAILED and values["kind"] in _ENDS
        below = 0
        if values["descendants"]:
            below = sum(row.ok == kinds.FAILED and row.kind in _ENDS for row in self._rows[at + 1 :])
        self._rows[at] = OutlineRow(**values, errors=below + is_error)


_ENDS = {"step", "child"}
_EMPTY: dict[str, Any] = {
    "detail": None, "right": None, "act": "other", "effect": "none", "ok": kinds.NOTHING, "session": None,
    "lane": None, "number": None,
}  # fmt: skip
_OPEN = OutlineRow(
    index=0, depth=0, descendants=0, kind="step", seq=0, last=0, title="", what="step", live=True, errors=0,
    **_EMPTY,
)  # fmt: skip


def _duration(steps: list[Step]) -> str | None:
    """Gives the time from the first to the end of the last of some steps."""
    moments = [step.ts for step in steps if step.ts is not None]
    if not moments:
        return None
    end = max((step.ts or 0) + (step.duration or 0) for step in steps)
    return spent_text(end - min(moments))


def spent_text(micros: int) -> str:
    """Gives a duration in few signs."""
    seconds = micros / 1_000_000
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _spent(cost: tuple[float, bool] | None) -> str | None:
    """Gives what a loop cost; where some of it has no price, what it cost at least, if that is anything."""
    if cost is None:
        return None
    known, is_all = cost
    told = f"${known:.4f}" if 0 < known < _CENT else f"${known:.2f}"
    if is_all:
        return told
    return f"\N{GREATER-THAN OR EQUAL TO}{told}" if known else None


def _right(step: Step) -> str | None:
    if step.plus is not None or step.minus is not None:
        return f"+{step.plus or 0} \N{MINUS SIGN}{step.minus or 0}"
    if step.duration is not None:
        return spent_text(step.duration)
    return None

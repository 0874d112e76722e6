"""The scrubber's columns out of a reel: every step, or buckets where there are more than fit."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec

from reenact.usage import worst
from reenact.web import kinds
from reenact.web.reel import Reel, known
from reenact.web.views import Columns

if TYPE_CHECKING:
    from reenact.store import SessionRow

MOST = 2_000
"""Entries where nobody says how many fit."""
_LABELLED = 5_000
_WORST = (kinds.NOTHING, kinds.WELL, kinds.OPEN, kinds.DENIED, kinds.FAILED)
_TELLING = ("change", "run", "reach", "spawn", "look", "other", "none")


def columns(reel: Reel, *, most: int, first: int = 1, last: int | None = None) -> Columns:
    """Gives the columns between two positions, in at most so many entries."""
    last = reel.last if last is None else last
    start, stop = bisect_left(reel.seq, first), bisect_right(reel.seq, last)
    is_bucketed = stop - start > most
    found = _buckets(reel, start, stop, most) if is_bucketed else _all(reel, start, stop)
    is_labelled = not is_bucketed and stop - start <= _LABELLED
    return Columns(
        session=reel.session,
        partial=False,
        steps=reel.steps,
        bucketed=is_bucketed,
        from_seq=first,
        to_seq=last,
        kinds=kinds.KINDS,
        acts=kinds.ACTS,
        effects=kinds.EFFECTS,
        **found,
        label=tuple(reel.all_labels(start, stop)) if is_labelled else None,
        marks=tuple(mark for mark in reel.marks if first <= mark.seq <= last),
        waits=tuple(wait for wait in reel.waits if first <= wait.to_seq and wait.from_seq <= last),
        lanes=tuple(reel.lanes),
        window=reel.window,
        compact_at=reel.compact_at,
        cost_total=reel.cost_total,
        quality=reel.quality,
    )


def part(reel: Reel, row: SessionRow) -> Columns:
    """Gives the columns of a piece of a session: what only the whole can tell is left at nothing."""
    found = columns(reel, most=reel.steps + 1)
    total = None if row.total.cost is None else row.total.cost / 10**12
    return msgspec.structs.replace(found, partial=True, cost_total=total, quality=worst([row.total.quality]))


_PLAIN = (
    "seq", "end", "kind", "act", "effect", "ok", "loop", "turn", "context", "cached", "tokens", "files",
    "plus", "minus", "todos", "todos_done",
)  # fmt: skip
_TIMES = ("ts", "begin", "took")


def _all(reel: Reel, start: int, stop: int) -> dict[str, Any]:
    found: dict[str, Any] = {name: tuple(getattr(reel, name)[start:stop]) for name in _PLAIN}
    for name in _TIMES:
        found[name] = tuple(known(value) for value in getattr(reel, name)[start:stop])
    found["cost"] = tuple(value / 1_000_000 for value in reel.cost[start:stop])
    return found


def _buckets(reel: Reel, start: int, stop: int, most: int) -> dict[str, Any]:
    edges = [start + (stop - start) * number // most for number in range(most + 1)]
    found: dict[str, list[Any]] = {name: [] for name in (*_PLAIN, *_TIMES, "cost")}
    telling = [_TELLING.index(effect) for effect in kinds.EFFECTS]
    for at, after in pairwise(edges):
        last = after - 1
        best = min(range(at, after), key=lambda index: telling[reel.effect[index]])
        took = [value for value in reel.took[at:after] if value > 0]
        context = max(reel.context[at:after])
        values = {
            "seq": reel.seq[at],
            "end": max(reel.end[at:after]),
            "ts": known(reel.ts[at]),
            "begin": known(reel.begin[at]),
            "took": sum(took) if took else known(reel.took[at]),
            "kind": reel.kind[best],
            "act": reel.act[best],
            "effect": reel.effect[best],
            "ok": max(reel.ok[at:after], key=_WORST.index),
            "loop": reel.loop[at],
            "turn": reel.turn[at],
            "context": context,
            "cached": min(max(reel.cached[at:after]), context),
            "cost": reel.cost[last] / 1_000_000,
            "tokens": reel.tokens[last],
            "files": reel.files[last],
            "plus": reel.plus[last],
            "minus": reel.minus[last],
            "todos": reel.todos[last],
            "todos_done": reel.todos_done[last],
        }
        for name, value in values.items():
            found[name].append(value)
    return {name: tuple(values) for name, values in found.items()}


def most_of(text: str | None) -> int:
    """Gives how many entries a request's words ask for."""
    return min(max(int(text), 50), 200_000) if text and text.isdigit() else MOST

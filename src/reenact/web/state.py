"""The state after an event, looked up in a reel: never folded again."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from reenact.events import Tokens
from reenact.web.sessions import usage_of
from reenact.web.tools import todos_of
from reenact.web.views import AtView, FileRow, Known, OpenCall, ReadRow, Todo, Usage

if TYPE_CHECKING:
    from reenact.tree import FileState
    from reenact.web.desk import Reading
    from reenact.web.reel import Plan, Reel
    from reenact.web.texts import Cutter

MOST_FILES = 2_000
_MOST_OPEN = 50


def at(reel: Reel, reading: Reading, seq: int, cutter: Cutter) -> AtView:
    """Gives everything as it was after the event at `seq`."""
    seq = max(0, min(seq, reel.last))
    index = reel.index(seq)
    setting = next((item.setting for item in reversed(reel.settings) if item.seq <= seq), None)
    plan = plan_at(reel, seq)
    asked = bisect_right(reel.asked, seq) - 1
    ts = reel.time(seq) or next(
        (moment for number in range(seq, max(seq - 50, 0), -1) if (moment := reel.time(number))), None
    )
    began = next((moment for moment in reel.times if moment >= 0), None)
    files = files_at(reel, seq)
    scrub = reading.archive.guard.text
    later = {change.path for change in reel.changes if change.last > seq} - {item.path for item in files}
    limits = [limit for limit in reel.limits if limit.seq <= seq]
    return AtView(
        seq=seq,
        ts=ts,
        elapsed_ms=None if ts is None or began is None else max(ts - began, 0),
        loop=reel.loop[index] if index >= 0 else 0,
        turn=reel.turn[index] if index >= 0 else 0,
        label=reel.label(index),
        context=reel.asked_context[asked] if asked >= 0 else 0,
        cached=reel.asked_cached[asked] if asked >= 0 else 0,
        window=reel.window,
        cost=reel.cost[index] / 1_000_000 if index >= 0 else 0.0,
        cost_total=reel.cost_total,
        tokens=reel.tokens[index] if index >= 0 else 0,
        usage=_usage(reel, seq),
        files=tuple(_file(item, scrub) for item in files[:MOST_FILES]),
        read=tuple(_reads(reel, seq, {item.path for item in files}, scrub)),
        later=tuple(sorted(map(scrub, later))[:MOST_FILES]),
        shells=bisect_right(reel.shells, seq),
        todos=todos_at(reel, plan, cutter),
        todos_seq=plan.seq if plan is not None else None,
        open_calls=tuple(_open(reel, seq)),
        model=setting.model if setting is not None else None,
        cwd=scrub(setting.cwd) if setting is not None and setting.cwd else None,
        permission=setting.permission if setting is not None else None,
        limit=limits[-1] if limits else None,
    )


def files_at(reel: Reel, seq: int) -> list[FileState]:
    """Gives the files touched by then, as they were, by first change."""
    found: dict[str, FileState] = {}
    for change in reel.changes:
        if change.last > seq:
            break
        found[change.path] = change
    return list(found.values())


def plan_at(reel: Reel, seq: int) -> Plan | None:
    """Gives the to-dos in force."""
    return next((plan for plan in reversed(reel.plans) if plan.seq <= seq), None)


def todos_at(reel: Reel, plan: Plan | None, cutter: Cutter) -> tuple[Todo, ...]:
    """Gives the to-dos, each with the step that changed it last."""
    if plan is None:
        return ()
    changed: dict[str, int] = {}
    status: dict[str, str] = {}
    for earlier in reel.plans:
        if earlier.seq > plan.seq:
            break
        for item in earlier.items:
            name = item.id or item.text
            if status.get(name) != item.status:
                status[name], changed[name] = item.status, earlier.seq
    found: list[Todo] = []
    for item in plan.items:
        found += todos_of((item,), changed.get(item.id or item.text), cutter)
    return tuple(found)


def known_of(item: FileState) -> Known:
    """Gives how much of a file's content the archive knows."""
    if item.after_known or not item.exists:
        return "full"
    return "partial" if item.is_counted else "none"


def _file(item: FileState, scrub: object) -> FileRow:
    assert callable(scrub)
    return FileRow(
        path=scrub(item.path),
        op=item.op,
        ops=item.ops,
        first=item.first,
        last=item.last,
        plus=item.plus,
        minus=item.minus,
        counted=item.is_counted,
        exists=item.exists,
        known=known_of(item),
        moved_to=scrub(item.moved_to) if item.moved_to else None,
    )


def _reads(reel: Reel, seq: int, touched: set[str], scrub: object) -> list[ReadRow]:
    assert callable(scrub)
    found: dict[str, list[int | bool]] = {}
    for read in reel.reads:
        if read.seq > seq:
            break
        if read.path not in touched:
            count, _, was_found = found.get(read.path, [0, 0, False])
            found[read.path] = [int(count) + 1, read.seq, bool(was_found) or read.found]
    rows = [
        ReadRow(path=scrub(path), reads=int(count), last=int(last), found=bool(was_found))
        for path, (count, last, was_found) in found.items()
    ]
    return rows[:MOST_FILES]


def _usage(reel: Reel, seq: int) -> Usage:
    at = bisect_right(reel.spent, seq, key=lambda item: item.seq) - 1
    if at < 0:
        return usage_of(Tokens(), "measured")
    return usage_of(reel.spent[at].tokens, reel.spent[at].quality)


def _open(reel: Reel, seq: int) -> list[OpenCall]:
    """Gives the tool calls without a result by then."""
    from reenact.web.kinds import KINDS

    tool = KINDS.index("tool")
    found: list[OpenCall] = []
    for index in range(reel.index(seq), -1, -1):
        result = reel.result[index]
        if reel.kind[index] == tool and (result < 0 or result > seq):
            found.append(OpenCall(call="", name=reel.label(index), seq=reel.seq[index]))
        if len(found) >= _MOST_OPEN or reel.index(seq) - index > 2_000:
            break
    return found[::-1]

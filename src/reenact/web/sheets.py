"""One session as a whole: its lanes, what its tabs count, and the commands that tell the same."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import msgspec

from reenact.store import Filter
from reenact.web.sessions import ms, usage_of
from reenact.web.spans import in_order
from reenact.web.streaming import SMALL
from reenact.web.views import Commands, Counts, Lane, SessionList, SessionView

if TYPE_CHECKING:
    from reenact.store import SessionRow
    from reenact.web.desk import Reading
    from reenact.web.reel import Reel
    from reenact.web.views import LaneSpans

_AGENTS = {"claude_code": "claude", "codex": "codex", "gemini": "gemini", "copilot": "copilot"}


def sheet(reading: Reading, name: str) -> SessionView:
    """Gives a session as its view opens."""
    row = reading.row(name)
    reel = reading.reel(row) if row.events <= SMALL else reading.reel_at_hand(row)
    agents, forks = reading.family(row)
    parent = reading.archive.sessions(Filter(sessions=(row.parent,))) if row.parent else []
    spawned = {lane.session: lane for lane in reel.lanes} if reel else {}
    own = in_order(
        [item for item in agents if item.parent == row.id],
        {session: lane.spawn_seq for session, lane in spawned.items() if lane.spawn_seq is not None},
    )
    lanes = [_lane(reading, 0, row, None)]
    lanes += [_lane(reading, number, item, spawned.get(item.id)) for number, item in enumerate(own, 1)]
    return SessionView(
        session=msgspec.structs.replace(reading.view(row), branch=_branch(reel, reading)),
        parent=reading.view(parent[0]) if parent else None,
        forks=tuple(reading.view(item) for item in forks),
        lanes=tuple(lanes),
        first=1 if row.events else 0,
        last=row.events,
        counts=_counts(reel) if reel is not None else None,
        window=reel.window if reel is not None else None,
        compact_at=reel.compact_at if reel is not None else None,
        is_live=reading.status(row) in {"working", "waiting"},
        commands=commands(row),
    )


def _branch(reel: Reel | None, reading: Reading) -> str | None:
    """Gives the branch that was worked on last: only the events tell it."""
    branches = (item.setting.branch for item in reversed(reel.settings)) if reel is not None else ()
    found = next((branch for branch in branches if branch), None)
    return None if found is None else reading.archive.guard.text(found)


def children(reading: Reading, name: str) -> SessionList:
    """Gives the sub-agents that a session itself started, in order of birth."""
    view = sheet(reading, name)
    wanted = tuple(lane.session for lane in view.lanes[1:])
    rows = {item.id: item for item in reading.archive.sessions(Filter(sessions=wanted))} if wanted else {}
    found = tuple(reading.view(rows[session]) for session in wanted if session in rows)
    return SessionList(
        total=len(found), matched=len(found), offset=0, took_ms=0.0, problems=(), rows=found, parts=None
    )


def _lane(reading: Reading, index: int, item: SessionRow, spans: LaneSpans | None) -> Lane:
    return Lane(
        index=index,
        session=item.id,
        title=reading.archive.guard.text(item.title or item.native_id)[:200],
        name=None,
        task=None,
        status=reading.status(item),
        spawn_seq=None if spans is None else spans.spawn_seq,
        return_seq=None if spans is None else spans.return_seq,
        call=item.parent_call,
        turns=item.turns,
        usage=usage_of(item.own.tokens, item.own.quality),
        cost_usd=None if item.own.cost is None else item.own.cost / 10**12,
        cost_known_usd=item.own.cost_known / 10**12,
        started_ts=ms(item.started_at),
        ended_ts=ms(item.ended_at),
    )


def _counts(reel: Reel) -> Counts:
    todos = reel.plans[-1].items if reel.plans else ()
    return Counts(
        outline=len(reel.outline_seq),
        steps=reel.steps,
        files=len({change.path for change in reel.changes}),
        todos=len(todos),
        todos_done=sum(item.status == "completed" for item in todos),
        requests=len(reel.exchanges),
        errors=reel.errors,
    )


def commands(row: SessionRow) -> Commands:
    """Gives the commands of a terminal; the page runs none of them."""
    name = shlex.quote(row.id[:8])
    agent = _AGENTS.get(row.agent)
    return Commands(
        show=f"reenact show {name} --at {{n}}",
        fork=f"reenact fork {name} --at {{n}}",
        replay=f"reenact replay {name} -- {agent}" if agent else None,
        export={kind: f"reenact export {name} --format {kind}" for kind in ("md", "jsonl", "native")},
    )

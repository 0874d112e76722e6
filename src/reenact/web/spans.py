"""When sub-agents were at work, and with what: the thin lanes below the main one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenact.events import bodies
from reenact.web import kinds
from reenact.web.views import LaneSpans, Span

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.store import SessionRow
    from reenact.web.gathering import Gathering

MOST = 400
"""Spans of one lane: more are joined with their neighbours."""
_JOIN_MS = 250


def lanes(archive: Archive, row: SessionRow, family: list[SessionRow], facts: Gathering) -> list[LaneSpans]:
    """Gives the lanes of a session's own sub-agents, in order of birth."""
    own = in_order([item for item in family if item.parent == row.id], facts.spawned)
    return [
        LaneSpans(
            index=index,
            session=item.id,
            title=archive.guard.text(item.title or item.native_id)[:120],
            spawn_seq=facts.spawned.get(item.id),
            return_seq=facts.returned.get(item.id),
            spans=tuple(_spans(archive, item.id)),
        )
        for index, item in enumerate(own, 1)
    ]


def in_order(children: list[SessionRow], spawned: dict[str, int]) -> list[SessionRow]:
    """Gives sub-agents in order of birth."""
    return sorted(children, key=lambda item: (spawned.get(item.id, 1 << 62), item.started_at or 0, item.id))


def _spans(archive: Archive, session: str) -> list[Span]:
    found: list[Span] = []
    calls: dict[str, tuple[int, str]] = {}
    latest = -1
    for event in archive.store.events(session):
        if event.ts is None:
            continue
        ts = event.ts // 1000
        match event.body:
            case bodies.ToolCalled() as body:
                calls[body.call] = (ts, kinds.effect_of_tool(body.tool_kind, body.name))
                found.append(Span(begin=min(latest, ts) if latest >= 0 else ts, end=ts, what="model"))
            case bodies.ToolFinished() as body if body.call in calls:
                begin, effect = calls.pop(body.call)
                found.append(Span(begin=begin, end=ts, what=effect))
            case bodies.AssistantMessage() | bodies.ModelResponded():
                found.append(Span(begin=min(latest, ts) if latest >= 0 else ts, end=ts, what="model"))
            case _:
                pass
        latest = max(latest, ts)
    return _joined(found)


def _joined(found: list[Span]) -> list[Span]:
    """Joins neighbours of one kind, ever further apart, until there are few enough."""
    gap = _JOIN_MS
    while True:
        joined: list[Span] = []
        for span in sorted(found, key=lambda span: (span.begin, span.end)):
            last = joined[-1] if joined else None
            if last is not None and last.what == span.what and span.begin - last.end <= gap:
                joined[-1] = Span(begin=last.begin, end=max(last.end, span.end), what=span.what)
            else:
                joined.append(span)
        if len(joined) <= MOST or gap > 1 << 40:
            return joined
        found, gap = joined, gap * 4
        if gap > 1 << 24:  # kinds that take turns: what was done is told no more, only that it was
            found = [Span(begin=span.begin, end=span.end, what="model") for span in joined]

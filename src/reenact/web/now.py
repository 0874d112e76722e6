"""What goes on now: sessions that wait, sessions at work, the last events of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenact.events import Event, bodies
from reenact.query import Is, Not, Query
from reenact.store import Filter
from reenact.tree import argument
from reenact.web import contents
from reenact.web.life import LATELY
from reenact.web.sessions import ms
from reenact.web.texts import Cutter, line_of
from reenact.web.views import LastEvent, Now, NowSession
from reenact.web.windows import window_of

if TYPE_CHECKING:
    from reenact.store import SessionRow
    from reenact.web.desk import Reading

_MOST = 50
_LINES = 5
_TAIL = 60
_LAST_EVENTS = 30
_WIDTH = 200
_MAINS = Query(text="", root=Not(part=Is(what="subagent")))


def now(reading: Reading) -> Now:
    """Gives the sessions at work or waiting, those that wait first."""
    archive = reading.archive
    moment = archive.clock.now()
    lately = archive.store.sessions(
        Filter(since=moment - LATELY, hidden=False, query=_MAINS, limit=_MOST * 4)
    )
    running = archive.store.sessions(Filter(status="running", limit=_MOST))
    rows = list({row.id: row for row in (*running, *lately)}.values())
    alive = [row for row in rows if reading.status(row) in {"working", "waiting"}][:_MOST]
    alive.sort(key=lambda row: (reading.status(row) != "waiting", -(row.ended_at or 0)))
    tails = {row.id: list(archive.store.events(row.id, start=max(row.events - _TAIL, 1))) for row in alive}
    ended = [] if alive else archive.store.sessions(Filter(hidden=False, query=_MAINS, limit=1))
    return Now(
        sessions=tuple(_session(reading, row, tails[row.id], moment) for row in alive),
        last_events=tuple(_last_events(reading, alive, tails)),
        last_ended=reading.view(ended[0]) if ended else None,
    )


def _session(reading: Reading, row: SessionRow, events: list[Event], moment: int) -> NowSession:
    cutter = Cutter(reading.archive.guard.text)
    lines = [line for event in events if (line := _line(event, cutter))]
    asked = None
    context = None
    for event in events:
        match event.body:
            case bodies.PermissionAsked():
                asked = event
            case bodies.PermissionAnswered() | bodies.ToolFinished() | bodies.AssistantMessage():
                asked = None
            case bodies.UsageRecorded(tokens=tokens):
                context = tokens.input + tokens.cache_read + tokens.cache_write or context
            case _:
                pass
    body = asked.body if asked is not None else None
    waits_for = None
    if isinstance(body, bodies.PermissionAsked):
        waits_for = cutter.line(body.description or body.tool, _WIDTH)
    return NowSession(
        session=reading.view(row),
        lines=tuple(lines[-_LINES:]),
        elapsed_ms=None if row.started_at is None else max(moment - row.started_at, 0) // 1000,
        context=context,
        window=window_of(row.models),
        waiting_for=waits_for,
        waiting_since=ms(asked.ts) if asked is not None else None,
        last=row.events,
    )


def _line(event: Event, cutter: Cutter) -> str:
    """Gives what an event says in a line; nothing for those that only count."""
    match event.body:
        case bodies.UserMessage(human=True, blocks=content):
            return f"you: {cutter.line(contents.message_text(content), _WIDTH)}"
        case bodies.AssistantMessage(blocks=content):
            return cutter.line(contents.message_text(content), _WIDTH)
        case bodies.ToolCalled(name=name, input=value):
            return cutter.line(f"{name} {argument(value)}", _WIDTH)
        case bodies.ToolFinished(ok=False) as body:
            return cutter.line(f"failed: {body.error or contents.output_text(body)}", _WIDTH)
        case bodies.ModelFailed() as body:
            return cutter.line(f"{body.status or ''} {body.error or body.category or ''}".strip(), _WIDTH)
        case bodies.PermissionAsked() as body:
            return cutter.line(f"asks: {body.description or body.tool or ''}", _WIDTH)
        case _:
            return ""


def _last_events(reading: Reading, rows: list[SessionRow], tails: dict[str, list[Event]]) -> list[LastEvent]:
    cutter = Cutter(reading.archive.guard.text)
    found: list[tuple[int, LastEvent]] = []
    for row in rows:
        for event in tails[row.id]:
            text = _line(event, cutter)
            if text:
                told = LastEvent(
                    session=row.id,
                    title=line_of(cutter.scrub, row.title, 120) or None,
                    agent=row.agent,
                    seq=event.seq,
                    ts=ms(event.ts),
                    what=event.body.kind,
                    text=text,
                )
                found.append((event.ts or 0, told))
    found.sort(key=lambda item: -item[0])
    return [told for _, told in found[:_LAST_EVENTS]]

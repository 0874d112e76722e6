"""One step with everything that is told of it: events, times, permission, usage, the source's record."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Literal

from reenact.clock import to_datetime
from reenact.errors import NotFoundError, ReenactError
from reenact.events import Event, Tokens, bodies
from reenact.usage import dollars
from reenact.web import contents, kinds, streaming
from reenact.web.outlines import spent_text
from reenact.web.reel import known
from reenact.web.sessions import ms, usage_of
from reenact.web.views import EventView, Fact, Note, StepView, Text, Usage, UsageLine

if TYPE_CHECKING:
    from reenact.store import SessionRow
    from reenact.web.desk import Reading
    from reenact.web.reel import Reel, Turned
    from reenact.web.texts import Cutter

Line = Literal["cache_read", "cache_write", "input", "output", "total"]
_MOST_EVENTS = 40
_MOST_NOTES = 200
_LONGEST_NOTE = 2_000
_LONGEST_RECORD = 64 * 1024


def step(reading: Reading, row: SessionRow, reel: Reel, seq: int, cutter: Cutter) -> StepView:
    """Gives the step that a position belongs to.

    Raises:
        NotFoundError: the session has no such position.
    """
    if reel.last < seq <= row.events:  # the session went on since it was wound
        reel = streaming.around(reading, row, at=seq)
    if not 0 < seq <= reel.last:
        raise NotFoundError(f"there is no step {seq}", hint=f"the last one is {reel.last}")
    index = max(reel.index(seq), 0)
    stop = min(index + 1, reel.steps)
    read = streaming.events_of(reading, row, reel, index, stop)
    found = streaming.rows(reading, row, reel, index, stop, cutter=cutter, events=read)
    numbers = [*reel.events_of(index), seq] if reel.steps else [seq]
    events = _read(reading, row, sorted(set(numbers))[:_MOST_EVENTS], read)
    turn_number = reel.turn[index] if reel.steps else 0
    turn = reel.turns[turn_number - 1] if turn_number else None
    own = next((event for event in events if event.seq == seq), events[0] if events else None)
    return StepView(
        seq=seq,
        end=reel.end[index] if reel.steps else seq,
        row=found[0] if found else None,
        facts=tuple(_facts(reel, index, events, cutter)) if reel.steps else (),
        events=tuple(_event(event, cutter) for event in events),
        turn=turn_number,
        turn_usage=_usage(turn),
        turn_cost=_cost(reel, turn),
        usage_lines=tuple(_lines(reading, turn, own.ts if own is not None else None, row.agent)),
        request=_request(reel, seq, turn_number),
        notes=tuple(_notes(reading, row, reel, cutter)),
        raw=None if own is None else _raw(reading, own, cutter),
    )


def _read(reading: Reading, row: SessionRow, seqs: list[int], read: dict[int, Event]) -> list[Event]:
    """Gives events, those that were read already and those that were not."""
    store = reading.archive.store
    return [
        event
        for seq in seqs
        for event in ([read[seq]] if seq in read else store.events(row.id, start=seq, stop=seq + 1))
    ]


def _event(event: Event, cutter: Cutter) -> EventView:
    origin = event.origin
    where = None
    if origin is not None:
        where = (
            f"{origin.original} · generation {origin.generation} @ {origin.offset:,} + {origin.length:,} B"
        )
    return EventView(
        seq=event.seq,
        kind=event.body.kind,
        ts=ms(event.ts),
        source_kind=event.source_kind,
        completeness=event.completeness,
        json=cutter.cut(contents.text_of(event, "event") or "", event.seq, "event"),
        origin=where,
    )


def _facts(reel: Reel, index: int, events: list[Event], cutter: Cutter) -> list[Fact]:
    """Gives what stands at the top of the inspector."""
    told = " → ".join(dict.fromkeys(event.body.kind for event in events))
    facts = [Fact(name="Event", value=told)]
    ts, took = known(reel.ts[index]), known(reel.took[index])
    for event in events:
        body = event.body
        match body:
            case bodies.ToolCalled():
                facts.append(Fact(name="Tool", value=cutter.line(f"{body.name} {body.tool_kind}")))
                facts.append(Fact(name="Call", value=cutter.line(body.call)))
                if body.risk:
                    facts.append(Fact(name="Risk", value=cutter.line(body.risk)))
            case bodies.PermissionAnswered():
                word = "yes" if body.granted else "no"
                why = body.reason or body.source or ""
                facts.append(Fact(name="Allowed", value=cutter.line(f"{word} {why}".strip())))
            case bodies.ToolFinished() if body.exit_code is not None:
                facts.append(Fact(name="Exit", value=str(body.exit_code)))
            case bodies.AssistantMessage() | bodies.ModelResponded() if body.model:
                facts.append(Fact(name="Model", value=cutter.line(body.model)))
            case _:
                pass
    if ts is not None:
        moment = to_datetime(ts * 1000).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        ran = f"{spent_text(took * 1000)} from {moment}" if took else moment
        facts.insert(1, Fact(name="Ran" if took else "At", value=ran))
    if reel.ok[index] == kinds.OPEN:
        facts.append(Fact(name="Result", value="no result recorded"))
    return facts


def _notes(reading: Reading, row: SessionRow, reel: Reel, cutter: Cutter) -> list[Note]:
    """Gives the notes in the session and beside it, those on the whole of it first."""
    found = [
        Note(text=cutter.line(mark.text, _LONGEST_NOTE), seq=mark.seq, ts=mark.ts)
        for mark in reel.marks
        if mark.kind == "note"
    ]
    found += [
        Note(text=cutter.line(note.text, _LONGEST_NOTE), seq=note.seq, ts=ms(note.at))
        for note in reading.archive.notes(row.id)
    ]
    return sorted(found[:_MOST_NOTES], key=lambda note: (note.seq or 0, note.ts or 0))


def _usage(turn: Turned | None) -> Usage | None:
    if turn is None or not turn.has_usage:
        return None
    return usage_of(_tokens(turn), turn.quality)


def _tokens(turn: Turned) -> Tokens:
    given, read, write, out = turn.tokens
    return Tokens(input=given, cache_read=read, cache_write=write, output=out)


def _cost(reel: Reel, turn: Turned | None) -> float | None:
    if turn is None or not turn.has_usage:
        return None
    first, last = reel.index(turn.begin - 1), reel.index(turn.end)
    return (reel.cost[last] - (reel.cost[first] if first >= 0 else 0)) / 1_000_000


def _lines(reading: Reading, turn: Turned | None, ts: int | None, agent: str) -> list[UsageLine]:
    """Gives the tokens of a turn by how they are billed, with what each kind costs by the list."""
    if turn is None or not turn.has_usage:
        return []
    tokens = _tokens(turn)
    parts: tuple[tuple[Line, Tokens], ...] = (
        ("cache_read", Tokens(cache_read=tokens.cache_read)),
        ("cache_write", Tokens(cache_write=tokens.cache_write)),
        ("input", Tokens(input=tokens.input)),
        ("output", Tokens(output=tokens.output)),
        ("total", tokens),
    )
    prices = reading.archive.prices
    return [
        UsageLine(
            name=name, tokens=part.total, cost=dollars(prices.cost(turn.model, part, ts, agent)), note=None
        )
        for name, part in parts
    ]


def _request(reel: Reel, seq: int, turn: int) -> int | None:
    """Gives the number of the request whose answer a step is part of."""
    number = bisect_right(reel.exchanges, seq, key=lambda item: item.asked)
    while number < len(reel.exchanges) and reel.exchanges[number].turn == turn:
        number += 1
    return number or None


def _raw(reading: Reading, event: Event, cutter: Cutter) -> Text | None:
    """Gives the record as the agent wrote it, scrubbed."""
    origin = event.origin
    if origin is None:
        return None
    try:
        with reading.archive.store.open_original(origin.original, origin.generation) as file:
            file.seek(origin.offset)
            data = file.read(min(origin.length, _LONGEST_RECORD))
    except (OSError, LookupError, ValueError, ReenactError):
        return None
    text = cutter.scrub(data.decode("utf-8", "replace"))
    return Text(text=text, size=origin.length, more=origin.length > len(data), part=None, lines=1)

"""The requests of a session, and what each brought that the one before had not."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from reenact.errors import NotFoundError
from reenact.events import Tokens, bodies
from reenact.replay.loading import Loaded, load_request
from reenact.web import contents, kinds
from reenact.web.contexts import CHARS, ranges_at
from reenact.web.sessions import usage_of
from reenact.web.views import Change, RequestRow, Requests, RequestView, Text, Usage

if TYPE_CHECKING:
    from reenact.events import Event
    from reenact.store import SessionRow
    from reenact.web.desk import Reading
    from reenact.web.reel import Exchange, Reel, Turned
    from reenact.web.texts import Cutter

_MOST = 5_000
_DEEPEST = 2_000
_AUXILIARY = {"title", "summary", "compact", "warmup", "topic", "quota", "count_tokens", "classifier"}


def requests(reel: Reel) -> Requests:
    """Gives all requests, those of sub-agents left to their own sessions."""
    rows = [_row(reel, number, item, {}) for number, item in enumerate(reel.exchanges[:_MOST], 1)]
    return Requests(total=len(reel.exchanges), rows=tuple(rows))


def request(reading: Reading, row: SessionRow, reel: Reel, number: int, cutter: Cutter) -> RequestView:
    """Gives one request.

    Raises:
        NotFoundError: there is none of this number.
    """
    if not 0 < number <= len(reel.exchanges):
        raise NotFoundError(f"there is no request {number}", hint=f"there are {len(reel.exchanges)}")
    item = reel.exchanges[number - 1]
    before = _before(reel, number)
    events = _events(reading, row, item)
    answered = events.get(item.answered)
    body = answered.body if answered is not None else None
    answer: Text | None = None
    if answered is not None and isinstance(body, bodies.ModelResponded) and body.blocks:
        answer = cutter.cut(contents.message_text(body.blocks), answered.seq, "text")
    tape = body.tape if isinstance(body, bodies.ModelResponded) else None
    asked = events.get(item.asked)
    sent = None
    changes = _changes(reel, number, before, cutter)
    if asked is not None and isinstance(asked.body, bodies.ModelRequested):
        told = wire_request(reading, row, reel, number)
        earlier = wire_request(reading, row, reel, before) if before is not None else None
        if told.body is not None:
            sent = cutter.cut(contents.pretty(told.body), asked.seq, "request")
            changes = _by_content(told, earlier, cutter)
        else:
            sent = cutter.cut(contents.rest_text(asked.body), asked.seq, "rest")
    return RequestView(
        request=_row(reel, number, item, events),
        previous=before,
        changes=tuple(changes),
        answer=answer,
        body=sent,
        fidelity=body.fidelity if isinstance(body, bodies.ModelResponded) else None,
        chunks=tape.chunks[:10_000] if tape is not None else (),
    )


def wire_request(reading: Reading, row: SessionRow, reel: Reel, number: int) -> Loaded:
    """Gives a request as it was sent, put together from the archive; without a body where a part is gone."""
    chain: list[bodies.ModelRequested] = []
    by_key = {item.key: item for item in reel.exchanges[:number]}
    wanted: str | None = reel.exchanges[number - 1].key
    while wanted is not None and wanted in by_key and len(chain) < _DEEPEST:
        seq = by_key.pop(wanted).asked
        event = next(iter(reading.archive.store.events(row.id, start=seq, stop=seq + 1)), None)
        if event is None or not isinstance(event.body, bodies.ModelRequested):
            break
        chain.append(event.body)
        wanted = event.body.request.base if event.body.request is not None else None
    names: dict[str, tuple[str, ...]] = {}
    loaded = Loaded()
    for body in reversed(chain):
        if body.request is not None:
            values = partial(_value, reading) if body is chain[0] else _unread
            loaded = load_request(body.request, values, names)
            names[body.exchange] = loaded.names
    return loaded


def _unread(name: str) -> None:
    """Stands for the payloads of requests of which only the names matter."""
    del name


def _value(reading: Reading, name: str) -> Any:
    data = reading.archive.store.blob(name)
    if data is None:
        raise LookupError(name)
    return msgspec.json.decode(data)


def _by_content(now: Loaded, before: Loaded | None, cutter: Cutter) -> list[Change]:
    """Gives what a request as sent holds against the one before, message by message."""
    old = list(before.names) if before is not None else []
    keep = 0
    while keep < min(len(old), len(now.names)) and old[keep] == now.names[keep]:
        keep += 1
    found: list[Change] = []
    messages = _messages(now)
    if keep:
        size = sum(len(contents.pretty(message)) for message in messages[:keep]) // CHARS
        found.append(Change(sign="=", title=f"{keep} messages", count=keep, tokens=size, seq=None, text=None))
    if len(old) > keep and before is not None:
        gone = _messages(before)[keep:]
        size = sum(len(contents.pretty(message)) for message in gone) // CHARS
        title = f"{len(old) - keep} messages no longer sent"
        found.append(Change(sign="-", title=title, count=len(old) - keep, tokens=size, seq=None, text=None))
    for message in messages[keep:][:500]:
        text = contents.pretty(message)
        role = message.get("role") if isinstance(message, dict) else None
        found.append(
            Change(
                sign="+",
                title=cutter.line(str(role or "message")),
                count=1,
                tokens=len(text) // CHARS,
                seq=None,
                text=cutter.cut(text, 0, "none"),
            )
        )
    return found


def _messages(loaded: Loaded) -> list[Any]:
    """Gives the messages of a request: as many as it names."""
    if isinstance(loaded.body, dict):
        for value in loaded.body.values():
            if isinstance(value, list) and len(value) == len(loaded.names):
                return value
    return []


def _before(reel: Reel, number: int) -> int | None:
    """Gives the main request before this one."""
    for earlier in range(number - 1, 0, -1):
        if not _is_auxiliary(reel.exchanges[earlier - 1]):
            return earlier
    return None


def _is_auxiliary(item: Exchange) -> bool:
    return any(word in _AUXILIARY for word in (item.purpose or "").lower().replace("-", "_").split("_"))


def _events(reading: Reading, row: SessionRow, item: Exchange) -> dict[int, Event]:
    found: dict[int, Event] = {}
    for seq in {item.asked, item.answered} - {0}:
        found.update(
            {event.seq: event for event in reading.archive.store.events(row.id, start=seq, stop=seq + 1)}
        )
    return found


def _row(reel: Reel, number: int, item: Exchange, events: dict[int, Event]) -> RequestRow:
    turn = reel.turns[item.turn - 1] if 0 < item.turn <= len(reel.turns) else None
    ttft = duration = stop = None
    for event in events.values():
        if isinstance(event.body, bodies.ModelResponded):
            ttft, duration, stop = event.body.ttft, event.body.duration, event.body.stop_reason
    return RequestRow(
        k=number,
        exchange=item.key,
        seq=item.asked,
        end=item.answered or (turn.end if turn is not None else item.asked),
        ts=reel.time(item.asked),
        lane=None,
        model=item.model or (turn.model if turn is not None else None),
        auxiliary=_is_auxiliary(item),
        purpose=item.purpose,
        status="failed" if turn is not None and turn.error else "answered",
        usage=_usage(turn),
        cost_usd=_cost(reel, turn),
        ttft_ms=None if ttft is None else ttft / 1000,
        duration_ms=None if duration is None else duration / 1000,
        stop_reason=stop or (turn.stop_reason if turn is not None else None),
        messages=None,
        rebuilt=item.is_rebuilt,
        provenance=(),
    )


def _usage(turn: Turned | None) -> Usage | None:
    if turn is None or not turn.has_usage:
        return None
    read_in, read, write, out = turn.tokens
    return usage_of(Tokens(input=read_in, cache_read=read, cache_write=write, output=out), turn.quality)


def _cost(reel: Reel, turn: Turned | None) -> float | None:
    """Gives what a turn cost, sub-agents that came back in it included; None where nothing is told."""
    if turn is None or not turn.has_usage:
        return None
    last, first = reel.index(turn.end), reel.index(turn.begin - 1)
    before = reel.cost[first] if first >= 0 else 0
    after = reel.cost[last] if last >= 0 else 0
    return (after - before) / 1_000_000


def _changes(reel: Reel, number: int, before: int | None, cutter: Cutter) -> list[Change]:
    """Gives what a request holds, against the one before: kept parts as one, new ones by themselves."""
    now = ranges_at(reel, max(reel.exchanges[number - 1].asked - 1, 0))
    old = ranges_at(reel, max(reel.exchanges[before - 1].asked - 1, 0)) if before is not None else []
    added = _without(now, old)
    kept, gone = _without(now, added), _without(old, now)
    new = [part for begin, end in added for part in range(begin, end)]
    found: list[Change] = []
    if kept:
        found.append(_folded(reel, "=", "kept", kept))
    if gone:
        found.append(_folded(reel, "-", "no longer sent", gone))
    for part in new[:500]:
        seq = reel.parts_seq[part]
        index = reel.index(seq)
        kind = kinds.KINDS[reel.kind[index]] if index >= 0 else "message"
        found.append(
            Change(
                sign="+",
                title=cutter.line(f"{kind}: {reel.label(index)}"),
                count=1,
                tokens=reel.parts_chars[part] // CHARS,
                seq=seq,
                text=None,
            )
        )
    return found


def _without(ranges: list[tuple[int, int]], others: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Gives what is in some ranges and not in others: a long session sends tens of thousands of parts."""
    left = ranges
    for other_begin, other_end in others:
        left = [
            piece
            for begin, end in left
            for piece in ((begin, min(end, other_begin)), (max(begin, other_end), end))
            if piece[0] < piece[1]
        ]
    return left


def _folded(reel: Reel, sign: str, title: str, ranges: list[tuple[int, int]]) -> Change:
    count = sum(end - begin for begin, end in ranges)
    return Change(
        sign="=" if sign == "=" else "-",
        title=f"{count} parts {title}",
        count=count,
        tokens=sum(sum(reel.parts_chars[begin:end]) for begin, end in ranges) // CHARS,
        seq=reel.parts_seq[ranges[0][0]],
        text=None,
    )

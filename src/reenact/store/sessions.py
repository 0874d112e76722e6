"""Session rows: written from what the parts of a session sum up to, joined where there are several."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

import apsw
import msgspec

from reenact.errors import CorruptRecordError
from reenact.events import Event, Header
from reenact.store import feed, frames, ledger
from reenact.store.packing import ReadOriginal
from reenact.store.part import MERGED, RECORDED, PartBuilder, drop_part
from reenact.store.pricing import Pricer
from reenact.store.sql import fetch, fetch_one
from reenact.store.summary import Summary

ProjectOf = Callable[[str], str | None]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one transcript (or segment) holds of a session."""

    number: int
    original: str
    header: Header | None
    events: int
    removed: int
    summary: Summary


def parts_of(connection: apsw.Connection, session: str) -> list[Part]:
    """Gives the parts of a session, earliest first; the joined one is not among them."""
    found = [
        Part(
            number=row[0],
            original=row[1],
            header=msgspec.json.decode(row[2], type=Header) if row[2] else None,
            events=row[3],
            removed=row[4],
            summary=msgspec.msgpack.decode(row[5], type=Summary) if row[5] else Summary(),
        )
        for row in connection.execute(
            "SELECT n, original, header, events, removed, state FROM part WHERE session=? AND original<>?",
            (session, MERGED),
        )
    ]
    return sorted(found, key=_order)


def _order(part: Part) -> tuple[bool, int, str]:
    started = part.summary.started_at
    return (started is None, started or 0, part.original)


def settle(
    connection: apsw.Connection, session: str, pricer: Pricer, project_of: ProjectOf, read: ReadOriginal
) -> None:
    """Makes a session's row what its parts say now; deletes it where there are none left."""
    parts = parts_of(connection, session)
    joined = fetch_one(connection, "SELECT n FROM part WHERE session=? AND original=?", (session, MERGED))
    header = joined_headers([part.header for part in parts if part.header is not None])
    if not parts or header is None:
        _delete(connection, session)
        return
    shown, summary = parts[0].number, parts[0].summary
    if joined is not None or len(parts) > 1:
        feed.remember(connection, session)
        price = ledger.price_for(pricer, header.agent)
        builder = _join(connection, session, parts, header, price=price, read=read)
        shown, summary = builder.number, builder.summary
        header = builder.header or header
        _touch_children(connection, session)
    known = feed.known(connection, session)
    _write(connection, header, summary, parts, shown=shown, project_of=project_of)
    feed.note(connection, session, known, part=shown, events=summary.events)


def _touch_children(connection: apsw.Connection, session: str) -> None:
    """Marks the sessions of which any part told: another part may be the one that counts now."""
    connection.execute(
        "INSERT OR IGNORE INTO touched_session SELECT e.child FROM edge e JOIN part p ON p.n=e.part "
        "WHERE p.session=?",
        (session,),
    )


def _join(
    connection: apsw.Connection,
    session: str,
    parts: list[Part],
    header: Header,
    *,
    price: ledger.Price,
    read: ReadOriginal,
) -> PartBuilder:
    """Writes the union of all parts' events as one part: each event once, earliest part first."""
    row = fetch_one(connection, "SELECT n FROM part WHERE session=? AND original=?", (session, MERGED))
    if row is not None:
        drop_part(connection, row[0], session)
    ledger.drop_session(connection, session)
    builder = PartBuilder(connection, session, MERGED, price)
    builder.header = header
    for event in _union(connection, parts, read):
        builder.add(msgspec.structs.replace(event, seq=builder.count + 1))
    builder.finish()
    return builder


def _union(connection: apsw.Connection, parts: list[Part], read: ReadOriginal) -> Iterator[Event]:
    seen: set[str] = set()
    for part in parts:
        with contextlib.suppress(CorruptRecordError):  # what can be read is shown; `verify` tells
            for event in frames.events(connection, part.number, reads=frames.Reads(original=read)):
                if event.id not in seen:
                    seen.add(event.id)
                    yield event


def joined_headers(headers: list[Header]) -> Header | None:
    """Gives what several headers of one session say together; the first one counts where they differ."""
    if not headers:
        return None
    first, *others = headers
    for other in others:
        first = completed(other, first)
    return first


def completed(old: Header, new: Header) -> Header:
    """Gives a header completed by a later one: the later one's fields, where it tells them."""
    told = {
        name: value
        for name in ("native_id", "parent", "parent_call", "parent_event")
        if (value := getattr(new, name))
    }
    if new.kind != "main":
        told["kind"] = new.kind
    if new.hidden:
        told["hidden"] = True
    return msgspec.structs.replace(old, **told)


def _delete(connection: apsw.Connection, session: str) -> None:
    for (number,) in fetch(connection, "SELECT n FROM part WHERE session=?", (session,)):
        drop_part(connection, number, session)
    ledger.drop_session(connection, session)
    feed.forget(connection, session)
    connection.execute(
        "INSERT OR IGNORE INTO touched_session SELECT id FROM session WHERE parent=?", (session,)
    )
    where = "WHERE session=(SELECT n FROM session WHERE id=?)"
    connection.execute(f"DELETE FROM rollup {where}", (session,))
    connection.execute(f"DELETE FROM session_model {where}", (session,))
    connection.execute("DELETE FROM session WHERE id=?", (session,))


def _write(
    connection: apsw.Connection,
    header: Header,
    summary: Summary,
    parts: list[Part],
    *,
    shown: int,
    project_of: ProjectOf,
) -> None:
    number = ledger.session_number(connection, header.id)
    cwd = summary.cwd
    is_recorded = any(part.original == RECORDED for part in parts)
    values: Mapping[str, object] = {
        "native_id": header.native_id,
        "agent": header.agent,
        "part": shown,
        "declared": header.kind,
        "header": msgspec.json.encode(header).decode(),
        "hidden": header.hidden or summary.is_beside,
        "title": summary.title,
        "cwd": cwd,
        "project": (project_of(cwd) or cwd) if cwd else None,
        "models": msgspec.json.encode(summary.models).decode(),
        "started_at": summary.started_at,
        "ended_at": summary.ended_at,
        "status": summary.status_of(is_recorded=is_recorded),
        "completeness": summary.completeness,
        "loops": summary.loops,
        "turns": summary.turns,
        "events": summary.events,
        "tool_calls": summary.tool_calls,
        "warnings": summary.warnings,
        "removed_at_source": sum(part.removed for part in parts),
        "tags": msgspec.json.encode(summary.tags).decode(),
        "agent_version": summary.agent_version,
        "original": next((part.original for part in parts if part.original != RECORDED), None),
        "recorded": is_recorded,
        "asks": summary.asks,
        "limits": msgspec.json.encode(list(summary.limits.values())).decode() if summary.limits else None,
    }
    assignments = ", ".join(f"{name}=?" for name in values)
    connection.execute(f"UPDATE session SET {assignments} WHERE n=?", (*values.values(), number))
    connection.execute("DELETE FROM session_model WHERE session=?", (number,))
    connection.executemany(
        "INSERT OR IGNORE INTO session_model VALUES (?,?,?)",
        [(number, model, summary.ended_at) for model in summary.models],
    )

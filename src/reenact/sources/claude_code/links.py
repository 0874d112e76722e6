"""Where one row's meaning lies in another: sub-agents and their calls, spilled outputs, compaction."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from reenact import ids
from reenact.events import Header
from reenact.events.bodies import AgentFinished, AgentSpawned, CompactionFinished
from reenact.sources.claude_code import content, tools
from reenact.sources.claude_code.records import Row, items, number, table, text
from reenact.sources.claude_code.state import AGENT, Reading, Session, Spot, session_of
from reenact.sources.protocol import Disposition

_FIELD = re.compile(r"<(task-id|tool-use-id|status|summary|result)>(.*?)</\1>", re.DOTALL)


# -- sub-agents -------------------------------------------------------------------------------


def child_of(reading: Reading, spot: Spot, call: tools.Call | None, said: str) -> str | None:
    """Gives the session that did a call's work, and tells of its start where nothing has yet."""
    structured = spot.row.tool_use_result
    agent = tools.agent_id(structured, said, call)
    if agent is None:
        return call.child if call else None
    child = session_of(f"{call.owner if call else reading.owner}/{agent}")
    background = table(structured).get("status") == "async_launched"
    spawn(reading, spot.session, Spawn(child=child, native=agent, call=call, background=background), spot.ts)
    return child


class Spawn(msgspec.Struct, frozen=True, kw_only=True):
    """A sub-agent and the call that started it."""

    child: str
    native: str
    call: tools.Call | None
    background: bool = False


def spawn(reading: Reading, session: Session, started: Spawn, ts: int | None) -> None:
    """Adds `agent.spawned` once for each sub-agent."""
    if started.child in reading.spawned:
        return
    reading.spawned.add(started.child)
    call = started.call
    given = table(call.input) if call else {}
    body = AgentSpawned(
        child=started.child,
        call=call.identity if call else None,
        name=text(given.get("subagent_type")) or text(given.get("name")),
        task=text(given.get("prompt")),
        native=started.native,
        background=started.background or given.get("run_in_background") is True,
    )
    turn, parent = (call.turn, call.record) if call else (None, None)
    reading.add(session, body, f"spawn:{started.child}", ts=ts, turn=turn, parent=parent)


def progressed(reading: Reading, spot: Spot) -> bool:
    """Takes the first sign of life of a sub-agent; what such rows embed is told by its own file."""
    agent = text(table(spot.row.data).get("agentId"))
    identity = text(spot.row.parent_tool_use_id)
    call = reading.calls.get(identity) if identity else None
    if agent is None or call is None:
        return False
    child = session_of(f"{call.owner}/{agent}")
    if child in reading.spawned:
        return False
    spawn(reading, spot.session, Spawn(child=child, native=agent, call=call), spot.ts)
    return True


def side_session(reading: Reading, row: Row, said: str, ts: int | None) -> Session:
    """Gives the session of a side chain's row (1.0.x kept sub-agents inside the main file)."""
    above, uuid = text(row.parent_uuid), str(row.uuid)
    if above is not None:
        session = reading.sides.get(above) or reading.last_side
        if session is not None:
            reading.sides[uuid] = reading.last_side = session
            return session
    native = f"sidechain-{uuid}"
    waiting = reading.prompts.get(said, [])
    identity = waiting.pop(0) if waiting else None
    header = Header(
        id=session_of(f"{reading.owner}/{native}"),
        agent=AGENT,
        native_id=native,
        kind="subagent",
        parent=reading.main.id,
        parent_call=identity,
    )
    session = Session(header, lane=native)
    reading.sides[uuid] = reading.last_side = session
    call = reading.calls.get(identity) if identity else None
    if call is not None:
        call.child = session.id
        spawn(reading, reading.main, Spawn(child=session.id, native=native, call=call), ts)
    return session


def notified(reading: Reading, spot: Spot, said: str) -> None:
    """Adds the end of a background agent that a notification tells of."""
    told = {name: value.strip() for name, value in _FIELD.findall(said)}
    task = told.get("task-id")
    if not task:
        return
    child = session_of(f"{reading.owner}/{task}")
    call = told.get("tool-use-id")
    if child not in reading.spawned:
        # a shell in the background is announced in the same way; only agents have sessions
        return
    body = AgentFinished(
        child=child,
        call=call,
        status=told.get("status", "completed"),
        result=told.get("result") or told.get("summary"),
    )
    reading.add(spot.session, body, spot.after("agent"), ts=spot.ts, parent=spot.record)


# -- spilled outputs --------------------------------------------------------------------------


def spilled(reading: Reading, path: str) -> str | None:
    """Gives the whole output where the file that it was spilled to lies beside the transcript."""
    name = re.split(r"[/\\]", path)[-1]
    data = reading.setting.sidecars.get(f"tool-results/{name}")
    return None if data is None else data.decode("utf-8", "replace")


# -- compaction -------------------------------------------------------------------------------


def boundary(spot: Spot) -> Disposition:
    """Takes a compaction's boundary; it becomes an event together with the summary, the next row."""
    spot.session.boundary = (spot.row, spot.ts)
    spot.session.compacted = spot.record
    spot.session.anchors[spot.record] = spot.record
    return "joined"


def summarised(reading: Reading, spot: Spot) -> Disposition:
    """Takes a summary: that of the boundary before it, or (versions without boundaries) one by itself."""
    session = spot.session
    session.has_root = True
    summary = content.plain(table(spot.row.message).get("content"))
    if session.boundary is not None:
        flush_boundary(reading, session, summary=summary)
        session.anchors[spot.record] = session.last
        return "events"
    session.compacted = spot.record
    reading.tell(spot, CompactionFinished(strategy="summary", summary=summary))
    reading.anchor(spot)
    return "events"


def flush_boundary(reading: Reading, session: Session, *, summary: str | None = None) -> None:
    """Adds `compaction.finished` for a boundary that waits."""
    if session.boundary is None:
        return
    (row, ts), session.boundary = session.boundary, None
    meta = table(row.compact_metadata)
    trigger = text(meta.get("trigger"))
    body = CompactionFinished(
        strategy="summary",
        trigger=trigger,
        before=number(meta.get("preTokens")),
        after=number(meta.get("postTokens")),
        summary=summary,
        kept=tuple(ids.event_id(session.id, record) for record in _preserved(reading, session, meta)),
    )
    above = text(row.logical_parent_uuid)
    parent = session.anchors.get(above) if above else None
    session.last = str(row.uuid)
    reading.add(session, body, session.last, ts=ts, parent=parent)


def _preserved(reading: Reading, session: Session, meta: dict[str, Any]) -> list[str]:
    """Gives the records of the rows that stay in the context, oldest first, each once."""
    rows = [
        uuid for uuid in items(table(meta.get("preservedMessages")).get("uuids")) if isinstance(uuid, str)
    ]
    segment = table(meta.get("preservedSegment"))
    head, here = text(segment.get("headUuid")), text(segment.get("tailUuid"))
    walked: list[str] = []
    passed: set[str] = set()
    while here is not None and here not in passed:
        passed.add(here)
        walked.append(here)
        if here == head:
            rows = [*rows, *reversed(walked)]
            break
        here = reading.above.get(here)
    records = [session.anchors.get(uuid) for uuid in rows]
    return list(dict.fromkeys(record for record in records if record is not None))

"""Finds what a session can be played from: its recording, a recording of it, or its agent's own log."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from reenact.errors import ReenactError
from reenact.events.bodies import Custom, ModelRequested
from reenact.ingest.lines import cut
from reenact.launch.branch import left_of
from reenact.launch.finding import TAG, TRANSCRIPT
from reenact.launch.prompts import told_by_calls
from reenact.replay import Logged, Script, declared_of_events
from reenact.sources.claude_code.requests import Exchange, requests
from reenact.store import Filter

if TYPE_CHECKING:
    from reenact.events import Event
    from reenact.store import SessionRow, Store


class NothingToPlayError(ReenactError):
    """A session holds no exchange that could be played."""

    def __init__(self, session: str, reason: str) -> None:
        super().__init__(
            f"session {session[:8]} cannot be replayed: {reason}", hint="record one: `reenact record -- …`"
        )
        self.session = session


def script(store: Store, row: SessionRow, *, from_log: bool) -> Script:
    """Gives the script of a session.

    Raises:
        NothingToPlayError: neither a recording nor a journal of requests exists.
    """
    recording = row.id if row.original is None else None if from_log else recording_of(store, row)
    if recording is not None:
        return _recorded(store, recording)
    if row.agent != "claude_code":
        raise NothingToPlayError(row.id, f"logs of {row.agent} cannot be replayed yet, only recordings")
    calls = list(_calls(store, row))
    if not calls:
        raise NothingToPlayError(
            row.id, "its log has no journal of requests (Claude Code writes one since 2.1.1xx)"
        )
    declared = declared_of_events(_beginning(store, row.id))
    return Script.from_journal(calls, declared=told_by_calls(declared, calls, session=row.native_id))


def _recorded(store: Store, session: str) -> Script:
    """Gives the script of a recording; what was recorded live stands on what it was played before."""
    (row,) = store.sessions(Filter(sessions=(session,)))
    found = Script.from_recording(family_events(store, row), lambda name: _blob(store, name))
    left = left_of(store.events(session))
    if left is not None and row.parent is not None and left.played:
        (parent,) = store.sessions(Filter(sessions=(row.parent,)))
        found = found.after(_containing(store, parent, left.played), left.played)
    if not found.exchanges:
        raise NothingToPlayError(session, "the recording holds no model call")
    return found


def family_events(store: Store, row: SessionRow) -> Iterator[Event]:
    """Yields the events of a session, and of its sub-agents that were recorded (or imported) like it."""
    is_import = row.original is not None
    family = [one for one in _family(store, row) if (one.original is not None) is is_import]
    if len(family) == 1:
        return store.events(row.id)
    return heapq.merge(*(store.events(one.id) for one in family), key=lambda event: event.recorded_at)


def _containing(store: Store, row: SessionRow, calls: frozenset[str]) -> Script:
    """Gives the script of a parent that holds these calls: a recording of it, or its log."""
    for from_log in (False, True):
        found = script(store, row, from_log=from_log)
        if any(one.id in calls for one in found.exchanges):
            break
    return found


def recording_of(store: Store, row: SessionRow) -> str | None:
    """Gives the latest recording that saw this session of the agent's."""
    for other in store.sessions(Filter(agent=row.agent)):
        if other.original is None and TAG in other.tags and row.native_id in _native_ids(store, other.id):
            return other.id
    return None


def _native_ids(store: Store, recording: str) -> set[str]:
    """Gives the agent's own sessions that a recording saw; its calls tell where its end was never written."""
    found: set[str] = set()
    for event in store.events(recording):
        match event.body:
            case Custom(name=name, data=data) if name == TRANSCRIPT:
                found.add(str(data.get("native_id")))
            case ModelRequested(params={"headers": {"x-claude-code-session-id": str(native)}}):
                found.add(native)
            case _:
                pass
    return found


def _calls(store: Store, row: SessionRow) -> Iterator[Logged]:
    """Yields the calls of a session and of its sub-agents, in the order of their time."""
    found = [
        (exchange.ts or "", number, exchange)
        for session in _family(store, row)
        for number, exchange in enumerate(_exchanges(store, session))
    ]
    found.sort(key=lambda item: item[0])
    for _, _, exchange in found:
        yield _logged(exchange)


def _family(store: Store, row: SessionRow) -> Iterator[SessionRow]:
    yield row
    if row.children:
        for child in store.sessions(Filter(sessions=row.children)):
            if child.kind == "subagent":
                yield from _family(store, child)


def _exchanges(store: Store, row: SessionRow) -> list[Exchange]:
    original = store.original(row.original) if row.original else None
    if original is None:
        return []
    with closing(store.open_original(original.key.id, original.generations[-1].number)) as stream:
        return requests(cut(stream))


def _logged(exchange: Exchange) -> Logged:
    message = None
    if exchange.blocks:
        message = {
            "id": exchange.message,
            "type": "message",
            "role": "assistant",
            "model": exchange.model,
            "content": list(exchange.blocks),
            "stop_reason": exchange.stop_reason,
            "stop_sequence": None,
            "usage": exchange.usage_raw or {"input_tokens": 0, "output_tokens": 0},
        }
    return Logged(
        id=exchange.id,
        lane=exchange.lane or "",
        request=exchange.body,
        message=message,  # type: ignore[arg-type]  # blocks are JSON objects
        purpose=exchange.purpose,
        unresolved=exchange.unresolved,
    )


def _beginning(store: Store, session: str) -> Iterator[Event]:
    return store.events(session, stop=200)


def _blob(store: Store, name: str) -> bytes:
    data = store.blob(name)
    if data is None:
        raise LookupError(name)
    return data

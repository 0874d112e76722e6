"""The course of a session of OpenCode: its beginning, what changes of it, and how its runs end."""

from __future__ import annotations

import re
from typing import Any

from reenact import ids
from reenact.events.bodies import (
    ContextReverted,
    Custom,
    ErrorBody,
    LimitHit,
    LoopEnded,
    SessionForked,
    SessionStarted,
    SessionTitled,
    UsageRecorded,
)
from reenact.sources.members import integer, mapping, text
from reenact.sources.opencode.state import AGENT, INHERITED, Message, State, tokens
from reenact.usage.limits import after

_NAMELESS = re.compile(r"(?:New|Child) session - \d{4}-\d\d-\d\dT[\d:.]+Z")
_LIMIT = re.compile(r"(?i)rate.?limit|usage.?limit|quota|too many requests")
_CONFIG = ("projectID", "agent", "permission", "share", "workspaceID")


def start(state: State, info: dict[str, Any]) -> None:
    """Begins the session."""
    if state.has_started:
        return
    state.has_started = True
    state.created = integer(mapping(info, "time"), "created")
    state.identify(text(info, "parentID"))
    if state.forked_from is None:
        state.forked_from = text(info, "fork_session_id", "forkSessionID")
        state.identify(text(info, "parentID"))
    version = text(info, "version")
    state.page.version = version
    config = {name: info[name] for name in _CONFIG if info.get(name)}
    body = SessionStarted(
        agent=text(info, "agent") or AGENT,
        agent_version=version,
        cwd=text(info, "directory"),
        config=config or None,
        forked=ids.session_id(AGENT, state.forked_from) if state.forked_from else None,
    )
    state.strand.emit("start", body, ts=None if state.created is None else state.created * 1000)


def changed(state: State, info: dict[str, Any]) -> None:
    """Tells a new title, and that the conversation went back."""
    title = text(info, "title")
    if title is not None and title != state.title and not _NAMELESS.fullmatch(title):
        state.title = title
        state.strand.emit(f"title:{title}", SessionTitled(title=title))
    reverted = text(mapping(info, "revert"), "messageID")
    if reverted != state.reverted and "t" not in info:
        _revert(state, reverted)
    roll_up(state, info)


def _revert(state: State, message: str | None) -> None:
    """Tells to where a conversation went back; what was said from that message on is left."""
    before, state.reverted = state.reverted, message
    if message is None:
        if before is not None and before not in state.messages:
            return
        state.strand.emit(
            f"unreverted:{before}", Custom(name="opencode.unreverted", data={"message": before})
        )
        return
    record = state.before.get(message)
    to = None if record is None else ids.event_id(state.strand.session, record)
    state.strand.emit(f"revert:{message}", ContextReverted(to=to, reason="revert"))


def ended(state: State, info: dict[str, Any]) -> None:
    """Takes what the tables tell of a session besides its messages."""
    reverted = text(mapping(info, "revert"), "messageID")
    if reverted is not None:
        _revert(state, reverted)
    state.has_finished_messages = True
    roll_up(state, info)


def roll_up(state: State, info: dict[str, Any]) -> None:
    """Books a session's own sums, where its messages tell no tokens although they are done."""
    counted = tokens({**mapping(info, "tokens"), "total": None})
    has_own = state.spent or (state.latest is not None and tokens(mapping(state.latest.info, "tokens")))
    if counted is None or (has_own and not state.is_rolled_up) or not state.has_finished_messages:
        return
    disjoint = mapping(info, "tokens")
    output = (integer(disjoint, "output") or 0) + (integer(disjoint, "reasoning") or 0)
    counted = counted.__replace__(output=output)
    if counted.total == state.rolled_up:
        return
    state.is_rolled_up, state.rolled_up = True, counted.total
    body = UsageRecorded(key=f"opencode:{state.strand.native}:sums", tokens=counted, model=state.strand.model)
    state.strand.emit("use:sums", body)


def leave_past(state: State, info: dict[str, Any]) -> None:
    """Marks what a fork copied, and tells the fork where its own messages begin."""
    if state.forked_from is None:
        return
    if state.is_past(info):
        state.strand.lane = INHERITED
        return
    state.strand.lane = None
    if not state.has_left_past:
        state.has_left_past = True
        body = SessionForked(
            parent=ids.session_id(AGENT, state.forked_from), mode="copy", parent_native=state.forked_from
        )
        state.strand.emit("forked", body)


def failed(state: State, message: Message, error: dict[str, Any]) -> None:
    """Tells how a message failed: it was aborted, the provider refused, or something broke."""
    strand, name = state.strand, text(error, "name") or "UnknownError"
    data = mapping(error, "data")
    said = text(data, "message") or text(error, "message") or name
    if name == "MessageAbortedError":
        strand.end_loop(LoopEnded(status="aborted", reason=f"interrupted: {said}"))
        return
    status = integer(data, "statusCode")
    if status == 429 or _LIMIT.search(said[:4096]):
        resets = after(said, state.page.ts)
        body = LimitHit(scope="rate", resets_at=resets, message=said, raw=error)
        strand.emit(f"limit:{message.id}", body)
    strand.emit(
        f"error:{message.id}", ErrorBody(message=said, category=name, status=status, data=data or None)
    )
    strand.end_loop(LoopEnded(status="rejected", reason=name))

"""Who a thread is: its own `session_meta` row, and those of threads whose rows it copied."""

from __future__ import annotations

from collections.abc import Mapping

from reenact import clock, ids
from reenact.events.blocks import Repository, Text
from reenact.events.bodies import (
    Custom,
    SessionForked,
    SessionStarted,
    SessionTitled,
    SystemMessage,
    WorkspaceChanged,
)
from reenact.sources.codex.past import Past
from reenact.sources.codex.records import Meta, Row, meta
from reenact.sources.codex.thread import AGENT, Thread
from reenact.sources.members import text
from reenact.sources.names import name_of
from reenact.sources.protocol import Disposition

_QUARTER = 15 * 60_000_000
_NEAR = 120_000_000
_DAY = 86_400_000_000
_FARTHEST = 14 * 4


def session_meta(thread: Thread, past: Past, row: Row, hints: Mapping[str, str]) -> Disposition:
    """A `session_meta` row: the first one tells who this thread is, later ones are copied or repeated."""
    told = meta(row)
    if not thread.is_identified:
        if told.id is not None:
            thread.identify(told.id)
        _adopt(thread, past, told, row.ts)
        start(thread, told, hints)
        return "events"
    if told.id is None or told.id == thread.native:
        return _again(thread, past, told, row.ts)
    if not thread.has_output:
        # the thread that wrote the first of the rows that follow
        thread.root = told.forked_from or told.id
        past.copied(row)
    return "metadata"


def _again(thread: Thread, past: Past, told: Meta, ts: int | None) -> Disposition:
    """The thread's own row once more; it is the first one where the file lost its head."""
    if thread.version is not None or told.version is None:
        thread.version = told.version or thread.version
        return "repeat"
    _adopt(thread, past, told, ts)
    thread.headers.append(thread.header)
    if told.cwd is not None:
        thread.emit(name_of("cwd", told.cwd), WorkspaceChanged(cwd=told.cwd))
    return "events" if thread.drafts else "metadata"


def _adopt(thread: Thread, past: Past, told: Meta, ts: int | None) -> None:
    thread.version = told.version
    thread.cwd = told.cwd
    thread.provider = text(told.config, "model_provider")
    origin = told.base or told.forked_from
    thread.root = told.forked_from or thread.native
    parent = told.parent_thread or origin
    if parent is None and told.is_subagent and told.session_id != thread.native:
        parent = told.session_id
    if told.is_subagent:
        thread.kind = "subagent"
    elif origin is not None:
        thread.kind = "fork"
    thread.parent = None if parent is None else ids.session_id(AGENT, parent)
    past.begin(told, thread.native, ts)


def offset_of(local: int | None, utc: int | None) -> int | None:
    """Gives how many minutes the local time in the file's name lies before UTC's: whole quarters."""
    if local is None or utc is None or not local % _DAY:  # a name that tells the day alone
        return None
    quarters = round((local - utc) / _QUARTER)
    is_near = abs(local - utc - quarters * _QUARTER) <= _NEAR
    return quarters * 15 if is_near and abs(quarters) <= _FARTHEST else None


def start(thread: Thread, told: Meta, hints: Mapping[str, str]) -> None:
    """Emits the header and what is known at the start."""
    thread.is_identified = True
    thread.headers.append(thread.header)
    started = clock.parse_iso(hints.get("started"))
    thread.offset = offset_of(started, told.ts)
    ts = told.ts if told.ts is not None else started
    fork = told.base or told.forked_from if thread.kind == "fork" else None
    body = SessionStarted(
        agent=AGENT,
        agent_version=told.version,
        cwd=told.cwd,
        config=told.config or None,
        repo=_repository(told),
        forked=None if fork is None else ids.session_id(AGENT, fork),
        imported=True,
    )
    thread.emit("started", body, ts=ts)
    if fork is not None:
        _forked(thread, told, fork)
    nickname = text(told.config, "agent_path") or text(told.config, "agent_nickname")
    if thread.kind == "subagent" and nickname is not None:
        thread.emit(name_of("title", nickname), SessionTitled(title=nickname, by="summary"))
    if (title := hints.get("title")) is not None:
        thread.emit(name_of("title", title), SessionTitled(title=title))
    if told.instructions is not None:
        system = SystemMessage(blocks=(Text(text=told.instructions),), origin="base_instructions")
        thread.emit(name_of("sys", told.instructions), system)


def _forked(thread: Thread, told: Meta, fork: str) -> None:
    if told.base is None:
        thread.forked_native = fork  # told where the copied rows end
        return
    body = SessionForked(
        parent=ids.session_id(AGENT, fork), mode="reference", parent_native=fork, offset=told.base_offset
    )
    base = {
        "thread_id": told.base,
        "end_ordinal_exclusive": told.base_ordinal,
        "end_byte_offset": told.base_offset,
    }
    name = thread.emit("forked", body)
    thread.emit("history_base", Custom(name="codex.history_base", data=base), parent=name)


def _repository(told: Meta) -> Repository | None:
    if not told.git:
        return None
    return Repository(
        head=text(told.git, "commit_hash"),
        branch=text(told.git, "branch"),
        remote=text(told.git, "repository_url"),
    )

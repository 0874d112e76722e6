"""Opens a recording in an archive: who the session is, what it starts from, what it works with."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from reenact import ids
from reenact.clock import SystemClock
from reenact.errors import ReenactError
from reenact.events import Event, Header
from reenact.events.bodies import SessionStarted
from reenact.ids import RandomMinter
from reenact.recorder import Hooks, Nowhere, Session, Tools, plain, repository_of
from reenact.store import Filter

if TYPE_CHECKING:
    from reenact.archive.facade import Archive
    from reenact.store import Store


class RunInputs(TypedDict, total=False):
    """What a run starts from, and how it is to be recorded; all of it may be left out."""

    task: str | None
    """What the agent is to do."""
    agent: str
    """The agent's name."""
    agent_version: str | None
    model: str | None
    """The model it works with."""
    config: Mapping[str, Any] | None
    """How it is set up; secrets are taken out."""
    cwd: str | os.PathLike[str] | None
    """Where it works; this process's directory unless told."""
    ephemeral: bool
    """Whether it is forgotten when it ends."""
    tags: Sequence[str]
    """Put on the session at once."""
    session: str | None
    """The agent's own id of the session, any text; the same one again goes on where it was."""
    parent: str | None
    """A session, perhaps of another process, whose sub-agent this is."""
    call: str | None
    """The parent's tool call that started it."""
    hooks: Hooks | None
    """Who watches and who decides."""
    deltas: bool
    """Whether pieces of streamed answers are kept."""


def record(archive: Archive, **inputs: Unpack[RunInputs]) -> Session:
    """Gives a session to record; it begins when it is entered."""
    agent = inputs.get("agent") or "agent"
    header = _header(archive.store, agent, inputs.get("session"), inputs.get("parent"), inputs.get("call"))
    config = inputs.get("config")
    where = _directory(inputs.get("cwd"))
    ephemeral = inputs.get("ephemeral", False)
    begin = SessionStarted(
        task=inputs.get("task"),
        agent=agent,
        agent_version=inputs.get("agent_version"),
        model=inputs.get("model"),
        cwd=where,
        config=plain(dict(config)) if config is not None else None,
        repo=repository_of(where) if where is not None and not ephemeral else None,
    )
    session = Session(
        tools_of(archive, Nowhere() if ephemeral else None),
        header,
        begin,
        tags=inputs.get("tags", ()),
        hooks=inputs.get("hooks"),
        deltas=inputs.get("deltas", False),
    )
    if not ephemeral:
        session.finally_ = lambda: _show(archive)
    return session


def record_anywhere(**inputs: Unpack[RunInputs]) -> Session:
    """Gives a session to record in this machine's archive; one that cannot be opened is done without."""
    from reenact.archive.opening import open_archive

    try:
        archive = open_archive()
    except (OSError, ReenactError) as error:
        sys.stderr.write(f"reenact: nothing will be recorded: {error}\n")
        return _unkept(inputs, error)
    session = record(archive, **inputs)
    session.finally_ = archive.close
    return session


def _show(archive: Archive) -> None:
    """Lets who holds the archive see the session without another word; the next one who looks will, too."""
    with contextlib.suppress(Exception):  # the index is a cache, and this may be another thread's moment
        archive.store.catch_up()


def tools_of(archive: Archive, nowhere: Nowhere | None = None) -> Tools:
    """Gives what recording works with; with `nowhere`, what is recorded stays in memory."""
    store: Any = nowhere or archive.store
    guard = archive.guard

    def events(session: str) -> Iterator[Event]:
        if nowhere is None:
            archive.store.catch_up()
        return iter(store.events(session))

    return Tools(
        store=store,
        clock=archive.clock,
        minter=RandomMinter(),
        scrub=guard.value,
        scrub_text=guard.text,
        is_clean=guard.is_clean,
        events=events,
    )


def _header(store: Store, agent: str, session: str | None, parent: str | None, call: str | None) -> Header:
    above = _resolved(store, parent) if parent is not None else None
    kind: Any = "subagent" if above is not None else "main"
    if session is None:
        fresh = RandomMinter().mint()
        return Header(id=fresh, agent=agent, native_id=fresh, kind=kind, parent=above, parent_call=call)
    known = next((row for row in store.sessions(Filter(sessions=(session,))) if row.original is None), None)
    identity = known.id if known is not None else ids.session_id(agent, session)
    native = known.native_id if known is not None else session
    return Header(id=identity, agent=agent, native_id=native, kind=kind, parent=above, parent_call=call)


def _resolved(store: Store, parent: str) -> str:
    """Gives the id of a parent; one that this archive does not know is called what it was called."""
    store.catch_up()
    try:
        return store.resolve(parent)
    except ReenactError:
        return parent


def _directory(cwd: str | os.PathLike[str] | None) -> str | None:
    try:
        return os.path.abspath(os.fspath(cwd)) if cwd is not None else os.getcwd()
    except OSError:
        return None


def _unkept(inputs: RunInputs, error: Exception) -> Session:
    """Gives a session that only remembers, for an agent that must run all the same."""
    nowhere: Any = Nowhere()
    tools = Tools(
        store=nowhere, clock=SystemClock(), minter=RandomMinter(), scrub=lambda value: value,
        scrub_text=lambda text: text, is_clean=lambda _: True, events=nowhere.events,
    )  # fmt: skip
    fresh = tools.minter.mint()
    agent = str(inputs.get("agent") or "agent")
    begin = SessionStarted(task=inputs.get("task"), agent=agent, model=inputs.get("model"))
    session = Session(tools, Header(id=fresh, agent=agent, native_id=fresh), begin, hooks=inputs.get("hooks"))
    session.unkept = str(error)
    return session

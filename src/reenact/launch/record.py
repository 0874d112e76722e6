"""Records a command: starts it behind the gateway and writes down what passes, until it ends."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

import msgspec

from reenact.clock import Clock
from reenact.events import Header
from reenact.events.bodies import Custom, EndStatus, SessionEnded, SessionStarted, SessionTagged
from reenact.gateway import RecordingApp, Server, Upstream
from reenact.ids import Minter
from reenact.launch import surroundings
from reenact.launch.agents import agent_of, dialect_of, environment_for, upstream_of
from reenact.launch.process import run
from reenact.recorder import ExchangeRecorder, Recorder, Scrub
from reenact.replay import to_config
from reenact.store import Store

TAG = "recording"
TRANSCRIPT = "reenact.transcript"
"""Name of the event that tells which of the agent's own sessions a recording saw."""
_SIGNALLED = range(129, 129 + 64)
"""Exit codes that tell which signal ended a command."""


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """What recording needs of the archive."""

    store: Store
    clock: Clock
    minter: Minter
    scrub: Scrub
    """For JSON values."""
    scrub_text: Callable[[str], str]


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What came of recording a command."""

    session: str
    exit_code: int
    exchanges: int
    native_sessions: tuple[str, ...]
    """The agent's own ids of the sessions it worked in."""
    degraded: str | None
    lost: int


def record(
    tools: Tools, command: Sequence[str], variables: Mapping[str, str], *, parent: str | None = None
) -> Recorded:
    """Runs a command with its model calls recorded; its exit code is passed on in the result.

    Raises:
        CommandNotFoundError: the command cannot be started.
    """
    dialect_of(command)
    recorder = open_recorder(tools, command, variables, parent=parent)
    app = RecordingApp(
        Upstream(upstream_of(variables)),
        ExchangeRecorder(recorder, scrub_text=tools.scrub_text),
        minter=tools.minter,
    )
    code = None
    try:
        with Server(app) as server:
            code = run(command, environment_for(server.address, variables, offline=False))
    finally:
        finish(recorder, app, code)
    return Recorded(
        session=recorder.session,
        exit_code=code,
        exchanges=app.exchanges,
        native_sessions=tuple(sorted(app.sessions)),
        degraded=recorder.degraded,
        lost=recorder.lost,
    )


def open_recorder(
    tools: Tools, command: Sequence[str], variables: Mapping[str, str], *, parent: str | None
) -> Recorder:
    """Opens a session for what a command is about to do, and writes down what it starts from."""
    session = tools.minter.mint()
    agent = agent_of(command)
    header = Header(
        id=session, agent=agent, native_id=session, kind="fork" if parent else "main", parent=parent
    )
    recorder = Recorder(tools.store, header, clock=tools.clock, minter=tools.minter, scrub=tools.scrub)
    cwd = os.getcwd()
    declared = surroundings.declared(variables, tools.clock, cwd=cwd)
    recorder.record(
        SessionStarted(
            task=_task(command),
            agent=agent,
            cwd=cwd,
            command=tuple(command),
            config=to_config(declared),
            repo=surroundings.repository_of(cwd),
            forked=parent,
        )
    )
    recorder.record(SessionTagged(add=(TAG,)))
    return recorder


def finish(recorder: Recorder, app: RecordingApp, code: int | None) -> None:
    """Writes down how the command ended and which of the agent's sessions were seen."""
    for native in sorted(app.sessions):
        recorder.record(Custom(name=TRANSCRIPT, data={"native_id": native}))
    status: EndStatus = "completed"
    if code is None or code in _SIGNALLED or app.is_cut:
        status = "interrupted"
    elif code:
        status = "failed"
    recorder.record(SessionEnded(status=status, result=None if code is None else f"exit code {code}"))
    recorder.close()


def _task(command: Sequence[str]) -> str | None:
    """Gives the prompt that a command line carries behind `-p` or `--print`."""
    for place, word in enumerate(command):
        if word in {"-p", "--print"} and place + 1 < len(command):
            following = command[place + 1]
            return None if following.startswith("-") else following
    return None

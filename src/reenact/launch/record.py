"""Records a command: its model calls, what it prints, and the transcript that its agent writes."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reenact import ids
from reenact.events import Header
from reenact.events.bodies import Custom, EndStatus, SessionEnded, SessionStarted, SessionTagged
from reenact.gateway import Server
from reenact.launch import flags, providers, surroundings
from reenact.launch.agents import (
    agent_of,
    begins_anew,
    check,
    known,
    named_session,
    program_of,
    task_of,
    words_of,
)
from reenact.launch.finding import TAG, TRANSCRIPT, Finding
from reenact.launch.output import Output
from reenact.launch.process import run
from reenact.launch.routing import Wire
from reenact.launch.tools import Choices, Recorded, Tools
from reenact.replay import to_config
from reenact.store import BESIDE

if TYPE_CHECKING:
    import subprocess

    from reenact.events import Completeness
    from reenact.recorder import Recorder
    from reenact.store import SessionRow

INCOMPLETE = "reenact.incomplete"
"""Name of the event that tells what a recording does not hold; its completeness is the recording's."""
_SIGNALLED = range(129, 129 + 64)
"""Exit codes that tell which signal ended a command."""
_REST = 5.0
"""Seconds for the rest of an ended command's output: what it left running may hold the pipe open."""


class Going:
    """Goes along with a running command: reads what it prints, follows what its agent writes."""

    def __init__(self, output: Output, finding: Finding | None) -> None:
        self._output = output
        self._finding = finding
        self.missing: list[str] = []

    def begin(self, process: subprocess.Popen[bytes]) -> None:
        """See `process.Companion`."""
        self._output.begin(process)
        if self._finding is not None:
            self._finding.begin(process)

    def wait(self, process: subprocess.Popen[bytes]) -> int:
        """See `process.Companion`."""
        if self._finding is not None:
            self._finding.wait(process)
        code = process.wait()
        self.missing = self._output.end(_REST)
        return code


def record(
    tools: Tools,
    command: Sequence[str],
    variables: Mapping[str, str],
    *,
    parent: str | None = None,
    choices: Choices | None = None,
    remembered: Path | None = None,
) -> Recorded:
    """Runs a command and records it; its exit code is passed on in the result.

    Args:
        tools: where it goes.
        command: what is run.
        variables: its environment.
        parent: the session that it goes on from.
        choices: what of it is recorded.
        remembered: a folder for what is learned of programs.

    Raises:
        CommandNotFoundError: the command cannot be started.
    """
    check(command)
    wanted = choices or Choices()
    recorder = open_recorder(tools, command, variables, parent=parent)
    agent = known(command)
    source = tools.source(agent.name) if agent is not None else None
    asked = providers.providers_of(command, variables) if wanted.wire else ()
    wire = Wire(tools, recorder, providers.origins(asked), is_logged=source is not None)
    given, words = _session(tools, command, variables, remembered) if source else (None, list(command))
    finding = _finding(tools, recorder, wire, command, given) if source is not None else None
    going = Going(Output(recorder), finding)
    code: int | None = None
    try:
        with Server(wire) as server:
            addresses = providers.addresses_of(asked, server.address)
            told = providers.told(words, variables, addresses, offline=False)
            code = run(told.command, told.environment, companion=going, captured=_captured(wanted))
    finally:
        rows = finding.end() if finding is not None else ()
        missing = [*_missing(wire, finding, rows, is_asked=wanted.wire), *going.missing]
        taken = finding.claimed if finding is not None else ()
        if rows:
            recorder.record(SessionTagged(add=(BESIDE,)))
        finish(recorder, seen=wire.sessions, is_cut=wire.is_cut, code=code, missing=missing, told=taken)
    return Recorded(
        session=recorder.session,
        exit_code=code,
        exchanges=wire.exchanges,
        native_sessions=tuple(sorted({*wire.sessions, *(row.native_id for row in rows)})),
        degraded=recorder.degraded,
        lost=recorder.lost,
        missing=tuple(missing),
    )


def _finding(
    tools: Tools, recorder: Recorder, wire: Wire, command: Sequence[str], given: str | None
) -> Finding | None:
    source = tools.source(agent_of(command))
    if source is None or tools.environment is None:
        return None
    return Finding(
        tools,
        source,
        recorder,
        environment=tools.environment,
        command=command,
        given=given,
        seen=lambda: wire.sessions,
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
    recorder = tools.recorder(header)
    cwd = os.getcwd()
    declared = surroundings.declared(variables, tools.clock, cwd=cwd)
    recorder.record(
        SessionStarted(
            task=task_of(command),
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


def finish(
    recorder: Recorder,
    *,
    seen: Iterable[str],
    is_cut: bool,
    code: int | None,
    missing: Sequence[str] = (),
    told: Iterable[str] = (),
) -> None:
    """Writes down how the command ended, which of the agent's sessions were seen, and what is missing.

    `told` names the sessions that were written down already.
    """
    for native in sorted(set(seen) - set(told)):
        recorder.record(Custom(name=TRANSCRIPT, data={"native_id": native, "by": "wire"}))
    lowered: Completeness = "partial"
    for reason in missing:
        recorder.record(Custom(name=INCOMPLETE, data={"reason": reason}), completeness=lowered)
    status: EndStatus = "completed"
    if code is None or code in _SIGNALLED or is_cut:
        status = "interrupted"
    elif code:
        status = "failed"
    recorder.record(SessionEnded(status=status, result=None if code is None else f"exit code {code}"))
    recorder.close()


def _missing(wire: Wire, finding: Finding | None, rows: Sequence[SessionRow], *, is_asked: bool) -> list[str]:
    """Gives what a recording of an agent does not hold; of other programs nothing is expected."""
    missing: list[str] = []
    if finding is None:
        return missing
    if not wire.exchanges:
        missing.append(
            "no model call passed the gateway" if is_asked else "model calls were not to be recorded"
        )
    if not rows:
        why = f": {finding.failed}" if finding.failed else ""
        missing.append(f"no transcript of the agent's own was found{why}")
    elif finding.failed:
        missing.append(f"the transcript was not followed to its end: {finding.failed}")
    if wire.is_cut:
        missing.append("the last answer of the model was not heard to its end")
    return missing


def _session(
    tools: Tools, command: Sequence[str], variables: Mapping[str, str], remembered: Path | None
) -> tuple[str | None, list[str]]:
    """Gives the id of the session that a command will work in, and the command that makes it so."""
    agent = known(command)
    if agent is None or agent.session_flag is None or not begins_anew(command):
        return named_session(command), list(command)
    program = program_of(command)
    if not flags.knows(program, agent.session_flag, variables, remembered=remembered):
        return None, list(command)
    minted = ids.derive(tools.minter.mint(), "first") + ids.derive(tools.minter.mint(), "second")
    fresh = str(uuid.UUID(hex=minted[:32], version=4))
    return fresh, [*program, agent.session_flag, fresh, *words_of(command)]


def _captured(choices: Choices) -> tuple[bool, bool]:
    """Tells which streams go through us: a terminal belongs to the command, unless it is said otherwise."""
    if choices.output is not None:
        return choices.output, choices.output
    return not os.isatty(1), not os.isatty(2)

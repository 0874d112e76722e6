"""Replays a session to a command: the same requests get the recorded answers, differences are reported."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from reenact.gateway import RecordingApp, ReplayingApp, Server, Upstream
from reenact.launch import surroundings
from reenact.launch.agents import environment_for, upstream_of
from reenact.launch.process import run
from reenact.launch.record import Tools, finish, open_recorder
from reenact.recorder import ExchangeRecorder
from reenact.replay import Player, Policy, Report, Timing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reenact.recorder import Recorder
    from reenact.replay import Script


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to replay."""

    until: int | None = None
    """Play so many main calls, then go on live."""
    then_live: bool = False
    """Go on live where the recording has no answer."""
    timing: Timing = "none"
    scale: float = 1.0
    port: int = 0

    @property
    def policy(self) -> Policy:
        return "live-and-record" if self.then_live else "fail"

    @property
    def may_go_live(self) -> bool:
        return self.then_live or self.until is not None


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of replaying to a command."""

    exit_code: int
    report: Report
    child: str | None = None
    """The session in which the live part was recorded."""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway that plays, and the books it keeps."""

    address: str
    player: Player


@contextmanager
def staged(
    tools: Tools, script: Script, variables: Mapping[str, str], options: Options, live: RecordingApp | None
) -> Iterator[Stage]:
    """Serves a script on loopback until the block ends."""
    actual = surroundings.declared(variables, tools.clock, cwd=os.getcwd())
    player = Player(
        script,
        actual,
        policy=options.policy,
        timing=options.timing,
        scale=options.scale,
        until=options.until,
    )
    with Server(ReplayingApp(player, scrub=tools.scrub_text, live=live), port=options.port) as server:
        yield Stage(address=server.address, player=player)


@contextmanager
def _live(
    tools: Tools, command: Sequence[str], variables: Mapping[str, str], options: Options, source: str
) -> Iterator[_Branch | None]:
    """Opens the session in which the live part is recorded, where there may be one."""
    if not options.may_go_live:
        yield None
        return
    recorder = open_recorder(tools, command, variables, parent=source)
    app = RecordingApp(
        Upstream(upstream_of(variables)),
        ExchangeRecorder(recorder, scrub_text=tools.scrub_text),
        minter=tools.minter,
    )
    branch = _Branch(recorder, app)
    try:
        yield branch
    finally:
        finish(recorder, app, branch.code)


class _Branch:
    def __init__(self, recorder: Recorder, app: RecordingApp) -> None:
        self.recorder = recorder
        self.app = app
        self.code: int | None = None


def replay(
    tools: Tools,
    script: Script,
    command: Sequence[str],
    variables: Mapping[str, str],
    *,
    options: Options,
    source: str,
) -> Replayed:
    """Runs a command against a recording. Nothing leaves this machine unless the options allow it.

    Args:
        tools: what recording the live part needs.
        script: what is played.
        command: what is run.
        variables: its environment.
        options: how to play.
        source: the session that the script is of; the parent of what is recorded live.

    Raises:
        CommandNotFoundError: the command cannot be started.
    """
    with (
        _live(tools, command, variables, options, source) as branch,
        staged(tools, script, variables, options, branch.app if branch else None) as stage,
    ):
        environment = environment_for(stage.address, variables, offline=branch is None)
        code = run(command, environment)
        if branch is not None:
            branch.code = code
    return Replayed(
        exit_code=code, report=stage.player.report(), child=branch.recorder.session if branch else None
    )


def serve(
    tools: Tools,
    script: Script,
    variables: Mapping[str, str],
    *,
    options: Options,
    source: str,
    ready: Callable[[str], None],
) -> Replayed:
    """Serves a script until interrupted, for a command that the user starts elsewhere."""
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        with (
            _live(tools, ["--serve"], variables, options, source) as branch,
            staged(tools, script, variables, options, branch.app if branch else None) as stage,
        ):
            ready(stage.address)
            stop.wait()
            if branch is not None:
                branch.code = 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return Replayed(
        exit_code=0, report=stage.player.report(), child=branch.recorder.session if branch else None
    )

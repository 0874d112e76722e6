"""Replays a session to a command: the same requests get the recorded answers, differences are reported."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from reenact.gateway import ReplayingApp, Server
from reenact.launch import providers, surroundings
from reenact.launch.branch import Branch
from reenact.launch.process import run
from reenact.launch.routing import Routes
from reenact.launch.tools import Tools
from reenact.launch.values import Provider
from reenact.replay import Player, Policy, Report, Timing
from reenact.wire.dialects import dialect_of

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    addresses: dict[str, str]
    """Provider → where it is to be asked."""
    player: Player


@contextmanager
def staged(
    tools: Tools,
    script: Script,
    variables: Mapping[str, str],
    options: Options,
    *,
    branch: Branch | None,
    asked: Sequence[Provider],
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
    if branch is not None:
        branch.player = player
    app = ReplayingApp(player, scrub=tools.scrub_text, live=branch)
    routes = Routes(dict.fromkeys(("", *providers.origins(asked)), app))
    with Server(routes, port=options.port) as server:
        addresses = providers.addresses_of(asked, server.address)
        yield Stage(address=server.address, addresses=addresses, player=player)


def _branch(
    tools: Tools,
    command: Sequence[str],
    variables: Mapping[str, str],
    options: Options,
    *,
    source: str,
    asked: Sequence[Provider],
) -> Branch | None:
    if not options.may_go_live:
        return None
    return Branch(tools, command, variables, source=source, providers=asked)


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
    asked = providers.for_replay(command, variables)
    branch = _branch(tools, command, variables, options, source=source, asked=asked)
    code = None
    try:
        with staged(tools, script, variables, options, branch=branch, asked=asked) as stage:
            told = providers.told(
                command, variables, stage.addresses, offline=branch is None, dialects=_spoken(script)
            )
            code = run(told.command, told.environment)
    finally:
        if branch is not None:
            branch.finish(code)
    return _replayed(code, stage.player, branch)


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
    asked = providers.providers_of(["--serve"], variables)
    branch = _branch(tools, ["--serve"], variables, options, source=source, asked=asked)
    before = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        with staged(tools, script, variables, options, branch=branch, asked=asked) as stage:
            ready(stage.address)
            stop.wait()
    finally:
        if branch is not None:
            branch.finish(0)
        for number, handler in before.items():
            signal.signal(number, handler)
    return _replayed(0, stage.player, branch)


def _spoken(script: Script) -> frozenset[str]:
    found = (dialect_of(each.method, each.path) for each in script.exchanges)
    return frozenset(each.name for each in found if each is not None)


def _replayed(code: int, player: Player, branch: Branch | None) -> Replayed:
    return Replayed(exit_code=code, report=player.report(), child=branch.session if branch else None)

"""Runs a command in a process group of its own, and passes to the whole group what this process is told."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from reenact.errors import ReenactError

_PASSED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_SHELL_BASE = 128


class CommandNotFoundError(ReenactError):
    """The command to be started does not exist or cannot be run."""

    def __init__(self, command: str, reason: str) -> None:
        super().__init__(f"{command} cannot be started: {reason}", hint="is it installed and on the PATH?")
        self.command = command


class Companion(Protocol):
    """What goes along with a running command."""

    def begin(self, process: subprocess.Popen[bytes]) -> None:
        """Is told of the process the moment it runs."""
        ...

    def wait(self, process: subprocess.Popen[bytes]) -> int:
        """Waits for its end, and gives its code."""
        ...


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    cwd: str | None = None,
    companion: Companion | None = None,
    captured: tuple[bool, bool] = (False, False),
) -> int:
    """Runs a command to its end and gives its exit code, 128 + n where signal n ended it.

    The command gets the terminal, where there is one. Agents are often wrappers around the process
    that works, so signals go to the whole group. What it writes to stdout and to stderr goes through
    pipes where that is `captured`; then there must be a companion that reads them.

    Raises:
        CommandNotFoundError: it cannot be started.
    """
    out, err = (subprocess.PIPE if is_captured else None for is_captured in captured)
    try:
        process = subprocess.Popen(
            command, env=dict(environment), cwd=cwd, process_group=0, stdout=out, stderr=err
        )
    except OSError as error:
        raise CommandNotFoundError(command[0], error.strerror or str(error)) from error
    with _terminal_for(process.pid), _passing_on(process.pid):
        if companion is None:
            code = process.wait()
        else:
            companion.begin(process)
            code = companion.wait(process)
    if code >= 0:
        return code
    _end_group(process.pid)
    return _SHELL_BASE - code


@contextlib.contextmanager
def _passing_on(group: int) -> Iterator[None]:
    def pass_on(number: int, _: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, number)

    before = {number: signal.signal(number, pass_on) for number in _PASSED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _terminal_for(group: int) -> Iterator[None]:
    """Makes a group the one that reads from the terminal, and takes that back at the end."""
    if not sys.stdin.isatty():
        yield
        return
    terminal = sys.stdin.fileno()
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        with contextlib.suppress(OSError):
            os.tcsetpgrp(terminal, group)
        yield
    finally:
        with contextlib.suppress(OSError):
            os.tcsetpgrp(terminal, os.getpgrp())
        signal.signal(signal.SIGTTOU, before)


def _end_group(group: int) -> None:
    """Ends what a killed command left running: some agents are wrappers that die without their child."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGTERM)

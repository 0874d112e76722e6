"""`reenact watch`: what agents do, while they do it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click
import msgspec

from reenact.cli.text import safe
from reenact.errors import ArchiveBusyError, UsageError

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.archive.following import Followed, Following
    from reenact.cli.app import Context
    from reenact.cli.glyphs import Look

_PAUSE = 1.0
_LONG = 10
"""Pauses after which it is said that a command takes long."""
_GRACE = 0.25


@click.command()
@click.option("--agent", multiple=True, help="Only this agent; may be given again.")
@click.option("--project", help="Only this project: its path, or the last part of it.")
@click.option("--session", metavar="SESSION", help="Only this session and its sub-agents.")
@click.option("--kind", multiple=True, help="Only events of this kind: `tool.called`, or all of `tool`.")
@click.option("--exec", "command", metavar="CMD", help="Run this on each event; it gets the event on stdin.")
@click.option("--since-cursor", metavar="CURSOR", help="Begin behind the event that had this cursor.")
@click.option("--thinking", is_flag=True, help="Show the model's reasoning too.")
@click.option("--raw", is_flag=True, help="Leave secrets in what --json and --exec give.")
@click.option("--poll", is_flag=True, help="Look at the files again and again (network file systems).")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON line for each event.")
@click.pass_obj
def watch(
    context: Context,
    /,
    *,
    agent: tuple[str, ...],
    project: str | None,
    session: str | None,
    kind: tuple[str, ...],
    command: str | None,
    since_cursor: str | None,
    thinking: bool,
    raw: bool,
    poll: bool,
    as_json: bool,
) -> int:
    """Show what agents do while they do it, in all their sessions, until interrupted.

    Events come as their agents write them: prompts, answers, tools, permissions, limits; `--json`
    gives every kind. CMD is split into words like a shell would, and started without one: what an
    event says reaches it on stdin only. Interrupting loses nothing: what was seen is kept.
    """
    words = _words(command)
    archive = context.archive
    with archive.follow(
        agents=agent, project=project, session=session, kinds=kind, since_cursor=since_cursor, polled=poll
    ) as following:
        tell = _teller(archive, as_json=as_json, thinking=thinking, every=bool(kind), raw=raw)
        click.echo("watching; interrupt to end", err=True)
        rounds = _Rounds(following)
        try:
            with _ended_kindly():
                for followed in rounds:
                    tell(followed)
                    if words:
                        _run(words, _record(archive, followed, raw=raw), rounds.gather)
        except KeyboardInterrupt:
            click.echo(f"\ngo on from here: --since-cursor {rounds.behind}", err=True)
    return 0


class _Rounds:
    """Gives what comes, and knows behind which event to go on when the work on one is cut short."""

    def __init__(self, following: Following) -> None:
        self._following = following
        self._told: str | None = None
        self.behind = following.cursor

    def __iter__(self) -> Iterator[Followed]:
        while True:
            for followed in self._step():
                yield followed
                self.behind = followed.cursor
            self.behind = self._following.cursor or self.behind

    def gather(self) -> None:
        """Takes in what agents write while a command works on what came before."""
        with suppress(ArchiveBusyError):
            self._following.gather()

    def _step(self) -> list[Followed]:
        """Gives what came; an archive that is busy for long is waited for."""
        found: list[Followed] = []
        try:
            found = self._following.step(_PAUSE)
        except ArchiveBusyError as error:
            click.echo(f"note: {error.message}; waiting", err=True)
        if self._following.note != self._told:
            self._told = self._following.note
            click.echo(f"note: {safe(self._told or '')}", err=True)
        return found


@contextmanager
def _ended_kindly() -> Iterator[None]:
    """Makes a request to end (SIGTERM) what an interrupt is, in the thread that may."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _words(command: str | None) -> list[str]:
    try:
        words = shlex.split(command or "")
    except ValueError as error:
        raise UsageError(f"--exec: {error}", hint="quote it as for a shell") from None
    if command is not None and not words:
        raise UsageError("--exec names no command", hint="give a program and its arguments")
    return words


def _teller(
    archive: Archive, *, as_json: bool, thinking: bool, every: bool, raw: bool
) -> Callable[[Followed], None]:
    if as_json:

        def tell(followed: Followed) -> None:
            sys.stdout.write(_record(archive, followed, raw=raw).decode() + "\n")
            sys.stdout.flush()

        return tell
    from reenact.cli import watch_lines
    from reenact.cli.table import console

    out, look = console(), _look(archive, thinking=thinking)

    def show(followed: Followed) -> None:
        line = watch_lines.line(followed.event, followed.session, look, every=every)
        if line is not None:
            out.print(line, soft_wrap=True)
            sys.stdout.flush()

    return show


def _look(archive: Archive, *, thinking: bool) -> Look:
    from zoneinfo import ZoneInfo

    from reenact.cli.glyphs import Look
    from reenact.cli.table import console

    encoding = (sys.stdout.encoding or "ascii").lower()
    return Look(
        width=console().width,
        ascii=not encoding.startswith("utf"),
        thinking=thinking,
        zone=ZoneInfo(archive.timezone),
    )


def _record(archive: Archive, followed: Followed, *, raw: bool) -> bytes:
    """Gives an event as one JSON line: where to go on behind it, whose it is, and itself."""
    session = followed.session
    event: dict[str, Any] = msgspec.to_builtins(followed.event)
    whose = {
        "id": session.id,
        "native_id": session.native_id,
        "agent": session.agent,
        "kind": session.kind,
        "parent": session.parent,
        "project": session.project,
        "title": session.title,
    }
    if not raw:
        event["body"] = archive.guard.value(event["body"])
        whose["title"] = archive.guard.value(session.title)
    return msgspec.json.encode({"v": 1, "cursor": followed.cursor, "session": whose, "event": event})


def _run(words: list[str], record: bytes, meanwhile: Callable[[], None]) -> None:
    """Starts the command with an event on its stdin; one that fails is told and stops nothing."""
    try:
        process = subprocess.Popen(words, stdin=subprocess.PIPE, env=os.environ)
    except OSError as error:
        click.echo(f"warning: {safe(words[0])}: {error.strerror}", err=True)
        return
    given: bytes | None = record + b"\n"
    rounds = 0
    try:
        while True:
            try:
                process.communicate(given, timeout=_PAUSE)
                break
            except subprocess.TimeoutExpired:
                given = None  # what is left of it goes on with the next call
                rounds += 1
                meanwhile()
            if rounds == _LONG:
                click.echo(f"note: {safe(words[0])} still runs; further events wait for it", err=True)
    except BaseException:
        _stop(process)
        raise
    if process.returncode:
        click.echo(f"warning: {safe(words[0])} ended with {process.returncode}", err=True)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a command whose work is cut short: an interrupt has reached it, too, if a terminal sent it."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
        return
    process.kill()
    process.wait()


COMMANDS = {"watch": watch}

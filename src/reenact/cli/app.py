"""The command group: options that every verb shares, lazy verbs, errors as `error:` and `hint:`."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, NoReturn

import click

from reenact._version import __version__
from reenact.errors import ReenactError

if TYPE_CHECKING:
    from reenact.archive import Archive

VERBS = {
    "up": ("up", "Open the local page and follow what agents write."),
    "import": ("imports", "Import transcripts: of all agents, of some, or from given paths."),
    "watch": ("watch", "Show what agents do while they do it."),
    "list": ("lists", "List sessions, latest first."),
    "show": ("show", "Show what happened in a session."),
    "tree": ("trees", "Show a session's loops, turns and sub-agents as a tree."),
    "search": ("searches", "Search what was said and done, newest first."),
    "usage": ("usages", "Count tokens and cost."),
    "export": ("exports", "Write a session out: jsonl, native, md."),
    "record": ("recordings", "Run a command and record it: model calls, output, transcript."),
    "replay": ("recordings", "Run a command against a session: same requests, same answers."),
    "demo": ("demo", "See a recording, a replay and a located difference, in five seconds."),
    "fork": ("forks", "Fork a session at any event, to go on from there."),
    "note": ("notes", "Note something of a session, or put tags on."),
    "verify": ("care", "Read every stored byte and tell what does not check out."),
    "reindex": ("care", "Delete what is derived and derive it again."),
    "rm": ("care", "Remove sessions for good."),
    "gc": ("care", "Free what nothing refers to."),
    "doctor": ("doctor", "Check transcripts at risk, drift, secrets, disk; keep imports going."),
}


class Context:
    """What the group hands to a verb: the archive, opened on first use."""

    def __init__(self, *, path: str | None, sample: bool, debug: bool) -> None:
        self._path = path
        self._sample = sample
        self.debug = debug
        self._archive: Archive | None = None

    @property
    def archive(self) -> Archive:
        if self._archive is None:
            from reenact.archive import open_archive, open_sample

            self._archive = open_sample(self._path) if self._sample else open_archive(self._path)
        return self._archive

    def close(self) -> None:
        if self._archive is not None:
            self._archive.close()


class LazyGroup(click.Group):
    """Loads a verb's module when the verb is called, so that the start stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"reenact.cli.{VERBS[cmd_name][0]}")
        command: click.Command = module.COMMANDS[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in VERBS.items()])


@click.group(
    cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="reenact")
@click.option(
    "--archive",
    "path",
    metavar="DIR",
    help="The archive to use (else $REENACT_HOME, else the XDG data folder).",
)
@click.option("--sample", is_flag=True, help="Use the bundled sample, in an archive of its own.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.pass_context
def group(ctx: click.Context, *, path: str | None, sample: bool, debug: bool) -> None:
    """The flight recorder for AI agents.

    Without a command: import what is new on this machine and show it on one screen.
    """
    ctx.obj = Context(path=path, sample=sample, debug=debug)
    ctx.call_on_close(ctx.obj.close)
    if ctx.invoked_subcommand is None:
        from reenact.cli.screen import screen

        ctx.invoke(screen)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs the command line and leaves with its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in words
    for stream in (sys.stdout, sys.stderr):  # a sign that the terminal's encoding lacks ends no command
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    out = sys.stdout
    try:
        result: Any = group.main(args=words, prog_name="reenact", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Abort:
        click.echo("interrupted; what was done so far is kept", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2 if isinstance(error, click.UsageError) else error.exit_code)
    except ReenactError as error:
        if debug:
            raise
        _tell(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except SystemExit as ended:
        # where whoever reads has enough, click calls it a failure and puts a mute stream in place of ours
        sys.exit(0 if sys.stdout is not out else ended.code)
    except OSError as error:
        if debug:
            raise
        click.echo(f"error: {error}", err=True)
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            click.echo("hint: what was kept before is safe; make room, then run it again", err=True)
        sys.exit(1)
    except Exception as error:
        if debug:
            raise
        click.echo(f"error: {type(error).__name__}: {error}", err=True)
        click.echo("hint: this is a defect of reenact; --debug shows where", err=True)
        sys.exit(1)
    sys.exit(result if isinstance(result, int) else 0)


def _tell(error: ReenactError) -> None:
    from reenact.cli.text import safe

    click.echo(f"error: {safe(error.message)}", err=True)
    if error.hint:
        click.echo(f"hint: {error.hint}", err=True)

"""`reenact record`, `replay`, `demo`: run an agent behind the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from reenact.cli import documents
from reenact.cli.text import safe
from reenact.errors import UsageError

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.cli.app import Context
    from reenact.launch import Recorded, Replayed

DIVERGED = 3
PASS_ON = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@click.command(context_settings=PASS_ON)
@click.option("--quiet", "-q", is_flag=True, help="Say nothing at the end.")
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Write the result as JSON to a file."
)
@click.option("--no-wire", is_flag=True, help="Leave its model calls alone; record the rest.")
@click.option(
    "--output/--no-output",
    default=None,
    help="Keep what it prints, or do not (else: what it does not print to a terminal).",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND…")
@click.pass_obj
def record(
    context: Context,
    command: tuple[str, ...],
    *,
    quiet: bool,
    json_path: Path | None,
    no_wire: bool,
    output: bool | None,
) -> int:
    """Run a command and record it. Its exit code is passed on.

    Recorded are its model calls, which go through a gateway on this machine, what it prints, and the
    transcript that its agent writes meanwhile, found by what makes it this run's.
    """
    archive = context.archive
    recorded = archive.record_command(_command(command), wire=not no_wire, output=output)
    if json_path is not None:
        json_path.write_bytes(
            msgspec.json.encode({"version": documents.VERSION, **_recorded(archive, recorded)})
        )
    if not quiet:
        _tell_recorded(recorded)
    return recorded.exit_code


def _recorded(archive: Archive, recorded: Recorded) -> dict[str, object]:
    return {
        "session": recorded.session,
        "exit_code": recorded.exit_code,
        "exchanges": recorded.exchanges,
        "native_sessions": list(recorded.native_sessions),
        "transcripts": archive.transcripts_of(recorded.native_sessions),
        "degraded": recorded.degraded,
        "lost": recorded.lost,
        "missing": list(recorded.missing),
        "behind": recorded.behind,
    }


def _tell_recorded(recorded: Recorded) -> None:
    calls, name = f"{recorded.exchanges} model calls", recorded.session[:8]
    if not recorded.degraded:
        click.echo(f"recorded {calls} as {name}; replay: reenact replay {name} -- COMMAND…", err=True)
    else:
        click.echo(f"{calls} passed, and not all of them could be recorded as {name}", err=True)
        click.echo(f"warning: {recorded.lost} events could not be kept: {safe(recorded.degraded)}", err=True)
    if recorded.behind:
        click.echo(f"warning: lists do not show it yet: {safe(recorded.behind)}", err=True)
    if not recorded.exchanges and not recorded.missing:
        click.echo("note: the command made no model call through the gateway", err=True)
    for reason in recorded.missing:
        click.echo(f"not in the recording: {safe(reason)}", err=True)


@click.command()
@click.argument("session")
@click.option("--until", type=click.IntRange(min=0), metavar="N", help="Play N model calls, then go on live.")
@click.option("--then-live", is_flag=True, help="Go on live where the recording has no answer.")
@click.option("--serve", is_flag=True, help="Only serve; start the command yourself. Ctrl-C ends it.")
@click.option("--port", type=int, default=0, help="With --serve: the port (else a free one).")
@click.option(
    "--timing", type=click.Choice(["none", "recorded", "scaled"]), default="none", show_default=True
)
@click.option("--scale", type=float, default=1.0, help="With --timing scaled: 0.5 is twice as fast.")
@click.option(
    "--from-log", is_flag=True, help="Replay from the agent's own log even where a recording exists."
)
@click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Write the report as JSON to a file (- for stdout).",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND…]")
@click.pass_obj
def replay(
    context: Context,
    session: str,
    command: tuple[str, ...],
    *,
    until: int | None,
    then_live: bool,
    serve: bool,
    port: int,
    timing: str,
    scale: float,
    from_log: bool,
    json_path: Path | None,
) -> int:
    """Run a command against a recorded or imported session: same requests, same answers, no model.

    Exit code: the command's own, or 3 where it asked for anything else than what was recorded.
    """
    from reenact.launch import Options

    archive = context.archive
    if serve == bool(command):
        raise UsageError("give either a command behind `--`, or --serve")
    options = msgspec.convert(
        {"until": until, "then_live": then_live, "timing": timing, "scale": scale, "port": port}, Options
    )
    if serve:
        replayed = archive.serve_replay(session, options=options, from_log=from_log, ready=_ready)
    else:
        replayed = archive.replay_command(session, _command(command), options=options, from_log=from_log)
    _report(replayed, json_path)
    return DIVERGED if replayed.report.diverged else replayed.exit_code


def _ready(address: str) -> None:
    told = f"ANTHROPIC_BASE_URL={address}, OPENAI_BASE_URL={address}/v1 or GOOGLE_GEMINI_BASE_URL={address}"
    click.echo(f"serving at {address}; set {told}", err=True)


def _report(replayed: Replayed, json_path: Path | None) -> None:
    from reenact.replay import document, render

    if json_path is not None:
        shown = {**document(replayed.report), "exit_code": replayed.exit_code, "child": replayed.child}
        if str(json_path) == "-":
            documents.write(shown)
        else:
            json_path.write_bytes(msgspec.json.encode(shown))
    for text in render(replayed.report):
        click.echo(safe(text), err=True)
    if replayed.child:
        click.echo(f"the live part is kept as {replayed.child[:8]}", err=True)


def _command(command: tuple[str, ...]) -> list[str]:
    words = list(command)
    if words and words[0] == "--":
        words = words[1:]
    if not words:
        raise UsageError("no command was given", hint="put it behind `--`: reenact record -- claude -p …")
    return words


COMMANDS = {"record": record, "replay": replay}

"""`reenact demo`: a small agent recorded, replayed offline, then with a changed prompt."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reenact.cli.text import safe

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.launch.demo import ScriptedModel

PROMPT = "How many tasks are in tasks.txt?"
CHANGED = "How many jobs are in tasks.txt?"
TASKS = "water the plants\ncall the bank\nmend the gate\n"


@click.command()
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the archive of the demonstration here.",
)
def demo(*, keep: Path | None) -> int:
    """Record a small agent, replay it offline, then change its prompt and see the difference located.

    No key, no network: the agent's model is a script on this machine.
    """
    from reenact.archive import open_archive
    from reenact.launch.demo import ScriptedModel

    with tempfile.TemporaryDirectory(prefix="reenact-demo-") as folder:
        place = Path(folder)
        (place / "work").mkdir()
        (place / "work" / "tasks.txt").write_text(TASKS)
        variables = {
            **{name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ},
            "HOME": str(place),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        before = Path.cwd()
        os.chdir(place / "work")
        try:
            with ScriptedModel() as model:
                variables["ANTHROPIC_BASE_URL"] = model.address
                with open_archive(keep or place / "archive", variables=variables) as archive:
                    return _play(archive, model)
        finally:
            os.chdir(before)


def _play(archive: Archive, model: ScriptedModel) -> int:
    from reenact.launch import Options
    from reenact.replay import render

    _say("1. A small agent works, and its model calls are recorded:")
    recorded = archive.record_command(_agent(PROMPT))
    asked = model.calls
    _say(f"   {recorded.exchanges} calls kept; the model was asked {asked} times\n")
    _say("2. The same agent again, from the recording alone:")
    replayed = archive.replay_command(recorded.session, _agent(PROMPT), options=Options())
    answered = sum(replayed.report.matched.values())
    _say(f"   {answered} calls answered; the model was asked {model.calls - asked} times\n")
    _say("3. One word of its prompt is changed:")
    diverged = archive.replay_command(recorded.session, _agent(CHANGED), options=Options())
    for line in render(diverged.report):
        _say(f"   {safe(line)}")
    _say("\nwith your own agent: reenact record -- COMMAND…, then reenact replay last -- COMMAND…")
    as_told = recorded.exit_code == replayed.exit_code == 0 and not replayed.report.diverged
    return 0 if as_told and diverged.report.diverged else 1


def _agent(prompt: str) -> list[str]:
    return [sys.executable, "-m", "reenact.launch.demo.agent", prompt]


def _say(text: str) -> None:
    click.echo(text)
    sys.stdout.flush()


COMMANDS = {"demo": demo}

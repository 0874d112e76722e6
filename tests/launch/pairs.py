"""Starts two wrapped agents in one folder within 50 ms, again and again, and tells what each was given.

Run as `python pairs.py ROOT ROUNDS AGENT…`; a line of JSON for each run. One process that imports
once and forks for each run: what is to be measured is the finding, not the start of Python.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

from reenact.archive import open_archive
from reenact.events.bodies import Custom
from reenact.launch.finding import TRANSCRIPT
from reenact.launch.output import STDOUT

FAKES = Path(__file__).with_name("fake_agents.py")
APART = 0.05


def one(root: Path, agent: str, prompt: str, extra: list[str]) -> dict[str, Any]:
    """Wraps one run; gives what was found, and what the agent itself says."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    variables = {"HOME": str(root / "home"), "TZ": "UTC", "PATH": f"{root / 'bin'}:{os.environ['PATH']}"}
    os.environ.update(variables)
    with open_archive(root / "archive", variables=variables) as archive:
        recorded = archive.record_command([agent, "-p", prompt, *extra], output=True)
        bodies = [event.body for event in archive.events(recorded.session) if isinstance(event.body, Custom)]
        said = "".join(body.data["text"] for body in bodies if body.name == STDOUT)
        titles = [archive.session(name).title for name in archive.transcripts_of(recorded.native_sessions)]
        return {
            "agent": agent,
            "prompt": prompt,
            "own": json.loads(said.splitlines()[0])["session"],
            "found": list(recorded.native_sessions),
            "titles": titles,
            "by": [body.data["by"] for body in bodies if body.name == TRANSCRIPT],
            "missing": list(recorded.missing),
            "completeness": archive.session(recorded.session).completeness,
        }


def pair(root: Path, agent: str, number: int, out: int) -> list[int]:
    """Starts two at once in one folder; now and then the second leaves no transcript, or both ask the same."""
    silent, alike = number % 5 == 1, number % 5 == 3
    folder = root / "work" / f"{agent}-{number}"
    folder.mkdir(parents=True)
    children = []
    for place, name in enumerate(("first", "second")):
        child = os.fork()
        if child == 0:
            try:
                os.chdir(folder)
                extra = ["--silent"] if silent and place else []
                prompt = f"{'same' if alike else name} task of pair {number}"
                told = one(root, agent, prompt, extra)
                os.write(out, json.dumps({**told, "silent": bool(extra), "alike": alike}).encode() + b"\n")
            finally:
                os._exit(0)
        children.append(child)
        time.sleep(random.uniform(0, APART))
    return children


def main(words: list[str]) -> int:
    """Plays all pairs, the agents by turns."""
    root, rounds, agents = Path(words[0]), int(words[1]), words[2:]
    (root / "bin").mkdir(parents=True)
    (root / "home").mkdir()
    for agent in agents:
        program = root / "bin" / agent
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{FAKES}" {agent} "$@"\n')
        program.chmod(0o755)
    out = os.dup(1)
    for number in range(rounds):
        for child in [child for agent in agents for child in pair(root, agent, number, out)]:
            os.waitpid(child, 0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Agents without signs of their own are known by what they run, and never by what they are told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reenact.sources import gemini, opencode, pi, qwen
from reenact.sources.processes import Recognised, processes, program_of, programs

LINUX = pytest.mark.skipif(not os.path.exists("/proc/self/cmdline"), reason="the system tells no processes")


@pytest.mark.parametrize(
    ("command", "agents"),
    [
        (["node", "/usr/bin/gemini", "-p", "hi"], "gemini"),
        (["/usr/bin/node", "--expose-gc", "/x/node_modules/@google/gemini-cli/dist/index.js"], "gemini"),
        (["gemini"], "gemini"),
        (["/usr/bin/node", "--expose-gc", "/x/node_modules/@qwen-code/qwen-code/cli.js", "-p"], "qwen"),
        (["pi" + " " * 40, "", ""], "pi"),
        (["node", "/x/node_modules/.bin/pi"], "pi"),
        (["/x/opencode-linux-x64/bin/opencode", "run"], "opencode"),
        (["bun", "/x/bin/opencode.js"], "opencode"),
        (["vim", "gemini"], ""),
        (["grep", "-r", "opencode"], ""),
        (["node", "/x/pipe.js", "pi"], ""),
        (["/home/gemini/bin/make"], ""),
        (["node"], ""),
        ([""], ""),
        ([], ""),
    ],
    ids=str,
)
def test_a_command_tells_whose_process_it_is(command: list[str], agents: str) -> None:
    program = program_of(command)
    found = []
    for name, source in (
        ("gemini", gemini.SOURCE), ("qwen", qwen.SOURCE), ("pi", pi.SOURCE), ("opencode", opencode.SOURCE),
    ):  # fmt: skip
        assert isinstance(source, Recognised)
        if source.is_process(program):
            found.append(name)
    assert found == agents.split()


@LINUX
def test_processes_tell_where_they_work_and_one_that_started_itself_again_is_one(tmp_path: Path) -> None:
    again = "import subprocess,sys; subprocess.run(['gemini','-c','input()'],executable=sys.executable)"
    first = subprocess.Popen(
        ["gemini", "-c", f"print(flush=True); {again}"],
        executable=sys.executable, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert first.stdout is not None
    first.stdout.readline()
    try:
        mine = [pid for pid, program in programs() if program == "gemini"]
        (found,) = [each for each in processes(mine) if first.pid in (each.pid, each.parent)]
        assert (found.pid, found.cwd) == (first.pid, str(tmp_path.resolve()))
    finally:
        first.communicate(b"\n")
    assert first.pid not in [pid for pid, _ in programs()]
    assert processes([first.pid]) == []

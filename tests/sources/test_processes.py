"""Agents without signs of their own are known by what they run, and never by what they are told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reenact.sources import gemini, opencode, pi, qwen
from reenact.sources import processes as module
from reenact.sources.processes import Programs, Recognised, processes, program_of

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
        seen = Programs(lambda program: program == "gemini")
        mine = [pid for pid, _ in seen.look()]
        assert all(first.pid in dict(seen.look()) for _ in range(5))
        (found,) = [each for each in processes(mine) if first.pid in (each.pid, each.parent)]
        assert (found.pid, found.cwd) == (first.pid, str(tmp_path.resolve()))
    finally:
        first.communicate(b"\n")
    assert first.pid not in [pid for pid, _ in seen.look()]
    assert processes([first.pid]) == []


def test_a_process_that_is_none_is_asked_at_first_and_then_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    runs = {7: "bash", 8: "gemini"}

    def program(pid: int) -> str:
        asked.append(pid)
        return runs[pid]

    monkeypatch.setattr(module, "_pids", lambda: list(runs))
    monkeypatch.setattr(module, "_program", program)
    seen = Programs(lambda name: name == "gemini")
    for _ in range(40):
        assert seen.look() == [(8, "gemini")]
    assert asked.count(8) == 40
    assert asked.count(7) == 4  # three times when it was new, once again later
    runs[7] = "gemini"
    assert [(7, "gemini"), (8, "gemini")] in [seen.look() for _ in range(31)]
    del runs[7]
    assert seen.look() == [(8, "gemini")]

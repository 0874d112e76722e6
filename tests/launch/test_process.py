"""Commands are started in a group of their own; their end is passed on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reenact.launch import process

PYTHON = sys.executable


@pytest.mark.parametrize("code", [0, 1, 3, 77])
def test_the_exit_code_is_the_commands_own(code: int) -> None:
    assert process.run([PYTHON, "-c", f"raise SystemExit({code})"], os.environ) == code


def test_a_command_that_a_signal_ended_has_the_shells_code() -> None:
    script = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert process.run([PYTHON, "-c", script], os.environ) == 128 + signal.SIGKILL


def test_a_command_that_is_not_there_is_named() -> None:
    with pytest.raises(process.CommandNotFoundError, match="no-such-command") as caught:
        process.run(["no-such-command"], os.environ)
    assert "installed" in (caught.value.hint or "")


def test_the_command_sees_the_given_environment_only(tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = f"import os; open({str(out)!r}, 'w').write(os.environ['ONLY'] + str('HOME' in os.environ))"
    assert process.run([PYTHON, "-c", script], {"ONLY": "this"}) == 0
    assert out.read_text() == "thisFalse"


GROUP = """
import os, sys
from reenact.launch import process
inner = (
    "import os, signal, sys, time\\n"
    "child = os.fork()\\n"
    "signal.signal(signal.{name}, lambda *_: os._exit(9))\\n"
    "os.write(int(sys.argv[1]), b'x')\\n"
    "while True: time.sleep(0.05)\\n"
)
handle = int(sys.argv[1])
os.set_inheritable(handle, True)
import subprocess
real = subprocess.Popen
subprocess.Popen = lambda *a, **k: real(*a, **k, pass_fds=(handle,))
sys.exit(process.run([sys.executable, "-c", inner, str(handle)], os.environ))
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_reaches_the_whole_group_of_the_command(name: str) -> None:
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    outer = subprocess.Popen([PYTHON, "-c", GROUP.replace("{name}", name), str(writing)], pass_fds=(writing,))
    os.close(writing)
    assert os.read(reading, 1) + os.read(reading, 1) == b"xx"
    outer.send_signal(getattr(signal, name))
    assert outer.wait(timeout=30) == 9
    assert os.read(reading, 1) == b"", "nobody of the group is left"
    os.close(reading)

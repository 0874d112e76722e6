"""Signs of life: a register of processes, locks that are held, and numbers that were given again."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reenact.sources import Environment, claude_code, codex, copilot
from reenact.sources.life import Alive, Watched, begun_ticks, folders_of, is_alive

SESSION = "8b249e65-b695-43e3-aea7-6e4be3a4e83c"
LINUX = pytest.mark.skipif(not os.path.exists("/proc/locks"), reason="the system tells no locks")


def registered(home: Path, **more: Any) -> Environment:
    folder = home / ".claude" / "sessions"
    folder.mkdir(parents=True, exist_ok=True)
    ticks = begun_ticks(os.getpid())
    entry = {"pid": os.getpid(), "sessionId": SESSION, "status": "busy", **more}
    if ticks is not None and "procStart" not in entry:
        entry["procStart"] = str(ticks)
    (folder / f"{entry['pid']}.json").write_text(json.dumps(entry))
    return Environment(home=str(home))


def gone() -> int:
    """Gives the number of a process that ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def signs(source: object, environment: Environment) -> list[tuple[str, str | None]]:
    assert isinstance(source, Alive)
    return [(sign.native_session, sign.doing) for sign in source.signs(environment)]


@pytest.mark.parametrize(
    ("told", "doing"),
    [
        ("busy", "working"),
        ("shell", "working"),
        ("idle", "idle"),
        ("waiting", "waiting"),
        ("new", None),
        (7, None),
    ],
)
def test_claude_tells_what_each_process_does(tmp_path: Path, told: object, doing: str | None) -> None:
    assert signs(claude_code.SOURCE, registered(tmp_path, status=told)) == [(SESSION, doing)]


def test_a_process_that_ended_leaves_no_sign(tmp_path: Path) -> None:
    assert signs(claude_code.SOURCE, registered(tmp_path, pid=gone())) == []


@LINUX
def test_another_process_with_the_same_number_is_no_sign(tmp_path: Path) -> None:
    assert signs(claude_code.SOURCE, registered(tmp_path, procStart="12345")) == []
    environment = registered(tmp_path, procStart=None, startedAt=1_000)  # 1970: long before this process
    assert signs(claude_code.SOURCE, environment) == []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"pid":"x"}', '{"pid":1}', '{"pid":-1,"sessionId":"a"}', "\xff"]
)
def test_a_register_that_cannot_be_read_is_no_sign(tmp_path: Path, text: str) -> None:
    (tmp_path / ".claude" / "sessions").mkdir(parents=True)
    (tmp_path / ".claude" / "sessions" / "1.json").write_text(text)
    assert signs(claude_code.SOURCE, Environment(home=str(tmp_path))) == []


def test_versions_without_a_register_tell_nothing(tmp_path: Path) -> None:
    environment = Environment(home=str(tmp_path))
    for source in (claude_code.SOURCE, codex.SOURCE, copilot.SOURCE):
        assert isinstance(source, Alive)
        assert not source.tells_life(environment)
        assert signs(source, environment) == []


@LINUX
def test_codex_holds_a_lock_on_each_thread_that_it_writes(tmp_path: Path) -> None:
    folder = tmp_path / ".codex" / "thread-writer-locks"
    folder.mkdir(parents=True)
    (folder / ".coordination.lock").touch()
    (folder / "old.lock").touch()
    environment = Environment(home=str(tmp_path))
    with (folder / f"{SESSION}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert signs(codex.SOURCE, environment) == [(SESSION, None)]
    assert signs(codex.SOURCE, environment) == []
    assert isinstance(codex.SOURCE, Alive)
    assert codex.SOURCE.tells_life(environment)


@LINUX
def test_copilot_holds_a_lock_in_the_folder_of_each_session_that_it_works_on(tmp_path: Path) -> None:
    state = tmp_path / ".copilot" / "session-state"
    (state / SESSION / "checkpoints").mkdir(parents=True)
    (state / "flat.jsonl").touch()
    hold = state / SESSION / f"inuse.{os.getpid()}.hold"
    (state / SESSION / f"inuse.{os.getpid()}.lock").write_text(f"{os.getpid()}\n")
    (state / SESSION / f"inuse.{gone()}.hold").touch()  # a process that was killed leaves its files
    environment = Environment(home=str(tmp_path))
    assert isinstance(copilot.SOURCE, Alive)
    assert not copilot.SOURCE.tells_life(environment)  # a version that may lock nothing
    (state / ".session-operation-locks").mkdir()
    assert copilot.SOURCE.tells_life(environment)
    assert signs(copilot.SOURCE, environment) == []
    with hold.open("w") as handle:
        assert signs(copilot.SOURCE, environment) == []
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert signs(copilot.SOURCE, environment) == [(SESSION, None)]
    assert signs(copilot.SOURCE, environment) == []


@LINUX
def test_a_lock_of_another_process_is_no_sign(tmp_path: Path) -> None:
    state = tmp_path / ".copilot" / "session-state" / SESSION
    state.mkdir(parents=True)
    with (state / f"inuse.{os.getppid()}.hold").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert signs(copilot.SOURCE, Environment(home=str(tmp_path))) == []


def test_only_what_matters_of_a_root_is_watched(tmp_path: Path) -> None:
    assert isinstance(claude_code.SOURCE, Watched)
    assert folders_of(claude_code.SOURCE, "/r") == ("/r/projects", "/r/sessions")
    assert folders_of(codex.SOURCE, "/r") == ("/r/sessions", "/r/archived_sessions", "/r/thread-writer-locks")


def test_numbers_that_no_process_can_have_are_not_alive() -> None:
    assert not is_alive(0)
    assert not is_alive(-5)
    assert not is_alive(gone())
    assert is_alive(os.getpid())

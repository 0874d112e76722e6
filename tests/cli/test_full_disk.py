"""A disk that is full: what is there is shown, what is not is said, and it goes on where there is room again."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from tests.gateway.providers import Asked, Provider, Reply

from reenact.samples import SAMPLES

_ROOT = Path(__file__).parents[2]
_SMALL = """
import subprocess, sys
from pathlib import Path
if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", sys.argv[1]], stderr=subprocess.DEVNULL).returncode:
    sys.exit(77)
from tests.cli import test_full_disk
getattr(test_full_disk, sys.argv[3])(Path(sys.argv[1]), Path(sys.argv[2]))
"""
_CALLS = 60
_AGENT = f"""
import hashlib, os, sys, urllib.request
for number in range({_CALLS}):
    said = '{{"model": "m", "max_tokens": 9, "messages": [{{"role": "user", "content": "' + os.urandom(60_000).hex() + '"}}]}}'
    asked = urllib.request.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", said.encode())
    with urllib.request.urlopen(asked) as answer:
        assert hashlib.sha256(said.encode()).hexdigest().encode() in answer.read()
sys.exit(7)
"""
_FULL = os.strerror(errno.ENOSPC)


def _reenact(disk: Path, home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    told = {"HOME": str(home), "REENACT_HOME": str(disk / "archive"), "PATH": os.environ["PATH"], "TZ": "UTC"}
    told |= {"PYTHONPATH": f"{_ROOT}/src", **more}
    done = subprocess.run(
        [sys.executable, "-m", "reenact", *words], env=told, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stderr
    return done


def _large(home: Path) -> None:
    """Writes a transcript that does not fit."""
    project = home / ".claude" / "projects" / "-x"
    project.mkdir(parents=True)
    session = "99999999-1111-4111-8111-111111111111"
    with (project / f"{session}.jsonl").open("w") as file:
        for number in range(4000):
            row = {
                "type": "user",
                "uuid": f"u{number}",
                "parentUuid": f"u{number - 1}" if number else None,
                "sessionId": session,
                "timestamp": "2026-03-03T10:00:00.000Z",
                "message": {"role": "user", "content": os.urandom(900).hex()},
            }
            file.write(json.dumps(row) + "\n")


def walk(disk: Path, home: Path) -> None:
    """Fills the disk with an import, asks it everything, makes room and imports again."""
    shutil.copytree(SAMPLES / "codex", home / ".codex")
    assert _reenact(disk, home, "import").returncode == 0
    before = json.loads(_reenact(disk, home, "list", "--json").stdout)["sessions"]
    _large(home)
    refused = _reenact(disk, home, "import")
    assert refused.returncode == 1
    assert _FULL in refused.stderr
    _fill(disk)
    for words in (["list"], ["usage"], ["show", "last"], ["tree", "last"], []):
        shown = _reenact(disk, home, *words)
        assert (shown.returncode, bool(shown.stdout)) == (0, True), (words, shown.stderr)
        assert f"note: {_FULL}" in shown.stderr, words
    searched = _reenact(disk, home, "search", "the")  # without room for its index it finds less, and says why
    assert searched.returncode in {0, 4}
    assert f"note: texts are not all indexed yet: {_FULL}" in searched.stderr
    kept = json.loads(_reenact(disk, home, "list", "--json").stdout)["sessions"]
    assert {row["id"] for row in before} <= {row["id"] for row in kept}
    noted = _reenact(disk, home, "note", before[0]["id"][:12], "there is no room for this")
    assert noted.returncode == 1
    assert f"{_FULL}" in noted.stderr
    assert "hint: " in noted.stderr
    (disk / "ballast").unlink()
    assert subprocess.run(["mount", "-o", "remount,size=60m", str(disk)], check=False).returncode == 0
    assert _reenact(disk, home, "import").returncode == 0
    after = json.loads(_reenact(disk, home, "list", "--json").stdout)["sessions"]
    assert len(after) == len(before) + 1
    assert _reenact(disk, home, "verify").returncode == 0
    assert _reenact(disk, home, "search", "the").returncode == 0


def _fill(disk: Path) -> None:
    (disk / "ballast").write_bytes(b"")
    with suppress(OSError), (disk / "ballast").open("ab", buffering=0) as ballast:
        while True:
            ballast.write(b"x" * 512)


def _answer(asked: Asked) -> Reply:
    said = {"type": "text", "text": hashlib.sha256(asked.body).hexdigest() + os.urandom(5_000).hex()}
    told = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [said],
            "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 1}}  # fmt: skip
    return Reply(json.dumps(told).encode(), kind="application/json")


def walk_recording(disk: Path, home: Path) -> None:
    """Records an agent while the disk fills, and one on a disk that is full: neither notices."""
    with Provider(_answer) as provider:
        agent = (sys.executable, "-c", _AGENT)
        report = home / "report.json"
        for at in ("on the way", "from the beginning"):
            if at == "from the beginning":
                assert _reenact(disk, home, "list").returncode == 0
                _fill(disk)
            told = _reenact(
                disk, home, "record", "--json", str(report), "--", *agent, ANTHROPIC_BASE_URL=provider.address
            )
            assert told.returncode == 7, (at, told.stderr)
            assert f"{_CALLS} model calls passed, and not all of them could be recorded" in told.stderr
            assert "events could not be kept: " in told.stderr, at
            assert "warning: lists do not show it yet: " in told.stderr, at
            assert "o space " in told.stderr, at
            document = json.loads(report.read_text())
            assert (document["exit_code"], document["exchanges"]) == (7, _CALLS), at
            assert document["lost"] > 10, at
            assert document["degraded"], at
            assert document["behind"], at
            (disk / "ballast").unlink(missing_ok=True)
            assert subprocess.run(["mount", "-o", "remount,size=9m", str(disk)], check=False).returncode == 0
            assert _reenact(disk, home, "verify").returncode == 0
    assert len(provider.asked) == 2 * _CALLS
    rows = json.loads(_reenact(disk, home, "list", "--json").stdout)["sessions"]
    assert [0 < row["turns"] < _CALLS for row in rows] == [True]  # what came before the disk was full


@pytest.mark.parametrize("steps", ["walk", "walk_recording"])
def test_on_a_full_disk_what_is_there_is_shown_and_what_is_not_is_said(tmp_path: Path, steps: str) -> None:
    disk, home = tmp_path / "disk", tmp_path / "home"
    disk.mkdir()
    home.mkdir()
    command = [sys.executable, "-c", _SMALL, str(disk), str(home), steps]
    user = ["--user", "--map-root-user"] if os.geteuid() else []
    environment = {**os.environ, "PYTHONPATH": f"{_ROOT}/src{os.pathsep}{_ROOT}"}
    try:
        worker = subprocess.run(
            ["unshare", *user, "--mount", *command],
            cwd=_ROOT,
            env=environment,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        pytest.skip("no small file system can be made on this machine")
    if worker.returncode == 77 or worker.stderr.startswith(b"unshare"):
        pytest.skip("no small file system can be made on this machine")
    assert worker.returncode == 0, worker.stderr.decode()

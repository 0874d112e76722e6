"""`reenact up` as a person starts it: a process of its own, asked over loopback, ended by Ctrl-C."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reenact.samples import SAMPLES


class Up:
    """A running `reenact up`."""

    def __init__(self, home: Path, *words: str) -> None:
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TZ": "UTC",
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reenact", "up", "--no-open", "--json", *words],
            env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.rstrip() == b"}":
                break
        self.document: Any = json.loads(b"".join(lines))

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.document["host"], self.document["port"], timeout=60)

    def get(self, path: str) -> Any:
        with closing(self.connect()) as connection:
            connection.request("GET", path)
            with connection.getresponse() as answer:
                assert answer.status == 200
                return json.loads(answer.read())

    def end(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors.decode()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with the transcripts of Claude Code that come with reenact as a sample."""
    shutil.copytree(SAMPLES / "claude", tmp_path / ".claude")
    return tmp_path


@pytest.fixture
def up(home: Path) -> Iterator[Up]:
    running = Up(home, "--port", "0")
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.communicate()


def test_the_page_shows_what_was_imported_and_ends_quietly(up: Up) -> None:
    assert up.document["address"] == f"http://127.0.0.1:{up.document['port']}/"
    listed = up.get("/api/sessions")
    assert listed["total"] == len(listed["rows"]) > 0
    assert up.get(f"/api/sessions/{listed['rows'][0]['id']}/stream")["rows"]
    code, errors = up.end()
    assert code == 0
    assert "stopped" in errors


def further(path: Path) -> dict[str, Any]:
    """Gives a row that goes on where a transcript ends."""
    last = json.loads(path.read_text().splitlines()[-1])
    kept = ("sessionId", "cwd", "version", "timestamp", "isSidechain", "userType")
    return {
        "type": "user",
        "message": {"role": "user", "content": "and one thing more"},
        "uuid": "0b8a7a52-0000-4000-8000-00000000abcd",
        "parentUuid": last.get("uuid"),
        **{name: last[name] for name in kept if name in last},
    }


def test_what_an_agent_writes_arrives_while_somebody_looks(up: Up, home: Path) -> None:
    path = min(home.glob(".claude/projects/*/*.jsonl"))
    (row,) = [row for row in up.get("/api/sessions")["rows"] if row["native_id"] == path.stem]
    with closing(up.connect()) as connection:
        connection.request("GET", f"/api/live?session={row['id']}")
        with connection.getresponse() as stream:
            assert stream.getheader("content-type") == "text/event-stream; charset=utf-8"
            while b'"following":true' not in stream.readline():
                pass
            with path.open("a") as file:
                file.write(json.dumps(further(path)) + "\n")
            while b"and one thing more" not in stream.readline():
                pass
    assert up.end()[0] == 0


def test_a_port_that_is_taken_is_an_error_with_a_hint(up: Up, home: Path) -> None:
    words = [sys.executable, "-m", "reenact", "up", "--no-open", "--port", str(up.document["port"])]
    done = subprocess.run(
        words, env={**os.environ, "HOME": str(home)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "taken" in done.stderr
    assert "hint:" in done.stderr

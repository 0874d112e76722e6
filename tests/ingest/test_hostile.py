"""Whatever lies among the transcripts: the rest is imported, and what is wrong is said."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.ingest.machines import opened

from reenact.archive import Archive
from reenact.cli import documents
from reenact.samples import SAMPLES
from reenact.sources import Line, Parsed, Parser, Setting
from reenact.usage import document as usage_of

GOOD = "11111111-1111-4111-8111-111111111111"
BAD = "22222222-2222-4222-8222-222222222222"
MEMORY_KB = 300 * 1024
MEASURED = """
import atexit, resource, sys
from pathlib import Path

def tell(path=sys.argv.pop(1)):
    try:  # of this program alone: what getrusage tells begins with what its parent held when it was started
        status = Path("/proc/self/status").read_text()
        peak = int(status.partition("VmHWM:")[2].split()[0])
    except (OSError, IndexError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    Path(path).write_text(str(peak))

atexit.register(tell)
from reenact.cli import main
main()
"""
"""Runs the command line, and tells its peak memory in KB."""


def row(uuid: str, text: str, session: str = BAD) -> bytes:
    """Gives a prompt as Claude Code writes it."""
    return json.dumps(
        {
            "type": "user",
            "uuid": uuid,
            "parentUuid": None,
            "sessionId": session,
            "timestamp": "2026-03-03T10:00:00.000Z",
            "cwd": "/home/dev/code/todo",
            "version": "2.1.329",
            "isSidechain": False,
            "message": {"role": "user", "content": text},
        }
    ).encode()


FINE = row("a1", "before") + b"\n"
AFTER = row("a2", "after") + b"\n"
ASTRONOMIC = (
    b'{"type":"assistant","uuid":"a9","sessionId":"%s","timestamp":"2026-03-03T10:00:01.000Z","message":{"id":'
    b'"msg_9","role":"assistant","model":"m","content":[],"usage":{"input_tokens":%d,"output_tokens":1e300}}}\n'
    % (BAD.encode(), 10**30)
)


STRANGE_TIMES = b"".join(
    row(f"t{number}", "when").replace(b"2026-03-03T10:00:00.000Z", moment) + b"\n"
    for number, moment in enumerate(
        (
            b"0000-00-00T00:00:00Z",
            b"99999-01-01T00:00:00Z",
            b"0001-01-01T00:00:00+14:00",
            b"9999-12-31T23:59:59-14:00",
        )
    )
)


on_linux = pytest.mark.skipif(
    sys.platform != "linux" and os.geteuid() == 0, reason="here root reads everything"
)


def long_line(path: Path) -> None:
    with path.open("wb") as handle:
        handle.write(FINE + b'{"type":"user","uuid":"x","message":{"content":"')
        for _ in range(200):
            handle.write(b"x" * 1024 * 1024)
        handle.write(b'"}}\n' + AFTER)


def content(data: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(data)

    return write


def fifo(path: Path) -> None:
    os.mkfifo(path)


def link_loop(path: Path) -> None:
    path.symlink_to(path)


def folder_loop(path: Path) -> None:
    (path.parent / "loop").symlink_to(path.parent)


def unreadable(path: Path) -> None:
    path.write_bytes(FINE)
    path.chmod(0)


DEEP = b'{"type":"user","uuid":"d","message":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}\n"

CASES: dict[str, tuple[Callable[[Path], None], int, dict[str, int], int]] = {
    # name: (what is written, exit code, warning categories, prompts of this file that are imported)
    "binary": (content(bytes(range(256)) * 40), 0, {}, 0),
    "long line": (long_line, 0, {"oversized": 1}, 2),
    "deep": (content(FINE + DEEP + AFTER), 0, {"too_deep": 1}, 2),
    "nul run": (content(FINE + b"\x00" * 5000 + AFTER), 0, {"nul": 1}, 2),
    "nul line": (content(FINE + b"\x00" * 5000 + b"\n" + AFTER), 0, {"nul": 1}, 2),
    "spliced": (content(FINE + row("a3", "x") + row("a4", "y") + b"\n" + AFTER), 0, {"spliced": 1}, 4),
    "torn in the middle": (
        content(FINE + row("a3", "lost")[:-30] + row("a4", "y") + b"\n" + AFTER),
        0,
        {"spliced": 1},
        3,
    ),
    "invalid utf-8": (
        content(FINE + row("a3", "caf@").replace(b"@", b"\xe9") + b"\n" + AFTER),
        0,
        {"encoding": 1},
        3,
    ),
    "lone surrogate": (content(FINE + row("a3", "@").replace(b"@", rb"\ud83d") + b"\n" + AFTER), 0, {}, 3),
    "byte order mark": (content(b"\xef\xbb\xbf" + FINE + AFTER), 0, {}, 2),
    "not an object": (content(FINE + b'[1,2]\n"x"\n' + AFTER), 0, {"not_an_object": 2}, 2),
    "blank lines": (content(b"\n\n" + FINE + b"\r\n" + AFTER), 0, {}, 2),
    "astronomic numbers": (content(FINE + ASTRONOMIC + AFTER), 0, {}, 2),
    "strange times": (content(STRANGE_TIMES + AFTER), 0, {}, 5),
    "html": (content(b"<!doctype html><title>proxy error</title>\n"), 0, {}, 0),
    "empty": (content(b""), 0, {}, 0),
    "torn tail": (content(FINE + AFTER + row("a5", "torn")[:-9]), 0, {}, 2),
    "fifo": (fifo, 0, {}, 0),
    "link loop": (link_loop, 0, {}, 0),
    "folder loop": (folder_loop, 0, {}, 0),
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    project = tmp_path / "home" / ".claude" / "projects" / "-home-dev-code-todo"
    project.mkdir(parents=True)
    (project / f"{GOOD}.jsonl").write_bytes(row("g1", "good", GOOD) + b"\n")
    return tmp_path / "home"


def as_anybody() -> None:
    """Takes from the program to be started what lets root read everything."""
    if os.geteuid() == 0:
        for capability in (1, 2):  # DAC_OVERRIDE, DAC_READ_SEARCH
            assert ctypes.CDLL(None).prctl(24, capability, 0, 0, 0) == 0  # PR_CAPBSET_DROP


def around(archive: Path, home: Path) -> dict[str, str]:
    return {"HOME": str(home), "REENACT_HOME": str(archive), "PATH": os.environ["PATH"], "TZ": "UTC"}


def import_it(archive: Path, home: Path) -> tuple[int, dict[str, Any], int]:
    """Imports in a process of its own; gives exit code, document and peak memory in KB."""
    environment = around(archive, home)
    told = archive.with_name("peak")
    worker = subprocess.Popen(
        [sys.executable, "-c", MEASURED, str(told), "import", "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        preexec_fn=as_anybody if sys.platform == "linux" else None,  # noqa: PLW1509 - no threads here
    )
    out, _ = worker.communicate()
    return worker.returncode, json.loads(out), int(told.read_text())


def times(archive: Archive) -> list[str | None]:
    """Gives the times that lists and usage show."""
    days = [row["key"] for row in usage_of(archive.usage("day"))["rows"]]
    return [row["started_at"] for row in documents.sessions(archive.sessions())["sessions"]] + days


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_said_and_the_rest_imported(home: Path, tmp_path: Path, case: str) -> None:
    write, exit_code, categories, prompts = CASES[case]
    write(home / ".claude" / "projects" / "-home-dev-code-todo" / f"{BAD}.jsonl")
    code, document, peak = import_it(tmp_path / "archive", home)
    assert code == exit_code
    assert peak <= MEMORY_KB
    with opened(tmp_path / "archive", home) as archive:
        rows = {session.native_id: session for session in archive.sessions()}
        assert GOOD in rows
        assert all(time is None or time.startswith("20") for time in times(archive))
        found: dict[str, int] = {}
        for warned in archive.store.warnings():
            found[warned.category] = found.get(warned.category, 0) + 1
        assert found == categories
        events = list(archive.events(rows[BAD].id)) if BAD in rows else []
        assert sum(event.body.kind == "message.user" for event in events) == prompts
        (claude,) = [agent for agent in document["sources"] if agent["agent"] == "claude_code"]
        assert claude["warnings"] == sum(categories.values())
        assert all(account.balances for account in archive.accounts())


@on_linux
def test_a_file_that_may_not_be_read_is_named(home: Path, tmp_path: Path) -> None:
    unreadable(home / ".claude" / "projects" / "-home-dev-code-todo" / f"{BAD}.jsonl")
    code, document, _ = import_it(tmp_path / "archive", home)
    assert code == 1
    assert [problem["path"].endswith(f"{BAD}.jsonl") for problem in document["problems"]] == [True]


# Where each agent keeps its sessions; whoever may not look into one loses nothing of the others.
HOMES = (
    ".claude", ".claude/projects/-x", ".codex", ".codex/sessions/2026", ".gemini/tmp/x/chats", ".copilot",
    ".copilot/session-state", ".copilot/session-state/x", ".pi", ".pi/agent/sessions/x", ".qwen",
    ".qwen/projects/x/chats", ".local/share/opencode",
)  # fmt: skip


@on_linux
@pytest.mark.parametrize("folder", HOMES)
def test_a_folder_that_may_not_be_looked_into_is_named_and_the_rest_imported(
    tmp_path: Path, folder: str
) -> None:
    home, archive = tmp_path / "home", tmp_path / "archive"
    for name in HOMES:
        (home / name).mkdir(parents=True, exist_ok=True)
    good = home / ("elsewhere" if folder.startswith(".claude") else ".claude")
    shutil.copytree(SAMPLES / "claude", good, dirs_exist_ok=True)
    closed = home / folder
    closed.chmod(0)
    try:
        program = [sys.executable, "-m", "reenact"]
        words = ["import", "--json", *([str(good)] if good.name == "elsewhere" else [])]
        for arguments in (words, ["import", "--json"], ["doctor"], ["list"], ["list", "--json"]):
            ran = subprocess.run(
                [*program, *arguments],
                env=around(archive, home),
                capture_output=True,
                text=True,
                check=False,
                preexec_fn=as_anybody if sys.platform == "linux" else None,
            )
            assert ran.returncode == 0, (arguments, ran.stderr)
            if arguments == ["import", "--json"]:
                (problem,) = json.loads(ran.stdout)["problems"]
                assert problem["path"].startswith(str(closed))
                assert problem["reason"] == "Permission denied"
        assert len(json.loads(ran.stdout)["sessions"]) >= 3
    finally:
        closed.chmod(0o700)


def test_a_source_that_fails_stops_one_transcript_only(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".claude" / "projects" / "-home-dev-code-todo" / f"{BAD}.jsonl").write_bytes(FINE)
    from reenact.sources.claude_code import SOURCE

    genuine = type(SOURCE).parser

    def failing(self: Any, setting: Any) -> Any:
        if setting.key == BAD:
            raise RuntimeError("a defect of ours")
        return genuine(self, setting)

    monkeypatch.setattr(type(SOURCE), "parser", failing)
    with opened(tmp_path / "archive", home) as archive:
        report = archive.catch_up()
        assert [session.native_id for session in archive.sessions()] == [GOOD]
        (problem,) = report.problems
        assert "a defect of ours" in problem.reason
        monkeypatch.undo()
        archive.catch_up()
        assert {session.native_id for session in archive.sessions()} == {GOOD, BAD}


def test_a_line_that_a_source_fails_at_costs_that_line_only(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home / ".claude" / "projects" / "-home-dev-code-todo"
    (folder / f"{BAD}.jsonl").write_bytes(FINE + row("a3", "stumble") + b"\n" + AFTER)
    from reenact.sources.claude_code import SOURCE

    genuine = type(SOURCE).parser

    class Stumbling:
        def __init__(self, parser: Parser) -> None:
            self._parser = parser

        def feed(self, line: Line) -> Parsed:
            if b"stumble" in line.data:
                raise TypeError("a defect of ours")
            return self._parser.feed(line)

    def stumbling(self: Any, setting: Setting) -> Parser:
        return Stumbling(genuine(self, setting))

    monkeypatch.setattr(type(SOURCE), "parser", stumbling)
    with opened(tmp_path / "archive", home) as archive:
        assert archive.catch_up().problems == ()
        (warned,) = archive.store.warnings()
        assert (warned.category, "a defect of ours" in warned.message) == ("defect", True)
        events = list(archive.events(archive.session(BAD).id))
        assert sum(event.body.kind == "message.user" for event in events) == 2
        assert all(account.balances for account in archive.accounts())

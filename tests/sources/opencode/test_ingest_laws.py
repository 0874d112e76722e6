"""Laws of importing where transcripts lie in databases: how often, in which order, how interrupted."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.ingest.machines import answers, imported, opened
from tests.sources.copilot.transcripts import SESSION, Log, counts
from tests.sources.copilot.transcripts import home as copilot_home

from .databases import FORK, MAIN, Book, story, used


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with sessions of OpenCode in tables and in the log, a fork, and Copilot's with its database."""
    home = tmp_path_factory.mktemp("home")
    book = Book(home)
    story(book)
    book.fork()
    book.prompt("msg_9", "And now?", session=FORK)
    book.answer("msg_91", "msg_9", "Still one.", tokens=used(50, 5, 0, 900), session=FORK)
    book.has_log = False
    for number in range(3):
        story(book, f"ses_old{number}00000000000000000000")
    book.newer("ses_new00000000000000000000001", [("user", {"text": "Hello"}), ("assistant", {"content": [{"type": "text", "text": "Hi."}], "tokens": {"input": 5, "output": 1}})])  # fmt: skip
    book.close()
    log = Log()
    log.start(copilotVersion="1.0.90")
    log.prompt("Say hello")
    log.answer("Hello.")
    log.end_turn()
    log.shutdown({"gpt-5.5": {**counts(500, 5), "count": 1}})
    copilot_home(home, log.data)
    database = apsw.Connection(str(home / ".copilot" / "session-store.db"))
    columns = "id INTEGER, session_id TEXT, model TEXT, input_tokens INTEGER, output_tokens INTEGER, created_at TEXT"
    database.execute(f"CREATE TABLE assistant_usage_events ({columns})").fetchall()
    row = (1, SESSION, "gpt-5.5", 500, 5, "2026-11-20T10:00:02Z")
    database.execute("INSERT INTO assistant_usage_events VALUES (?,?,?,?,?,?)", row).fetchall()
    database.close()
    return home


@pytest.fixture(scope="module")
def expected(home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with imported(tmp_path_factory.mktemp("archive"), home) as archive:
        return answers(archive)


def test_there_is_something_to_import(expected: dict[str, Any]) -> None:
    assert len(expected["list"]) == 7


def test_importing_twice_is_importing_once(home: Path, expected: dict[str, Any], tmp_path: Path) -> None:
    with imported(tmp_path, home) as archive:
        again = archive.catch_up()
        assert sum(agent.new + agent.changed for agent in again.agents) == 0
        assert answers(archive) == expected
        assert {row.source_path is not None for row in archive.sessions()} == {True}


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_import_does_not_matter(
    home: Path, expected: dict[str, Any], tmp_path: Path, seed: int
) -> None:
    with opened(tmp_path, home) as archive:
        found = archive.find()
        random.Random(seed).shuffle(found)
        for item in found:
            archive.catch_up([item])
        assert answers(archive) == expected


def test_copies_elsewhere_add_nothing(home: Path, expected: dict[str, Any], tmp_path: Path) -> None:
    copy = tmp_path / "backup"
    shutil.copytree(home, copy)
    with imported(tmp_path / "archive", home) as archive:
        archive.catch_up(archive.find(paths=[str(copy)]))
        assert answers(archive) == expected


def test_deleting_the_cache_changes_no_answer(home: Path, expected: dict[str, Any], tmp_path: Path) -> None:
    with imported(tmp_path, home):
        pass
    shutil.rmtree(tmp_path / "cache")
    with opened(tmp_path, home) as archive:
        archive.reindex()
        assert answers(archive) == expected


def test_a_database_that_vanishes_takes_nothing_with_it(
    home: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    living = tmp_path / "home"
    shutil.copytree(home, living)
    with imported(tmp_path / "archive", living) as archive:
        (living / ".local" / "share" / "opencode" / "opencode.db").unlink()
        (living / ".copilot" / "session-store.db").unlink()
        archive.catch_up()
        assert answers(archive) == expected


def test_sessions_deleted_from_the_database_stay_in_the_archive(
    home: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    living = tmp_path / "home"
    shutil.copytree(home, living)
    with imported(tmp_path / "archive", living) as archive:
        database = apsw.Connection(str(living / ".local" / "share" / "opencode" / "opencode.db"))
        for table, column in (("session", "id"), ("message", "session_id"), ("event", "aggregate_id")):
            database.execute(f"DELETE FROM {table} WHERE {column}=?", (MAIN,)).fetchall()
        database.close()
        archive.catch_up()
        assert answers(archive) == expected


_IMPORT = """
import sys
from tests.ingest.machines import opened
from pathlib import Path
with opened(Path(sys.argv[1]), Path(sys.argv[2])) as archive:
    print("go", flush=True)
    archive.catch_up()
"""


@pytest.mark.slow
def test_an_import_killed_ten_times_gives_the_same(
    home: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    generator = random.Random(7)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    for _ in range(10):
        order = [sys.executable, "-c", _IMPORT, str(tmp_path), str(home)]
        worker = subprocess.Popen(order, stdout=subprocess.PIPE, env=environment)
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"go\n"
        try:
            worker.wait(timeout=generator.uniform(0.0, 0.05))
        except subprocess.TimeoutExpired:
            worker.send_signal(signal.SIGKILL)
        worker.wait()
        worker.stdout.close()
    with imported(tmp_path, home) as archive:
        assert answers(archive) == expected
        assert [damage for damage in archive.verify() if damage.severity == "lost"] == []

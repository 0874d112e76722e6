"""Laws of importing where transcripts lie in databases: how often, in which order, how interrupted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import apsw
from tests.ingest.laws import ImportLaws
from tests.ingest.machines import answers
from tests.sources.copilot.transcripts import SESSION, Log, counts
from tests.sources.copilot.transcripts import home as copilot_home

from .databases import FORK, MAIN, Book, story, used


class TestOpenCodeAndCopilot(ImportLaws):
    """A home with sessions of OpenCode in tables and in the log, a fork, and Copilot's with its database."""

    sessions = 7

    @classmethod
    def fill(cls, home: Path) -> None:
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

    @classmethod
    def lose(cls, home: Path) -> None:
        (home / ".local" / "share" / "opencode" / "opencode.db").unlink()
        (home / ".copilot" / "session-store.db").unlink()

    def test_sessions_deleted_from_the_database_stay_in_the_archive(
        self, home: Path, expected: dict[str, Any], tmp_path: Path
    ) -> None:
        living = tmp_path / "home"
        shutil.copytree(home, living)
        with self.imported(tmp_path / "archive", living) as archive:
            database = apsw.Connection(str(living / ".local" / "share" / "opencode" / "opencode.db"))
            for table, column in (("session", "id"), ("message", "session_id"), ("event", "aggregate_id")):
                database.execute(f"DELETE FROM {table} WHERE {column}=?", (MAIN,)).fetchall()
            database.close()
            archive.catch_up()
            assert answers(archive) == expected

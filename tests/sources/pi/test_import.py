"""Laws of importing sessions of Pi."""

from __future__ import annotations

from pathlib import Path

from tests.ingest.laws import ImportLaws
from tests.sources.pi.sessions import SESSION, answer, called, head, journal, prompt, result, text

OTHER = "88888888-8888-4888-8888-888888888888"


class TestImport(ImportLaws):
    """Two sessions: one with branches and a call, and its fork, which begins with the same entries."""

    sessions = 2

    @classmethod
    def fill(cls, home: Path) -> None:
        past = [
            prompt("p1", None, "Go."),
            answer("a1", "p1", called("c1", "bash", command="ls"), second=2, responseId="r1"),
            result("t1", "a1", "c1", "a.py"),
            answer("a2", "t1", text("One file."), second=4, responseId="r2"),
        ]
        branch = [
            prompt("p2", "a2", "And now?", 5),
            answer("a3", "p2", text("No more."), second=6, responseId="r3"),
            prompt("p3", "a2", "Or else?", 7),
            answer("a4", "p3", text("No less."), second=8, responseId="r4"),
        ]
        folder = home / ".pi" / "agent" / "sessions" / "--w-todo--"
        folder.mkdir(parents=True)
        main = folder / f"2026-11-21T10-00-00-000Z_{SESSION}.jsonl"
        main.write_bytes(journal(head(), *past, *branch))
        fork = folder / f"2026-11-21T10-01-00-000Z_{OTHER}.jsonl"
        begun = head(session=OTHER, second=20, parentSession=str(main))
        fork.write_bytes(
            journal(
                begun,
                *past,
                prompt("p4", "a2", "In the fork.", 21),
                answer("a5", "p4", text("Yes."), second=22, responseId="r5"),
            )
        )

"""Laws of importing chats of Qwen Code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.ingest.laws import ImportLaws
from tests.sources.gemini import chats as early
from tests.sources.qwen.chats import (
    SESSION,
    answer,
    called,
    journal,
    notice,
    prompt,
    result,
    told,
)

AGENT = "agent-7"


class TestImport(ImportLaws):
    """A chat with a sub-agent in a file of its own, and a chat of the first releases."""

    sessions = 3

    @classmethod
    def fill(cls, home: Path) -> None:
        project = home / ".qwen" / "projects" / "-home-dev-code-todo"
        chat = project / "chats" / f"{SESSION}.jsonl"
        chat.parent.mkdir(parents=True)
        chat.write_bytes(
            journal(
                prompt("p1", "Go."),
                answer("a1", "p1", called("c1", "read_file", path="a"), usageMetadata=told(100, 10, 40)),
                notice("n1", "a1", 100, 10),
                result("r1", "a1", "c1", "read_file", "text"),
                answer("a2", "r1", {"text": "Read."}, second=3, usageMetadata=told(200, 20)),
                notice("n2", "a2", 200, 20, 3),
            )
        )
        side = project / "subagents" / SESSION / f"agent-{AGENT}.jsonl"
        side.parent.mkdir(parents=True)
        mark: dict[str, Any] = {"isSidechain": True, "agentId": AGENT}
        side.write_bytes(
            journal(
                prompt("s1", "Help.", second=1, **mark),
                answer("s2", "s1", {"text": "Helped."}, second=2, usageMetadata=told(50, 5), **mark),
            )
        )
        side.with_suffix(".meta.json").write_text(
            json.dumps({"agentId": AGENT, "agentType": "helper", "toolUseId": "c1"})
        )
        old = home / ".qwen" / "tmp" / "todo" / "chats" / "session-2026-11-21T10-00-11111111.json"
        old.parent.mkdir(parents=True)
        old.write_bytes(early.whole(early.prompt("p", "one"), early.answer("a", "Two.")))

    @classmethod
    def growing(cls, home: Path) -> list[Path]:
        return [
            path for path in sorted((home / ".qwen").rglob("*.json*")) if not path.name.endswith(".meta.json")
        ]

"""Laws of reading and importing chats of Qwen Code."""

from __future__ import annotations

from pathlib import Path

from tests.ingest.laws import ImportLaws
from tests.sources.gemini import chats as early
from tests.sources.laws import ParserLaws
from tests.sources.qwen.chats import SESSION, answer, called, prompt, result, row, told
from tests.sources.qwen.test_gotchas import AGENT, agent_rows, main_rows
from tests.sources.qwen.test_gotchas import home as qwen_home

from reenact.sources import Setting
from reenact.sources.qwen import SOURCE

ERROR = {"event.name": "qwen-code.api_error", "status_code": 429, "error_message": "slow down"}
DIFF = {"fileDiff": "@@ -0,0 +1 @@\n+x\n", "fileName": "a", "originalContent": "", "newContent": "x\n"}
COMPRESSED = {
    "info": {"originalTokenCount": 900, "newTokenCount": 90},
    "compressedHistory": [{"role": "user", "parts": [{"text": "In short."}]}],
}


class TestParser(ParserLaws):
    source = SOURCE
    pool = (
        *main_rows(),
        *agent_rows(),
        prompt("n", "a task is done", "b", subtype="notification", provenance="system"),
        row("e", "system", "n", subtype="ui_telemetry", systemPayload={"uiEvent": ERROR}),
        answer("f", "e", called("c1", "write_file", file_path="/w/a"), usageMetadata=told(9, 1)),
        result("g", "f", "c1", "write_file", "Successfully created", resultDisplay=DIFF, durationMs=12),
        row("k", "system", "g", subtype="chat_compression", systemPayload=COMPRESSED),
        row("u", "system", "k", subtype="custom_title", systemPayload={"customTitle": "Ours"}),
        row("v", "system", "a", subtype="rewind", systemPayload={"truncatedCount": 2}),
        row("s", "system", "v", subtype="new_thing", systemPayload={}),
        row("d", "dream", "s"),
        {"odd": 1},
    )
    beside = (
        Setting(agent="qwen", key=SESSION),
        Setting(agent="qwen", key="x", hints={"session": f"{SESSION}#{AGENT}", "main": SESSION}),
    )


class TestImport(ImportLaws):
    """A chat with a sub-agent in a file of its own, and a chat of the first releases."""

    sessions = 3

    @classmethod
    def fill(cls, home: Path) -> None:
        qwen_home(home)
        old = home / ".qwen" / "tmp" / "todo" / "chats" / "session-2026-11-21T10-00-11111111.json"
        old.parent.mkdir(parents=True)
        old.write_bytes(early.whole(early.prompt("p", "one"), early.answer("a", "Two.")))

    @classmethod
    def growing(cls, home: Path) -> list[Path]:
        files = sorted((home / ".qwen").rglob("*.json*"))
        return [path for path in files if not path.name.endswith(".meta.json")]

"""Laws of reading and importing sessions of Pi."""

from __future__ import annotations

from pathlib import Path

from tests.ingest.laws import ImportLaws
from tests.sources.laws import ParserLaws
from tests.sources.pi.sessions import (
    NAME,
    SESSION,
    answer,
    called,
    entry,
    head,
    journal,
    message,
    prompt,
    result,
    text,
)
from tests.sources.pi.test_gotchas import OTHER, branched, put

from reenact.sources import Setting
from reenact.sources.pi import SOURCE


class TestParser(ParserLaws):
    source = SOURCE
    pool = (
        *branched(),
        head(session=OTHER, second=30, parentSession=f"/s/{NAME}"),
        entry("model_change", "m", "a3", 8, provider="stub", modelId="m2"),
        answer("a4", "m", called("c1", "bash", command="x"), called("c2", "edit", path="/w/a", edits=[])),
        result("r1", "a4", "c1", "no\n\nCommand exited with code 3", isError=True),
        result("r2", "r1", "c2", "ok", details={"diff": " 1 x\n-2 y\n+2 z"}),
        message("b", "r2", 4, "bashExecution", command="ls", output="x", exitCode=2, cancelled=False),
        entry("session_info", "s", "b", 5, name="Ours"),
        entry("branch_summary", "t", "s", 6, fromId="a1", summary="It went wrong."),
        entry("custom_message", "u", "t", 7, customType="mine", content="Injected.", display=True),
        entry("custom", "v", "u", 7, customType="mine", data={"a": 1}),
        entry("label", "w", "v", 7, targetId="a1", label="here"),
        entry("compaction", "k", "w", 8, summary="In short.", firstKeptEntryId="b", tokensBefore=900),
        answer("a5", "k", stopReason="error", errorMessage="overloaded", usage={}),
        message(
            "y1",
            "a5",
            9,
            "system",
            content="",
            sections={"rules": "Be brief."},
            toolsAdded=[{"name": "read"}],
        ),
        message("y2", "y1", 9, "system", content="Be kind.", sections={"rules": None}, replace=True),
        entry("context_edit", "e1", "y2", 9, targetId="a5", replacement=None),
        entry("context_edit", "e2", "e1", 9, targetId="a3", replacement=None),
        entry("context_edit", "e3", "e2", 9, targetId="r1", replacement="shorter"),
        entry("context_edit", "e4", "e3", 9, targetId="p3", replacement="other words"),
        {
            **entry("usage", "u1", "e4", 9, provider="stub", model="m1", usage={"cacheRead": 7}),
            "kind": "cache_warm",
        },
        entry("novelty", "n", "u1", 9),
        {"type": "message"},
    )
    beside = (Setting(agent="pi", key=SESSION), Setting(agent="pi", key="x", hints={"session": SESSION}))


class TestImport(ImportLaws):
    """A session with branches, and its fork, which begins with the same entries."""

    sessions = 2

    @classmethod
    def fill(cls, home: Path) -> None:
        rows = branched()
        parent = put(home, NAME, journal(*rows))
        own = [prompt("q1", "a1", "else", 31), answer("b1", "q1", text("other"), second=32)]
        fork = [head(session=OTHER, second=30, parentSession=str(parent)), *rows[1:3], *own]
        put(home, f"2026-11-21T10-00-30-000Z_{OTHER}.jsonl", journal(*fork))

"""Sessions to look at: an ordinary one, and one whose texts try to do harm or do not fit."""

from __future__ import annotations

from tests.tree.builders import Script

from reenact.events import Tokens, blocks, bodies
from reenact.events.blocks import PlanItem, Repository


def ordinary() -> Script:
    """Two prompts, parallel calls, a failure, a denial, a sub-agent, a compaction, a rewound prompt."""
    script = Script()
    script.add(
        bodies.SessionStarted(
            agent="claude_code", agent_version="2.1.0", model="model-a", cwd="/home/ann/app",
            repo=Repository(branch="main"),
        )
    )  # fmt: skip
    script.human("The tests of the parser fail since yesterday. Find out why and mend it, please.")  # e2
    script.add(bodies.TurnStarted(index=1, trigger="user"), turn="m1")
    thought = blocks.Reasoning(text="First the tests, then the parser itself.")
    script.add(
        bodies.AssistantMessage(blocks=(thought,), message="m1", model="model-a"), turn="m1", parent="e2"
    )
    script.says("I run the tests and read the parser.", "m1", turn="m1", parent="e2")
    script.calls("c1", "Bash", {"command": "pytest -q tests/test_parser.py", "timeout": 60}, "m1", turn="m1")
    script.calls("c2", "Read", {"file_path": "/home/ann/app/parser.py"}, "m1", turn="m1")
    script.calls("c3", "Grep", {"pattern": "def parse"}, "m1", turn="m1")
    script.spends("m1", 120, turn="m1")
    script.result("c2", "\n".join(f"{number}\tline {number}" for number in range(1, 31)), turn="m1")
    script.result("c3", "parser.py:12:def parse(text):", turn="m1")
    script.result(
        "c1", "FAILED tests/test_parser.py::test_empty - IndexError\n1 failed, 11 passed", ok=False, turn="m1"
    )
    script.calls(
        "c4", "Edit", {"file_path": "parser.py", "new_string": "if not text:\n    return []"}, "m2", turn="m2"
    )
    script.result("c4", "The file was changed.", turn="m2")
    script.changes(
        "/home/ann/app/parser.py", call="c4", plus=2, minus=0, op="modify",
        patch="@@ -12,2 +12,4 @@\n def parse(text):\n+    if not text:\n+        return []\n     first = text[0]",
    )  # fmt: skip
    script.spends("m2", 80, turn="m2")
    script.add(bodies.PlanUpdated(items=(
        PlanItem(text="Find the cause", status="completed"),
        PlanItem(text="Mend the parser", status="in_progress"),
        PlanItem(text="Run all tests"),
    )))  # fmt: skip
    script.add(bodies.ModelFailed(status=529, error="overloaded", attempt=1))
    script.calls(
        "c5", "Task", {"description": "Check the callers", "prompt": "Look at every caller."}, "m3", turn="m3"
    )
    script.add(
        bodies.AgentSpawned(child="s2", call="c5", name="explorer", task="Look at every caller."), turn="m3"
    )
    script.add(
        bodies.ToolFinished(call="c5", ok=True, output="All fine.", child="s2", duration=95_000_000),
        turn="m3",
    )
    script.calls("c6", "Bash", {"command": "git push --force"}, "m4", turn="m4")
    script.add(bodies.PermissionAnswered(granted=False, call="c6", reason="not now"), turn="m4")
    script.add(bodies.ToolFinished(call="c6", ok=False, output="denied", category="denied"), turn="m4")
    script.says(
        "The parser is mended.\n\n- empty text gives no rows\n- all 12 tests pass",
        "m5",
        stop="end_turn",
        turn="m5",
    )  # e25
    script.add(
        bodies.UsageRecorded(key="m5", tokens=Tokens(input=10, output=9), model="model-b", quality="partial")
    )
    script.human("Now the docs", parent="e25")  # e27
    script.says("I write the docs.", "m6", parent="e27")
    script.human("Now the changelog", parent="e25")  # e29
    script.calls("c7", "Write", {"file_path": "CHANGELOG.md"}, "m7", parent="e29")
    script.add(
        bodies.CompactionFinished(
            trigger="auto", before=150_000, after=12_000, summary="The parser is mended."
        )
    )
    script.told("[Request interrupted by user]", "interrupt")
    script.add(bodies.ParseWarning(message="the line is not JSON", raw="{"))
    return script


def hostile() -> Script:
    """Texts with escapes, direction marks, wide characters and no end."""
    script = Script()
    script.human(
        "日本語のプロンプト: テストを直してください。できるだけ早くお願いします。よろしくお願いします。"
    )
    script.says("\x1b]0;owned\x07\x1b[2J\x1b[1;31mred\x1b[0m and \u202egnp.exe\u202c done", "m1")
    script.calls("c1", "evil\x1b[31m\nname", {"command": "echo \x9b31m" + "x" * 300}, "m1")
    script.result("c1", "\x1b]52;c;AAAA\x07line one\r\nline two\x08\x00\n" + "長" * 200, ok=False)
    script.changes("dir\u2066/\x1b[8mhidden.py", patch="@@ -1 +1 @@\n-\x1b[2Kold\n+new\u202e")
    script.says("👩\u200d👩\u200d👧 family ✂\ufe0f scissors שלום עולם e\u0301", "m2")
    script.human("\n\n  \n")
    script.add(bodies.ErrorBody(message="boom\n\x1b[Aover the line above"))
    script.add(bodies.Custom(name="odd\x07", data={"a": "\x1b[1m"}))
    return script

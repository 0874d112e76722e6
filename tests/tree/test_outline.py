from __future__ import annotations

from typing import Any

import msgspec
from tests.tree.builders import Script

from reenact.events import Header, bodies
from reenact.tree import fold, outline


def document() -> dict[str, Any]:
    script = Script()
    script.add(bodies.SessionStarted(cwd="/p"))
    script.human("go")
    script.calls("c1", value={"command": "ls"}, message="m1")
    script.result("c1", ok=False, output="boom")
    script.spends("m1")
    script.add(bodies.AgentSpawned(child="s2", call="c1", name="explorer"))
    header = Header(id="s1", agent="codex", native_id="n", parent="s0", parent_call="c0")
    found: dict[str, Any] = msgspec.json.decode(
        msgspec.json.encode(outline(fold(script.events, header=header)))
    )
    return found


def test_the_outline_names_its_version_and_session() -> None:
    found = document()
    assert (found["version"], found["session"]["id"], found["session"]["agent"]) == (1, "s1", "codex")
    assert (found["session"]["parent"], found["session"]["parent_call"]) == ("s0", "c0")
    assert found["session"]["started_at"] == "2026-09-21T14:13:21.000Z"
    assert found["session"]["usage"]["total"] == 1160
    assert found["session"]["usage"]["models"][0]["responses"] == 1


def test_the_shape_of_the_outline_is_pinned() -> None:
    found = document()
    assert list(found) == [
        "version",
        "session",
        "loops",
        "steps",
        "roots",
        "children",
        "branches",
        "parallels",
    ]
    (loop,) = found["loops"]
    assert list(loop) == [
        "id", "begin", "end", "started", "ended", "agent", "tag", "parent_loop", "continuation", "status",
        "prompt", "prompt_seq", "live", "children", "turns", "steps",
    ]  # fmt: skip
    (turn,) = loop["turns"]
    assert list(turn) == [
        "id", "index", "trigger", "begin", "end", "model", "stop_reason", "error", "live", "messages",
        "usage", "steps",
    ]  # fmt: skip
    assert found["children"] == [
        {
            "session": "s2", "seq": 6, "call": "c1", "name": "explorer", "task": None, "status": None,
            "background": False,
        }
    ]  # fmt: skip


def test_a_step_leaves_out_what_it_does_not_say() -> None:
    (turn,) = document()["loops"][0]["turns"]
    assert turn["steps"][0] == {
        "kind": "tool", "event": "tool.called", "seq": 3, "end": 4, "id": "e3", "events": [3, 4],
        "at": "2026-09-21T14:13:23.000Z", "text": "ls", "name": "Bash", "call": "c1", "tool_kind": "shell",
        "ok": False, "result": 4, "duration": 1000000, "error": "boom", "child": "s2",
    }  # fmt: skip
    assert "ok" not in turn["steps"][1]

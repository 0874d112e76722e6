"""Writes the seeds of the fuzz tests anew: `python -m tests.fuzz.keep`. Seeds that once broke something stay."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tests.fuzz.mutations import DATA
from tests.sources.copilot import test_laws as copilot_laws
from tests.sources.gemini import chats as gemini_chats
from tests.sources.gemini import test_laws as gemini_laws
from tests.sources.laws import as_bytes
from tests.sources.opencode import test_laws as opencode_laws
from tests.sources.pi import sessions as pi_sessions
from tests.sources.pi import test_gotchas as pi_gotchas
from tests.sources.qwen import chats as qwen_chats
from tests.sources.qwen import test_gotchas as qwen_gotchas
from tests.store.builders import FlatPricer, answer, event, header, keep, line, prompt, usage

from reenact.clock import ManualClock
from reenact.events import bodies, encode_record
from reenact.store import open_store

REQUEST = {
    "model": "model-1", "max_tokens": 100, "stream": True, "system": [{"type": "text", "text": "You are terse."}],
    "tools": [{"name": "Read", "input_schema": {"type": "object"}}],
    "messages": [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "Read", "input": {"p": 1}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "x"}]},
    ],
}  # fmt: skip
REPLY = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "model-1", "stop_reason": "end_turn",
    "content": [{"type": "text", "text": "hi"}], "usage": {"input_tokens": 3, "output_tokens": 2},
}  # fmt: skip
STREAM: list[dict[str, object]] = [
    {"type": "message_start", "message": {**REPLY, "content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "t", "name": "R", "input": {}}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"a":1}'}},
    {"type": "content_block_stop", "index": 1},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
    {"type": "message_stop"},
]  # fmt: skip
CONFIG = """timezone = "Europe/Vienna"
[import]
never = ["/private/*"]
[redaction]
known = ["hunter2hunter2"]
[redaction.patterns]
ticket = "T-[0-9]{8}"
[roots]
codex = ["/srv/codex"]
"""
TEXT = (
    "key sk-ant-api03-"
    + "a1B2" * 22
    + "AA and AKIAIOSFODNN7EXAMPLE, \x1b[31mred\x1b[0m \u202eflip\u202c 漢字 👩‍👩‍👧\n"
)


def put(target: str, name: str, data: bytes) -> None:
    folder = DATA / "fuzz" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def main() -> None:
    made = [
        *line("s1", prompt("one"), answer("two ünïcode"), usage("k1")),
        event("s1", 4, bodies.SessionEnded()),
    ]
    for each in made:
        put("event", f"{each.body.kind}.json", encode_record(each))
    put("request", "plain.json", json.dumps(REQUEST).encode())
    put("reply", "plain.json", json.dumps(REPLY).encode())
    put("reply", "error.json", b'{"type":"error","error":{"type":"overloaded_error","message":"busy"}}')
    put(
        "stream",
        "plain.sse",
        b"".join(
            b"event: %b\ndata: %b\n\n" % (str(e["type"]).encode(), json.dumps(e).encode()) for e in STREAM
        ),
    )
    put("gemini", "story.jsonl", gemini_chats.journal(*gemini_laws.story()))
    put("gemini_document", "whole.json", gemini_chats.whole(*gemini_laws.messages(), summary="A title"))
    put("copilot", "all.jsonl", as_bytes(copilot_laws.TestCopilot.pool))
    for name in ("log", "message", "session_message"):
        put("opencode", f"{name}.jsonl", as_bytes(opencode_laws.lines_with(name)))
    put("pi", "branched.jsonl", pi_sessions.journal(*pi_gotchas.branched()))
    put("qwen", "main.jsonl", qwen_chats.journal(*qwen_gotchas.main_rows()))
    put("qwen", "agent.jsonl", qwen_chats.journal(*qwen_gotchas.agent_rows()))
    put("config", "full.toml", CONFIG.encode())
    put("text", "secrets.txt", TEXT.encode())
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "archive"
        store = open_store(root, clock=ManualClock(), pricer=FlatPricer())
        writing = store.writer(header("s1"))
        for each in made:
            writing.append(each)
        writing.close()
        put("segment", "live.jsonl", (root / "live" / "s1.jsonl").read_bytes())
        store.seal(idle_before=0)
        put("sealed", "sealed.zst", (root / "sealed" / "s1-1.jsonl.zst").read_bytes())
        keep(store, "one", b"a\n", sidecars={"meta": b"{}"})
        keep(store, "one", b"a\nb\n")
        store.remember_project("/home/dev/code", "/home/dev")
        (found,) = root.glob("originals/*/*/*/manifest.json")
        put("manifest", "plain.json", found.read_bytes())
        put("journal", "plain.jsonl", (root / "journal.jsonl").read_bytes())
        store.close()


if __name__ == "__main__":
    main()

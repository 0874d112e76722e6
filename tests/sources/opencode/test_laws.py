"""Laws that hold for any lines in any order, also for lines that no OpenCode ever wrote."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.laws import ParserLaws

from reenact.sources import Setting
from reenact.sources.opencode import SOURCE

from .databases import CHILD, FORK, MAIN, T0, Book, drafts_of, lines, parse, story, transcripts, used

Line = dict[str, Any]


def _pool() -> list[Line]:
    found: list[Line] = []
    for log in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            book = Book(Path(folder), log=log)
            story(book)
            book.prompt("msg_4", "More")
            tools: list[tuple[str, str, Line]] = [
                (
                    "call_4",
                    "edit",
                    {"input": {"filePath": "a"}, "metadata": {"diff": "@@ -1 +1 @@\n-a\n+b\n"}},
                ),
                ("call_5", "todowrite", {"input": {"todos": [{"content": "a"}]}}),
                ("call_6", "task", {"input": {"prompt": "x"}, "metadata": {"sessionId": CHILD}}),
                ("call_7", "invalid", {"input": {"error": "no"}}),
            ]
            book.answer("msg_5", "msg_4", "Hm.", tools=tools, summary=True)
            parts: list[Line] = [
                {"type": "reasoning", "text": "Hm", "time": {"start": T0, "end": T0 + 1}},
                {"type": "file", "mime": "image/png", "url": "data:image/png;base64,aGk="},
                {"type": "file", "mime": "text/plain", "filename": "a.txt", "url": "file:///a.txt"},
                {"type": "patch", "files": ["/b"]},
                {"type": "retry", "attempt": 1, "error": {"name": "APIError", "data": {"message": "no"}}},
                {"type": "compaction", "auto": True},
                {"type": "subtask", "prompt": "x"},
                {"type": "hologram"},
            ]
            for number, part in enumerate(parts):
                book.part(f"prt_x{number}", "msg_5", part)
            book.change(revert=json.dumps({"messageID": "msg_4"}), tokens_input=5, tokens_output=5)
            book.answer("msg_6", "msg_4", error={"name": "APIError", "data": {"statusCode": 429}})
            book.fork()
            if not log:
                error = {"type": "unknown", "message": "no"}
                book.newer(MAIN, [("user", {"text": "x"}), ("assistant", {"content": [{"type": "text", "text": "y"}], "tokens": {"input": 1}, "error": error}), ("shell", {"command": "ls"}), ("synthetic", {"text": "z"}), ("hologram", {})])  # fmt: skip
            for transcript in transcripts(Path(folder)).values():
                found += [json.loads(line) for line in lines(transcript)]
            book.close()
    return found


POOL = _pool()


def lines_with(table: str) -> list[Line]:
    """Gives the pool's sessions that tell of themselves by a table (`log`: by the log of changes)."""
    if table == "log":
        return [line for line in POOL if "t" not in line][:60]
    frame = {"session", "state", "end", "part", table}
    return [line for line in POOL if line.get("t") in frame and (table == "message" or line["t"] != "part")][
        :40
    ]


class TestOpencode(ParserLaws):
    source = SOURCE
    pool = POOL
    beside = (
        Setting(agent="opencode", key=MAIN),
        Setting(agent="opencode", key=MAIN, hints={"forked_from": FORK}),
    )


def test_the_pool_holds_lines_of_all_generations() -> None:
    assert {line.get("t", "log") for line in POOL} == {"log", "session", "state", "message", "part", "session_message", "end"}  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(steps=st.lists(st.sampled_from(["prompt", "answer", "tool", "title", "revert"]), max_size=8))
def test_the_log_and_the_tables_tell_the_same(steps: list[str]) -> None:
    told = []
    for log in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            book = Book(Path(folder), log=log)
            book.session()
            book.prompt("msg_000", "Begin")
            for number, step in enumerate(steps, 1):
                _step(book, step, number)
            book.close()
            (transcript,) = transcripts(Path(folder)).values()
            drafts = drafts_of(parse(lines(transcript)))
        left_out = {"context.reverted", "session.titled", "custom"}  # the tables keep the last of them only
        told.append(
            sorted(
                (draft.record, draft.loop or "", draft.turn or "")
                for draft in drafts
                if draft.body.kind not in left_out
            )
        )
    assert told[0] == told[1]


def _step(book: Book, step: str, number: int) -> None:
    identity = f"msg_{number:03d}"
    match step:
        case "prompt":
            book.prompt(identity, f"Prompt {number}")
        case "answer":
            book.answer(identity, "msg_000", f"Answer {number}.", tokens=used(number))
        case "tool":
            call = (f"call_{number}", "bash", {"input": {"command": "ls"}})
            book.answer(identity, "msg_000", tools=[call], tokens=used(number), finish="tool-calls")
        case "title":
            book.change(title=f"Title {number}")
        case _:
            book.change(revert=json.dumps({"messageID": "msg_001"}))

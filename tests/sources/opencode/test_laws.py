"""Laws that hold for any lines in any order, also for lines that no OpenCode ever wrote."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reenact.events import FORMAT, Event, decode, encode

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
pooled = st.lists(st.sampled_from(POOL), max_size=40)
hints = st.sampled_from([{}, {"forked_from": FORK}])
junk = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def lines_with(table: str) -> list[Line]:
    """Gives the pool's sessions that tell of themselves by a table (`log`: by the log of changes)."""
    if table == "log":
        return [line for line in POOL if "t" not in line][:60]
    frame = {"session", "state", "end", "part", table}
    return [line for line in POOL if line.get("t") in frame and (table == "message" or line["t"] != "part")][
        :40
    ]


def as_bytes(chosen: list[Line]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in chosen)


def test_the_pool_holds_lines_of_all_generations() -> None:
    assert {line.get("t", "log") for line in POOL} == {"log", "session", "state", "message", "part", "session_message", "end"}  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(rows=pooled, beside=hints, cut=st.integers(0, 40))
def test_drafts_of_a_prefix_are_a_prefix_of_the_drafts(
    rows: list[Line], beside: dict[str, str], cut: int
) -> None:
    whole, part = drafts_of(parse(rows, hints=beside)), drafts_of(parse(rows[:cut], hints=beside))
    assert part == whole[: len(part)]


@settings(max_examples=150, deadline=None)
@given(rows=pooled, beside=hints)
def test_every_line_is_accounted_for_and_every_record_named_once(
    rows: list[Line], beside: dict[str, str]
) -> None:
    parsed = parse(rows, hints=beside)
    assert all(bool(each.drafts) <= (each.disposition == "events") for each in parsed)
    names = [draft.record for draft in drafts_of(parsed)]
    assert len(names) == len(set(names))
    assert {draft.session for draft in drafts_of(parsed)} <= {h.id for each in parsed for h in each.headers}


@settings(max_examples=100, deadline=None)
@given(rows=pooled)
def test_every_draft_can_be_written_and_read_back(rows: list[Line]) -> None:
    for seq, draft in enumerate(drafts_of(parse(rows)), 1):
        whole = Event(v=FORMAT, seq=seq, id="x", session=draft.session, recorded_at=0, body=draft.body)
        assert decode(encode(whole)).body == draft.body


@settings(max_examples=400, deadline=None)
@given(row=st.sampled_from(POOL), data=st.data())
def test_a_line_with_anything_anywhere_never_raises(row: Line, data: st.DataObject) -> None:
    value: Any = json.loads(json.dumps(row))
    place = value
    while True:
        name = data.draw(st.sampled_from(sorted(place)))
        if isinstance(place[name], dict) and place[name] and data.draw(st.booleans()):
            place = place[name]
            continue
        place[name] = data.draw(junk)
        break
    for chosen in ([*POOL[:12], value, *POOL[12:20]], [value], [value, value]):
        for draft in drafts_of(parse(chosen)):
            encode(Event(v=FORMAT, seq=1, id="x", session=MAIN, recorded_at=0, body=draft.body))


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

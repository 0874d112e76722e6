"""Trimming: what goes, what stays, and that what stays still fits together."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.clients import trim_claude, trim_codex, vendor
from tests.clients.trim import Move, Trimmer, dump, swaps_for

if TYPE_CHECKING:
    from pathlib import Path

STARTED = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
PROMPT = "You are a helpful machine and you answer in whole sentences only."


def trimmer(*prompts: str, moves: tuple[Move, ...] = (), ours: tuple[str, ...] = ()) -> Trimmer:
    return Trimmer(
        vendor=vendor.gather([{"instructions": prompt} for prompt in prompts], ours=ours),
        swaps=swaps_for([("/tmp/run-1/home/dev", "/home/dev")]),
        moves=moves or (Move(start=STARTED, shift=timedelta(days=-30)),),
    )


def test_a_text_of_ours_stays_as_it_is() -> None:
    assert trimmer(PROMPT).text("Fix the test, please.") == "Fix the test, please."


def test_a_prompt_becomes_a_note_of_its_length() -> None:
    assert trimmer(PROMPT).text(PROMPT) == f"(trimmed: {len(PROMPT)} characters of the agent's own text)"


def test_a_prompt_between_tags_leaves_the_tags() -> None:
    said = trimmer(PROMPT).text(f"<system-reminder>\n{PROMPT}\n</system-reminder>")
    assert said.splitlines()[0] == "<system-reminder>"
    assert said.splitlines()[-1] == "</system-reminder>"
    assert PROMPT not in said


def test_what_a_tool_said_before_a_reminder_stays() -> None:
    said = trimmer(PROMPT).text(f"1\tfirst line\n2\tsecond line\n\n{PROMPT}")
    assert said.startswith("1\tfirst line\n2\tsecond line\n")
    assert PROMPT not in said


def test_the_mark_of_a_hand_back_stays_and_its_prose_goes() -> None:
    wrapped = "[Subagent hand-back] Some long words about what the reader ought to do with it.\nIt is done."
    said = trimmer(wrapped, ours=("It is done.",)).text(wrapped)
    assert said.startswith("[Subagent hand-back] (trimmed")
    assert said.endswith("It is done.")


def test_a_tool_keeps_its_name_only() -> None:
    tool = {"name": "Bash", "description": PROMPT, "input_schema": {"type": "object", "properties": {"a": 1}}}
    assert trimmer().value([tool]) == [
        {"name": "Bash", "description": "(trimmed)", "input_schema": {"type": "object"}}
    ]


def test_paths_are_told_as_those_of_another_machine() -> None:
    told = trimmer().value({"cwd": "/tmp/run-1/home/dev/code", "slug": "-tmp-run-1-home-dev-code"})
    assert told == {"cwd": "/home/dev/code", "slug": "-home-dev-code"}


@pytest.mark.parametrize(
    ("told", "moved"),
    [
        pytest.param("2026-06-01T12:00:07.123Z", "2026-05-02T12:00:07.123Z", id="of a row"),
        pytest.param("rollout-2026-06-01T12-00-07-01a1", "rollout-2026-05-02T12-00-07-01a1", id="of a file"),
        pytest.param("Today is 2026-06-01.", "Today is 2026-05-02.", id="a day"),
        pytest.param("2026-01-05T09:00:00Z", "2026-01-05T09:00:00Z", id="not of this run"),
        pytest.param(1780315207123, 1777723207123, id="milliseconds"),
        pytest.param(1780315207, 1777723207, id="seconds"),
        pytest.param(4711, 4711, id="a number of something else"),
        pytest.param(True, True, id="no number at all"),
    ],
)
def test_times_of_the_run_move_together(told: Any, moved: Any) -> None:
    assert trimmer().value(told) == moved


def test_each_start_has_its_own_day() -> None:
    later = STARTED + timedelta(minutes=5)
    moves = (Move(start=STARTED, shift=timedelta()), Move(start=later, shift=timedelta(days=2)))
    told = trimmer(moves=moves).value(["2026-06-01T12:04:59Z", "2026-06-01T12:05:00Z"])
    assert told == ["2026-06-01T12:04:59Z", "2026-06-03T12:05:00Z"]


def named(message: Any) -> str:
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def test_hashes_of_a_journal_are_those_of_what_it_now_says(tmp_path: Path) -> None:
    blob = {"role": "user", "content": [{"type": "text", "text": "in /tmp/run-1/home/dev"}]}
    derived = {"role": "user", "content": "from a row in /tmp/run-1/home/dev"}
    shape = {"system": [{"type": "text", "text": PROMPT}], "tools": []}
    body = {**shape, "messages": [blob, derived], "model": "m", "metadata": {"user_id": "u"}}
    sent = trim_claude.Sent(body=body, betas=("b",))
    rows = [
        {"type": "api-request-shape", "shapeHash": named(shape), "shape": shape},
        {"type": "api-request-blob", "hash": named(blob), "message": blob},
        {
            "type": "api-request",
            "tail": [named(blob), named(derived)],
            "requestDigest": trim_claude.request_digest(sent),
        },
    ]
    log = tmp_path / "in" / ".claude" / "projects" / "-p" / "s.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text("".join(dump(row) + "\n" for row in rows), encoding="utf-8")

    trim_claude.trim(tmp_path / "in", tmp_path / "out", trimmer(PROMPT), [sent])

    out = (tmp_path / "out" / ".claude" / "projects" / "-p" / "s.jsonl").read_text(encoding="utf-8")
    told_shape, told_blob, request = (json.loads(line) for line in out.splitlines())
    assert PROMPT not in out
    assert told_shape["shapeHash"] == named(told_shape["shape"])
    assert told_blob["hash"] == named(told_blob["message"])
    told_derived = {"role": "user", "content": "from a row in /home/dev"}
    assert request["tail"] == [told_blob["hash"], named(told_derived)]
    blocks = {"role": "user", "content": [{"type": "text", "text": "from a row in /home/dev"}]}
    whole = {**told_shape["shape"], "messages": [told_blob["message"], blocks], "model": "m", "betas": ["b"]}
    assert request["requestDigest"] == named(whole)


def test_a_hash_that_never_went_over_the_wire_stops_the_trimming(tmp_path: Path) -> None:
    log = tmp_path / ".claude" / "projects" / "-p" / "s.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text('{"type":"api-request","tail":["0000"],"requestDigest":"1111"}\n', encoding="utf-8")
    with pytest.raises(trim_claude.UnknownHashError):
        trim_claude.trim(tmp_path, tmp_path / "out", trimmer(), [])


def test_a_fork_by_reference_points_at_the_same_row_as_before(tmp_path: Path) -> None:
    parent, child = "0000aaaa-0000-0000-0000-000000000001", "0000aaaa-0000-0000-0000-000000000002"
    folder = tmp_path / ".codex" / "sessions" / "2026" / "06" / "01"
    folder.mkdir(parents=True)
    rows = [dump({"type": "session_meta", "payload": {"text": PROMPT}}), dump({"type": "response_item"})]
    end = len(rows[0]) + 1
    base = {"thread_id": parent, "end_ordinal_exclusive": 1, "end_byte_offset": end}
    (folder / f"rollout-2026-06-01T12-00-00-{parent}.jsonl").write_text("\n".join(rows) + "\n")
    fork = dump({"type": "session_meta", "payload": {"history_base": base}})
    (folder / f"rollout-2026-06-01T12-00-09-{child}.jsonl").write_text(fork + "\n")

    trim_codex.trim(tmp_path, tmp_path / "out", trimmer(PROMPT))

    told = tmp_path / "out" / ".codex" / "sessions" / "2026" / "05" / "02"
    first = (told / f"rollout-2026-05-02T12-00-00-{parent}.jsonl").read_text(encoding="utf-8")
    meta = json.loads((told / f"rollout-2026-05-02T12-00-09-{child}.jsonl").read_text(encoding="utf-8"))
    offset = meta["payload"]["history_base"]["end_byte_offset"]
    assert first[:offset].count("\n") == 1
    assert first[:offset].endswith("\n")
    assert offset != end

"""Laws of the parser, over every transcript we have and over damaged copies of them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reenact import samples
from reenact.events.codec import encode
from reenact.events.envelope import Event
from reenact.sources import Draft, Setting, Transcript
from reenact.sources.claude_code import SOURCE

from .transcripts import GENUINE, SESSION, Log, Reading, lines_of, read, read_file, use

SAMPLES = Path(samples.__file__).parent


def found() -> list[Transcript]:
    return [
        transcript
        for root in (GENUINE, SAMPLES)
        for folder in sorted(root.rglob("projects"))
        for transcript in SOURCE.transcripts(str(folder.parent))
    ]


TRANSCRIPTS = found()


def name(transcript: Transcript) -> str:
    return "/".join(Path(transcript.path).parts[-7:])


def story() -> Log:
    """Gives a transcript with a row of nearly every kind."""
    log = Log(version="2.1.329")
    log.meta("summary", summary="t", leafUuid="elsewhere")
    log.meta("queue-operation", operation="enqueue", timestamp=log.stamp())
    log.prompt("one", permissionMode="acceptEdits")
    log.attach("date", "today")
    log.meta("api-request", id="r", params={"model": "m"}, tail=["0" * 64], keep=0)
    log.says({"type": "thinking", "thinking": "hm", "signature": "s"}, requestRef="r", stop="tool_use")
    log.says(use("Edit", "toolu_1", file_path="/p", old_string="a", new_string="b"), stop="tool_use")
    log.says(use("Agent", "toolu_2", prompt="look"), stop="tool_use")
    patch = [{"oldStart": 1, "oldLines": 1, "newStart": 1, "newLines": 1, "lines": ["-a", "+b"]}]
    log.result("toolu_1", "ok", {"filePath": "/p", "originalFile": "a", "structuredPatch": patch})
    log.row("progress", data={"type": "agent_progress", "agentId": "abcdef1"}, parentToolUseID="toolu_2")
    log.row("progress", data={"type": "hook_progress", "hookName": "h", "command": "c"})
    log.result("toolu_2", [{"type": "text", "text": "ok"}], {"agentId": "abcdef1", "status": "completed"})
    limits = {"status": "rejected", "rateLimitType": "five_hour", "resetsAt": 1}
    log.notice("api_error", error={"status": 429, "rateLimits": limits, "error": {"type": "x"}}, retryInMs=5)
    log.notice("stop_hook_summary", hookInfos=[{"command": "a"}, {"command": "b"}], hookErrors=["e"])
    log.attach(
        "hook_success", hookName="h", hookEvent="e", content=["c"], blockingError={"blockingError": "x"}
    )
    log.attach("queued_command", prompt=[{"type": "text", "text": "more"}], origin={"kind": "human"})
    log.says("limit reached", model="<synthetic>", message="m-x", isApiErrorMessage=True, error="rate_limit")
    kept = {
        "preservedMessages": {"uuids": [log.last]},
        "preservedSegment": {"headUuid": "h", "tailUuid": "t"},
    }
    log.notice("compact_boundary", parent=None, logicalParentUuid=log.last, compactMetadata=kept)
    log.prompt("summary", isCompactSummary=True)
    log.says("two", message="msg_2", forkedFrom={"sessionId": "s", "messageUuid": "m"})
    log.prompt("side", parent=None, isSidechain=True)
    log.prompt("<task-notification><task-id>abcdef1</task-id></task-notification>")
    log.meta("ai-title", aiTitle="t")
    log.meta("tag", tag="t")
    log.meta("mode", mode="plan")
    log.meta("relocated", relocatedCwd="/x")
    log.meta("hologram", x=1)
    return log


def check_prefix_law(whole: Reading, data: bytes, **given: Any) -> None:
    """Every prefix of the lines gives a prefix of the drafts, line by line the same."""
    lines = list(lines_of(data))
    step = max(1, len(lines) // 12)
    for end in [*range(0, len(lines), step), len(lines) - 1]:
        parser = SOURCE.parser(Setting(agent="claude_code", **given))
        parsed = [parser.feed(line) for line in lines[:end]]
        assert parsed == whole.parsed[:end]


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=name)
def test_the_drafts_of_a_prefix_are_a_prefix_of_the_drafts(transcript: Transcript) -> None:
    sidecars = {sidecar.name: Path(sidecar.path).read_bytes() for sidecar in transcript.sidecars}
    data = Path(transcript.path).read_bytes()
    whole = read(data, key=transcript.key, hints=transcript.hints, sidecars=sidecars)
    check_prefix_law(whole, data, key=transcript.key, hints=transcript.hints, sidecars=sidecars)


def test_the_law_holds_for_a_transcript_with_a_row_of_every_kind() -> None:
    data = story().data
    check_prefix_law(read(data), data, key=SESSION)


def check_shape(reading: Reading) -> None:
    """Records are unique, sessions start once and first, parents exist before their children."""
    seen: set[tuple[str, str]] = set()
    started: set[str] = set()
    announced: set[str] = set()
    for line in reading.parsed:
        announced.update(header.id for header in line.headers)
        for draft in line.drafts:
            if draft.body.kind == "session.started":
                assert draft.session not in started
                assert draft.record == "session.started"
                started.add(draft.session)
            assert draft.session in started
            assert draft.session in announced
            assert (draft.session, draft.record) not in seen
            assert draft.parent is None or (draft.session, draft.parent) in seen
            seen.add((draft.session, draft.record))


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=name)
def test_records_are_unique_and_parents_come_first(transcript: Transcript) -> None:
    check_shape(read_file(transcript))


def test_a_transcript_with_a_row_of_every_kind_has_that_shape_too() -> None:
    check_shape(story().read())


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=name)
def test_genuine_rows_are_all_known(transcript: Transcript) -> None:
    reading = read_file(transcript)
    assert reading.unknown == []
    assert "warning" not in reading.dispositions


def event_of(draft: Draft) -> Event:
    return Event(v=1, seq=1, id="e", session=draft.session, ts=draft.ts, recorded_at=0, body=draft.body)


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=name)
def test_every_draft_can_be_written_down(transcript: Transcript) -> None:
    for draft in read_file(transcript).drafts:
        assert encode(event_of(draft))


# -- damage -----------------------------------------------------------------------------------

ODD: tuple[Any, ...] = (None, True, -1, 1.5, "", "x", [], [None, 3, "y", {"type": []}], {}, {"type": {}})


def mutants(value: Any) -> Iterator[Any]:
    """Gives copies of a value, each with one place in it made odd."""
    yield from ODD
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {other: item for other, item in value.items() if other != key}
            for odd in mutants(inner):
                yield {**value, key: odd}
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            for odd in mutants(inner):
                yield [*value[:place], odd, *value[place + 1 :]]


@pytest.mark.parametrize("place", range(len(story().rows)))
def test_any_place_of_any_row_may_hold_anything(place: int) -> None:
    rows = story().rows
    parser = SOURCE.parser(Setting(agent="claude_code", key=SESSION))
    for line in lines_of(b"".join(json.dumps(row).encode() + b"\n" for row in rows[:place])):
        parser.feed(line)
    for number, mutant in enumerate(mutants(rows[place])):
        odd = copy.deepcopy(mutant)
        if isinstance(odd, dict) and odd.get("uuid"):
            odd["uuid"] = f"{odd['uuid']}-{number}"
        (line,) = lines_of(json.dumps(odd).encode() + b"\n")
        for draft in parser.feed(line).drafts:
            assert encode(event_of(draft))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_torn_lines_anywhere_raise_nothing_and_lose_nothing_else(data: st.DataObject) -> None:
    rows = story().data.splitlines()
    place = data.draw(st.integers(0, len(rows) - 1))
    cut = data.draw(st.integers(0, len(rows[place])))
    noise = data.draw(st.binary(max_size=20)).replace(b"\n", b" ")
    rows[place] = rows[place][:cut] + noise
    reading = read(b"\n".join(rows) + b"\n")
    assert len(reading.parsed) == len(rows)
    check_shape(reading)


@given(st.permutations(story().data.splitlines()))
@settings(max_examples=60, deadline=None)
def test_rows_in_any_order_keep_the_shape_and_the_law(rows: list[bytes]) -> None:
    data = b"\n".join(rows) + b"\n"
    reading = read(data)
    check_shape(reading)
    check_prefix_law(reading, data, key=SESSION)

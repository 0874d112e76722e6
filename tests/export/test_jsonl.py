from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from tests.tree.builders import Script
from tests.tree.strategies import sessions

from reenact.events import FORMAT, Event, Header, bodies, decode
from reenact.export import jsonl

HEADER = Header(id="s1", agent="codex", native_id="n")


def without(secret: str) -> Any:
    def scrub(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: item if name == "call" else scrub(item) for name, item in value.items()}
        if isinstance(value, list):
            return [scrub(item) for item in value]
        return value.replace(secret, "[gone]") if isinstance(value, str) else value

    return scrub


@settings(deadline=None)
@given(sessions())
def test_what_is_exported_raw_reads_back_equal(events: list[Event]) -> None:
    first, *lines = jsonl(events, header=HEADER, scrub=None)
    assert msgspec.json.decode(first) == {"v": FORMAT, "header": msgspec.to_builtins(HEADER)}
    assert [decode(line) for line in lines] == events
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in (first, *lines))


@settings(deadline=None)
@given(sessions())
def test_a_scrub_that_finds_nothing_changes_nothing(events: list[Event]) -> None:
    assert list(jsonl(events, scrub=lambda value: value)) == list(jsonl(events, scrub=None))


def test_secrets_go_and_ids_stay() -> None:
    script = Script()
    script.human("my key is SECRET")
    script.calls("SECRET", value={"command": "echo SECRET"})
    lines = list(jsonl(script.events, header=HEADER, scrub=without("SECRET")))
    assert b"SECRET" not in lines[1]
    assert lines[2].count(b"SECRET") == 1
    body = decode(lines[2]).body
    assert isinstance(body, bodies.ToolCalled)
    assert (body.call, body.input) == ("SECRET", {"command": "echo [gone]"})


def test_a_session_without_a_known_header_says_so() -> None:
    assert msgspec.json.decode(next(jsonl([], scrub=None))) == {"v": FORMAT, "header": None}


def test_events_of_a_later_format_leave_as_they_came() -> None:
    script = Script()
    raw = {"kind": "future.thing", "words": "SECRET"}
    script.add(bodies.Unknown(name="future.thing", raw=raw, foreign=True))
    _, line = jsonl(script.events, scrub=None)
    assert msgspec.json.decode(line)["body"] == raw
    _, line = jsonl(script.events, scrub=without("SECRET"))
    assert msgspec.json.decode(line)["body"] == {**raw, "words": "[gone]"}

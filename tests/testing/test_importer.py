"""The harness passes what is right, and finds what is not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tests.ingest.machines import DATA

from reenact.archive import SOURCES
from reenact.sources import Line, Parsed, Parser, Setting, Source, claude_code, codex
from reenact.sources.claude_code.source import ClaudeCode
from reenact.testing import FixtureMismatchError, check, describe


@pytest.fixture
def fixture(tmp_path: Path) -> Path:
    (path,) = (DATA / "claude-2.1.329" / "plain" / ".claude").rglob("*.jsonl")
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    return copy


def test_what_was_generated_is_as_expected_until_something_changes(fixture: Path) -> None:
    with pytest.raises(FixtureMismatchError, match="nothing is expected"):
        check(claude_code.SOURCE, fixture)
    check(claude_code.SOURCE, fixture, generate=True)
    check(claude_code.SOURCE, fixture)
    expected = fixture.with_name(f"{fixture.name}.expected.jsonl")
    expected.write_text(expected.read_text().replace("message.assistant", "message.oracle", 1))
    with pytest.raises(FixtureMismatchError, match=r"became something else:(.|\n)*message\.oracle"):
        check(claude_code.SOURCE, fixture)


def test_a_description_tells_sums_and_events_and_nothing_of_the_import(fixture: Path) -> None:
    header, *events = map(json.loads, describe(claude_code.SOURCE, fixture))
    assert header["turns"] >= 1
    assert header["usage"]["output"] > 0
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert not {"recorded_at", "origin"} & {name for event in events for name in event}


def test_a_fixture_of_another_agent_is_not_found(fixture: Path) -> None:
    with pytest.raises(FixtureMismatchError, match="codex found nothing"):
        describe(codex.SOURCE, fixture)


class Looking(Parser):
    """A parser that says other things once a later line was seen: it breaks the law of prefixes."""

    def __init__(self, setting: Setting) -> None:
        self._real = claude_code.SOURCE.parser(setting)
        self._lines = 0

    def feed(self, line: Line) -> Parsed:
        self._lines += 1
        parsed = self._real.feed(line)
        if self._lines == 3:  # every parser that comes after says something else of the same line
            Looking.seen += 1
            drafts = tuple(
                msgspec.structs.replace(d, record=f"{d.record}{Looking.seen}") for d in parsed.drafts
            )
            return msgspec.structs.replace(parsed, drafts=drafts)
        return parsed

    seen = 0


class Lawless(ClaudeCode):
    def parser(self, setting: Setting) -> Parser:
        return Looking(setting)


def test_a_source_that_breaks_a_law_is_found(fixture: Path) -> None:
    with pytest.raises(FixtureMismatchError, match=r"twice|first"):
        check(Lawless(), fixture, generate=True)


def test_it_is_a_command(fixture: Path) -> None:
    words = [sys.executable, "-m", "reenact.testing", "reenact.sources.claude_code:SOURCE", str(fixture)]
    missing = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (missing.returncode, "hint: generate it" in missing.stderr) == (1, True)
    written = subprocess.run([*words, "--generate"], capture_output=True, text=True, check=True)
    assert written.stdout.startswith("written: ")
    again = subprocess.run(words, capture_output=True, text=True, check=True)
    assert again.stdout.startswith("as expected: ")


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.agent)
def test_every_bundled_source_is_one_that_the_harness_can_ask(source: Source, tmp_path: Path) -> None:
    with pytest.raises(FixtureMismatchError, match="found nothing"):
        describe(source, tmp_path)

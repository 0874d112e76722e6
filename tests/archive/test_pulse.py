"""Who is at work: lists, filters, `is:live` and JSON say the same of a session."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.ingest.following import ONE, TWO, claude_session, rows, transcript
from tests.ingest.machines import opened
from tests.sources.test_live import registered

from reenact.archive import Archive
from reenact.clock import ManualClock
from reenact.events import Header, bodies
from reenact.ids import CountingMinter
from reenact.recorder import Recorder
from reenact.store import Filter

LATER = 4 * 365 * 86_400_000_000
"""From the test clock's 2023 to after what the transcripts tell."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    (home / ".claude" / "projects").mkdir(parents=True)
    transcript(home, ONE).write_bytes(rows(ONE, [1, 2]))
    transcript(home, TWO).write_bytes(rows(TWO, [1, 2, 3]))
    return home


def states(archive: Archive, query: str = "", status: str | None = None) -> dict[str, str]:
    return {row.native_id: row.status for row in archive.standing(Filter(status=status), query)}


def test_without_signs_last_words_and_time_tell(tmp_path: Path, home: Path) -> None:
    with opened(tmp_path / "archive", home) as archive:
        archive.catch_up()
        assert isinstance(archive.clock, ManualClock)
        archive.clock.advance(LATER)
        assert states(archive) == {ONE: "completed", TWO: "stale"}


@pytest.mark.parametrize(("told", "status"), [("busy", "working"), ("waiting", "waiting"), ("idle", "idle")])
def test_the_agents_own_register_counts(tmp_path: Path, home: Path, told: str, status: str) -> None:
    registered(home, sessionId=ONE, status=told)
    with opened(tmp_path / "archive", home) as archive:
        archive.catch_up()
        assert states(archive) == {ONE: status, TWO: "stale"}
        assert states(archive, "is:live") == {ONE: status}
        assert states(archive, "-is:live") == {TWO: "stale"}
        assert states(archive, status=status) == {ONE: status}
        assert states(archive, status="stale") == {TWO: "stale"}
        assert states(archive, status="completed") == {}
        assert {hit.session for hit in archive.search("line is:live")} == {claude_session(ONE)}
        assert {hit.session for hit in archive.search("line is:live", scan=True)} == {claude_session(ONE)}


def test_a_look_counts_for_a_second(tmp_path: Path, home: Path) -> None:
    with opened(tmp_path / "archive", home) as archive:
        archive.catch_up()
        assert states(archive)[ONE] == "completed"
        registered(home, sessionId=ONE)
        assert isinstance(archive.clock, ManualClock)
        archive.clock.advance(2_000_000)
        assert states(archive)[ONE] == "working"


def test_what_we_record_works_until_its_writer_is_gone(tmp_path: Path, home: Path) -> None:
    with opened(tmp_path / "archive", home) as archive:
        header = Header(id="rec1", agent="my-agent", native_id="rec1")
        recorder = Recorder(
            archive.store, header, clock=archive.clock, minter=CountingMinter("e"), scrub=lambda value: value
        )
        recorder.record(bodies.SessionStarted(task="try"))
        archive.store.catch_up()
        assert states(archive)["rec1"] == "working"
        recorder.record(bodies.PermissionAsked(call="c", tool="Bash"))
        archive.store.catch_up()
        assert states(archive)["rec1"] == "waiting"
        recorder.record(bodies.PermissionAnswered(granted=True, call="c"))
        archive.store.catch_up()
        assert states(archive)["rec1"] == "working"
        recorder.record(bodies.ToolCalled(call="q", name="AskUserQuestion", input={}))
        archive.store.catch_up()
        assert states(archive)["rec1"] == "waiting"
        recorder.record(bodies.ToolFinished(call="q", ok=True))
        recorder.record(bodies.SessionEnded())
        recorder.close()
        archive.store.catch_up()
        assert states(archive)["rec1"] == "completed"


def test_list_tells_it_as_json_and_filters_by_it(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from reenact.cli import main

    registered(home, sessionId=ONE, status="waiting")
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "REENACT_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("REENACT_HOME", str(tmp_path / "archive"))
    with pytest.raises(SystemExit) as left:
        main(["list", "--json", "--status", "waiting"])
    assert left.value.code == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(row["native_id"], row["status"]) for row in listed["sessions"]] == [(ONE, "waiting")]

"""One session's events: numbered, stamped, scrubbed, on disk, and never an exception for the agent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reenact.archive import Archive, open_archive
from reenact.clock import ManualClock
from reenact.errors import ArchiveError
from reenact.events import Header, blocks
from reenact.events.bodies import ModelFailed, SessionNote, UserMessage
from reenact.ids import CountingMinter
from reenact.recorder import Recorder

SECRET = "sk-ant-api03-" + "Ab1" * 30
HEADER = Header(id="session", agent="mine", native_id="session")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    variables = {"HOME": str(tmp_path / "home"), "TZ": "UTC"}
    with open_archive(tmp_path / "archive", variables=variables, clock=ManualClock(step=5)) as opened:
        yield opened


def recorder(archive: Archive) -> Recorder:
    return Recorder(
        archive.store,
        HEADER,
        clock=archive.clock,
        minter=CountingMinter(),
        scrub=archive.guard.value,
    )


def recorded(archive: Archive) -> list[Any]:
    archive.store.catch_up()
    return list(archive.store.events("session"))


def test_events_are_numbered_stamped_and_there_at_once(archive: Archive) -> None:
    writing = recorder(archive)
    writing.record(SessionNote(text="one"))
    assert [event.body.text for event in recorded(archive)] == ["one"]
    writing.record(SessionNote(text="two"), ts=7, turn="t", lane="l", parent="p", completeness="partial")
    writing.close()
    one, two = recorded(archive)
    assert (one.seq, two.seq) == (1, 2)
    assert one.ts == one.recorded_at < two.recorded_at
    assert (two.ts, two.turn, two.lane, two.parent, two.completeness) == (7, "t", "l", "p", "partial")


def test_a_session_goes_on_where_it_was_left(archive: Archive) -> None:
    for number in range(3):
        writing = recorder(archive)
        writing.record(SessionNote(text=str(number)))
        writing.close()
    assert [(event.seq, event.body.text) for event in recorded(archive)] == [(1, "0"), (2, "1"), (3, "2")]


def test_secrets_are_gone_before_the_disk_is_touched(archive: Archive, tmp_path: Path) -> None:
    writing = recorder(archive)
    writing.record(UserMessage(blocks=(blocks.Text(text=f"my key is {SECRET}"),)))
    writing.close()
    for path in (tmp_path / "archive").rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes()
    assert "[redacted:" in recorded(archive)[0].body.blocks[0].text


def test_what_is_recorded_together_is_scrubbed_and_written_in_order(archive: Archive) -> None:
    writing = recorder(archive)
    told = writing.record_all([SessionNote(text="one"), SessionNote(text=f"my key is {SECRET}")], turn="t")
    writing.close()
    one, two = recorded(archive)
    assert [one, two] == told
    assert (one.seq, two.seq, one.turn, two.turn) == (1, 2, "t", "t")
    assert one.body.text == "one"
    assert "[redacted:" in two.body.text
    assert writing.record_all([]) == []


def test_one_that_cannot_be_written_takes_no_other_with_it(archive: Archive) -> None:
    writing = recorder(archive)
    never: Any = ModelFailed(exchange=5, error=object())  # type: ignore[arg-type]  # agents hand over anything
    told = writing.record_all([SessionNote(text="one"), never, SessionNote(text="two")])
    writing.close()
    assert [(event.seq, event.body.text) for event in recorded(archive)] == [(1, "one"), (2, "two")]
    assert recorded(archive) == told
    assert writing.lost == 1
    assert writing.degraded


def test_threads_may_record_side_by_side(archive: Archive) -> None:
    writing = recorder(archive)
    threads = [
        threading.Thread(target=lambda: [writing.record(SessionNote(text="x")) for _ in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writing.close()
    assert [event.seq for event in recorded(archive)] == list(range(1, 201))


def test_a_disk_that_fails_is_told_and_never_raised(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = recorder(archive)
    writing.record(SessionNote(text="kept"))
    assert writing._writer is not None

    def fail(*_: object) -> None:
        raise ArchiveError("the disk is full")

    monkeypatch.setattr(writing._writer, "append", fail)
    monkeypatch.setattr(archive.store, "put_blob", fail)
    assert writing.record(SessionNote(text="lost")) is None
    assert writing.put(b"lost") is None
    assert (writing.lost, writing.degraded) == (1, "the disk is full")
    monkeypatch.undo()
    assert writing.record(SessionNote(text="kept again")) is not None
    writing.close()
    assert [event.body.text for event in recorded(archive)] == ["kept", "kept again"]


def test_a_session_that_somebody_else_writes_degrades(archive: Archive) -> None:
    first = recorder(archive)
    second = recorder(archive)
    assert second.degraded is not None
    assert second.record(SessionNote(text="x")) is None
    assert second.lost == 1
    second.close()
    first.close()


def test_ten_thousand_events_are_numbered_without_a_gap(archive: Archive) -> None:
    """S4-43."""
    writing = recorder(archive)
    for _ in range(10_000):
        writing.record(SessionNote(text="x"))
    writing.close()
    assert [event.seq for event in recorded(archive)] == list(range(1, 10_001))


def test_one_that_rests_goes_on_where_the_session_then_is(archive: Archive) -> None:
    writing = recorder(archive)
    writing.record(SessionNote(text="one"))
    writing.rest()
    assert writing.is_resting
    other = recorder(archive)
    other.record(SessionNote(text="two"))
    assert writing.record(SessionNote(text="lost")) is None
    assert "another process" in str(writing.cause)
    other.close()
    kept = writing.record(SessionNote(text="three"))
    assert kept is not None
    assert (kept.seq, writing.is_resting, writing.lost) == (3, False, 1)
    assert [event.body.text for event in recorded(archive)] == ["one", "two", "three"]


def test_a_witness_has_every_event_before_record_returns(archive: Archive) -> None:
    writing = recorder(archive)
    seen: list[int] = []
    writing.witness = lambda event: seen.append(event.seq)
    threads = [
        threading.Thread(target=lambda: [writing.record(SessionNote(text="x")) for _ in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == list(range(1, 201))

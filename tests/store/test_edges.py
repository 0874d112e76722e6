"""The rarest branches of recovery, each by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from tests.store.builders import FlatPricer, derive, event, header, keep, key, line, prompt

from reenact.clock import ManualClock
from reenact.errors import ArchiveBusyError, ReadOnlyArchiveError
from reenact.events import bodies
from reenact.store import Filter, LocalStore, layout, lock, open_store, segment
from reenact.store.journal import Journal, Note
from reenact.store.lock import locked, occupied

ALL = Filter()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def store(root: Path) -> Iterator[LocalStore]:
    store = open_store(root, clock=ManualClock(), pricer=FlatPricer())
    yield store
    store.close()


def test_a_journal_for_reading_takes_no_notes(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl", read_only=True)
    with pytest.raises(ReadOnlyArchiveError):
        journal.append([Note(op="remove", id="s1")])
    assert journal.removed() == {}


def test_a_file_that_cannot_be_finished_leaves_no_part_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "file"
    layout.write_file(target, b"old")

    def fail(handle: int, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(layout, "write_all", fail)
    with pytest.raises(OSError, match="No space"):
        layout.write_file(target, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert target.read_bytes() == b"old"


def test_a_folder_that_was_deleted_while_one_waited_for_it_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    real = lock.acquire
    calls: list[Path] = []

    def delete_first(handle: int, path: Path, *, wait: float = 0.0) -> None:
        calls.append(path)
        if len(calls) == 1:
            path.rmdir()
        real(handle, path, wait=wait)

    monkeypatch.setattr(lock, "acquire", delete_first)
    with occupied(folder):
        assert folder.is_dir()
    assert len(calls) == 2


def test_a_folder_that_vanishes_before_it_is_opened_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    real = layout.make_directory
    calls: list[Path] = []

    def make(path: Path) -> None:
        calls.append(path)
        if len(calls) > 1:
            real(path)

    monkeypatch.setattr(lock, "make_directory", make)
    with occupied(folder):
        assert folder.is_dir()
    assert len(calls) == 2


def test_a_lock_that_stays_held_is_said_after_a_wait(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path), pytest.raises(ArchiveBusyError), locked(path, wait=0.05):
        pass


def test_the_sidecar_alone_of_an_empty_transcript_is_kept(store: LocalStore) -> None:
    kept = keep(store, "one", b"", sidecars={"meta": b"{}"})
    assert (kept.generation, kept.change) == (0, "new")
    assert store.sidecars(kept.original) == {"meta": b"{}"}
    assert store.place("/logs/one.jsonl") is not None
    assert keep(store, "one", b"first\n").change == "rewritten"
    with store.open_original(kept.original, 1) as stream:
        assert stream.read() == b"first\n"


def test_a_moved_transcript_is_shown_at_its_new_place(store: LocalStore) -> None:
    derive(store, "one", [(header("s1"), line("s1", prompt("x")))])
    keep(store, "one", b"one\n", path="/moved/one.jsonl")
    assert store.sessions(ALL)[0].source_path == "/moved/one.jsonl"


def test_hundreds_of_places_are_written_without_a_derivation(root: Path) -> None:
    store = open_store(root, clock=ManualClock(), pricer=FlatPricer())
    for number in range(260):
        keep(store, "one", b"same\n", path=f"/logs/{number}.jsonl")
    reader = apsw.Connection(str(root / "cache" / "core.db"))
    written = reader.execute("SELECT count(*) FROM place").fetchone()
    reader.close()
    assert written is not None
    assert 256 <= int(str(written[0])) < 260
    store.close()


def test_of_a_generation_cut_by_the_machine_whole_chunks_stay(store: LocalStore, root: Path) -> None:
    content = os.urandom(9_000_000)
    keep(store, "one", content[:8_600_000])
    keep(store, "one", content)
    (data,) = root.glob("originals/*/*/*/1.zst")
    with data.open("r+b") as handle:
        handle.truncate(data.stat().st_size - 10)  # the last of two frames in the last chunk
    kept = keep(store, "one", content)
    assert kept.change == "appended"
    with store.open_original(key("one").id, 1) as stream:
        assert stream.read() == content
    assert list(store.verify()) == []


def test_a_session_whose_every_segment_is_unreadable_is_left_out(store: LocalStore, root: Path) -> None:
    writing = store.writer(header("s1"))
    writing.append(event("s1", 1, bodies.SessionEnded()))
    writing.close()
    store.seal(idle_before=0)
    store.catch_up()
    (sealed,) = root.glob("sealed/*")
    sealed.unlink()
    (root / "sealed" / "s1-2.jsonl.zst").write_bytes(b"no table here")
    store.catch_up()
    assert store.sessions(ALL) == []


def test_a_second_segment_without_its_table_costs_only_itself(store: LocalStore, root: Path) -> None:
    for seq in (1, 2):
        writing = store.writer(header("s1"))
        writing.append(event("s1", seq, bodies.SessionEnded()))
        writing.close()
        store.seal(idle_before=0)
    (root / "sealed" / "s1-2.jsonl.zst").write_bytes(b"no table here")
    store.catch_up()
    assert [found.seq for found in store.events("s1")] == [1]


def test_nothing_is_sealed_into_nothing(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl.zst"
    segment.write_sealed(path, [], last=0)
    table = segment.read_table(path)
    assert (table.length, list(segment.read_sealed(path, table))) == (0, [])


def test_a_segment_that_is_sealed_just_before_it_is_read_loses_nothing(
    store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [event("s1", 1, prompt("x")), event("s1", 2, bodies.SessionEnded())]
    writing = store.writer(header("s1"))
    for each in made:
        writing.append(each)
    writing.close()
    store.catch_up()
    other = open_store(root, clock=ManualClock(), pricer=FlatPricer())
    real = segment.sealed_path

    def seal_then_go_on(where: layout.Layout, session: str, number: int) -> Path:
        monkeypatch.undo()
        path = real(where, session, number)
        assert other.seal(idle_before=0) == 1
        going_on = other.writer(header("s1"))
        going_on.append(event("s1", 3, prompt("in the next segment")))
        going_on.close()
        return path

    monkeypatch.setattr(segment, "sealed_path", seal_then_go_on)
    assert list(store.events("s1")) == made
    other.close()

"""What a killed writer, a full disk or a careless hand leaves behind, and that nothing more is lost than that."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.store.builders import FlatPricer, answer, derive, event, header, line, prompt, usage

from reenact.clock import ManualClock
from reenact.errors import ArchiveBusyError, ArchiveError, CorruptRecordError
from reenact.events import Event, bodies, encode_record
from reenact.store import Filter, LocalStore, open_store, recorded, segment, writer
from reenact.store.layout import Layout

ALL = Filter()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def store(root: Path) -> Iterator[LocalStore]:
    store = open_store(root, clock=ManualClock(), pricer=FlatPricer())
    yield store
    store.close()


def record(store: LocalStore, *made: Event, session: str = "s1") -> None:
    writing = store.writer(header(session))
    for each in made:
        writing.append(each)
    writing.close()


def live(root: Path) -> Path:
    return root / "live" / "s1.jsonl"


def damages(store: LocalStore, severity: str = "lost") -> list[str]:
    return [damage.reason for damage in store.verify() if damage.severity == severity]


MADE = line("s1", prompt("one"), answer("two ünïcode"), usage("k1"))


def test_a_record_torn_at_any_byte_loses_only_itself(store: LocalStore, root: Path) -> None:
    record(store, *MADE)
    whole = live(root).read_bytes()
    last = encode_record(event("s1", 4, prompt("torn")))
    for cut in range(1, len(last) - 1):
        live(root).write_bytes(whole + last[:cut])
        store.catch_up()
        assert list(store.events("s1")) == MADE
        writing = store.writer(header("s1"))
        assert writing.last == 3
        writing.close()
        torn = live(root).with_name("s1.jsonl.torn")
        assert live(root).read_bytes() == whole
        assert torn.read_bytes() == last[:cut] + b"\n"
        torn.unlink()


def test_a_whole_record_that_lacks_its_line_end_is_kept(store: LocalStore, root: Path) -> None:
    record(store, *MADE)
    live(root).write_bytes(live(root).read_bytes().rstrip(b"\n"))
    writing = store.writer(header("s1"))
    assert writing.last == 3
    writing.append(event("s1", 4, prompt("next")))
    writing.close()
    store.catch_up()
    assert [found.seq for found in store.events("s1")] == [1, 2, 3, 4]
    assert not live(root).with_name("s1.jsonl.torn").exists()


@pytest.mark.parametrize("cut", [0, 1, 30, -1], ids=["empty", "one", "some", "all-but-line-end"])
def test_an_opening_line_torn_at_any_byte_is_written_again(store: LocalStore, root: Path, cut: int) -> None:
    record(store)
    whole = live(root).read_bytes()
    live(root).write_bytes(whole[:cut])
    record(store, *MADE)
    store.catch_up()
    assert list(store.events("s1")) == MADE
    assert live(root).read_bytes().startswith(whole)


def test_garbage_in_the_middle_is_passed_over_and_told(store: LocalStore, root: Path) -> None:
    record(store, *MADE)
    first, *rest = live(root).read_bytes().splitlines(keepends=True)
    live(root).write_bytes(
        b"".join([first, rest[0], b"\x00\x00garbage\n", rest[1][:-4] + b'00"}\n', rest[2]])
    )
    store.catch_up()
    assert [found.seq for found in store.events("s1")] == [1, 3]
    assert damages(store) == ["the line is damaged"] * 2
    writing = store.writer(header("s1"))
    assert writing.last == 3
    writing.close()


def test_a_file_without_a_readable_line_is_gone_on_with(store: LocalStore, root: Path) -> None:
    record(store)
    live(root).write_bytes(b"\x00" * 100 + b"\n")
    record(store, *MADE)
    store.catch_up()
    assert list(store.events("s1")) == MADE
    (row,) = store.sessions(ALL)
    assert (row.agent, row.native_id) == ("unknown", "s1")


def test_an_unreadable_first_line_and_no_line_end_is_not_indexed_yet(store: LocalStore, root: Path) -> None:
    live(root).parent.mkdir(parents=True, exist_ok=True)
    live(root).write_bytes(b"half a li")
    store.catch_up()
    assert store.sessions(ALL) == []
    assert damages(store, "note") == ["its last line is unfinished"]


def test_a_very_long_record_is_found_from_behind(store: LocalStore, root: Path) -> None:
    long = event("s1", 1, prompt("x" * 3_000_000))
    record(store, long)
    with live(root).open("ab") as handle:
        handle.write(b"{" * 2_500_000)
    writing = store.writer(header("s1"))
    assert writing.last == 1
    writing.close()
    store.catch_up()
    assert list(store.events("s1")) == [long]


def test_a_segment_that_shrank_is_read_again(store: LocalStore, root: Path) -> None:
    record(store, *MADE)
    store.catch_up()
    lines = live(root).read_bytes().splitlines(keepends=True)
    with live(root).open("r+b") as handle:
        handle.truncate(len(lines[0] + lines[1]))
    store.catch_up()
    assert list(store.events("s1")) == MADE[:1]
    assert list(store.entries(ALL)) == []


def test_a_segment_that_was_replaced_is_read_again(store: LocalStore, root: Path) -> None:
    record(store, *MADE)
    store.catch_up()
    other = [event("s1", seq, prompt("another text, longer than the first")) for seq in range(1, 9)]
    live(root).rename(root / "old")
    record(store, *other)
    store.catch_up()
    assert list(store.events("s1")) == other


def test_a_segment_that_vanished_takes_its_session_along(store: LocalStore, root: Path) -> None:
    record(store, *MADE)
    store.catch_up()
    live(root).unlink()
    assert list(store.events("s1")) == []
    store.catch_up()
    assert store.sessions(ALL) == []


def test_an_index_that_is_newer_than_the_files_follows_them_back(store: LocalStore, root: Path) -> None:
    record(store, *MADE)
    store.catch_up()
    record(store, event("s1", 4, prompt("x")))
    store.catch_up()
    live(root).write_bytes(b"")
    store.catch_up()
    assert store.sessions(ALL) == []
    record(store, *MADE)
    store.catch_up()
    assert list(store.events("s1")) == MADE


def test_events_of_other_sessions_and_repeated_ones_are_not_taken(store: LocalStore, root: Path) -> None:
    record(store, *MADE)
    with live(root).open("ab") as handle:
        handle.write(encode_record(event("s2", 4, prompt("stranger"))))
        handle.write(encode_record(MADE[2]))
    store.catch_up()
    assert list(store.events("s1")) == MADE


# -- full disks ---------------------------------------------------------------------------------


def test_a_short_write_is_taken_back(store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writing = store.writer(header("s1"))
    writing.append(MADE[0])
    before = live(root).read_bytes()
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, data[: len(data) // 2]))
    with pytest.raises(ArchiveError, match="took"):
        writing.append(MADE[1])
    monkeypatch.undo()
    assert live(root).read_bytes() == before
    writing.append(MADE[1])
    writing.close()
    store.catch_up()
    assert list(store.events("s1")) == MADE[:2]


def test_a_file_size_limit_is_an_error_and_leaves_a_clean_file(root: Path) -> None:
    child = os.fork()
    if child == 0:  # the limit stays in the child
        status = 1
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            store = open_store(root, clock=ManualClock(), pricer=FlatPricer())
            writing = store.writer(header("s1"))
            writing.append(MADE[0])
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
            try:
                for seq in range(2, 100):
                    writing.append(event("s1", seq, prompt("x" * 500)))
            except ArchiveError:
                status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert 0 < live(root).stat().st_size <= 4096
    assert live(root).read_bytes().endswith(b'"}\n')


def test_a_write_that_fails_is_an_error(
    store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = store.writer(header("s1"))

    def fail(handle: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(ArchiveError, match="No space left"):
        writing.append(MADE[0])
    monkeypatch.undo()
    writing.append(MADE[0])
    writing.close()
    assert damages(store) == []


def test_a_writer_that_cannot_begin_leaves_no_lock(
    store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(handle: int, path: Path) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(writer, "recover", fail)
    with pytest.raises(OSError, match="Input"):
        store.writer(header("s1"))
    monkeypatch.undo()
    store.writer(header("s1")).close()


# -- sealing ------------------------------------------------------------------------------------


def sealed(root: Path, number: int = 1) -> Path:
    return root / "sealed" / f"s1-{number}.jsonl.zst"


ENDED = [*MADE, event("s1", 4, bodies.SessionEnded())]


def test_only_ended_and_idle_sessions_are_sealed(store: LocalStore, root: Path) -> None:
    record(store, *MADE)
    record(store, event("s2", 1, bodies.SessionEnded()), session="s2")
    record(store, session="s3")
    busy = store.writer(header("s4"))
    assert store.seal(idle_before=0) == 1
    assert {path.stem for path in (root / "live").iterdir()} == {"s1", "s3", "s4"}
    os.utime(live(root), (1, 1))
    assert store.seal(idle_before=2_000_000) == 1
    assert store.seal(idle_before=2**62) == 1
    busy.close()
    assert sealed(root).exists()


def test_a_seal_that_was_cut_after_the_sealed_file_is_finished_later(store: LocalStore, root: Path) -> None:
    record(store, *ENDED)
    content = live(root).read_bytes()
    store.seal(idle_before=0)
    live(root).write_bytes(content)
    store.catch_up()
    assert list(store.events("s1")) == ENDED
    assert store.seal(idle_before=0) == 1
    assert not live(root).exists()
    assert list(store.events("s1")) == ENDED
    live(root).write_bytes(content)
    record(store, event("s1", 5, prompt("goes on")))
    store.catch_up()
    assert [found.seq for found in store.events("s1")] == [1, 2, 3, 4, 5]
    assert damages(store) == []


def test_a_live_segment_that_holds_more_than_the_sealed_one_wins(store: LocalStore, root: Path) -> None:
    record(store, *ENDED)
    content = live(root).read_bytes()
    store.seal(idle_before=0)
    more = event("s1", 5, prompt("more"))
    live(root).write_bytes(content + encode_record(more))
    writing = store.writer(header("s1"))
    assert writing.last == 5
    writing.close()
    store.catch_up()
    assert list(store.events("s1")) == [*ENDED, more]
    assert not sealed(root).exists()


def test_lines_that_came_just_before_sealing_are_not_missed(store: LocalStore, root: Path) -> None:
    record(store, *MADE)
    store.catch_up()
    record(store, ENDED[3])
    store.seal(idle_before=0)
    store.catch_up()
    assert list(store.events("s1")) == ENDED
    store.catch_up()
    assert list(store.events("s1")) == ENDED


def test_garbage_is_sealed_as_it_is(store: LocalStore, root: Path) -> None:
    record(store, *MADE)
    with live(root).open("ab") as handle:
        handle.write(b"garbage\n" + encode_record(ENDED[3]) + b"torn")
    content = live(root).read_bytes()
    store.seal(idle_before=0)
    table = segment.read_table(sealed(root))
    assert b"".join(segment.read_sealed(sealed(root), table)) + b"torn" == content
    store.catch_up()
    assert list(store.events("s1")) == ENDED


def test_a_sealed_segment_without_an_opening_line_gets_the_next_number(store: LocalStore, root: Path) -> None:
    record(store, *ENDED)
    lines = live(root).read_bytes().splitlines(keepends=True)
    live(root).write_bytes(b"damaged\n" + b"".join(lines[1:]))
    assert store.seal(idle_before=0) == 1
    store.catch_up()
    assert list(store.events("s1")) == ENDED


def test_a_damaged_frame_costs_its_events_and_no_others(store: LocalStore, root: Path) -> None:
    made = [event("s1", seq, prompt(f"{seq} " + "y" * 2000)) for seq in range(1, 400)]
    record(store, *made, event("s1", 400, bodies.SessionEnded()))
    store.seal(idle_before=0)
    table = segment.read_table(sealed(root))
    assert len(table.frames) > 2
    data = bytearray(sealed(root).read_bytes())
    data[table.frames[1].at + 100] ^= 0xFF
    sealed(root).write_bytes(bytes(data))
    store.catch_up()
    seqs = [found.seq for found in store.events("s1")]
    missing = set(range(1, 401)) - set(seqs)
    assert seqs[0] == 1
    assert seqs[-1] == 400
    assert 50 < len(missing) < 200
    assert len(damages(store)) == 1


def test_a_frame_that_claims_to_hold_far_more_costs_its_events(store: LocalStore, root: Path) -> None:
    record(store, *ENDED)
    store.seal(idle_before=0)
    data = bytearray(sealed(root).read_bytes())
    data[4:13] = b"\xe0" + (2**40).to_bytes(8, "little")
    sealed(root).write_bytes(bytes(data))
    store.catch_up()
    assert list(store.events("s1")) == []
    assert len(damages(store)) == 1


def test_a_table_that_claims_lengths_that_cannot_be_is_told(root: Path) -> None:
    path = root / "x"
    root.mkdir()
    frame = segment.Sealed(offset=0, length=2**40, at=0, packed=100, crc=0)
    table = msgspec.json.encode(segment.Table(last=1, frames=(frame,)))
    path.write_bytes(b"x" * 100 + table + segment._END.pack(len(table), segment._MAGIC))
    with pytest.raises(CorruptRecordError, match="cannot be right"):
        segment.read_table(path)


@pytest.mark.parametrize(
    ("keep", "reason"),
    [(4, "it is too short"), (-1, "its table is missing"), (60, "its table is missing")],
)
def test_a_sealed_segment_without_its_table_is_told(
    store: LocalStore, root: Path, keep: int, reason: str
) -> None:
    record(store, *ENDED)
    store.seal(idle_before=0)
    sealed(root).write_bytes(sealed(root).read_bytes()[:keep])
    with pytest.raises(CorruptRecordError, match=reason):
        segment.read_table(sealed(root))
    store.catch_up()
    assert store.sessions(ALL) == []
    assert damages(store) == [reason]
    assert writer.sealed_end(Layout(root, root / "cache"), "s1") == (1, 0)
    live(root).write_bytes(b"")
    assert store.seal(idle_before=0) == 0


def test_a_table_of_nonsense_is_told(root: Path) -> None:
    path = root / "x"
    root.mkdir()
    path.write_bytes(b"nonsense" + segment._END.pack(8, segment._MAGIC))
    with pytest.raises(CorruptRecordError):
        segment.read_table(path)


def test_a_live_segment_whose_sealed_one_is_damaged_stays(store: LocalStore, root: Path) -> None:
    record(store, *ENDED)
    content = live(root).read_bytes()
    store.seal(idle_before=0)
    sealed(root).write_bytes(b"rubbish")
    live(root).write_bytes(content)
    writing = store.writer(header("s1"))
    assert writing.last == 4
    writing.close()


def test_the_sealed_form_is_what_other_tools_read(store: LocalStore, root: Path) -> None:
    import zstandard

    record(store, *ENDED)
    content = live(root).read_bytes()
    store.seal(idle_before=0)
    with sealed(root).open("rb") as handle:
        reader = zstandard.ZstdDecompressor().stream_reader(handle, read_across_frames=True)
        assert reader.read() == content


def test_what_is_no_segment_is_passed_over(store: LocalStore, root: Path) -> None:
    record(store, *ENDED)
    store.seal(idle_before=0)
    (root / "sealed" / "notes.txt").write_text("mine")
    (root / "live" / "notes.txt").write_text("mine")
    store.catch_up()
    assert list(store.events("s1")) == ENDED
    assert damages(store) == []


def test_a_live_segment_that_holds_nothing_is_not_sealed(store: LocalStore, root: Path) -> None:
    record(store)
    live(root).write_bytes(b"")
    assert store.seal(idle_before=2**62) == 0
    assert not live(root).exists()
    assert not sealed(root).exists()


def test_a_segment_that_vanishes_while_it_is_looked_at_waits_for_the_next_time(
    store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(store, *ENDED)
    real = recorded._header

    def seal_first(pieces: list[recorded.Piece]) -> object:
        found = real(pieces)
        store.seal(idle_before=0)
        return found

    monkeypatch.setattr(recorded, "_header", seal_first)
    store.catch_up()
    monkeypatch.undo()
    store.catch_up()
    assert list(store.events("s1")) == ENDED


def test_tables_of_many_sealed_segments_are_not_all_remembered(store: LocalStore, root: Path) -> None:
    for number in range(70):
        record(store, event(f"t{number}", 1, bodies.SessionEnded()), session=f"t{number}")
    assert store.seal(idle_before=0) == 70
    store.catch_up()
    assert sum(len(list(store.events(f"t{number}"))) for number in range(70)) == 70
    assert len(store._segments._tables) < 70


def test_a_frame_that_is_none_is_one_damaged_line(store: LocalStore, root: Path) -> None:
    record(store, *ENDED)
    store.seal(idle_before=0)
    data = sealed(root).read_bytes()
    sealed(root).write_bytes(b"junk" + data[4:])
    store.catch_up()
    (row,) = store.sessions(ALL)
    assert (row.agent, row.events) == ("unknown", 0)
    assert len(damages(store)) == 1


# -- locks --------------------------------------------------------------------------------------


def test_a_writer_that_waited_while_its_file_was_sealed_opens_the_new_one(
    store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(store, *MADE)
    real = fcntl.flock
    calls: list[int] = []

    def seal_first(handle: int, operation: int) -> None:
        calls.append(handle)
        if len(calls) == 1:
            live(root).unlink()
        real(handle, operation)

    monkeypatch.setattr(fcntl, "flock", seal_first)
    writing = store.writer(header("s1"))
    writing.append(event("s1", 9, prompt("x")))
    writing.close()
    assert len(calls) >= 2
    assert live(root).exists()


def test_sealing_passes_over_what_vanished(store: LocalStore, root: Path) -> None:
    record(store, *ENDED)
    path = live(root)
    path.unlink()
    assert store._segments._seal(path, 2**62) is False


def test_nobody_writes_to_what_is_not_there(root: Path) -> None:
    assert writer.is_written_to(root / "nothing") is False


def test_a_closed_writer_can_be_closed_again(store: LocalStore) -> None:
    writing = store.writer(header("s1"))
    with pytest.raises(ArchiveBusyError):
        store.writer(header("s1"))
    writing.close()
    writing.close()


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "x" * 300, "a\0b", "ä"])
def test_a_session_id_that_could_lead_out_of_the_archive_is_refused(store: LocalStore, name: str) -> None:
    with pytest.raises(ArchiveError):
        store.writer(header(name))
    derive(store, "one", [(header(name), line(name, prompt("x")))])  # in the index it is only a text
    store.remove([name])

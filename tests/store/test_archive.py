"""The archive as a folder: who may write, what survives damage, what is found where."""

from __future__ import annotations

import io
import os
import stat
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import apsw
import pytest
from tests.store.builders import (
    SECOND,
    START,
    FlatPricer,
    derive,
    event,
    header,
    keep,
    key,
    line,
    place,
    prompt,
    usage,
)

from reenact.clock import ManualClock
from reenact.errors import (
    ArchiveBusyError,
    ArchiveError,
    ArchiveTooNewError,
    CorruptRecordError,
    ReadOnlyArchiveError,
)
from reenact.events import AnyBody, blob_hash, bodies
from reenact.store import Derived, Filter, LocalStore, collect, open_store, schema
from reenact.store.layout import read_card
from reenact.store.lock import locked

ALL = Filter()
MADE = [(header("s1"), line("s1", prompt("x"), usage("k1")))]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def store(root: Path) -> Iterator[LocalStore]:
    store = opened(root)
    yield store
    store.close()


def opened(root: Path, **told: object) -> LocalStore:
    told.setdefault("clock", ManualClock())
    told.setdefault("pricer", FlatPricer())
    return open_store(root, **told)  # type: ignore[arg-type]  # each test tells what it is about


def damages(store: LocalStore, *severities: str) -> list[str]:
    wanted = severities or ("lost",)
    return [damage.reason for damage in store.verify() if damage.severity in wanted]


def only(root: Path, pattern: str) -> Path:
    (path,) = root.glob(pattern)
    return path


# -- the folder ---------------------------------------------------------------------------------


def test_only_the_owner_can_read(store: LocalStore, root: Path) -> None:
    derive(store, "one", MADE)
    keep(store, "one", b"one\n", sidecars={"meta": b"{}"})
    writing = store.writer(header("s2"))
    writing.append(event("s2", 1, prompt("x")))
    writing.close()
    store.put_blob(b"blob")
    store.remember_project("/w", "/")
    store.seal(idle_before=2**62)
    store.catch_up()
    for path in [root, *root.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_a_card_is_written_once(root: Path) -> None:
    first = opened(root)
    second = opened(root)
    assert first.card == second.card
    assert first.card is not None
    assert first.card.format == 1
    assert len(first.card.placeholder_key) == 64
    first.close()
    second.close()


def test_a_damaged_card_is_an_error(root: Path) -> None:
    root.mkdir()
    (root / "archive.json").write_text("{")
    with pytest.raises(ArchiveError, match="damaged"):
        opened(root)


def test_a_newer_archive_is_opened_for_reading(root: Path) -> None:
    store = opened(root)
    derive(store, "one", MADE)
    store.close()
    text = (root / "archive.json").read_text().replace('"format":1', '"format":2')
    (root / "archive.json").write_text(text)
    with pytest.raises(ArchiveTooNewError):
        read_card(root / "archive.json")
    store = opened(root)
    assert store.read_only
    assert store.resolve("last") == "s1"
    with pytest.raises(ReadOnlyArchiveError, match="format 2"):
        keep(store, "two", b"x")
    store.close()


def test_an_archive_for_reading_refuses_every_write(root: Path) -> None:
    store = opened(root)
    derive(store, "one", MADE)
    store.close()
    store = opened(root, read_only=True)
    refused = [
        lambda: keep(store, "two", b"x"),
        lambda: store.writer(header("s2")),
        lambda: store.seal(idle_before=0),
        lambda: store.put_blob(b"x"),
        lambda: store.remove(["s1"]),
        lambda: store.readmit(["s1"]),
        store.gc,
    ]
    for write in refused:
        with pytest.raises(ReadOnlyArchiveError):
            write()
    store.remember_project("/w", "/")
    assert store.project_of("/w") is None
    assert store.resolve("last") == "s1"
    store.close()


def test_an_archive_that_is_not_there_can_be_read_as_empty(root: Path, tmp_path: Path) -> None:
    store = opened(root, read_only=True, cache=tmp_path / "cache")
    assert store.sessions(ALL) == []
    assert list(store.originals()) == []
    assert list(store.verify()) == []
    store.close()


# -- the cache ----------------------------------------------------------------------------------


def test_the_cache_may_lie_elsewhere(root: Path, tmp_path: Path) -> None:
    store = opened(root, cache=tmp_path / "elsewhere")
    derive(store, "one", MADE)
    store.close()
    assert (tmp_path / "elsewhere" / "core.db").exists()
    assert not (root / "cache").exists()


def unwritable(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """Makes as if the cache lay on media that cannot be written (tests may run as root)."""
    real = schema.connect

    def connect(path: Path) -> apsw.Connection:
        if path.is_relative_to(root):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(schema, "connect", connect)


def test_a_cache_that_cannot_be_written_is_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = opened(root)
    derive(store, "one", MADE)
    store.close()
    unwritable(monkeypatch, root)
    store = opened(root, read_only=True)
    assert store.resolve("last") == "s1"
    found: list[int] = []
    reading = threading.Thread(target=lambda: found.append(len(store.sessions(ALL))))
    reading.start()
    reading.join()
    assert found == [1]
    store.catch_up()
    with (
        pytest.raises(ReadOnlyArchiveError),
        store.derive(key("one").id, Derived(parser="p", lengths=()), fresh=True),
    ):
        pass
    store.close()


def test_without_a_cache_that_can_be_used_there_is_one_for_this_process(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(root)
    keep(store, "one", b"x")
    store.close()
    for path in (root / "cache").iterdir():
        path.unlink()
    unwritable(monkeypatch, root)
    store = opened(root, read_only=True)
    derive(store, "one", MADE)
    assert store.resolve("last") == "s1"
    folder = store._index.path.parent
    assert folder != root / "cache"
    store.close()
    assert not folder.exists()


@pytest.mark.parametrize("damage", ["text", "pages", "no tables"])
def test_a_damaged_index_is_moved_aside_and_built_again(root: Path, damage: str) -> None:
    store = opened(root)
    derive(store, "one", MADE)
    store.close()
    core = root / "cache" / "core.db"
    if damage == "text":
        core.write_bytes(b"this is no database at all" * 1000)
    elif damage == "pages":
        data = bytearray(core.read_bytes())
        data[100 : 3 * schema.PAGE] = b"\xff" * (3 * schema.PAGE - 100)
        core.write_bytes(bytes(data))
    else:
        schema.delete(core)
        connection = apsw.Connection(str(core))
        connection.execute(f"PRAGMA user_version={schema.SCHEMA}")
        connection.close()
    store = opened(root)
    assert store.sessions(ALL) == []
    derive(store, "one", MADE)
    assert store.resolve("last") == "s1"
    assert damages(store, "lost", "cache") == []
    assert (root / "cache" / "core.db.damaged").exists()
    store.close()


def test_an_index_of_another_schema_is_built_again(root: Path) -> None:
    store = opened(root)
    derive(store, "one", MADE)
    store.close()
    connection = apsw.Connection(str(root / "cache" / "core.db"))
    connection.execute(f"PRAGMA user_version={schema.SCHEMA + 1}")
    connection.close()
    store = opened(root)
    assert store.sessions(ALL) == []
    assert store.derived(key("one").id) is None
    derive(store, "one", MADE)
    assert store.resolve("last") == "s1"
    store.close()


def test_damage_that_appears_later_is_told(store: LocalStore) -> None:
    derive(store, "one", MADE)
    with store._index.writing() as connection:
        connection.execute("UPDATE frame SET data=x'00'")
        connection.execute("UPDATE part SET events=7")
        connection.execute("INSERT INTO part(session, original) VALUES ('s8', 'abc')")
        connection.execute("INSERT INTO original(id, agent, lengths) VALUES ('def', 'agent_a', '[1]')")
        connection.execute("UPDATE original SET lengths='[99]' WHERE id<>'def'")
    found = damages(store, "cache")
    assert len(found) == 5
    assert damages(store) == []


def test_a_frame_with_another_count_is_told(store: LocalStore) -> None:
    derive(store, "one", MADE)
    with store._index.writing() as connection:
        connection.execute("UPDATE frame SET count=3")
    assert len(damages(store, "cache")) == 2


def test_an_index_that_cannot_be_read_is_told(store: LocalStore) -> None:
    with store._index.writing() as connection:
        connection.execute("DROP TABLE original")
    assert damages(store, "cache") == ["no such table: original"]


def test_two_stores_see_each_others_work(root: Path) -> None:
    first, second = opened(root), opened(root)
    derive(first, "one", MADE)
    assert second.resolve("last") == "s1"
    derive(second, "two", [(header("s2"), line("s2", usage("k2"), start=START + 9 * SECOND))])
    assert first.resolve("last") == "s2"
    second.remove(["s2"])
    assert first.is_removed("s2")
    first.close()
    second.close()


def test_a_second_importer_waits_and_then_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = opened(root), opened(root)
    keep(first, "one", b"x")
    made_from = Derived(parser="p", lengths=(1,))
    with first.derive(key("one").id, made_from, fresh=True) as deriving:
        deriving.header(header("s1"))
        with pytest.raises(ArchiveBusyError), second._index.writing(wait=0.0):
            pass
        assert second.sessions(ALL) == []
    assert len(second.sessions(ALL)) == 1
    with locked(root / "cache" / "lock"):
        monkeypatch.setattr(second._index, "writing", partial(second._index.writing, wait=0.0))
        writing = second.writer(header("s7"))
        writing.append(event("s7", 1, prompt("x")))
        writing.close()
        second.catch_up()  # somebody else is at it: the index stays as it is
        assert len(second.sessions(ALL)) == 1
    second.catch_up()
    assert len(second.sessions(ALL)) == 2
    first.close()
    second.close()


def test_other_threads_read_while_one_derives(store: LocalStore) -> None:
    derive(store, "one", MADE)
    found: list[int] = []
    with store.derive(key("one").id, Derived(parser="p", lengths=(1,)), fresh=True) as deriving:
        deriving.header(header("s9"))
        reading = threading.Thread(target=lambda: found.append(len(store.sessions(ALL))))
        reading.start()
        reading.join()
        store.remember_project("/w", "/")
    assert found == [1]
    assert [row.id for row in store.sessions(ALL)] == ["s9"]


def test_events_that_do_not_continue_those_held_are_derived_anew_next_time(store: LocalStore) -> None:
    derive(store, "one", MADE)
    before = store.derived(key("one").id)
    derive(store, "one", [(header("s1"), MADE[0][1][:1])], fresh=False)
    after = store.derived(key("one").id)
    assert before is not None
    assert after is not None
    assert after.parser != before.parser


def test_a_new_price_list_prices_everything_again(root: Path) -> None:
    store = opened(root)
    derive(store, "one", MADE)
    store.close()
    store = opened(root, pricer=FlatPricer("flat-2", 2000))
    assert [entry.cost for entry in store.entries(ALL)] == [15_000]
    store.catch_up()
    assert [entry.cost for entry in store.entries(ALL)] == [30_000]
    assert store.sessions(ALL)[0].own.cost == 30_000
    assert [row.cost for row in store.rollups(ALL)] == [30_000]
    store.close()


def test_lone_surrogates_do_no_harm(store: LocalStore) -> None:
    made: list[AnyBody] = [
        bodies.SessionStarted(cwd="/w/\ud800", model="m\ud800"),
        bodies.SessionTitled(title="t\udfff"),
        bodies.SessionTagged(add=("\ud800",)),
        bodies.ParseWarning(message="bad \ud800"),
    ]
    derive(store, "one", [(header("s1"), line("s1", *made))], unknown={("row\ud800", "1"): 1})
    (row,) = store.sessions(ALL)
    assert row.title == "t?"
    assert list(store.events("s1")) == line("s1", *made)


# -- originals ----------------------------------------------------------------------------------


def test_a_place_whose_bytes_did_not_reach_the_disk_is_kept_again(store: LocalStore, root: Path) -> None:
    content = os.urandom(9_000_000)
    keep(store, "one", content)
    data = only(root, "originals/*/*/*/1.zst")
    with data.open("r+b") as handle:
        handle.truncate(6_000_000)
    assert store.place("/logs/one.jsonl") is None
    assert len(damages(store)) == 1
    kept = keep(store, "one", content)
    assert (kept.generation, kept.change) == (1, "appended")
    assert damages(store) == []
    with store.open_original(kept.original, 1) as stream:
        assert stream.read() == content
    data.unlink()
    assert store.place("/logs/one.jsonl") is None
    keep(store, "one", content)
    assert damages(store) == []


def test_bytes_behind_the_last_frame_are_passed_over(store: LocalStore, root: Path) -> None:
    keep(store, "one", b"first\n")
    with only(root, "originals/*/*/*/1.zst").open("ab") as handle:
        handle.write(b"half a frame")
    assert damages(store) == []
    keep(store, "one", b"first\nsecond\n")
    with store.open_original(key("one").id, 1) as stream:
        assert stream.read() == b"first\nsecond\n"


def test_a_source_that_fails_midway_leaves_what_was_held(store: LocalStore) -> None:
    keep(store, "one", b"x" * 100)

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 5_000_000:
                raise OSError(5, "Input/output error")
            return super().read(size)

    content = b"x" * 100 + b"y" * 9_000_000
    with pytest.raises(OSError, match="Input"):
        store.keep(key("one"), Failing(content), place=place("/p", content))
    with store.open_original(key("one").id, 1) as stream:
        assert stream.read() == b"x" * 100
    assert damages(store) == []
    keep(store, "one", content)
    with store.open_original(key("one").id, 1) as stream:
        assert stream.read() == content


def test_a_grown_file_is_compared_at_its_ends_only(store: LocalStore) -> None:
    content = os.urandom(13_000_000)
    keep(store, "one", content)
    read: list[int] = []

    class Counting(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            read.append(len(data))
            return data

    grown = content + b"more"
    kept = store.keep(key("one"), Counting(grown), place=place("/logs/one.jsonl", grown))
    assert (kept.change, kept.added) == ("appended", 4)
    assert sum(read) < 10_000_000
    for cut in (0, 12_999_999):  # not the same at one of its ends: compared whole, kept as another
        other = bytearray(grown + b"!")
        other[cut] ^= 1
        assert keep(store, "one", bytes(other)).change == "rewritten"
        assert keep(store, "one", grown).change == "unchanged"
    assert damages(store) == []


def test_a_rewrite_takes_over_the_chunks_that_it_shares(store: LocalStore, root: Path) -> None:
    content = os.urandom(13_000_000)
    keep(store, "one", content)
    other = content[:12_800_000] + b"other end"
    assert keep(store, "one", other).generation == 2
    with store.open_original(key("one").id, 2) as stream:
        assert stream.read() == other
    assert damages(store) == []


def test_what_is_damaged_equals_nothing(store: LocalStore, root: Path) -> None:
    content = os.urandom(1000)
    keep(store, "one", content)
    path = only(root, "originals/*/*/*/1.zst")
    data = bytearray(path.read_bytes())
    data[500] ^= 1
    path.write_bytes(bytes(data))
    assert keep(store, "one", content[:900]).generation == 2
    assert len(damages(store)) == 1
    with pytest.raises(CorruptRecordError), store.open_original(key("one").id, 1) as stream:
        stream.read()


def test_a_damaged_manifest_is_told_and_refused(store: LocalStore, root: Path) -> None:
    keep(store, "one", b"x")
    only(root, "originals/*/*/*/manifest.json").write_text("{")
    assert len(damages(store)) == 1
    with pytest.raises(CorruptRecordError):
        keep(store, "one", b"xy")


def test_other_damage_of_originals_is_told(store: LocalStore, root: Path) -> None:
    keep(store, "one", b"x", sidecars={"a": b"1", "b": b"2"})
    first, second = sorted(root.glob("originals/*/*/*/sidecars/*"))
    first.unlink()
    second.write_bytes(b"nonsense")
    only(root, "originals/*/*/*/1.zst").unlink()
    manifest = only(root, "originals/*/*/*/manifest.json")
    keep(store, "two", b"y")
    other = next(path for path in root.glob("originals/*/*/*/manifest.json") if path != manifest)
    other.write_text(other.read_text().replace(blob_hash(b"y")[7:], blob_hash(b"z")[7:], 1))
    (root / "originals" / "agent_a" / "ff" / "ff00").mkdir(parents=True)
    assert len(damages(store)) == 4
    assert damages(store, "note") == ["nothing in it was kept to the end"]


def test_a_sidecar_with_another_content_than_its_name_is_told(store: LocalStore, root: Path) -> None:
    import zstandard

    keep(store, "one", b"x", sidecars={"a": b"1"})
    only(root, "originals/*/*/*/sidecars/*").write_bytes(zstandard.compress(b"2"))
    with pytest.raises(CorruptRecordError):
        store.sidecars(key("one").id)


def test_blobs_that_are_damaged_are_told(store: LocalStore, root: Path) -> None:
    import zstandard

    names = [store.put_blob(b"a"), store.put_blob(b"b")]
    for name, data in zip(names, (b"nonsense", zstandard.compress(b"c")), strict=True):
        only(root, f"blobs/*/{name[7:]}.zst").write_bytes(data)
        with pytest.raises(CorruptRecordError):
            store.blob(name)
    assert len(damages(store)) == 2


@pytest.mark.parametrize("name", ["../../x", "x/y", "", "a" * 30 + "/"])
def test_an_original_id_that_could_lead_out_of_the_archive_is_refused(store: LocalStore, name: str) -> None:
    from reenact.store import OriginalKey

    wrong = OriginalKey(id=name, agent="agent_a", key="k")
    with pytest.raises(ArchiveError):
        store.keep(wrong, io.BytesIO(b"x"), place=place("/p", b"x"))
    with pytest.raises(ArchiveError):
        store.keep(OriginalKey(id="abc", agent="../x", key="k"), io.BytesIO(b"x"), place=place("/p", b"x"))
    assert store.original(name) is None


# -- the journal --------------------------------------------------------------------------------


def test_a_torn_line_of_the_journal_is_passed_over(store: LocalStore, root: Path) -> None:
    derive(store, "one", [(header("s1"), line("s1", prompt("x"))), (header("s2"), line("s2", prompt("x")))])
    store.remove(["s1"])
    with (root / "journal.jsonl").open("ab") as handle:
        handle.write(b'{"op":"remo')
    assert store.is_removed("s1")
    store.remove(["s2"])
    assert store.is_removed("s2")
    assert damages(store, "note") == ["1 line(s) cannot be read"]
    with (root / "journal.jsonl").open("ab") as handle:
        from reenact.store.record import to_line

        handle.write(to_line({"op": "from the future"}))
    assert damages(store, "note") == ["2 line(s) cannot be read"]
    assert store.readmit([]) == 0


def test_a_removal_that_was_cut_after_its_tombstones_is_finished(store: LocalStore, root: Path) -> None:
    from reenact.store.journal import Note

    derive(store, "one", MADE)
    writing = store.writer(header("s2"))
    writing.append(event("s2", 1, usage("k9")))
    writing.close()
    store.catch_up()
    original = key("one").id
    store._journal.append(Note(op="remove", id=name, original=original) for name in ("s1", "s2", original))
    store.catch_up()
    assert (store.sessions(ALL), list(store.entries(ALL))) == ([], [])
    assert store.gc() > 0
    assert not list(root.glob("originals/*/*/*"))
    assert not list(root.glob("live/*"))


# -- collecting ---------------------------------------------------------------------------------


def test_small_frames_are_packed_and_the_former_file_goes(store: LocalStore, root: Path) -> None:
    content = b""
    for number in range(100):
        content += os.urandom(50) + f"{number}\n".encode()
        keep(store, "one", content)
    former = only(root, "originals/*/*/*/1.zst")
    (former.parent / "9.zst.abc.tmp").write_bytes(b"left over")
    store.gc()
    assert [path.name for path in sorted(former.parent.iterdir())] == ["1-1.zst", "manifest.json"]
    assert store.place("/logs/one.jsonl") is None  # compared whole once more
    assert keep(store, "one", content).change == "unchanged"
    assert keep(store, "one", content + b"more").change == "appended"
    with store.open_original(key("one").id, 1) as stream:
        assert stream.read() == content + b"more"
    assert damages(store, "lost", "cache", "note") == []


def test_packing_never_replaces_what_it_cannot_read(store: LocalStore, root: Path) -> None:
    content = b""
    for _ in range(5):
        content += os.urandom(500)
        keep(store, "one", content)
    path = only(root, "originals/*/*/*/1.zst")
    data = bytearray(path.read_bytes())
    data[700] ^= 1
    path.write_bytes(bytes(data))
    store.gc()
    assert path.read_bytes() == bytes(data)
    assert len(damages(store)) == 1


def test_what_a_killed_first_keep_left_goes_after_a_day(root: Path) -> None:
    clock = ManualClock()
    store = opened(root, clock=clock)
    folder = root / "originals" / "agent_a" / "ff" / "ff00"
    folder.mkdir(parents=True)
    os.utime(folder, (clock.now() / 1e6, clock.now() / 1e6))
    store.gc()
    assert folder.exists()
    clock.advance(collect.GRACE + SECOND)
    store.gc()
    assert not folder.exists()
    store.close()


def test_a_blob_goes_when_nothing_names_it_for_a_day(root: Path) -> None:
    clock = ManualClock()
    store = opened(root, clock=clock)
    inner = store.put_blob(b"inner")
    outer = store.put_blob(b"a manifest of " + inner.encode())
    live = store.put_blob(b"named by a live segment")
    loose = store.put_blob(b"loose")
    for name, session in ((outer, "s1"), (live, "s2")):
        writing = store.writer(header(session))
        writing.append(event(session, 1, prompt(f"see {name}")))
        writing.close()
    os.utime(root / "live" / "s1.jsonl", (1, 1))
    assert store.seal(idle_before=SECOND * 2) == 1
    for path in root.glob("blobs/*/*"):
        os.utime(path, (clock.now() / 1e6, clock.now() / 1e6))
    store.gc()
    assert store.blob(loose) == b"loose"
    clock.advance(collect.GRACE + SECOND)
    store.gc()
    assert store.blob(loose) is None
    assert None not in {store.blob(inner), store.blob(outer), store.blob(live)}
    assert store.gc() == 0
    store.sync()
    store.close()


def test_many_changed_originals_are_synced_at_once(store: LocalStore) -> None:
    for number in range(70):
        keep(store, f"t{number}", b"x")
    store.sync()
    keep(store, "t1", b"xy", sidecars={"a": b"1"})
    store.sync()
    assert store.sessions(ALL) == []

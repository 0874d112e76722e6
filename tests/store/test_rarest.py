"""Branches of recovery that only a race, a lying disk or a careless hand can reach."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.store.builders import FlatPricer, derive, event, header, keep, key, line, prompt

from reenact.clock import ManualClock, SystemClock
from reenact.errors import CorruptRecordError
from reenact.events import bodies
from reenact.store import (
    Filter,
    LocalStore,
    collect,
    compare,
    extend,
    manifest,
    open_store,
    originals,
    removal,
    schema,
    segment,
    verify,
)
from reenact.store.kept import KeptStream, unpack_frame
from reenact.store.values import Damage

ALL = Filter()
MADE = [(header("s1"), line("s1", prompt("x")))]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def store(root: Path) -> Iterator[LocalStore]:
    store = opened(root)
    yield store
    store.close()


def opened(root: Path) -> LocalStore:
    return open_store(root, clock=ManualClock(SystemClock().now() + 10 * collect.GRACE), pricer=FlatPricer())


def lost(store: LocalStore) -> list[Damage]:
    return [damage for damage in store.verify() if damage.severity != "note"]


# -- originals ----------------------------------------------------------------------------------


def test_an_original_that_is_removed_while_it_is_looked_at_is_passed_over(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store, "one", b"first\n")
    folder = store._originals.folder(key("one").id)
    assert folder is not None
    (folder / manifest.NAME).unlink()
    monkeypatch.setattr(originals.Originals, "folders", lambda self: iter([folder]))
    assert lost(store) == []
    assert list(store.originals()) == []
    collect._tidy(folder)
    assert manifest.load(folder) is None
    assert removal.delete_original(folder.parent / "nothing") == 0


def test_a_piece_that_is_packed_anew_between_two_looks_is_read_at_its_new_place(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store, "one", b"first\nsecond\n")
    read, gone = unpack_frame, iter([True])

    def unpack(*arguments: Any) -> bytes:
        if next(gone, False):
            raise FileNotFoundError
        return read(*arguments)

    monkeypatch.setattr(originals, "unpack_frame", unpack)
    monkeypatch.setattr(originals, "FRAME", 4)  # a frame of more than the usual size is not kept at hand
    assert store._originals.read(key("one").id, 1, 6, 6) == b"second"
    assert store._originals._recent == {}


def test_a_manifest_that_goes_between_two_looks_at_it_is_none(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store, "one", b"first\n")
    store._originals._manifests.clear()
    monkeypatch.setattr(manifest, "load", lambda folder: None)
    assert store.original(key("one").id) is None


def test_a_generation_that_is_packed_anew_while_it_is_opened_is_found(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for count in range(1, 12):
        keep(store, "one", b"line\n" * count)
    real = originals.Originals.needed

    def pack_after(self: originals.Originals, original: str) -> object:
        found = real(self, original)
        monkeypatch.undo()
        assert store.gc() >= 0
        return found

    monkeypatch.setattr(originals.Originals, "needed", pack_after)
    with store.open_original(key("one").id, 1) as stream:
        assert stream.read() == b"line\n" * 11
    stream.close()


def test_frames_in_another_order_than_they_were_kept_are_told(store: LocalStore) -> None:
    keep(store, "one", b"a\n")
    keep(store, "one", b"a\nb\n")
    folder, found = store._originals.needed(key("one").id)
    (held,) = found.generations
    swapped = manifest.Held(
        number=1, kept_at=held.kept_at, chunks=held.chunks, frames=tuple(reversed(held.frames))
    )
    manifest.save(folder, found.with_generation(swapped))
    assert [damage.reason for damage in lost(store)] == ["the whole is not what was kept"]
    with pytest.raises(CorruptRecordError, match="the whole"):
        collect._packed(folder, swapped)


def test_what_is_appended_behind_a_whole_chunk_begins_the_next(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (collect, compare, extend, originals, verify):
        monkeypatch.setattr(module, "CHUNK", 8)
    for content in (b"12345678", b"12345678abc", b"12345678abcdefgh", b"12345678abcdefgh" + b"x" * 30):
        kept = keep(store, "one", content)
        assert kept.generation == 1
        with store.open_original(kept.original, 1) as stream:
            assert stream.read() == content
    assert lost(store) == []


def test_a_sidecar_that_did_not_change_is_kept_once(store: LocalStore) -> None:
    for content in (b"a\n", b"a\nb\n"):
        kept = keep(store, "one", content, sidecars={"meta": b"{}"})
    assert kept.change == "appended"
    _, found = store._originals.needed(kept.original)
    assert len(found.sidecars) == 1


def test_a_stream_can_be_closed_twice(store: LocalStore) -> None:
    keep(store, "one", b"first\n")
    folder, found = store._originals.needed(key("one").id)
    stream = KeptStream(folder / found.generations[0].file, found.generations[0].frames)
    stream.close()
    stream.close()
    empty = KeptStream(folder / "none", ())
    empty.close()


# -- recorded -----------------------------------------------------------------------------------


def blob_of(root: Path) -> Path:
    (path,) = root.glob("blobs/*/*")
    os.utime(path, (1, 1))
    return path


def test_while_a_segment_cannot_be_read_no_blob_goes(store: LocalStore, root: Path) -> None:
    writing = store.writer(header("s1"))
    writing.append(event("s1", 1, prompt(store.put_blob(b"payload" * 999))))
    writing.append(event("s1", 2, bodies.SessionEnded()))
    writing.close()
    store.seal(idle_before=0)
    sealed = root / "sealed" / "s1-1.jsonl.zst"
    data = sealed.read_bytes()
    table = segment.read_table(sealed)
    for damaged in (b"junk" + data[4:], b"no table"):
        sealed.write_bytes(damaged)
        path = blob_of(root)
        store.gc()
        assert path.exists()
    sealed.unlink()
    store.gc()
    assert not path.exists()
    assert len(table.frames) == 1


def test_a_blob_that_a_writer_wants_at_this_moment_stays(store: LocalStore, root: Path) -> None:
    name = store.put_blob(b"payload" * 999)
    path = blob_of(root)
    store._blobs.drop(path, is_old=lambda aside: False)
    assert store.blob(name) == b"payload" * 999
    path.rename(path.with_name(path.name + ".gone"))  # a drop that was killed in its middle
    assert store.blob(name) is None
    store._blobs.restore()
    assert store.blob(name) == b"payload" * 999


def test_what_vanishes_while_it_is_verified_is_passed_over(
    store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_blob(b"payload" * 999)
    writing = store.writer(header("s1"))
    writing.append(event("s1", 1, bodies.SessionEnded()))
    writing.close()
    pieces, paths = store._segments.pieces(), list(store._blobs.paths())
    (root / "live" / "s1.jsonl").unlink()
    blob_of(root).unlink()
    monkeypatch.setattr(type(store._segments), "pieces", lambda self: pieces)
    monkeypatch.setattr(type(store._blobs), "paths", lambda self: iter(paths))
    assert lost(store) == []


def test_an_unfinished_end_beside_a_segment_is_a_note(store: LocalStore, root: Path) -> None:
    writing = store.writer(header("s1"))
    writing.append(event("s1", 1, prompt("x")))
    writing.close()
    with (root / "live" / "s1.jsonl").open("ab") as handle:
        handle.write(b"half")
    store.writer(header("s1")).close()
    (found,) = store.verify()
    assert (found.severity, Path(found.where).name) == ("note", "s1.jsonl.torn")
    assert Path(found.where).read_bytes() == b"half\n"


def test_a_child_of_another_kind_does_not_hinder_a_removal(store: LocalStore) -> None:
    derive(store, "one", MADE)
    derive(store, "two", [(header("s2", parent="s1"), line("s2", prompt("y")))])
    assert store.remove(["s1"]).sessions == ("s1",)
    assert [row.id for row in store.sessions(ALL)] == ["s2"]


def test_a_removal_of_many_is_one_line_that_a_kill_leaves_whole_or_not_at_all(
    store: LocalStore, root: Path
) -> None:
    derive(store, "one", MADE)
    derive(store, "two", [(header("s2"), line("s2", prompt("y")))])
    store.remove(["s1", "s2"])
    journal = root / "journal.jsonl"
    whole = journal.read_bytes()
    assert whole.count(b"\n") == 1
    for cut in range(len(whole) - 1):
        journal.write_bytes(whole[:cut])
        assert store._journal.removed() == {}
    journal.write_bytes(whole)
    assert set(store._journal.removed()) == {"s1", "s2", key("one").id, key("two").id}
    assert store.readmit(["s1"]) == 1
    assert set(store._journal.removed()) == {"s2", key("two").id}
    assert store.readmit(["nobody"]) == 0


# -- the index ----------------------------------------------------------------------------------


def test_an_index_whose_pages_disagree_is_told(store: LocalStore, root: Path) -> None:
    derive(store, "one", MADE)
    with store._index.writing() as connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            "UPDATE sqlite_schema SET sql=replace(sql, 'id TEXT NOT NULL', 'id TEXT NOT  NULL')"
        )
        connection.execute("CREATE TABLE checked(a CHECK (a > 0))")
        connection.execute("PRAGMA ignore_check_constraints=ON")
        connection.execute("INSERT INTO checked VALUES (-1)")
        connection.execute("PRAGMA ignore_check_constraints=OFF")
    assert [damage.severity for damage in lost(store)] == ["cache"]


def test_an_index_that_another_process_renewed_meanwhile_is_taken_as_it_is(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(root).close()
    schema.delete(root / "cache" / "core.db")
    real = schema.version
    answers = [0, 0]

    def version(connection: apsw.Connection) -> int:
        if answers:
            if not answers.pop() and len(answers) == 0:
                schema.create(connection)  # the other process was faster
            return 0
        return real(connection)

    monkeypatch.setattr(schema, "version", version)
    store = opened(root)
    derive(store, "one", MADE)
    assert store.resolve("last") == "s1"
    store.close()


def test_an_immutable_index_of_another_schema_is_not_read(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(root).close()
    core = root / "cache" / "core.db"
    connection = apsw.Connection(str(core))
    connection.execute(f"PRAGMA user_version={schema.SCHEMA + 1}")
    connection.close()
    real = schema.connect

    def connect(path: Path) -> apsw.Connection:
        if path == core:
            raise apsw.ReadOnlyError("read-only media")
        return real(path)

    monkeypatch.setattr(schema, "connect", connect)
    store = opened(root)
    assert store._index.path != core
    assert store.sessions(ALL) == []
    store.close()


def test_a_transaction_reads_what_it_wrote_and_an_error_takes_it_back(store: LocalStore) -> None:
    derive(store, "one", MADE)
    index = store._index
    with pytest.raises(KeyError), index.writing() as connection:  # noqa: PT012 - what is in it is taken back
        connection.execute("DELETE FROM session")
        assert store.sessions(ALL) == []
        raise KeyError
    with pytest.raises(KeyError), index.writing() as connection:  # noqa: PT012 - what is in it is taken back
        connection.execute("ROLLBACK")  # as SQLite does by itself when a disk is full
        raise KeyError
    assert [row.id for row in store.sessions(ALL)] == ["s1"]
    index.close()
    index.vacuum()


def test_a_piece_of_an_original_that_is_gone_is_told_by_its_name(root: Path) -> None:
    store = opened(root)
    keep(store, "one", b"first\nsecond\n")
    store.close()
    shutil.rmtree(root / "originals")
    store = opened(root)
    with pytest.raises(CorruptRecordError, match=key("one").id):
        store._originals.read(key("one").id, 1, 0, 4)
    store.close()

"""Sessions go from archive to archive under their own ids, whole or not at all, and change nothing there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import zstandard
from tests.ingest.machines import DATA, answers, imported, opened

from reenact.archive import Archive
from reenact.errors import UsageError
from reenact.events import Event

SECRET = "sk-ant-api03-" + "aB3" * 31


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Archive]:
    """An archive with an imported session with sub-agents, and a recorded one."""
    home = Path(shutil.copytree(DATA / "claude-2.1.329" / "subagent", tmp_path / "home"))
    with imported(tmp_path / "here", home) as archive:
        with archive.record(
            task="add", agent="mine", model="gpt-5.5", session="run-1", tags=["kept"]
        ) as session:
            session.message("user", "add 2 and 2")
            request = {"model": "gpt-5.5", "messages": [{"role": "user", "content": "add 2 and 2 " * 600}]}
            session.model_call(
                request, {"id": "r1", "choices": [{"message": {"role": "assistant", "content": "4"}}]}
            )
        archive.store.catch_up()
        yield archive


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Archive]:
    with opened(tmp_path / "there", tmp_path / "empty") as archive:
        yield archive


def bare(events: Iterator[Event]) -> list[Event]:
    return [msgspec.structs.replace(event, origin=None, recorded_at=0) for event in events]


def carry(here: Archive, name: str, path: Path, *, raw: bool = True) -> Path:
    path.write_bytes(b"".join(here.export_portable(name, raw=raw)))
    return path


def recorded(archive: Archive) -> str:
    return next(row.id for row in archive.sessions() if row.agent == "mine")


def test_a_recorded_session_is_the_same_elsewhere(here: Archive, there: Archive, tmp_path: Path) -> None:
    name = recorded(here)
    here.note(name, "look here", at=2, add=("good",))
    taken = there.take_in(str(carry(here, name, tmp_path / "a.reenact")))
    assert (taken.new, taken.refused) == (1, [])
    assert bare(there.events(name)) == bare(here.events(name))
    assert there.session(name).tags == ("good", "kept")
    assert [note.text for note in there.notes(name)] == ["look here"]
    assert [exchange.request for exchange in there.script(name).exchanges] == [
        exchange.request for exchange in here.script(name).exchanges
    ]


def test_an_imported_session_comes_with_its_sub_agents(here: Archive, there: Archive, tmp_path: Path) -> None:
    main = next(row for row in here.sessions() if row.kind == "main" and row.children)
    there.take_in(str(carry(here, main.id, tmp_path / "a.reenact")))
    again = {row.id: row for row in there.sessions()}
    assert set(again) == {main.id, *main.children}
    for name in again:
        assert bare(there.events(name)) == bare(here.events(name))
    assert again[main.id].total.tokens == main.total.tokens
    assert again[main.id].own.tokens == main.own.tokens


def test_taking_in_twice_changes_nothing_and_the_real_transcript_may_follow(
    here: Archive, there: Archive, tmp_path: Path
) -> None:
    main = next(row for row in here.sessions() if row.kind == "main" and row.children)
    path = carry(here, main.id, tmp_path / "a.reenact")
    there.take_in(str(path))
    before = there.session(main.id).own.tokens
    told = [event.id for event in there.events(main.id)]
    assert there.take_in(str(path)).new == 0
    there.catch_up(there.find(paths=[str(tmp_path / "home")]))
    assert there.session(main.id).own.tokens == before
    assert sorted(event.id for event in there.events(main.id)) == sorted(told)
    assert there.take_in(str(path)).unchanged >= 1


def test_a_session_that_went_on_goes_on_there_too(here: Archive, there: Archive, tmp_path: Path) -> None:
    name = recorded(here)
    there.take_in(str(carry(here, name, tmp_path / "a.reenact")))
    with here.record(agent="mine", session="run-1") as session:
        session.message("user", "and 3?")
    assert there.take_in(str(carry(here, name, tmp_path / "b.reenact"))).extended == 1
    assert bare(there.events(name)) == bare(here.events(name))


def test_of_two_that_say_different_things_the_one_that_is_here_stays(
    here: Archive, there: Archive, tmp_path: Path
) -> None:
    name = recorded(here)
    path = carry(here, name, tmp_path / "a.reenact")
    text = zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())
    there.take_in(str(path))
    before = bare(there.events(name))
    path.write_bytes(zstandard.ZstdCompressor().compress(text.replace(b"add 2 and 2", b"add 3 and 3")))
    assert there.take_in(str(path)).refused == [name]
    assert bare(there.events(name)) == before


def test_secrets_stay_here(here: Archive, tmp_path: Path) -> None:
    home = tmp_path / "home" / ".claude" / "projects" / "-p"
    home.mkdir(parents=True)
    row = {
        "type": "user", "uuid": "u1", "sessionId": "11111111-1111-4111-8111-111111111111", "parentUuid": None,
        "timestamp": "2026-03-03T10:00:00.000Z", "cwd": "/p", "version": "2.1.329", "isSidechain": False,
        "message": {"role": "user", "content": f"use {SECRET}"},
    }  # fmt: skip
    (home / "11111111-1111-4111-8111-111111111111.jsonl").write_text(json.dumps(row) + "\n")
    here.catch_up()
    packed = b"".join(here.export_portable("11111111-1111"))
    text = zstandard.ZstdDecompressor().decompressobj().decompress(packed)
    assert SECRET.encode() not in text
    assert b'"scrubbed":true' in text


def test_a_whole_archive_is_taken_in_and_left_as_it_was(
    here: Archive, there: Archive, tmp_path: Path
) -> None:
    here.note(recorded(here), "mine")
    before = answers(here)
    here.store.sync()
    files = {
        path: path.read_bytes()
        for path in (tmp_path / "here").rglob("*")
        if path.is_file() and "cache" not in path.parts
    }
    there.take_in(str(tmp_path / "here"))
    assert answers(there) == before
    assert [note.text for note in there.notes(recorded(there))] == ["mine"]
    assert {path: path.read_bytes() for path in files} == files
    assert there.take_in(str(tmp_path / "here")).events == 0
    assert answers(there) == before


def test_what_was_removed_here_does_not_come_back(here: Archive, there: Archive, tmp_path: Path) -> None:
    name = recorded(here)
    path = carry(here, name, tmp_path / "a.reenact")
    there.take_in(str(path))
    there.store.remove([name])
    there.take_in(str(path))
    assert there.sessions() == []


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_known_as_such(
    here: Archive, there: Archive, tmp_path: Path, part: float
) -> None:
    path = carry(here, recorded(here), tmp_path / "a.reenact")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(UsageError):
        there.take_in(str(path))
    for row in there.sessions():
        assert len(list(there.events(row.id))) == row.events


@pytest.mark.parametrize(
    "lines",
    [
        [{"reenact": 9}],
        [{"reenact": 1}, {"event": {}}],
        [{"reenact": 1}, {"header": {"id": "../../x", "agent": "a", "native_id": "n"}}, {"event": {"v": 1}}],
        [{"reenact": 1}, {"blob": "sha256:" + "0" * 64, "data": "cmMzZ"}],
        [{"reenact": 1}, ["no", "object"]],
    ],
    ids=["newer", "no session", "path as id", "wrong name", "no object"],
)
def test_a_file_that_was_made_to_harm_does_none(there: Archive, tmp_path: Path, lines: list[object]) -> None:
    path = tmp_path / "a.reenact"
    text = b"\n".join(msgspec.json.encode(line) for line in lines) + b"\n"
    path.write_bytes(zstandard.ZstdCompressor().compress(text))
    with pytest.raises(Exception, match=r".") as told:
        there.take_in(str(path))
    assert type(told.value).__module__ == "reenact.errors"
    assert there.sessions() == []
    assert not list(tmp_path.glob("**/x.jsonl"))

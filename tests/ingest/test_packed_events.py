"""Events are packed against the transcript that they were made from; what is read back is the same."""

from __future__ import annotations

import json
import random
from pathlib import Path

import apsw
import pytest
from tests.ingest.machines import opened

from reenact.archive import Archive
from reenact.errors import CorruptRecordError
from reenact.events import Event
from reenact.store import Filter, collect, extend
from reenact.store.originals import Originals

_SESSIONS = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222")
_WORDS = ["window", "folder", "engine", "answer", "ledger", "parcel", "middle", "random", "border", "signal"]


def _row(session: str, number: int, chance: random.Random) -> str:
    text = " ".join(chance.choices(_WORDS, k=60)) + f" {chance.random()} {session[0]}"
    return json.dumps({
        "type": "user", "uuid": f"{session}-{number}", "parentUuid": f"{session}-{number - 1}",
        "sessionId": session, "timestamp": f"2026-11-20T10:{number // 60 % 60:02d}:{number % 60:02d}.000Z",
        "cwd": "/home/dev/code/todo", "version": "2.1.329", "message": {"role": "user", "content": text},
    })  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / ".claude" / "projects" / "-home-dev-code-todo"
    folder.mkdir(parents=True)
    chance = random.Random(7)
    for session in _SESSIONS:
        rows = [_row(session, number, chance) for number in range(900)]
        (folder / f"{session}.jsonl").write_text("\n".join(rows) + "\n")
    return tmp_path / "home"


def _events(archive: Archive) -> dict[str, list[Event]]:
    rows = archive.store.sessions(Filter())
    return {row.native_id: list(archive.store.events(row.id)) for row in rows}


def _spans(root: Path) -> list[int]:
    connection = apsw.Connection(str(root / "cache" / "core.db"))
    spans = [span for (span,) in connection.execute("SELECT span FROM frame")]
    connection.close()
    return spans


def test_events_are_the_same_packed_against_their_transcript_and_alone(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path / "one", home) as archive:
        archive.catch_up()
        expected = _events(archive)
        assert min(_spans(tmp_path / "one")) > 0
        row = archive.store.sessions(Filter())[0]
        assert list(archive.store.events(row.id, start=700, stop=705)) == expected[row.native_id][699:704]
    assert sum(map(len, expected.values())) > 1800

    def refuse(self: Originals, original: str, generation: int, offset: int, length: int) -> bytes:
        raise CorruptRecordError(original, "not now")

    monkeypatch.setattr(Originals, "read", refuse)
    with opened(tmp_path / "other", home) as archive:
        archive.catch_up()
        assert _events(archive).keys() == expected.keys()
        assert set(_spans(tmp_path / "other")) == {0}
        alone = [[(e.id, e.seq, e.body, e.origin) for e in events] for events in _events(archive).values()]
        assert alone == [[(e.id, e.seq, e.body, e.origin) for e in events] for events in expected.values()]


def test_a_transcript_that_grows_by_lines_and_is_packed_anew_keeps_its_events(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (collect, extend):
        monkeypatch.setattr(module, "FRAME", 20_000)
    path = next(home.rglob(f"{_SESSIONS[0]}.jsonl"))
    lines = path.read_bytes().splitlines(keepends=True)
    with opened(tmp_path / "archive", home) as archive:
        for count in (1, 2, 40, 41, 300, 900):
            path.write_bytes(b"".join(lines[:count]))
            archive.catch_up()
        grown = _events(archive)
        assert archive.store.gc() >= 0
        assert _events(archive) == grown
        assert list(archive.store.verify()) == []
        archive.reindex()
        again = _events(archive)
        ids = [(e.id, e.seq, e.body) for e in grown[_SESSIONS[0]]]
        assert ids == [(e.id, e.seq, e.body) for e in again[_SESSIONS[0]]]
    held = list((tmp_path / "archive" / "originals").rglob("manifest.json"))
    frames = [json.loads(one.read_bytes())["generations"][0]["frames"] for one in held]
    assert all(frame[0] <= 20_000 for found in frames for frame in found)
    assert min(map(len, frames)) > 10


def test_a_damaged_original_costs_its_own_events_and_no_search(home: Path, tmp_path: Path) -> None:
    with opened(tmp_path, home) as archive:
        archive.catch_up()
        archive.texts.index()
        hits = len(archive.search("window", limit=5000))
        row = next(row for row in archive.store.sessions(Filter()) if row.native_id == _SESSIONS[0])
        original = next(o for o in archive.store.originals() if o.key.key == _SESSIONS[0])
        path = next((tmp_path / "originals").glob(f"*/*/{original.key.id}/1.zst"))
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(bytes(data))
    with opened(tmp_path, home) as archive:
        with pytest.raises(CorruptRecordError):
            list(archive.store.events(row.id))
        found = {hit.session for hit in archive.search("window", limit=5000)}
        assert found
        assert len(archive.search("window", limit=5000)) < hits
        assert {damage.severity for damage in archive.store.verify()} == {"lost", "cache"}
        others = [other for other in archive.store.sessions(Filter()) if other.id != row.id]
        assert all(list(archive.store.events(other.id)) for other in others)

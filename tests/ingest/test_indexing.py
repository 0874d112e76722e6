"""Texts are indexed while an import goes on, and are the same as when they are indexed after it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.ingest.machines import DATA, opened

from reenact.archive import Archive
from reenact.ingest import indexing, parallel

_QUERIES = ("file", "the", "kind:tool.finished", "is:error", "agent:claude_code todo")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    for folder in sorted(DATA.glob("*/*/.claude")):
        shutil.copytree(folder, home / folder.name, dirs_exist_ok=True)
    return home


@pytest.fixture(autouse=True)
def _always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "LEAST", 0)
    monkeypatch.setattr(parallel, "_workers", lambda: 2)


def _found(archive: Archive) -> dict[str, list[tuple[str, int, str]]]:
    return {
        text: sorted((hit.session, hit.seq, hit.snippet) for hit in archive.search(text, limit=500))
        for text in _QUERIES
    }


@pytest.mark.parametrize("program", [None, "true"])
def test_an_import_with_texts_beside_finds_what_one_after_the_other_finds(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None
) -> None:
    with opened(tmp_path / "one", home) as archive:
        archive.catch_up()
        expected = _found(archive)
    assert all(expected[text] for text in _QUERIES[:3])
    if program is not None:  # the process beside ends at once: nothing depends on it
        monkeypatch.setattr("sys.executable", shutil.which(program))
    with opened(tmp_path / "other", home) as archive:
        with archive.texts.beside(archive.find()):
            archive.catch_up()
        assert archive.texts.index()
        assert _found(archive) == expected
        assert list(archive.store.verify()) == []


def test_the_process_beside_indexes_until_it_is_let_go(home: Path, tmp_path: Path) -> None:
    with opened(tmp_path, home) as archive:
        archive.catch_up()
        root, cache, _ = archive.store.workplace()  # type: ignore[attr-defined]  # it is a local one
        process = parallel.start("reenact.ingest.indexing", str(root), str(cache))
        while not any(shard.exists() for shard in cache.glob("text-*.db")):
            assert process.poll() is None
        indexing._end(process)
        assert process.returncode == 0
        assert archive.texts.index()
        assert archive.search("the")

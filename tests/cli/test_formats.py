"""Archives of other times: a newer one is read and says so; what cannot be written is refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run


def make_newer(archive: Path) -> dict[Path, bytes]:
    """Raises the archive's format by much; gives every file that holds truth."""
    card = archive / "archive.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "format": 99, "of_the_future": True}))
    return truth(archive)


def truth(archive: Path) -> dict[Path, bytes]:
    return {
        path: path.read_bytes()
        for path in archive.rglob("*")
        if path.is_file() and "cache" not in path.relative_to(archive).parts
    }


@pytest.mark.usefixtures("full_home")
def test_a_newer_archive_is_read_and_nothing_in_it_is_changed(run: Run, tmp_path: Path) -> None:
    run("import")
    sessions = run("list", "--json").document["sessions"]
    before = make_newer(tmp_path / "archive")
    assert run("list", "--json").document["sessions"] == sessions
    assert run("show", "last").code == 0
    assert run("usage").code == 0
    assert run("verify").code == 0
    assert run("import").code == 0  # nothing is new
    for words in (["rm", sessions[0]["id"], "--yes"], ["gc"]):
        refused = run(*words)
        assert refused.code == 1, words
        assert "archive" in refused.err, words
        assert "99" in refused.err, words
        assert "hint: " in refused.err, words
        assert "Traceback" not in refused.err
    assert truth(tmp_path / "archive") == before


def test_a_damaged_card_is_an_error_with_a_hint(run: Run, tmp_path: Path) -> None:
    run("list")
    (tmp_path / "archive" / "archive.json").write_text("{half")
    refused = run("list")
    assert refused.code == 1
    assert "archive.json is damaged" in refused.err
    assert "hint: restore it from a backup" in refused.err

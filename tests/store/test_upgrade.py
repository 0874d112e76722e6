"""An older archive is upgraded, and what it was stays beside it, whatever happens on the way."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from reenact.errors import ArchiveError
from reenact.store.layout import Card, Layout, write_file
from reenact.store.upgrade import back_up, is_old, upgrade


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """An archive of format 1 with a session, an original and a cache."""
    layout = Layout(tmp_path, tmp_path / "cache")
    card = Card(format=1, id="archive", placeholder_key="key")
    layout.card.write_bytes(msgspec.json.encode(card))
    for path, text in (
        (layout.live / "s1.jsonl", "one\n"),
        (layout.originals / "claude_code" / "ab" / "abc" / "1.zst", "bytes"),
        (layout.cache / "core.db", "derived"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return layout


def louder(layout: Layout) -> None:
    for path in layout.live.iterdir():
        write_file(path, path.read_bytes().upper())


def twice(layout: Layout) -> None:
    for path in layout.live.iterdir():
        write_file(path, path.read_bytes() * 2)


def test_steps_follow_one_another_and_the_old_archive_stays_beside_it(layout: Layout) -> None:
    card = upgrade(layout, steps={1: louder, 2: twice}, target=3)
    assert (card.format, card.id, card.placeholder_key) == (3, "archive", "key")
    assert msgspec.json.decode(layout.card.read_bytes(), type=Card) == card
    assert (layout.live / "s1.jsonl").read_text() == "ONE\nONE\n"
    backup = layout.root / "backup-1"
    assert (backup / "live" / "s1.jsonl").read_text() == "one\n"
    assert (backup / "originals" / "claude_code" / "ab" / "abc" / "1.zst").read_text() == "bytes"
    assert msgspec.json.decode((backup / "archive.json").read_bytes(), type=Card).format == 1
    assert not layout.cache.exists()
    assert not is_old(card, target=3)


def test_what_no_step_changed_takes_no_more_space(layout: Layout) -> None:
    upgrade(layout, steps={1: louder}, target=2)
    kept = layout.originals / "claude_code" / "ab" / "abc" / "1.zst"
    assert kept.samefile(layout.root / "backup-1" / kept.relative_to(layout.root))


def test_a_step_that_fails_leaves_the_archive_old_and_the_next_opening_goes_on(layout: Layout) -> None:
    def fails(_: Layout) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        upgrade(layout, steps={1: louder, 2: fails}, target=3)
    assert msgspec.json.decode(layout.card.read_bytes(), type=Card).format == 2
    assert (layout.root / "backup-1" / "live" / "s1.jsonl").read_text() == "one\n"
    assert upgrade(layout, steps={1: louder, 2: twice}, target=3).format == 3
    assert (layout.live / "s1.jsonl").read_text() == "ONE\nONE\n"


def test_half_a_backup_is_made_again_and_a_whole_one_is_left(layout: Layout) -> None:
    half = layout.root / "backup-1.partial" / "live"
    half.mkdir(parents=True)
    (half / "torn.jsonl").write_text("half")
    folder = back_up(layout, 1)
    assert [path.name for path in (folder / "live").iterdir()] == ["s1.jsonl"]
    (layout.live / "s1.jsonl").unlink()
    assert (back_up(layout, 1) / "live" / "s1.jsonl").read_text() == "one\n"


def test_an_archive_that_nothing_upgrades_is_left_as_it_is(layout: Layout) -> None:
    with pytest.raises(ArchiveError, match="nothing upgrades an archive of format 1"):
        upgrade(layout, steps={}, target=2)
    assert (layout.live / "s1.jsonl").read_text() == "one\n"


def test_files_are_copied_where_they_cannot_be_linked(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("os.link", refuse)
    folder = back_up(layout, 1)
    assert (folder / "live" / "s1.jsonl").read_text() == "one\n"


def test_todays_archive_is_not_touched(layout: Layout) -> None:
    before = layout.card.read_bytes()
    assert upgrade(layout, steps={1: louder}, target=1).format == 1
    assert layout.card.read_bytes() == before
    assert not (layout.root / "backup-1").exists()

"""Files below a folder: each once, in a fixed order, and nothing found there raises."""

from __future__ import annotations

import os
from pathlib import Path

from reenact.sources.files import candidates


def named(root: Path, *, but: frozenset[str] = frozenset()) -> dict[str, str | None]:
    found = candidates(str(root), is_named=lambda name: name.endswith(".x"), but=but)
    return {os.path.relpath(each.path, root): each.problem for each in found}


def test_fitting_names_are_found_at_any_depth_and_closed_folders_are_not_entered(tmp_path: Path) -> None:
    for place in ("a.x", "b/c.x", "b/d.y", "closed/e.x"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text("1")
    assert named(tmp_path, but=frozenset({"closed"})) == {"a.x": None, "b/c.x": None}


def test_a_folder_that_links_lead_to_twice_is_entered_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "f.x").write_text("1")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    assert list(named(tmp_path)) == ["a/f.x"]


def test_what_is_no_file_is_told_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.x")
    (tmp_path / "gone.x").symlink_to(tmp_path / "nowhere")
    assert named(tmp_path) == {"gone.x": "No such file or directory", "pipe.x": "it is not a regular file"}


def test_a_single_file_and_nothing_at_all(tmp_path: Path) -> None:
    path = tmp_path / "one.x"
    path.write_text("12345")
    (found,) = candidates(str(path), is_named=lambda name: True)
    assert (found.name, found.size) == ("one.x", 5)
    assert list(candidates(str(tmp_path / "nowhere"), is_named=lambda name: True)) == []

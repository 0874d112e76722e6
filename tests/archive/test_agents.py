"""Packages bring sources through an entry point; one that is broken is named, and stops nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reenact.archive.agents import PluginWarning, with_plugins
from reenact.sources.bundled import BUNDLED

GOOD = """
import copy
from reenact.sources import pi

SOURCE = copy.copy(pi.SOURCE)
SOURCE.agent = "mine"
"""


def install(folder: Path, entry: str, text: str) -> None:
    """Puts a package into a folder as an installer leaves it."""
    name = f"bringer_{abs(hash(str(folder)))}"
    (folder / f"{name}.py").write_text(text)
    told = folder / f"{name}-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text(f"[reenact.sources]\n{entry} = {name}:SOURCE\n")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return tmp_path


def test_a_source_of_another_package_stands_behind_the_bundled_ones(folder: Path) -> None:
    install(folder, "mine", GOOD)
    found = with_plugins(BUNDLED, [str(folder)])
    assert [source.agent for source in found] == [*[source.agent for source in BUNDLED], "mine"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("raise RuntimeError('no')", "RuntimeError: no"),
        ("", "AttributeError"),
        (GOOD.replace('"mine"', '"other"'), "it goes by another name"),
    ],
    ids=["raises", "holds nothing", "other name"],
)
def test_a_source_that_cannot_be_used_is_named_and_left_out(folder: Path, text: str, reason: str) -> None:
    install(folder, "mine", text)
    with pytest.warns(PluginWarning, match=f"mine is left out: {reason}"):
        assert with_plugins(BUNDLED, [str(folder)]) == BUNDLED


def test_no_package_takes_the_place_of_a_bundled_source(folder: Path) -> None:
    install(folder, "codex", GOOD.replace('"mine"', '"codex"'))
    assert with_plugins(BUNDLED, [str(folder)]) == BUNDLED


def test_nobody_is_asked_where_no_package_brings_one(tmp_path: Path) -> None:
    assert with_plugins(BUNDLED, [str(tmp_path), str(tmp_path / "missing"), ""]) == BUNDLED

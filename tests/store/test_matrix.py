"""The crash matrix: every operation of the store, ended at every boundary of a write."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.store import operations
from tests.store.operations import GROWING, OPERATIONS, Operation, contents, held, opened

ROOT = Path(__file__).parents[2]
STEP = 1 if "REENACT_KILLS" in os.environ else 17
"""How many of SQLite's own writes are passed over from one death to the next; `make crash` passes over none."""


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    operations.small_chunks(monkeypatch.setattr)


def deaths(name: str, folder: Path) -> list[int]:
    """Lets the operation die everywhere; gives the boundaries."""
    worker = subprocess.run(
        [sys.executable, "-m", "tests.store.dying", name, str(folder), str(STEP)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}/src{os.pathsep}{ROOT}"},
        check=True,
    )
    return [int(number) for number in worker.stdout.split()]


def lost(operation: Operation, root: Path, told: list[str]) -> list[str]:
    """Gives what was acknowledged and is not there."""
    store = opened(root)
    there = held(store)
    damage = [f"{found.where}: {found.reason}" for found in store.verify() if found.severity != "note"]
    acknowledged = [word.removeprefix("ack ") for word in told]
    missing: list[str] = []
    match operation.name:
        case "a new session" | "a torn session":
            seqs = {str(event.seq) for event in store.events("rec")}
            missing = [seq for seq in acknowledged if seq not in seqs]
        case "the importer":
            for number in map(int, acknowledged):
                name, content, _ = GROWING[number]
                if not any(kept.startswith(content) for kept in contents(store, name)):
                    missing.append(f"content {number}")
        case "the indexer":
            missing = [name for name in acknowledged if not list(store.events(name))]
        case "the remover":
            missing = [name for name in ("one", "rec") if acknowledged and not there["removed"][name]]  # type: ignore[index]  # a dict
        case _:
            pass
    store.close()
    return damage + missing


@pytest.mark.crash
@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_death_at_any_boundary_loses_nothing_and_the_work_can_be_finished(
    name: str, tmp_path: Path
) -> None:
    operation = OPERATIONS[name]
    places = deaths(name, tmp_path)
    assert len(places) > 10
    store = opened(tmp_path / "count")
    expected = held(store)
    store.close()
    for place in places:
        root = tmp_path / str(place)
        told = (tmp_path / f"{place}.told").read_text().splitlines()
        assert lost(operation, root, told) == [], place
        operation.run(root, lambda _: None)
        store = opened(root)
        assert held(store) == expected, place
        assert [found for found in store.verify() if found.severity != "note"] == [], place
        store.close()
        shutil.rmtree(root)

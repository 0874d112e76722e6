"""Laws of importing: how often, in which order and from which copies does not matter."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.ingest.machines import DATA, answers, imported, opened

SCENARIOS = sorted(path.parent.parent / path.parent.name for path in DATA.glob("*/*/expected.json"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that holds the transcripts of every scenario that can share one."""
    home = tmp_path_factory.mktemp("home")
    for scenario in SCENARIOS:
        for folder in (".claude", ".codex"):
            if (scenario / folder).is_dir():
                shutil.copytree(scenario / folder, home / folder, dirs_exist_ok=True)
    return home


@pytest.fixture(scope="module")
def expected(home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    with imported(tmp_path_factory.mktemp("archive"), home) as archive:
        return answers(archive)


def test_there_is_something_to_import(expected: dict[str, object]) -> None:
    assert len(expected["list"]) >= 20  # type: ignore[arg-type]


def test_importing_twice_is_importing_once(home: Path, expected: dict[str, object], tmp_path: Path) -> None:
    with imported(tmp_path, home) as archive:
        again = archive.catch_up()
        assert sum(agent.new + agent.changed for agent in again.agents) == 0
        assert answers(archive) == expected


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_import_does_not_matter(
    home: Path, expected: dict[str, object], tmp_path: Path, seed: int
) -> None:
    with opened(tmp_path, home) as archive:
        found = archive.find()
        random.Random(seed).shuffle(found)
        for item in found:
            archive.catch_up([item])
        assert answers(archive) == expected


def test_copies_elsewhere_add_nothing(home: Path, expected: dict[str, object], tmp_path: Path) -> None:
    copy = tmp_path / "backup"
    shutil.copytree(home, copy)
    with imported(tmp_path / "archive", home) as archive:
        archive.catch_up(archive.find(paths=[str(copy)]))
        assert answers(archive) == expected
    with opened(tmp_path / "other", home) as archive:
        archive.catch_up(archive.find(paths=[str(copy)]))
        archive.catch_up()
        assert answers(archive) == expected


def test_transcripts_that_grow_give_what_whole_ones_give(
    home: Path, expected: dict[str, object], tmp_path: Path
) -> None:
    growing = tmp_path / "home"
    shutil.copytree(home, growing)
    files = [path for path in growing.rglob("*.jsonl") if path.stat().st_size]
    whole = {path: path.read_bytes() for path in files}
    with opened(tmp_path / "archive", growing) as archive:
        for share in (0.3, 0.62, 1.0):
            for path, data in whole.items():
                path.write_bytes(data[: int(len(data) * share)])
            archive.catch_up()
        assert answers(archive) == expected


def test_deleting_the_cache_changes_no_answer(
    home: Path, expected: dict[str, object], tmp_path: Path
) -> None:
    with imported(tmp_path, home):
        pass
    shutil.rmtree(tmp_path / "cache")
    with opened(tmp_path, home) as archive:
        archive.reindex()
        assert answers(archive) == expected


def test_sources_that_vanish_shrink_or_move_remove_nothing(
    home: Path, expected: dict[str, object], tmp_path: Path
) -> None:
    living = tmp_path / "home"
    shutil.copytree(home, living)
    with imported(tmp_path / "archive", living) as archive:
        for number, path in enumerate(sorted(living.rglob("*.jsonl"))):
            if number % 3 == 0:
                path.unlink()
            elif number % 3 == 1:
                path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        archive.catch_up()
        assert answers(archive) == expected


def test_every_line_is_accounted_for(home: Path, tmp_path: Path) -> None:
    with imported(tmp_path, home) as archive:
        accounts = list(archive.accounts())
        assert len(accounts) >= 20
        assert [account for account in accounts if not account.balances] == []
        assert {account.source for account in accounts} == {"same"}
        assert [damage for damage in archive.verify() if damage.severity == "lost"] == []


_IMPORT = """
import sys
from tests.ingest.machines import opened
from pathlib import Path
with opened(Path(sys.argv[1]), Path(sys.argv[2])) as archive:
    print("go", flush=True)
    archive.catch_up()
"""


@pytest.mark.slow
def test_an_import_killed_fifty_times_gives_the_same(
    home: Path, expected: dict[str, object], tmp_path: Path
) -> None:
    generator = random.Random(7)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    finished = 0
    for _ in range(50):
        worker = subprocess.Popen(
            [sys.executable, "-c", _IMPORT, str(tmp_path), str(home)],
            stdout=subprocess.PIPE,
            env=environment,
        )
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"go\n"
        try:
            worker.wait(timeout=generator.uniform(0.0, 0.06))
        except subprocess.TimeoutExpired:
            worker.send_signal(signal.SIGKILL)
        finished += worker.wait() == 0
        worker.stdout.close()
    assert finished < 50
    with imported(tmp_path, home) as archive:
        assert answers(archive) == expected
        assert [damage for damage in archive.verify() if damage.severity == "lost"] == []

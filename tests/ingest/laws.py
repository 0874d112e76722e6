"""What every import must do, however often, in whatever order and from whichever copies it reads.

Each source inherits this class and says what its agent left in a home.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.ingest.machines import answers, opened

from reenact.archive import Archive

_IMPORT = """
import sys
from tests.ingest.machines import opened
from pathlib import Path
with opened(Path(sys.argv[1]), Path(sys.argv[2])) as archive:
    print("go", flush=True)
    archive.catch_up()
"""
_SHARES = (0.3, 0.62, 1.0)


class ImportLaws:
    """The laws of an import. A subclass says how many `sessions` there are, and fills a home with them."""

    sessions: int
    kills = 5
    """How often an import is killed before it may end."""

    @classmethod
    def fill(cls, home: Path) -> None:
        """Puts into a home what the agents left there."""
        raise NotImplementedError

    @classmethod
    def opened(cls, archive: Path, home: Path) -> Archive:
        """Opens an archive for the user whose home this is."""
        return opened(archive, home)

    @classmethod
    def imported(cls, archive: Path, home: Path) -> Archive:
        """The same, and what is in the home is imported."""
        found = cls.opened(archive, home)
        found.catch_up()
        return found

    @classmethod
    def growing(cls, home: Path) -> list[Path]:
        """Gives the files that their agents write bit by bit."""
        return sorted(home.rglob("*.jsonl"))

    @classmethod
    def lose(cls, home: Path) -> None:
        """Takes from a home what its agents delete or cut off: of three files one goes, one is halved."""
        for number, path in enumerate(cls.growing(home)):
            if number % 3 == 0:
                path.unlink()
            elif number % 3 == 1:
                path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    @pytest.fixture(scope="class")
    @classmethod
    def home(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        home = tmp_path_factory.mktemp("home")
        cls.fill(home)
        return home

    @pytest.fixture(scope="class")
    @classmethod
    def expected(cls, home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
        with cls.imported(tmp_path_factory.mktemp("archive"), home) as archive:
            return answers(archive)

    def test_there_is_something_to_import(self, expected: dict[str, Any]) -> None:
        assert len(expected["list"]) == self.sessions
        assert all(row["events"] for row in expected["list"])

    def test_importing_twice_is_importing_once(
        self, home: Path, expected: dict[str, Any], tmp_path: Path
    ) -> None:
        with self.imported(tmp_path, home) as archive:
            again = archive.catch_up()
            assert sum(agent.new + agent.changed for agent in again.agents) == 0
            assert answers(archive) == expected
            assert {row.source_path is not None for row in archive.sessions()} == {True}

    @pytest.mark.parametrize("seed", range(3))
    def test_the_order_of_import_does_not_matter(
        self, home: Path, expected: dict[str, Any], tmp_path: Path, seed: int
    ) -> None:
        with self.opened(tmp_path, home) as archive:
            found = archive.find()
            random.Random(seed).shuffle(found)
            for item in found:
                archive.catch_up([item])
            assert answers(archive) == expected

    def test_copies_elsewhere_add_nothing(self, home: Path, expected: dict[str, Any], tmp_path: Path) -> None:
        copy = tmp_path / "backup"
        shutil.copytree(home, copy)
        with self.imported(tmp_path / "archive", home) as archive:
            archive.catch_up(archive.find(paths=[str(copy)]))
            assert answers(archive) == expected

    def test_copies_that_came_first_add_nothing(
        self, home: Path, expected: dict[str, Any], tmp_path: Path
    ) -> None:
        copy = tmp_path / "backup"
        shutil.copytree(home, copy)
        with self.opened(tmp_path / "archive", home) as archive:
            archive.catch_up(archive.find(paths=[str(copy)]))
            archive.catch_up()
            assert answers(archive) == expected

    def test_what_grows_gives_what_the_whole_gives(
        self, home: Path, expected: dict[str, Any], tmp_path: Path
    ) -> None:
        growing = tmp_path / "home"
        shutil.copytree(home, growing)
        whole = {path: path.read_bytes() for path in self.growing(growing)}
        with self.opened(tmp_path / "archive", growing) as archive:
            for share in _SHARES:
                for path, data in whole.items():
                    path.write_bytes(data[: int(len(data) * share)])
                archive.catch_up()
            assert answers(archive) == expected

    def test_what_vanishes_or_shrinks_takes_nothing_with_it(
        self, home: Path, expected: dict[str, Any], tmp_path: Path
    ) -> None:
        living = tmp_path / "home"
        shutil.copytree(home, living)
        with self.imported(tmp_path / "archive", living) as archive:
            self.lose(living)
            archive.catch_up()
            assert answers(archive) == expected

    def test_deleting_the_cache_changes_no_answer(
        self, home: Path, expected: dict[str, Any], tmp_path: Path
    ) -> None:
        with self.imported(tmp_path, home):
            pass
        shutil.rmtree(tmp_path / "cache")
        with self.opened(tmp_path, home) as archive:
            archive.reindex()
            assert answers(archive) == expected

    def test_every_line_is_accounted_for(self, home: Path, tmp_path: Path) -> None:
        with self.imported(tmp_path, home) as archive:
            accounts = list(archive.accounts())
            assert accounts
            assert [account for account in accounts if not account.balances] == []
            assert {account.source for account in accounts} == {"same"}
            assert [damage for damage in archive.verify() if damage.severity == "lost"] == []

    @pytest.mark.slow
    def test_an_import_that_is_killed_gives_the_same(
        self, home: Path, expected: dict[str, Any], tmp_path: Path
    ) -> None:
        generator = random.Random(7)
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        finished = 0
        for _ in range(self.kills):
            order = [sys.executable, "-c", _IMPORT, str(tmp_path), str(home)]
            worker = subprocess.Popen(order, stdout=subprocess.PIPE, env=environment)
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"go\n"
            try:
                worker.wait(timeout=generator.uniform(0.0, 0.06))
            except subprocess.TimeoutExpired:
                worker.send_signal(signal.SIGKILL)
            finished += worker.wait() == 0
            worker.stdout.close()
        assert finished < self.kills
        with self.imported(tmp_path, home) as archive:
            assert answers(archive) == expected
            assert [damage for damage in archive.verify() if damage.severity == "lost"] == []

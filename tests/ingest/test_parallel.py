"""An import by several workers gives what an import by one process gives, whatever happens to the workers."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.ingest.machines import DATA, answers, opened
from tests.sources.inspect_ai.test_log import GENUINE, sample, write

from reenact import ingest
from reenact.archive import Archive
from reenact.ingest import Found, parallel
from reenact.ingest.parallel import Ahead
from reenact.ingest.worker import source_of
from reenact.sources import Source
from reenact.sources.bundled import BUNDLED
from reenact.store import Filter
from reenact.store.outwork import Parcel


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    for folder in sorted(DATA.glob("*/*/.[c]*")):
        if folder.name in {".claude", ".codex"}:
            shutil.copytree(folder, home / folder.name, dirs_exist_ok=True)
    copies = home / ".claude" / "projects" / "copies"
    copies.mkdir(parents=True)
    for path in sorted(home.glob(".claude/projects/*/*.jsonl"))[:3]:  # one key at two places
        shutil.copy(path, copies / path.name)
    (copies / "empty.jsonl").touch()
    (copies / "page.jsonl").write_text("<html>no rows</html>\n")
    evaluations = home / "runs"
    evaluations.mkdir()
    shutil.copy(GENUINE, evaluations / GENUINE.name)
    write(evaluations / "two.eval", sample(), sample(id="two", epoch=2))
    settings = home / ".config" / "reenact" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"[roots]\ninspect = [{json.dumps(str(evaluations))}]\n")
    return home


@pytest.fixture(scope="module")
def expected(home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    with opened(tmp_path_factory.mktemp("archive"), home) as archive:
        ingest.Backfill(archive.store, workers=1).run(archive.find())
        return everything(archive)


@pytest.fixture(autouse=True)
def _always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "LEAST", 0)


def everything(archive: Archive) -> dict[str, object]:
    rows = archive.store.sessions(Filter())
    return {
        **answers(archive),
        "entries": sorted(archive.store.entries(Filter()), key=lambda entry: entry.key),
        "rollups": archive.store.rollups(Filter()),
        "events": {row.id: [(e.id, e.seq, e.body) for e in archive.store.events(row.id)] for row in rows},
        "booked": {o.key.id: archive.store.dispositions(o.key.id) for o in archive.store.originals()},
        "damage": list(archive.store.verify()),
    }


def imported(archive: Archive) -> ingest.Report:
    return ingest.Backfill(archive.store, workers=2).run(archive.find())


def test_workers_give_what_one_process_gives(
    home: Path, expected: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    take = Ahead.take

    def noted(self: Ahead, item: Found) -> Parcel | None:
        parcel = take(self, item)
        if parcel is not None:
            taken.append(item.transcript.path)
        return parcel

    monkeypatch.setattr(Ahead, "take", noted)
    with opened(tmp_path, home) as archive:
        report = imported(archive)
        assert everything(archive) == expected
        assert len(taken) > 20
        assert len([path for path in taken if ".eval" in path]) == 3
        assert sum(agent.new for agent in report.agents) >= len(taken)
        again = imported(archive)
        assert sum(agent.new + agent.changed for agent in again.agents) == 0
        archive.reindex()
        assert everything(archive) == expected


@pytest.mark.parametrize("source", BUNDLED, ids=lambda source: str(source.agent))
def test_a_worker_finds_every_bundled_source_by_its_agent(source: Source) -> None:
    assert source_of(source.agent) is source


def test_a_worker_knows_no_source_of_another_package() -> None:
    assert source_of("mine") is None
    assert source_of("protocol") is None


def test_workers_that_die_cost_nothing_but_time(
    home: Path, expected: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = Ahead.take
    count = 0

    def killing(self: Ahead, item: Found) -> Parcel | None:
        nonlocal count
        count += 1
        if count in {3, 9}:
            self._processes[count // 9].send_signal(signal.SIGKILL)
        return take(self, item)

    monkeypatch.setattr(Ahead, "take", killing)
    with opened(tmp_path, home) as archive:
        imported(archive)
        assert everything(archive) == expected


def test_workers_that_never_answer_right_cost_nothing_but_time(
    home: Path, expected: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", shutil.which("true"))
    with opened(tmp_path, home) as archive:
        imported(archive)
        assert everything(archive) == expected


def test_what_others_kept_or_derived_meanwhile_is_taken_up(
    home: Path, expected: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another importer does each transcript between the worker's answer and its taking over."""
    with opened(tmp_path, home) as archive, opened(tmp_path, home) as other:
        take_over = ingest.Backfill._take_over

        def late(self: ingest.Backfill, item: Found, parcel: Parcel) -> None:
            ingest.Backfill(other.store, workers=1).run([item])
            take_over(self, item, parcel)

        monkeypatch.setattr(ingest.Backfill, "_take_over", late)
        imported(archive)
        assert everything(archive) == expected


def test_an_import_that_is_interrupted_goes_on(
    home: Path, expected: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(os.listdir("/proc")) if os.path.isdir("/proc") else set()
    take_over = ingest.Backfill._take_over
    count = 0

    def interrupted(self: ingest.Backfill, item: Found, parcel: Parcel) -> None:
        nonlocal count
        count += 1
        if count == 5:
            raise KeyboardInterrupt
        take_over(self, item, parcel)

    with opened(tmp_path, home) as archive:
        with monkeypatch.context() as patch:
            patch.setattr(ingest.Backfill, "_take_over", interrupted)
            with pytest.raises(KeyboardInterrupt):
                imported(archive)
        assert not [pid for pid in set(os.listdir("/proc")) - before if _is_worker(pid)] if before else True
        imported(archive)
        assert everything(archive) == expected


def test_workers_import_nothing_from_the_folder_that_the_user_stands_in(
    home: Path, expected: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "project"
    trap.mkdir()
    for name in ("msgspec", "reenact", "json"):
        (trap / f"{name}.py").write_text("open('sprung', 'w').close()\n")
    monkeypatch.chdir(trap)
    with opened(tmp_path / "archive", home) as archive:
        imported(archive)
        assert everything(archive) == expected
    assert not (trap / "sprung").exists()


def test_few_transcripts_start_no_workers(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "LEAST", 1 << 40)
    with opened(tmp_path, home) as archive, without_workers(archive, archive.find()) as ahead:
        assert ahead is None


@contextmanager
def without_workers(archive: Archive, found: Sequence[Found]) -> Iterator[Ahead | None]:
    with parallel.ahead(archive.store, found, lambda _: None, workers=2) as ahead:
        yield ahead


def _is_worker(pid: str) -> bool:
    try:
        parent = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1]
    except OSError:
        return False
    return pid.isdigit() and parent == str(os.getpid())

"""Full disks, clocks that go back, archives that cannot be written, two writers of one session."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from tests.store.builders import FlatPricer, derive, event, header, keep, key, line, prompt, usage

from reenact.clock import ManualClock
from reenact.errors import ArchiveBusyError, ArchiveError
from reenact.events import Event
from reenact.store import Filter, LocalStore, Writer, open_store

ROOT = Path(__file__).parents[2]
ALL = Filter()

_FULL = """
import subprocess, sys
from pathlib import Path
root = sys.argv[1]
if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=900k", "tmpfs", root], stderr=subprocess.DEVNULL).returncode:
    sys.exit(77)
from tests.store.test_survival import fill
fill(Path(root))
"""


def fill(folder: Path) -> None:
    """Records and keeps until the disk is full; then frees a little and looks at what is there."""
    cache = Path(tempfile.mkdtemp())
    root = folder / "archive"
    store = open_store(root, clock=ManualClock(), pricer=FlatPricer(), cache=cache)
    ballast = folder / "ballast"
    ballast.write_bytes(b"x" * 300_000)
    writing = store.writer(header("s1"))
    written, refused, content = 0, list[str](), b""
    while len(refused) < 20:
        try:
            writing.append(event("s1", writing.last + 1, prompt("y" * 700 + str(written))))
            written += 1
        except ArchiveError:
            refused.append("append")
        try:
            keep(store, "one", content + os.urandom(900) + b"\n")
            with store.open_original(key("one").id, 1) as stream:
                content = stream.read()
        except OSError as error:
            refused.append(f"keep {error.errno}")
    assert set(refused) == {"append", f"keep {errno.ENOSPC}"}
    assert written > 50
    ballast.unlink()
    writing.append(event("s1", writing.last + 1, prompt("there is room again")))
    writing.close()
    assert keep(store, "one", content + b"more\n").change == "appended"
    store.catch_up()
    assert [found.seq for found in store.events("s1")] == list(range(1, written + 2))
    with store.open_original(key("one").id, 1) as stream:
        assert stream.read() == content + b"more\n"
    assert [damage for damage in store.verify() if damage.severity != "note"] == []
    store.close()


def test_on_a_full_disk_every_refusal_is_said_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _FULL, str(tmp_path)]
    if os.geteuid():
        command = ["unshare", "--user", "--map-root-user", "--mount", *command]
    else:
        command = ["unshare", "--mount", *command]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}/src{os.pathsep}{ROOT}"}
    try:
        worker = subprocess.run(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, check=False)
    except FileNotFoundError:
        pytest.skip("no small file system can be made on this machine")
    if worker.returncode == 77 or worker.stderr.startswith(b"unshare"):
        pytest.skip("no small file system can be made on this machine")
    assert worker.returncode == 0, worker.stderr.decode()


def test_a_clock_that_goes_back_changes_no_order_and_deletes_nothing(tmp_path: Path) -> None:
    clock = ManualClock()
    store = open_store(tmp_path / "archive", clock=clock, pricer=FlatPricer())
    writing = store.writer(header("s1"))
    name = store.put_blob(b"payload" * 999)
    made: list[Event] = []
    for seq, ts in enumerate((500, 400, 900, 1), 1):
        clock.advance(-3600 * 1_000_000)
        made.append(event("s1", seq, prompt(f"{seq} {name}"), ts=ts * 1_000_000))
        writing.append(made[-1])
        keep(store, "one", b"line\n" * seq)
    store.catch_up()
    assert list(store.events("s1")) == made
    (row,) = store.sessions(ALL)
    assert (row.started_at, row.ended_at) == (1_000_000, 900_000_000)
    clock.advance(-(10**15))
    assert store.seal(idle_before=clock.now()) == 0
    store.gc()
    assert store.blob(name) is not None
    writing.close()
    original = store.original(key("one").id)
    assert original is not None
    assert [generation.length for generation in original.generations] == [20]
    store.close()


@pytest.mark.skipif(not os.geteuid(), reason="root writes everywhere")
def test_an_archive_on_media_that_cannot_be_written_is_read(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    store = open_store(root, clock=ManualClock(), pricer=FlatPricer())
    derive(store, "one", [(header("s1"), line("s1", prompt("x"), usage("k1")))])
    store.close()
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o500)
    try:
        store = open_store(root, clock=ManualClock(), pricer=FlatPricer())
        assert store.read_only
        assert store.resolve("last") == "s1"
        assert [damage for damage in store.verify() if damage.severity == "lost"] == []
        store.close()
    finally:
        for path in folders:
            path.chmod(0o700)


@pytest.mark.parametrize("what", ["log", "log emptied", "all but the log", "half"])
def test_an_index_that_lost_a_part_of_itself_is_mended_by_what_is_kept(tmp_path: Path, what: str) -> None:
    """The files of an index that a restore from a backup mixed up."""
    root = tmp_path / "archive"
    events = line("s1", *(prompt(f"{n} " + "x" * 900) for n in range(60)))
    store = open_store(root, clock=ManualClock(), pricer=FlatPricer())
    writing = store.writer(header("s1"))
    for made in events:
        writing.append(made)
    writing.close()
    store.catch_up()
    core = root / "cache" / "core.db"
    log = core.with_name("core.db-wal")
    saved = {path: path.read_bytes() for path in (core, log)}
    store.close()
    core.with_name("core.db-shm").unlink(missing_ok=True)
    for path, data in saved.items():
        path.write_bytes(data)
    match what:
        case "log":
            log.unlink()
        case "log emptied":
            log.write_bytes(b"\x00" * len(saved[log]))
        case "all but the log":
            core.unlink()
        case _:
            core.write_bytes(saved[core][: len(saved[core]) // 2])
    store = open_store(root, clock=ManualClock(), pricer=FlatPricer())
    store.catch_up()
    assert list(store.events("s1")) == events
    assert [damage for damage in store.verify() if damage.severity != "note"] == []
    store.close()


class TwoProcesses(RuleBasedStateMachine):
    """Two stores on one archive stand for two processes: locks are the open file's, not the process's."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        root = Path(self.folder.name) / "archive"
        self.stores: list[LocalStore] = [
            open_store(root, clock=ManualClock(), pricer=FlatPricer()) for _ in range(2)
        ]
        self.writers: dict[int, Writer] = {}
        self.expected: list[Event] = []

    who = st.integers(0, 1)

    @rule(one=who)
    def open(self, one: int) -> None:
        other = 1 - one
        if one in self.writers:
            return
        if other in self.writers:
            with pytest.raises(ArchiveBusyError):
                self.stores[one].writer(header("s1"))
            return
        self.writers[one] = self.stores[one].writer(header("s1"))
        assert self.writers[one].last == len(self.expected)

    @rule(one=who, text=st.text(max_size=30))
    def append(self, one: int, text: str) -> None:
        if one in self.writers:
            made = event("s1", len(self.expected) + 1, prompt(text))
            self.writers[one].append(made)
            self.expected.append(made)

    @rule(one=who)
    def close(self, one: int) -> None:
        if one in self.writers:
            self.writers.pop(one).close()

    @rule(one=who, data=st.data())
    def die(self, one: int, data: st.DataObject) -> None:
        """The writer is gone, and half of a line of its is there."""
        if one in self.writers:
            self.writers.pop(one).close()
            path = Path(self.folder.name) / "archive" / "live" / "s1.jsonl"
            with path.open("ab") as handle:
                handle.write(b'{"v":1,"seq":'[: data.draw(st.integers(1, 13))])

    @rule(one=who)
    def seal(self, one: int) -> None:
        sealed = self.stores[one].seal(idle_before=2**62)
        assert not (sealed and self.writers)

    @rule(one=who)
    def look(self, one: int) -> None:
        self.stores[one].catch_up()
        assert list(self.stores[one].events("s1")) == self.expected

    @rule(one=who)
    def forget(self, one: int) -> None:
        self.stores[one].clear_cache()

    def teardown(self) -> None:
        for writing in self.writers.values():
            writing.close()
        for store in self.stores:
            store.catch_up()
            assert list(store.events("s1")) == self.expected
            assert [found for found in store.verify() if found.severity != "note"] == []
            store.close()
        self.folder.cleanup()


TestTwoProcesses = TwoProcesses.TestCase
TestTwoProcesses.settings = settings(max_examples=15, stateful_step_count=20)

"""What takes long to measure: 5 GB of transcripts, and a session of a million events (`make bench-full`).

Memory is what is resident at its most: of the process itself, or of it and its workers together.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench.figures import Figure
from bench.generate import SEED, make
from bench.reading import event

from reenact.clock import SystemClock
from reenact.events import Header
from reenact.store import open_store

MEGABYTES = 5_000
EVENTS = 1_000_000


def measure(*, megabytes: int = MEGABYTES, events: int = EVENTS) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        yield opening(Path(folder) / "recorded", events)
    with tempfile.TemporaryDirectory() as folder:
        yield importing(Path(folder), megabytes)


def opening(archive: Path, events: int) -> Figure:
    """Opens a recorded session of many events in a process of its own, and reads at its ends and middle."""
    with closing(open_store(archive, clock=SystemClock(), pricer=_NoPrices())) as store:
        writer = store.writer(Header(id="long", agent="bench", native_id="long"))
        for seq in range(1, events + 1):
            writer.append(event("long", seq))
        writer.close()
    words = [sys.executable, "-m", "bench.heavy", str(archive), str(events)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    kilobytes, seconds = done.stdout.split()
    return Figure(
        name="memory of opening a session of a million events",
        value=int(kilobytes) / 1000,
        unit="MB",
        bound=150,
        rule="at most",
        detail=f"{events:,} events of 2 KB; indexed and read at three places in {float(seconds):.1f} s",
    )


def importing(folder: Path, megabytes: int) -> Figure:
    """Imports a lot, on all processors, as a person would."""
    made = make(folder / "home", megabytes=megabytes)
    told = {**os.environ, "HOME": str(folder / "home"), "REENACT_HOME": str(folder / "archive"), "TZ": "UTC"}
    begun = time.perf_counter()
    command = subprocess.Popen([sys.executable, "-m", "reenact", "import", "--all", "--quiet"], env=told)
    most = 0
    while command.poll() is None:
        most = max(most, resident(command.pid))
        time.sleep(0.25)
    if command.returncode:
        raise RuntimeError(f"the import ended with {command.returncode}")
    return Figure(
        name="memory of an import of 5 GB, workers included",
        value=most / 1e6,
        unit="MB",
        bound=300,
        rule="at most",
        detail=f"{made.size:,} bytes in {made.files:,} transcripts, seed {SEED}; "
        f"{time.perf_counter() - begun:.0f} s",
    )


def resident(root: int) -> int:
    """Gives the bytes that a process and its children hold now, what they share once (Linux tells)."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if root in {int(folder.name), parent}:
                rolled = (folder / "smaps_rollup").read_text()
                total += next(int(line.split()[1]) for line in rolled.splitlines() if line.startswith("Pss:"))
        except OSError:
            continue
    return total * 1024


class _NoPrices:
    price_version = ""

    def __call__(self, *_: object) -> int | None:
        return None


def _main(archive: str, events: str) -> None:
    import resource

    begun = time.perf_counter()
    with closing(open_store(Path(archive), clock=SystemClock(), pricer=_NoPrices())) as store:
        store.catch_up()
        last = int(events)
        for start in (1, last // 2, last - 200):
            assert len(list(store.events("long", start=start, stop=start + 200))) == 200
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(most if sys.platform != "darwin" else most // 1024, time.perf_counter() - begun)


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2])

"""How fast transcripts are imported, against decoding the same lines as JSON and nothing else.

The time of one process is its processor's time, so that what else the machine does counts little; the
time of several is that of the clock. Each import is made into an empty archive by a process of its own.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench.figures import Figure
from bench.generate import FULL, SEED, make
from bench.peers import apart, python_with, surroundings

ROUNDS = 3
_DECODE = """
import sys, time, pathlib
try:
    from orjson import loads
    name = "orjson"
except ImportError:
    import msgspec
    loads = msgspec.json.Decoder().decode
    name = "msgspec"
lines = [line for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.jsonl"))
         for line in path.read_bytes().split(b"\\n") if line]
begun, clock = time.process_time(), time.perf_counter()
for line in lines:
    loads(line)
print(name, time.process_time() - begun, time.perf_counter() - clock)
"""
_FLOOR = """
import hashlib, sys, time, pathlib
import msgspec, zstandard
from reenact.store.extend import LEVEL
files = [path.read_bytes() for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.jsonl"))]
loads = msgspec.json.Decoder().decode
begun = time.process_time()
for data in files:
    hashlib.sha256(data).digest()
    zstandard.ZstdCompressor(level=LEVEL).compress(data)
    for line in data.split(b"\\n"):
        if line:
            loads(line)
print("floor", time.process_time() - begun, 0)
"""
"""What an import cannot do without, each in one call of a library in C: digest, pack, decode."""


def measure(*, megabytes: int = FULL, rounds: int = ROUNDS) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        made = make(home, megabytes=megabytes)
        peer = python_with(Path(folder), "orjson") or sys.executable
        detail = f"{made.size:,} bytes in {made.files:,} transcripts, {made.lines:,} lines, seed {SEED}"
        names, decoded, clocked = zip(*(_decoded(peer, home) for _ in range(rounds)), strict=True)
        one = [_import(home, Path(folder) / f"one{n}", workers=1) for n in range(rounds)]
        all_of_them = [_import(home, Path(folder) / f"all{n}", workers=None) for n in range(rounds)]
        texts = [_import(home, Path(folder) / f"text{n}", workers=1, text=True) for n in range(1)]
        base, wall = median(decoded), median(clocked)
        by = f"of {names[0]} alone; {detail}"
        floor = tuple(round(base / _decoded(sys.executable, home, _FLOOR)[1], 4) for _ in range(rounds))
        yield Figure(
            name="digest, pack and decode alone, nothing derived",
            value=median(floor),
            unit="x",
            rounds=floor,
            detail=f"{by}; no import of one process that keeps what it reads can be faster",
        )
        yield _share("import, one process, no text", [r["cpu"] for r in one], base, 0.16, by)
        yield _share("import, one process, with text", [r["cpu"] for r in texts], base, 0.08, by)
        ratios = tuple(round(wall / run["wall"], 4) for run in all_of_them)
        yield Figure(
            name="import, all processors, no text, by the clock",
            value=median(ratios),
            unit="x",
            bound=0.10,
            rule="at least",
            rounds=ratios,
            detail=f"{by}; load {os.getloadavg()[0]:.1f}; the bound is that of an import with text",
        )
        yield Figure(
            name="import, memory of one process",
            value=max(run["rss"] for run in one) / 1e6,
            unit="MB",
            bound=300,
            rule="at most",
            detail=detail,
        )
        yield _against_agentsview(Path(folder), home, rounds, detail)
        yield from _disk(texts[0]["sizes"], made.size, "originals, events and text")


AGENTSVIEW = "agentsview"


def _against_agentsview(folder: Path, home: Path, rounds: int, detail: str) -> Figure:
    """Compares whole commands, in turn: each imports everything and makes it searchable, by the clock."""
    python = python_with(folder / "agentsview", AGENTSVIEW)
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(rounds if python else 0):
        where = folder / f"command{number}"
        ours.append(_clocked([sys.executable, "-m", "reenact", "import", "--all"], home, where))
        command = str(Path(python or "").with_name(AGENTSVIEW))
        theirs.append(_clocked([*apart(), command, "sync"], home, folder / f"agentsview{number}"))
    ratios = tuple(round(their / our, 4) for our, their in zip(ours, theirs, strict=True))
    times = f"{median(ours):.1f} s against {median(theirs):.1f} s" if ours else "it could not be had"
    return Figure(
        name="import with search, against agentsview sync",
        value=median(ratios) if ratios else None,
        unit="times as fast",
        bound=2.5,
        rule="at least",
        rounds=ratios,
        detail=f"{detail}; {times}; load {os.getloadavg()[0]:.1f}",
    )


def _clocked(words: list[str], home: Path, where: Path) -> float:
    told = surroundings(
        home, REENACT_HOME=str(where), AGENTSVIEW_DATA_DIR=str(where), AGENTSVIEW_NO_DAEMON="1"
    )
    begun = time.perf_counter()
    subprocess.run(words, check=True, capture_output=True, env=told)
    return time.perf_counter() - begun


def _share(name: str, times: list[float], base: float, bound: float, detail: str) -> Figure:
    ratios = tuple(round(base / each, 4) for each in times)
    return Figure(
        name=name,
        value=median(ratios),
        unit="x",
        bound=bound,
        rule="at least",
        rounds=ratios,
        detail=f"{detail}; {median(times):.1f} s",
    )


def _disk(sizes: dict[str, list[int]], source: int, what: str) -> Iterator[Figure]:
    parts = ", ".join(f"{part} {apparent / source:.3f}" for part, (apparent, _) in sizes.items() if apparent)
    for name, place in (("apparent", 0), ("on disk", 1)):
        value = sum(pair[place] for pair in sizes.values()) / source
        yield Figure(
            name=f"size of the archive, {name}",
            value=round(value, 4),
            unit="x of the sources",
            bound=0.5,
            rule="at most",
            detail=f"{what}; {parts}",
        )


def _decoded(python: str, home: Path, script: str = _DECODE) -> tuple[str, float, float]:
    done = subprocess.run([python, "-c", script, str(home)], check=True, capture_output=True, text=True)
    name, cpu, wall = done.stdout.split()
    return name, float(cpu), float(wall)


def _import(home: Path, where: Path, *, workers: int | None, text: bool = False) -> dict[str, Any]:
    words = [
        sys.executable,
        "-m",
        "bench.importing",
        str(home),
        str(where),
        str(workers or 0),
        str(int(text)),
    ]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _main(home: str, where: str, workers: str, text: str) -> None:
    from reenact import ingest
    from reenact.archive import open_archive

    variables = {"HOME": home, "PATH": os.environ["PATH"], "TZ": "UTC"}
    with open_archive(where, variables=variables) as archive:
        cpu, wall = time.process_time(), time.perf_counter()
        found = archive.find()
        report = ingest.Backfill(archive.store, workers=int(workers) or None).run(found)
        if int(text):
            archive.store.index_text()
        archive.store.sync()
        told = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
        assert not report.problems
        sizes = {size.part: (size.apparent, size.on_disk) for size in archive.sizes()}
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({**told, "rss": rss, "sizes": sizes}))


if __name__ == "__main__":
    _main(*sys.argv[1:])

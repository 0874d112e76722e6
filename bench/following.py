"""What following costs: idle over 10,000 transcripts, from write to subscriber, lines a second, a catch-up.

`REENACT_BENCH_IDLE` says for how many seconds the idle follower is watched (600 is the promise's own).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench.figures import Figure

from reenact.archive import open_archive

TRANSCRIPTS = 10_000
IDLE = float(os.environ.get("REENACT_BENCH_IDLE", "60"))
WRITES = 60
BULK = 40_000
_FOLLOWER = """
import json, resource, sys, time
from pathlib import Path
from reenact.archive import open_archive
home, seconds, polled, wanted = sys.argv[1], float(sys.argv[2]), sys.argv[3] == "polled", int(sys.argv[4])
archive = open_archive(Path(home) / "archive", variables={"HOME": home, "TZ": "UTC"})
live = archive.follow(polled=polled, kinds=["message"])
print("ready", flush=True)
cpu, begun, found = time.process_time(), time.perf_counter(), []
while time.perf_counter() - begun < seconds and (not wanted or len(found) < wanted):
    for followed in live.step(0.5):
        found.append([followed.event.body.blocks[0].text, time.clock_gettime(time.CLOCK_MONOTONIC)])
rss = int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
share = (time.process_time() - cpu) / (time.perf_counter() - begun)
told = {"cpu": share, "seconds": time.process_time() - cpu, "rss": rss, "found": found}
print(json.dumps(told), flush=True)
"""
_CATCH_UP = """
import json, sys, time
from reenact.archive import open_archive
with open_archive(sys.argv[1] + "/archive", variables={"HOME": sys.argv[1], "TZ": "UTC"}) as archive:
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        archive.catch_up()
        times.append(time.perf_counter() - begun)
print(json.dumps(times))
"""
"""In a process of its own, as a command or a hook does it: the import before is not in its memory."""


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for number in range(TRANSCRIPTS):
            _write(_path(home, number), number, range(1, 5))
        with open_archive(home / "archive", variables={"HOME": folder, "TZ": "UTC"}) as archive:
            archive.catch_up(everything=True)
            archive.store.sync()
        told = subprocess.run([sys.executable, "-c", _CATCH_UP, folder], capture_output=True, check=True)
        times = json.loads(told.stdout)
        yield Figure(
            name=f"catch-up over {TRANSCRIPTS:,} unchanged transcripts",
            value=median(times) * 1000, unit="ms", bound=150, rule="at most",
            rounds=tuple(round(each * 1000, 1) for each in times),
        )  # fmt: skip
        idle = _follow(home, IDLE, "notified")
        detail = f"over {IDLE:g} s"
        yield Figure(
            name=f"idle follow of {TRANSCRIPTS:,} transcripts", value=idle["cpu"] * 100,
            unit="% of a core", bound=0.5, rule="at most", detail=detail,
        )  # fmt: skip
        yield Figure(
            name="idle follow, memory", value=idle["rss"] / 1e6, unit="MB RSS", bound=60, rule="at most",
            detail=detail,
        )  # fmt: skip
        for how, bound in (("notified", 300), ("polled", 1500)):
            yield _latency(home, how, bound)
        yield _bulk(home)


def _latency(home: Path, how: str, bound: int) -> Figure:
    path = _path(home, 7)
    sent: dict[str, float] = {}
    _write(path, 7, [999])  # a session at work, not one that rested
    process = _start(home, 120, how, WRITES)
    for number in range(WRITES):
        time.sleep(0.1)
        text = f"{how} {number}"
        sent[text] = time.clock_gettime(time.CLOCK_MONOTONIC)
        _write(path, 7, [(1000 if how == "notified" else 5000) + number], text=text)
    told = _result(process)
    late = sorted((at - sent[text]) * 1000 for text, at in told["found"] if text in sent)
    return Figure(
        name=f"agent's write to subscriber, {how}, p95", value=late[int(len(late) * 0.95)] if late else None,
        unit="ms", bound=bound, rule="at most", detail=f"{len(late)} of {WRITES} arrived",
    )  # fmt: skip


def _bulk(home: Path) -> Figure:
    """Lines appended in batches of 500 to one transcript; the follower's own processor time counts."""
    process = _start(home, 120, "notified", BULK)
    path = _path(home, 9)
    for begin in range(0, BULK, 500):
        _write(path, 9, range(2000 + begin, 2500 + begin))
    told = _result(process)
    return Figure(
        name="follow, lines a second of a core", value=len(told["found"]) / told["seconds"], unit="lines/s",
        bound=20_000, rule="at least", detail=f"{len(told['found']):,} lines",
    )  # fmt: skip


def _follow(home: Path, seconds: float, how: str) -> dict[str, Any]:
    return _result(_start(home, seconds, how, 0))


def _start(home: Path, seconds: float, how: str, wanted: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _FOLLOWER, str(home), str(seconds), how, str(wanted)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _result(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, _ = process.communicate(timeout=1000)
    found: dict[str, Any] = json.loads(out)
    return found


def _session(number: int) -> str:
    return f"{number:08d}-1111-4111-8111-111111111111"


def _path(home: Path, number: int) -> Path:
    folder = home / ".claude" / "projects" / f"-home-dev-p{number % 200}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{_session(number)}.jsonl"


def _write(path: Path, number: int, rows: range | list[int], *, text: str | None = None) -> None:
    session, lines = _session(number), []
    for row in rows:
        uuid = f"{number:08d}-{row:06d}"
        lines.append(json.dumps({
            "parentUuid": f"{number:08d}-{row - 1:06d}", "isSidechain": False, "type": "user", "uuid": uuid,
            "userType": "external", "cwd": f"/home/dev/p{number % 200}", "sessionId": session,
            "version": "2.1.329", "timestamp": f"2026-11-20T10:{row // 60 % 60:02d}:{row % 60:02d}.000Z",
            "message": {"role": "user", "content": text or f"line {row} " + "and so on " * 30},
        }))  # fmt: skip
    with path.open("a") as handle:
        handle.write("\n".join(lines) + "\n")

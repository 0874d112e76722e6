"""How fast the page answers, how soon it shows what an agent writes, and what it costs while nobody looks.

Archives are made from a seed: one session of 100,000 events, and 100,000 small sessions. The page runs
as people start it, a process of its own, and is asked over loopback. REENACT_IDLE is for how many
seconds the idle process is watched (600 unless given).
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.fold import happenings
from bench.generate import SEED
from bench.reading import _derive, _session, _store

from reenact.archive import open_archive
from reenact.events import FORMAT, Event, Header

EVENTS = 100_000
SESSIONS = 100_000
LOOKS = 100
WRITES = 20
FIRST_VIEW = ("", f"/columns?part=1&at={EVENTS // 2}", f"/stream?at={EVENTS // 2}", f"/step/{EVENTS // 2}")
"""What the page asks for before anything is seen."""
BEGIN = 1_790_000_000_000_000
SECOND = 1_000_000


class Up:
    """`reenact up` over an archive."""

    def __init__(self, home: Path, archive: Path) -> None:
        variables = {"PATH": os.environ["PATH"], "HOME": str(home), "TZ": "UTC", "REENACT_HOME": str(archive)}
        words = [sys.executable, "-m", "reenact", "up", "--no-open", "--json", "--port", "0"]
        self.process = subprocess.Popen(
            words, env=variables, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.rstrip() == b"}":
                break
        self._address = json.loads(b"".join(lines))
        self._connection = self.connect()

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._address["host"], self._address["port"], timeout=600)

    def get(self, path: str) -> Any:
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, body[:200])
        return json.loads(body)

    def took(self, path: str) -> float:
        """Gives the milliseconds until an answer was there, whole."""
        begun = time.perf_counter()
        self.get(path)
        return (time.perf_counter() - begun) * 1000

    def resident(self) -> float:
        """Gives the resident memory in MB."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.partition("VmRSS:")[2].split()[0]) / 1024

    def worked(self) -> float:
        """Gives the seconds of processor time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        self._connection.close()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        yield from large(home, Path(folder) / "large")
        yield from many(home, Path(folder) / "many")


def large(home: Path, root: Path) -> Iterator[Figure]:
    """One session of 100,000 events: the first look, and any step."""
    numbers = random.Random(SEED)
    with open_archive(root, variables={"HOME": str(home)}) as archive:
        writer = archive.store.writer(Header(id="large", agent="bench", native_id="large"))
        for seq, body in zip(range(1, EVENTS + 1), happenings(), strict=False):
            ts = BEGIN + seq * SECOND
            writer.append(
                Event(v=FORMAT, seq=seq, id=f"e{seq}", session="large", ts=ts, recorded_at=ts, body=body)
            )
        writer.close()
        archive.store.catch_up()
    detail = f"{EVENTS:,} events, seed {SEED}, load {os.getloadavg()[0]:.1f}"
    first, folded, again = [], [], []
    for number in range(3):
        if number:
            for path in (root / "cache" / "reels").iterdir():
                path.unlink()
        up = Up(home, root)
        up.get("/api/status")  # the process has its modules then; the session nobody has looked at
        first.append(sum(up.took(f"/api/sessions/large{path}") for path in FIRST_VIEW))
        folded.append(up.took("/api/sessions/large/columns?buckets=1400"))
        up.end()
        up = Up(home, root)
        up.get("/api/status")
        again.append(up.took("/api/sessions/large/columns?buckets=1400"))
        if number < 2:
            up.end()
    yield _figure("first view (session, tape, stream, step), never folded", first, "ms", 300, detail)
    yield _figure("scrubber's columns, folded for the first time", folded, "ms", 5_000, detail)
    yield _figure("scrubber's columns, after a restart", again, "ms", 300, detail)
    for name in ("at/{}", "step/{}", "context/at/{}", "stream?at={}", "outline?from={}&limit=200"):
        asking = "/api/sessions/large/" + name
        late, worked = [], []
        for _ in range(3):
            before = up.worked()
            late.append(_p95([up.took(asking.format(numbers.randrange(1, EVENTS))) for _ in range(LOOKS)]))
            worked.append((up.worked() - before) / LOOKS * 1000)
        yield _figure(f"any step: {name.format('N')}, 95th percentile", late, "ms", 50, detail)
        yield _figure(f"any step: {name.format('N')}, processor time", worked, "ms", 25, detail)
    yield _figure("memory with that session open", [up.resident()], "MB", 400, detail)
    up.end()


def many(home: Path, root: Path) -> Iterator[Figure]:
    """100,000 sessions: the list, news of an agent at work, and an idle process."""
    numbers = random.Random(SEED)
    with closing(_store(root)) as store:
        for begin in range(0, SESSIONS, 5000):
            _derive(store, f"o{begin}", [_session(f"{n:024x}", numbers) for n in range(begin, begin + 5000)])
    project = home / ".claude" / "projects" / "-home-dev-page"
    project.mkdir(parents=True)
    path = project / "5f0c5a34-0000-4000-8000-000000000001.jsonl"
    path.write_text(_line(0))
    up = Up(home, root)
    while not up.get("/api/status")["indexed"]:
        time.sleep(1)
    detail = f"{SESSIONS:,} sessions, seed {SEED}, load {os.getloadavg()[0]:.1f}"
    for name, asked in {
        "the first 50": "limit=50",
        "50 from anywhere": "limit=50&offset={}",
        "by agent and cost": "limit=50&q=agent:agent-1+cost:<1",
    }.items():
        asking = "/api/sessions?" + asked
        late = [
            _p95([up.took(asking.format(numbers.randrange(SESSIONS))) for _ in range(40)]) for _ in range(3)
        ]
        yield _figure(f"list, {name}, 95th percentile", late, "ms", 50, detail)
    yield _figure("heads of the list, first time", [up.took("/api/groups")], "ms", 2_000, detail)
    yield _figure("heads of the list", [up.took("/api/groups") for _ in range(5)], "ms", 100, detail)
    yield _figure("home, cards and calendar", [up.took("/api/home") for _ in range(5)], "ms", 1_000, detail)
    yield _figure(
        "from an agent's write to the page", _latencies(up, path), "ms", 500, f"{WRITES} lines; {detail}"
    )
    up.end()
    path.unlink()  # nothing is at work then
    up = Up(home, root)
    up.get("/api/sessions")
    time.sleep(20)
    seconds = int(os.environ.get("REENACT_IDLE", "600"))
    before = up.worked()
    time.sleep(seconds)
    share = (up.worked() - before) / seconds * 100
    detail = f"{detail}; over {seconds} s"
    yield _figure("idle, share of a core", [share], "%", 0.5, detail)
    yield _figure("idle, resident memory", [up.resident()], "MB", 200, detail)
    up.end()


def _latencies(up: Up, path: Path) -> list[float]:
    """Gives the milliseconds from each write to its event."""
    (row,) = [
        row for row in up.get("/api/sessions?q=agent:claude_code")["rows"] if row["native_id"] == path.stem
    ]
    found = []
    with closing(up.connect()) as connection:
        connection.request("GET", f"/api/live?session={row['id']}")
        stream = connection.getresponse()
        while b'"following":true' not in stream.readline():
            pass
        for number in range(1, WRITES + 1):
            time.sleep(0.3)
            begun = time.perf_counter()
            with path.open("a") as file:
                file.write(_line(number))
            while f"word number {number} ".encode() not in stream.readline():
                pass
            found.append((time.perf_counter() - begun) * 1000)
    return found


def _line(number: int) -> str:
    said = {"role": "user", "content": f"word number {number} of a person"}
    return (
        json.dumps({
            "type": "user", "message": said, "uuid": f"0b8a7a52-0000-4000-8000-{number:012x}",
            "parentUuid": f"0b8a7a52-0000-4000-8000-{number - 1:012x}" if number else None,
            "sessionId": "5f0c5a34-0000-4000-8000-000000000001", "cwd": "/home/dev/page",
            "version": "2.1.329",
            "timestamp": f"2026-09-21T14:{number // 60:02d}:{number % 60:02d}.000Z", "isSidechain": False,
            "userType": "external",
        })
        + "\n"
    )  # fmt: skip


def _p95(took: list[float]) -> float:
    return sorted(took)[min(len(took) - 1, int(len(took) * 0.95))]


def _figure(name: str, rounds: list[float], unit: str, bound: float, detail: str) -> Figure:
    told = tuple(round(value, 3) for value in rounds)
    value = sorted(told)[len(told) // 2]
    return Figure(name=name, value=value, unit=unit, bound=bound, rule="at most", rounds=told, detail=detail)

"""What recording and reading cost: an appended event, a list, a range, a usage report, a start."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.figures import Figure
from bench.generate import SEED, make
from bench.peers import node_command, python_with, surroundings

from reenact import ids
from reenact.archive import Archive, open_archive
from reenact.clock import SystemClock
from reenact.events import FORMAT, Event, Header, Tokens, blocks, bodies, encode_record
from reenact.store import Derived, Filter, OriginalKey, Place, open_store

ROUNDS = 5
EVENTS = 10_000
SECOND = 1_000_000
BEGIN = 1_760_000_000 * SECOND
_OTEL = """
import sys, time
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
provider = TracerProvider()
out = open(sys.argv[1], "w")
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=out)))
tracer = provider.get_tracer("bench")
text, count = "x" * 1700, 2000
begun = time.perf_counter()
for number in range(count):
    span = tracer.start_span("tool.finished", attributes={"call": f"c{number}", "output": text, "ok": True})
    span.end()
print((time.perf_counter() - begun) / count)
"""


class NoPrices:
    """Prices nothing."""

    price_version = "none"

    def __call__(self, *_: object) -> int | None:
        return None


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        yield from appending(Path(folder) / "append")
        yield from writers(Path(folder) / "writers")
        yield from lists(Path(folder) / "lists")
        yield from ranges(Path(folder) / "ranges")
        yield from reports(Path(folder) / "reports")
        yield from starts(Path(folder) / "starts")


def event(session: str, seq: int) -> Event:
    body = bodies.ToolFinished(call=f"c{seq}", ok=True, output="x" * 1700)
    return Event(v=FORMAT, seq=seq, id=f"{seq:024x}", session=session, ts=BEGIN, recorded_at=BEGIN, body=body)


def appending(folder: Path) -> Iterator[Figure]:
    folder.mkdir()
    events = [event("s", seq) for seq in range(1, EVENTS + 1)]
    lines = [encode_record(each) for each in events]
    raw, ours = [], []
    for number in range(ROUNDS):
        handle = os.open(folder / f"raw{number}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        begun = time.perf_counter()
        for line in lines:
            os.write(handle, line)
        raw.append((time.perf_counter() - begun) / EVENTS)
        os.close(handle)
        ours.append(_append(folder / f"ours{number}", events))
    ratios = tuple(round(a / b, 4) for a, b in zip(raw, ours, strict=True))
    detail = f"{len(lines[0]):,} bytes each, {median(ours) * 1e6:.1f} us against {median(raw) * 1e6:.1f} us"
    name = "append an event, against os.write of its bytes"
    yield _figure(name, ratios, "x", 0.25, at_least=True, detail=detail)
    python = python_with(folder, "opentelemetry-sdk")
    times = [] if python is None else [_otel(python, folder) for _ in range(ROUNDS)]
    ratios = tuple(round(theirs / median(ours), 3) for theirs in times)
    name = "append an event, against OpenTelemetry's export to a file"
    yield _figure(name, ratios, "x cheaper", 15, at_least=True, detail="" if times else "it cannot be had")


def _append(root: Path, events: list[Event]) -> float:
    with closing(_store(root)) as store:
        writer = store.writer(Header(id="s", agent="bench", native_id="s"))
        begun = time.perf_counter()
        for each in events:
            writer.append(each)
        took = time.perf_counter() - begun
        writer.close()
    return took / len(events)


def _otel(python: str, folder: Path) -> float:
    words = [python, "-c", _OTEL, str(folder / "spans")]
    done = subprocess.run(words, check=True, capture_output=True, text=True, env=surroundings(folder))
    return float(done.stdout)


def writers(folder: Path) -> Iterator[Figure]:
    folder.mkdir()
    one, many, slow = [], [], []
    for number in range(ROUNDS):
        one.append(_write(folder / f"one{number}", 1)[0])
        rate, late = _write(folder / f"many{number}", 16)
        many.append(rate)
        slow.append(late)
    ratios = tuple(round(b / a, 4) for a, b in zip(one, many, strict=True))
    detail = f"{median(many):,.0f} against {median(one):,.0f} events a second"
    yield _figure("16 writers, against one", ratios, "x", 0.5, at_least=True, detail=detail)
    yield _figure("16 writers, slowest of 100 appends", tuple(slow), "ms", 1, at_least=False)


def _write(root: Path, count: int) -> tuple[float, float]:
    """Gives events a second of so many writers, and the 99th percentile of an append in milliseconds."""
    _store(root).close()
    words = [sys.executable, "-m", "bench.reading", str(root)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    running = [subprocess.Popen([*words, f"s{n}"], **pipes) for n in range(count)]  # type: ignore[call-overload]  # pipes
    for process in running:
        process.stdout.readline()
    for process in running:
        process.stdin.write(b"go\n")
        process.stdin.flush()
    told = [json.loads(process.communicate()[0]) for process in running]
    took = max(each["end"] for each in told) - min(each["begin"] for each in told)
    return count * EVENTS / took, round(max(each["p99"] for each in told) * 1000, 4)


def _writer(root: str, session: str) -> None:
    events = [event(session, seq) for seq in range(1, EVENTS + 1)]
    with closing(_store(Path(root))) as store:
        writer = store.writer(Header(id=session, agent="bench", native_id=session))
        print("ready", flush=True)
        sys.stdin.readline()
        times = [time.perf_counter()]
        for each in events:
            writer.append(each)
            times.append(time.perf_counter())
        writer.close()
    took = [b - a for a, b in pairwise(times)]
    print(json.dumps({"begin": times[0], "end": times[-1], "p99": quantiles(took, n=100)[98]}))


def lists(folder: Path, *, sessions: int = 100_000) -> Iterator[Figure]:
    numbers = random.Random(SEED)
    with closing(_store(folder)) as store:
        for begin in range(0, sessions, 5000):
            made = [_session(f"{n:024x}", numbers) for n in range(begin, begin + 5000)]
            _derive(store, f"o{begin}", made)
        wanted = {
            "no filter": Filter(limit=50),
            "project": Filter(project="/home/dev/code/p7", limit=50),
            "agent": Filter(agent="agent-1", limit=50),
            "model": Filter(model="model-3", limit=50),
            "status": Filter(status="failed", limit=50),
            "time": Filter(since=BEGIN + 3000 * SECOND, until=BEGIN + 4000 * SECOND, limit=50),
            "project, agent and model": Filter(project="p7", agent="agent-1", model="model-3", limit=50),
        }
        for name, where in wanted.items():
            late = tuple(_late(lambda where=where: store.sessions(where), 40) for _ in range(ROUNDS))  # type: ignore[misc]  # where is a Filter
            detail = f"{sessions:,} sessions, the first 50, 95th percentile"
            yield _figure(f"list, {name}", late, "ms", 10, at_least=False, detail=detail)


def _session(name: str, numbers: random.Random) -> tuple[Header, list[Event]]:
    header = Header(id=name, agent=f"agent-{numbers.randrange(3)}", native_id=name)
    at = BEGIN + numbers.randrange(100_000) * SECOND
    model = f"model-{numbers.randrange(6)}"
    error = "overloaded" if numbers.random() < 0.1 else None
    made: list[bodies.AnyBody] = [
        bodies.SessionStarted(task="work", cwd=f"/home/dev/code/p{numbers.randrange(200)}"),
        bodies.AssistantMessage(blocks=(blocks.Text(text="done"),), model=model, message="m", error=error),
        bodies.UsageRecorded(key=f"{name}-m", tokens=Tokens(input=10, output=20), model=model),
    ]
    return header, [
        Event(v=FORMAT, seq=n, id=f"{name}{n}", session=name, ts=at + n, recorded_at=at, body=body)
        for n, body in enumerate(made, 1)
    ]


def ranges(folder: Path, *, events: int = 100_000) -> Iterator[Figure]:
    numbers = random.Random(SEED)
    with closing(_store(folder)) as store:
        made = [event("s", seq) for seq in range(1, events + 1)]
        _derive(store, "one", [(Header(id="s", agent="bench", native_id="s"), made)])

        def read() -> None:
            start = numbers.randrange(1, events - 200)
            assert sum(1 for _ in store.events("s", start=start, stop=start + 200)) == 200

        late = tuple(_late(read, 100) for _ in range(ROUNDS))
        detail = f"of {events:,} events of 2 KB, 95th percentile"
        yield _figure("200 events by range", late, "ms", 10, at_least=False, detail=detail)


def reports(folder: Path, *, megabytes: int = 500) -> Iterator[Figure]:
    home = folder / "home"
    made = make(home, megabytes=megabytes)
    detail = f"{made.size:,} bytes in {made.files:,} transcripts, seed {SEED}"
    variables = {**surroundings(home), "REENACT_HOME": str(folder / "archive")}
    ours = [sys.executable, "-m", "reenact", "usage", "--json"]
    cold, counted = _timed(ours, variables)
    words, version = _ccusage(folder, home)
    if words:
        runs = [_timed(words, surroundings(home)) for _ in range(ROUNDS)]
        theirs = runs[0][1]["totals"]
        equal = _tokens(counted["totals"]) == [
            theirs[name] for name in ("inputTokens", "cacheReadTokens", "cacheCreationTokens", "outputTokens")
        ]
        ratio = cold / median(run[0] for run in runs)
        same = "equal" if equal else "NOT equal"
        told = f"{detail}; ccusage {version}, totals {same}; one cold run of {cold:.1f} s"
        yield _figure("usage, cold, against ccusage", (ratio,), "x", 4, at_least=False, detail=told)
    else:
        name = "usage, cold, against ccusage"
        yield _figure(name, (), "x", 4, at_least=False, detail="it cannot be had")
    with open_archive(variables=variables) as archive:
        count = archive.usage().totals.sum.responses
        late = tuple(_late(archive.usage, 5) for _ in range(ROUNDS))
        yield _figure("archive.usage()", late, "ms", 50, at_least=False, detail=f"{count:,} responses")
        yield from _unchanged(archive, detail)
    newest = max(home.rglob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)
    changed, warm = [], []
    for _ in range(ROUNDS):
        with newest.open("ab") as handle:
            handle.write(newest.read_bytes().splitlines(keepends=True)[-1].replace(b'"uuid":"', b'"uuid":"f'))
        changed.append(round(_timed(ours, variables)[0] / cold, 5))
        warm.append(round(_timed(ours, variables)[0] * 1000, 2))
    name = "usage after one changed transcript, against cold"
    yield _figure(name, tuple(changed), "x", 0.25, at_least=False, detail=detail)
    yield _figure("reenact usage, nothing changed", tuple(warm), "ms", 250, at_least=False, detail=detail)


def _ccusage(folder: Path, home: Path) -> tuple[list[str], str]:
    """Gives the newest ccusage that runs here: the native one, or the last in JavaScript."""
    for version in ("20.0.24", "18.0.11"):
        peer = node_command(folder / version, f"ccusage@{version}", "ccusage")
        words = [peer or "", "daily", "--json", "--offline", "--timezone", "UTC"]
        if (
            peer
            and not subprocess.run(words, check=False, env=surroundings(home), capture_output=True).returncode
        ):
            return words, version
    return [], ""


def _unchanged(archive: Archive, detail: str) -> Iterator[Figure]:
    late = tuple(_late(archive.catch_up, 1) for _ in range(ROUNDS))
    each = tuple(round(one / len(archive.find()) * 10_000, 3) for one in late)
    name = "catch-up, as for 10,000 unchanged transcripts"
    yield _figure(name, each, "ms", 150, at_least=False, detail=f"scaled; {detail}")


def starts(folder: Path) -> Iterator[Figure]:
    home = folder / "home"
    make(home, megabytes=4)
    variables = {**surroundings(home), "REENACT_HOME": str(folder / "archive")}
    python = sys.executable
    subprocess.run([python, "-m", "reenact", "import", "-q"], check=True, env=variables)
    command = str(Path(python).with_name("reenact"))
    wanted = {
        "import reenact": ([python, "-c", "import reenact"], 60),
        "reenact --help": ([command, "--help"], 120),
        "reenact list, warm": ([command, "list"], 250),
    }
    for name, (words, bound) in wanted.items():
        times = tuple(round(_clock(words, variables) * 1000, 2) for _ in range(3 * ROUNDS))
        bare = median(_clock([python, "-c", "pass"], variables) for _ in range(ROUNDS)) * 1000
        detail = f"python alone {bare:.0f} ms; load {os.getloadavg()[0]:.1f}"
        yield _figure(name, times, "ms", bound, at_least=False, detail=detail)


def _clock(words: list[str], variables: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(words, check=True, env=variables, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def _timed(words: list[str], variables: dict[str, str]) -> tuple[float, Any]:
    begun = time.perf_counter()
    done = subprocess.run(words, check=True, env=variables, capture_output=True)
    return time.perf_counter() - begun, json.loads(done.stdout)


def _tokens(totals: dict[str, Any]) -> list[int]:
    usage = totals.get("usage", totals)
    return [usage[name] for name in ("input", "cache_read", "cache_write", "output")]


def _store(root: Path) -> Any:
    return open_store(root, clock=SystemClock(), pricer=NoPrices())


def _derive(store: Any, name: str, made: list[tuple[Header, list[Event]]]) -> None:
    key = OriginalKey(id=ids.original_id("bench", name), agent="bench", key=name)
    store.keep(key, BytesIO(b"{}\n"), place=Place(path=f"/{name}", size=3, mtime_ns=1, inode=1))
    with store.derive(key.id, Derived(parser="bench", lengths=(3,), sidecars=""), fresh=True) as deriving:
        for header, events in made:
            deriving.header(header)
            for each in events:
                deriving.add(each)


def _late(work: Callable[[], object], times: int) -> float:
    """Gives the 95th percentile in milliseconds."""
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        took.append((time.perf_counter() - begun) * 1000)
    return round(sorted(took)[min(times - 1, int(times * 0.95))], 4)


def _figure(
    name: str, rounds: tuple[float, ...], unit: str, bound: float, *, at_least: bool, detail: str = ""
) -> Figure:
    value = median(rounds) if rounds else None
    rule: Any = "at least" if at_least else "at most"
    return Figure(name=name, value=value, unit=unit, bound=bound, rule=rule, rounds=rounds, detail=detail)


if __name__ == "__main__":
    _writer(sys.argv[1], sys.argv[2])

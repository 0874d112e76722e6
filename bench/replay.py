"""What recording costs an agent, and how fast a recording plays (issue: the claim nobody has).

Client and servers are processes of their own on loopback; every figure compares things measured in
the same run, turn by turn.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench import servers
from bench.figures import Figure, over
from bench.http import Connection, Timed, prepared, rate
from bench.session import calls
from reenact.replay import Exchange, Incoming, Player, Script, Served

ROUNDS = 5
ANSWER = 600
AIMOCK = "@copilotkit/aimock"
AIMOCK_VERSION = "1.43.0"


def measure() -> Iterator[Figure]:
    """Yields the four figures."""
    yield from added_latency()
    yield from replay_rate()
    yield look_up()


# -- recording ----------------------------------------------------------------------------------

_ASKED = 120


def added_latency() -> Iterator[Figure]:
    """Asks a provider directly and through a recording gateway, in turn, with requests of 250 KB."""
    bodies = [json.dumps(body).encode() for body in calls(_ASKED, result=1200)]
    requests = [prepared(_padded(body, 250_000)) for body in bodies]
    whole: list[float] = []
    first: list[float] = []
    with tempfile.TemporaryDirectory() as folder, servers.running("bare", str(ANSWER)) as provider:
        for number in range(ROUNDS):
            with servers.running("recording", f"{folder}/{number}", provider) as gateway:
                direct, through = _in_turn(provider, gateway, requests)
            whole.append(_middle([one.whole for one in through]) - _middle([one.whole for one in direct]))
            first.append(_middle([one.first for one in through]) - _middle([one.first for one in direct]))
    size = f"{len(requests)} requests of 250 KB a round"
    yield _milliseconds("added latency while recording, p50", whole, size)
    yield _milliseconds("first byte while recording, later than direct, p50", first, size)


def _in_turn(provider: str, gateway: str, requests: list[bytes]) -> tuple[list[Timed], list[Timed]]:
    direct: list[Timed] = []
    through: list[Timed] = []
    with Connection(provider) as one, Connection(gateway) as other:
        for number, request in enumerate(requests):
            direct.append(one.ask(request))
            through.append(other.ask(request))
            # An agent thinks, runs tools: what the gateway has left to write is done meanwhile.
            time.sleep(0.01)
            if number == 10:  # the first ones warm everything up
                direct.clear()
                through.clear()
    return direct, through


def _padded(body: bytes, size: int) -> bytes:
    value = json.loads(body)
    value["messages"][0]["content"][0]["text"] += " padding" * ((size - len(body)) // 8)
    return json.dumps(value).encode()


def _milliseconds(name: str, seconds: list[float], detail: str) -> Figure:
    rounds = tuple(round(1000 * one, 4) for one in seconds)
    return Figure(
        name=name, value=median(rounds), unit="ms", bound=1.0, rule="at most", rounds=rounds, detail=detail
    )


# -- playing ------------------------------------------------------------------------------------

_CALLS = 100


def replay_rate() -> Iterator[Figure]:
    """Plays a session of some hundred calls as fast as it is asked for, beside two other servers."""
    requests = [prepared(json.dumps(body).encode()) for body in calls(_CALLS, answer=ANSWER)]
    mean = sum(map(len, requests)) // len(requests) // 1000
    with tempfile.TemporaryDirectory() as folder, servers.running("bare", str(ANSWER)) as bare:
        rate(bare, requests)
        ours: list[float] = []
        ratios: list[float] = []
        for number in range(ROUNDS):
            place = f"{folder}/{number}"
            with servers.running("replaying", place, str(_CALLS), str(ANSWER)) as player:
                ours.append(rate(player, requests))
            ratios.append(ours[-1] / rate(bare, requests))
        size = f"{_CALLS} calls of {mean} KB on average; {median(ours):.0f} requests/s"
        yield Figure(
            name="replay against a bare uvicorn app",
            value=median(ratios),
            unit="times its requests/s",
            bound=0.2,
            rule="at least",
            rounds=tuple(round(one, 4) for one in ratios),
            detail=size,
        )
        yield _against_aimock(Path(folder), requests, median(ours))


def _against_aimock(folder: Path, requests: list[bytes], ours: float) -> Figure:
    name, unit = f"replay against {AIMOCK} {AIMOCK_VERSION}", "times its requests/s"
    try:
        with _aimock(folder) as address:
            rate(address, requests)
            _, rounds = over(ROUNDS, lambda: rate(address, requests))
    except (OSError, subprocess.SubprocessError, RuntimeError) as error:
        return Figure(name=name, value=None, unit=unit, bound=3, rule="at least", detail=f"not to be had: {error}")
    found = tuple(round(ours / one, 4) for one in rounds)
    detail = f"which answered {median(rounds):.0f} requests/s"
    return Figure(
        name=name, value=median(found), unit=unit, bound=3, rule="at least", rounds=found, detail=detail
    )


@contextmanager
def _aimock(folder: Path) -> Iterator[str]:
    """Installs it below a folder that goes away, and serves the session's answers with it."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        raise OSError("npm and node are not installed")
    quiet = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--no-update-notifier"]
    package = f"{AIMOCK}@{AIMOCK_VERSION}"
    subprocess.run([npm, "install", *quiet, "--prefix", str(folder), package], check=True, timeout=120)
    fixtures = folder / "fixtures.json"
    servers.fixtures(_CALLS, ANSWER, fixtures)
    starter = folder / "start.mjs"
    starter.write_text(_STARTER.format(package=AIMOCK, fixtures=fixtures))
    with servers.process([node, str(starter)], cwd=folder) as address:
        if not address.startswith("http"):
            raise OSError(f"it did not start: {address}")
        yield address


_STARTER = """\
import {{ LLMock }} from "{package}";
const mock = new LLMock({{ port: 0, logLevel: "silent", latency: 0, chunkSize: 24 }});
mock.loadFixtureFile("{fixtures}");
await mock.start();
console.log(mock.url);
process.stdin.resume();
process.stdin.on("end", async () => {{ await mock.stop(); process.exit(0); }});
"""


# -- looking up ---------------------------------------------------------------------------------

_FEW, _MANY, _LOOKED_UP = 10, 10_000, 10


def look_up() -> Figure:
    """Compares the time of one look-up among ten thousand calls with that among ten."""
    rounds = []
    for _ in range(ROUNDS):
        few, many = _look_up_time(_FEW), _look_up_time(_MANY)
        rounds.append(round(many / few, 4))
    return Figure(
        name="look-up among 10,000 calls against among 10",
        value=median(rounds),
        unit="times as long",
        bound=1.5,
        rule="at most",
        rounds=tuple(rounds),
        detail=f"{1e6 * few:.0f} µs among ten",
    )


def _look_up_time(size: int) -> float:
    """Gives the least time of a look-up, over calls spread through the script."""
    answer = servers.script(1, ANSWER).exchanges[0].response
    bodies = [_small(number) for number in range(size)]
    exchanges = tuple(
        Exchange(id=f"x{number}", arrival=number, request=body, response=answer)  # type: ignore[arg-type]  # JSON
        for number, body in enumerate(bodies)
    )
    player = Player(Script(exchanges=exchanges, declared=servers.RUN), servers.RUN)
    times = []
    for number in range(0, size, size // _LOOKED_UP):
        asked = Incoming(body=json.dumps(bodies[number]).encode())
        start = time.perf_counter()
        served = player.respond(asked)
        times.append(time.perf_counter() - start)
        assert isinstance(served, Served)
        player.finish(served.ticket, delivered=True)
    return median(times)


def _small(number: int) -> dict[str, object]:
    messages = [{"role": "user", "content": f"Ask {number} of many, please, and wait for what comes."}]
    return {"model": "test-model-1", "max_tokens": 9, "stream": True, "messages": messages}


def _middle(values: list[float]) -> float:
    return median(values)

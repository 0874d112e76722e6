"""What recording costs an agent, and how fast a recording plays (issue: the claim nobody has).

Client and servers are processes of their own on loopback; every figure compares things measured in
the same run, turn by turn.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import msgspec
from bench import servers
from bench.figures import Figure
from bench.http import Connection, Timed, prepared, rate
from bench.session import as_sent, calls

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

_ASKED = 100
_CALL_OF_250_KB = 220


def added_latency() -> Iterator[Figure]:
    """Asks a provider directly and through a recording gateway, in turn, with requests of 250 KB."""
    bodies = calls(_CALL_OF_250_KB + _ASKED, answer=200, result=200)[-_ASKED:]
    requests = [prepared(as_sent(body)) for body in bodies]
    mean = sum(map(len, requests)) // len(requests) // 1000
    whole: list[float] = []
    first: list[float] = []
    with tempfile.TemporaryDirectory() as folder, servers.running("bare", str(ANSWER)) as provider:
        for number in range(ROUNDS):
            with servers.running("recording", f"{folder}/{number}", provider) as gateway:
                direct, through = _in_turn(provider, gateway, requests)
            whole.append(_middle([one.whole for one in through]) - _middle([one.whole for one in direct]))
            first.append(_middle([one.first for one in through]) - _middle([one.first for one in direct]))
    size = f"{len(requests)} requests of {mean} KB on average a round"
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


def _milliseconds(name: str, seconds: list[float], detail: str) -> Figure:
    rounds = tuple(round(1000 * one, 4) for one in seconds)
    return Figure(
        name=name, value=median(rounds), unit="ms", bound=1.0, rule="at most", rounds=rounds, detail=detail
    )


# -- playing ------------------------------------------------------------------------------------

_SIZES = {"short": "requests of 4 KB, answers of 200 events", "long": "one session, requests of 40 to 270 KB"}


def replay_rate() -> Iterator[Figure]:
    """Plays recordings as fast as they are asked for, beside a bare server and beside aimock."""
    with tempfile.TemporaryDirectory() as folder:
        for kind, words in _SIZES.items():
            yield from _figures(kind, words, _rates(kind, Path(folder)))


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Requests per second, round by round; each round measures all three, one after another."""

    ours: list[float] = []
    bare: list[float] = []
    aimock: list[float] = []
    reason: str = ""
    """Why aimock was not measured."""


def _rates(kind: str, folder: Path) -> Rates:
    requests = [prepared(as_sent(body)) for body in servers.bodies(kind)]
    warm, timed = requests[: servers.WARM], requests[servers.WARM :]
    found = Rates()
    with ExitStack() as stack:
        bare = stack.enter_context(servers.running("bare", str(servers.KINDS[kind][1])))
        aimock: str | None = None
        try:
            aimock = stack.enter_context(_aimock(kind, folder))
        except (OSError, subprocess.SubprocessError) as error:
            found = msgspec.structs.replace(found, reason=f"it could not be had: {error}")
        for number in range(ROUNDS):
            with servers.running("replaying", f"{folder}/{kind}-{number}", kind) as player:
                rate(player, warm)
                found.ours.append(rate(player, timed))
            for address, rates in ((bare, found.bare), (aimock, found.aimock)):
                if address is not None:
                    rate(address, warm)
                    rates.append(rate(address, timed))
    return found


def _figures(kind: str, words: str, rates: Rates) -> Iterator[Figure]:
    # The bound against aimock was set with short requests; the long session tells what it costs elsewhere.
    others = (
        ("a bare uvicorn app", rates.bare, 0.2, ""),
        (f"{AIMOCK} {AIMOCK_VERSION}", rates.aimock, 3.0 if kind == "short" else 0.0, rates.reason),
    )
    for name, other, bound, reason in others:
        ratios = tuple(round(one / two, 4) for one, two in zip(rates.ours, other, strict=False))
        detail = (
            f"{words}; {median(rates.ours):.0f} against {median(other):.0f} requests/s" if other else reason
        )
        yield Figure(
            name=f"replay against {name} ({kind})",
            value=median(ratios) if ratios else None,
            unit="times its requests/s",
            bound=bound,
            rule="at least",
            rounds=ratios,
            detail=detail,
        )


@contextmanager
def _aimock(kind: str, folder: Path) -> Iterator[str]:
    """Installs it below a folder that goes away, and serves a recording's answers with it."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        raise OSError("npm and node are not installed")
    if not (folder / "node_modules").exists():
        quiet = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--no-update-notifier"]
        package = f"{AIMOCK}@{AIMOCK_VERSION}"
        subprocess.run([npm, "install", *quiet, "--prefix", str(folder), package], check=True, timeout=120)
    fixtures = folder / f"{kind}.json"
    servers.fixtures(kind, fixtures)
    starter = folder / f"{kind}.mjs"
    starter.write_text(_STARTER.format(package=AIMOCK, fixtures=fixtures))
    quiet_environment = {**os.environ, "DO_NOT_TRACK": "1", "NO_UPDATE_NOTIFIER": "1"}
    with servers.process([node, str(starter)], cwd=folder, env=quiet_environment) as address:
        if not address.startswith("http"):
            raise OSError(f"it did not start: {address}")
        yield address


_STARTER = """\
import {{ LLMock }} from "{package}";
const mock = new LLMock({{ port: 0, logLevel: "silent", latency: 0, chunkSize: 20 }});
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
    answer = servers.script("short").exchanges[0].response
    bodies = [_small(number) for number in range(size)]
    exchanges = tuple(
        Exchange(id=f"x{number}", arrival=number, request=body, response=answer)  # type: ignore[arg-type]  # JSON
        for number, body in enumerate(bodies)
    )
    player = Player(Script(exchanges=exchanges, declared=servers.RUN), servers.RUN)
    times = []
    for number in range(0, size, size // _LOOKED_UP):
        asked = Incoming(body=as_sent(bodies[number]))
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

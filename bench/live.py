"""What editing and forking a live session costs, however long it is.

A session of 100,000 messages and one of 100, of the same texts, both open with their contexts loaded, are
injected into in turn. A session of a million events and one of a hundred are forked in turn, at the end and
in the middle. `REENACT_BENCH_LIVE` says how many events the large one has.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.figures import Figure, middle

import reenact
from reenact.archive import Archive
from reenact.sessions import LiveSession

ROUNDS = 5
MESSAGES = 100_000
EVENTS = int(os.environ.get("REENACT_BENCH_LIVE", "1000000"))
SMALL = 100
TEXT = "a message of a usual length, as people and models write them, with a few words more. " * 4


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder, reenact.open(Path(folder) / "archive") as archive:
        large, small = filled(archive, MESSAGES), filled(archive, SMALL)
        name = "inject into 100,000 messages against 100"
        yield compare(name, injecting(large), injecting(small), bound=1.5, count=200)
        grow(large, EVENTS)
        archive.store.catch_up()
        for where, part in (("at the end", 1.0), ("in the middle", 0.5)):
            name = f"fork {where}, {EVENTS:,} events against {SMALL}"
            yield compare(name, forking(large, part), forking(small, part), bound=2.0, count=5)


def filled(archive: Archive, messages: int) -> LiveSession:
    """Gives an open session of so many messages, with its context loaded."""
    live = archive.live().open()
    for number in range(messages):
        live.inject("assistant" if number % 2 else "user", TEXT)
    assert live.length() == messages
    return live


def grow(live: LiveSession, events: int) -> None:
    """Records small events until there are so many."""
    live.rest()
    recorder = live.session.recorder
    assert recorder is not None
    body = live.inject("user", "go on").body
    while recorder.last < events:
        recorder.record(body)


def injecting(live: LiveSession) -> Callable[[], object]:
    return lambda: live.inject("user", TEXT)


def forking(live: LiveSession, part: float) -> Callable[[], object]:
    def fork() -> None:
        assert live.session.recorder is not None
        live.fork(at=int(live.session.recorder.last * part)).close()

    return fork


def compare(
    name: str, large: Callable[[], object], small: Callable[[], object], *, bound: float, count: int
) -> Figure:
    """Gives the time of one against that of the other, taken in turn."""
    rounds = []
    times: list[float] = []
    for _ in range(ROUNDS):
        taken: tuple[list[float], list[float]] = ([], [])
        for _ in range(count):
            for one, found in zip((large, small), taken, strict=True):
                begun = time.perf_counter()
                one()
                found.append(time.perf_counter() - begun)
        rounds.append(round(middle(taken[0]) / middle(taken[1]), 4))
        times.append(middle(taken[0]))
    return Figure(
        name=name,
        value=middle(rounds),
        unit="x",
        bound=bound,
        rule="at most",
        rounds=tuple(rounds),
        detail=f"{middle(times) * 1e6:,.0f} µs",
    )

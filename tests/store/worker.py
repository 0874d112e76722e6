"""Keeps, derives, appends and seals without end; `test_kill` kills it wherever it stands.

`python -m tests.store.worker FOLDER SEED` prints a line for each event that was acknowledged. The kernel
ends it at a moment drawn from the seed (an alarm that nothing handles: like SIGKILL, no line of Python runs).
"""

from __future__ import annotations

import random
import signal
import sys
from pathlib import Path

from tests.store.builders import FlatPricer, derive, event, header, keep, key, prompt, usage

from reenact.clock import SystemClock
from reenact.errors import ArchiveBusyError
from reenact.store import LocalStore, open_store

LONGEST = 0.4
"""Seconds that a worker lives at most."""
NAMES = ("one", "two")


def content_of(name: str, lines: int, *, rewritten: bool) -> bytes:
    """A transcript that grows line by line; a rewritten one differs from its first line on."""
    mark = "R" if rewritten else "L"
    return b"".join(f"{mark} {name} {n} {'x' * (n * 37 % 90_000)}\n".encode() for n in range(lines))


def events_of(name: str, lines: int) -> list[object]:
    return [
        event(name, n + 1, usage(f"key-{n % 50}", n) if n % 3 else prompt(f"{name} {n}"))
        for n in range(lines)
    ]


def bring_up(store: LocalStore, name: str) -> None:
    """Derives what is kept, in the way an import does."""
    original = store.original(key(name).id)
    lines = original.generations[0].length // 100 if original else 0
    have = store.derived(key(name).id)
    derive(store, name, [(header(name), events_of(name, lines))], fresh=have is None)  # type: ignore[list-item]  # events


def work(store: LocalStore, chance: random.Random) -> None:
    recorded = store.writer(header("rec"))
    while True:
        name = chance.choice(NAMES)
        match chance.randrange(8):
            case 0 | 1:
                lines = chance.randrange(1, 60)
                keep(store, name, content_of(name, lines, rewritten=chance.random() < 0.2))
            case 2 | 3:
                if store.original(key(name).id) is not None:
                    bring_up(store, name)
            case 4:
                recorded.close()
                store.seal(idle_before=2**62)
                recorded = store.writer(header("rec"))
            case 5:
                store.gc()
            case _:
                for _ in range(20):
                    seq = recorded.last + 1
                    recorded.append(event("rec", seq, prompt("y" * chance.randrange(40_000))))
                    print(seq, flush=True)
                store.catch_up()


def main() -> None:
    store = open_store(Path(sys.argv[1]), clock=SystemClock(), pricer=FlatPricer())
    chance = random.Random(int(sys.argv[2]))
    signal.setitimer(signal.ITIMER_REAL, 0.001 + chance.random() * LONGEST)
    try:
        work(store, chance)
    except ArchiveBusyError:
        sys.exit(3)


if __name__ == "__main__":
    main()

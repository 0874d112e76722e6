"""A recording process that dies at the k-th boundary of its writes: before one, or with half of it done.

`python -m tests.recorder.dying FOLDER STEP` counts the boundaries of one recording and lets forks of itself die
at every STEP-th of them, each in an archive of its own, FOLDER/<k>. What a fork knew to be kept when it died is
in FOLDER/<k>.told.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from tests.recorder.rooms import answer, archive_in, request, result, said

from reenact.events import Event

DEAD = 9
REAL = os.write


def live(folder: Path, told: int) -> None:
    """Records two loops, turns, tools, a sub-agent and a stream; tells each event once it is kept."""

    def tell(event: Event) -> None:
        REAL(told, f"{event.session} {event.seq} {event.body.kind}\n".encode())

    with (
        archive_in(folder) as archive,
        archive.record(task="t", agent="mine", cwd=folder, deltas=True) as session,
    ):
        session.observe(tell)
        for number in range(2):
            with session.loop():
                session.message("user", f"question {number}")
                with session.turn():
                    body = request(said("user", f"question {number}"), system="s" * 5000)
                    with session.exchange(body) as exchange:
                        for word in range(5):
                            exchange.delta(f" {word}")
                        session.flush()
                        exchange.respond(answer("look", id=f"m{number}", calls=("c",)))
                    with session.tool("shell", {"command": "ls"}, call=f"c{number}") as tool:
                        with session.child(agent="helper", task="h") as child:
                            child.observe(tell)
                            child.message("user", "h")
                        tool.finish("x" * 6000, child=child.id)
                with session.turn():
                    more = request(said("user", "q"), result("c", "x" * 6000), system="s" * 5000)
                    session.model_call(more, answer("done", id=f"n{number}"))
            session.checkpoint()


class Death:
    """Counts boundaries; ends the process at one of them."""

    def __init__(self, at: int | None) -> None:
        self._at = at
        self.count = 0

    def lurk(self) -> None:
        """Stands behind every write of this process."""

        def write(handle: int, data: Any) -> int:
            view = memoryview(data)
            self._pass()
            self._pass(half=(handle, view[: len(view) // 2]))
            return REAL(handle, data)

        os.write = write
        # Only the death of the machine would ask for these, and they take most of the time.
        for name in ("fsync", "fdatasync"):
            setattr(os, name, lambda _: None)

    def _pass(self, half: tuple[int, Any] | None = None) -> None:
        self.count += 1
        if self.count == self._at:
            if half is not None:
                REAL(*half)
            os._exit(DEAD)


def run(folder: Path, at: int | None) -> int:
    """Records in a fork that dies at a boundary; gives how many boundaries there are where it does not."""
    name = "count" if at is None else str(at)
    told = os.open(folder / f"{name}.told", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        death = Death(at)
        death.lurk()
        try:
            live(folder / name, told)
            REAL(writer, str(death.count).encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.close(told)
    count = os.read(reader, 100)
    os.close(reader)
    _, status = os.waitpid(child, 0)
    expected = DEAD if at is not None else 0
    assert os.waitstatus_to_exitcode(status) == expected, (at, status)
    return int(count or b"0")


def main(folder: Path, step: int) -> None:
    boundaries = run(folder, None)
    print(boundaries)
    for at in range(1 + os.getpid() % step, boundaries + 1, step):
        run(folder, at)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

"""A process at work on live sessions that dies at the k-th boundary of its writes: see `tests.recorder.dying`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.recorder import dying
from tests.recorder.rooms import answer, archive_in, request, said
from tests.sessions.rooms import use_tool

from reenact.events import Event


def live(folder: Path, told: int) -> None:
    """Edits, forks and rests in the middle of a loop; tells each event once it is kept."""

    def tell(event: Event) -> None:
        dying.REAL(told, f"{event.session} {event.seq} {event.body.kind}\n".encode())

    with archive_in(folder) as archive:
        archive.live().cap = 1
        chat = archive.live().open("chat", agent="mine", cwd=folder)
        chat.session.observe(tell)
        with chat.session.loop():
            chat.message("user", "question")
            with chat.session.turn():
                chat.session.model_call(request(said("user", "question")), answer("reply"))
            use_tool(chat, "c1", "x" * 9000)
            chat.compact("shorten", max_chars=100, keep_last=0)
            side = chat.fork_at(messages=2)
            side.session.observe(tell)
            side.inject("user", "aside")
            chat.trim(2)
            side.reset()
            chat.restore()
            chat.inject("user", "go on")
        side.close()
        chat.close()


if __name__ == "__main__":
    setattr(dying, "live", live)  # noqa: B010 - what it lets die
    dying.main(Path(sys.argv[1]), int(sys.argv[2]))

"""The servers that are measured, each a process of its own: `python -m bench.servers NAME ARGUMENTS…`.

Each says its address on the first line of stdout and ends when its stdin does.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.session import answer_text, calls, short_calls, stream

from reenact.archive import Archive, open_archive
from reenact.events import Header
from reenact.gateway import RecordingApp, ReplayingApp, Server, Upstream
from reenact.ids import RandomMinter
from reenact.recorder import ExchangeRecorder, Recorder
from reenact.replay import Exchange, Player, Script, Taped, declare

RUN = declare(cwd="/home/ann/code/todo", home="/home/ann")


@contextmanager
def running(name: str, *arguments: str) -> Iterator[str]:
    """Runs a server in a process of its own; gives its address."""
    with process([sys.executable, "-m", "bench.servers", name, *arguments]) as address:
        yield address


@contextmanager
def process(command: Sequence[str], **how: Any) -> Iterator[str]:
    """Runs a command that says its address; ends it by closing its stdin, else by a signal."""
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **how)
    assert started.stdout is not None
    assert started.stdin is not None
    try:
        yield started.stdout.readline().strip()
    finally:
        started.stdin.close()
        try:
            started.wait(timeout=20)
        except subprocess.TimeoutExpired:
            started.terminate()
            started.wait(timeout=20)


class Bare:
    """Reads a request and streams an answer that was made beforehand: the least a server can do."""

    def __init__(self, size: int) -> None:
        self._answer = stream(0, size=size)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        while (await receive()).get("more_body"):
            pass
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self._answer, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def recording(archive: Archive, upstream: str) -> RecordingApp:
    """Gives a gateway that records into an archive, set up as `reenact record` does it."""
    minter = RandomMinter()
    session = minter.mint()
    recorder = Recorder(
        archive.store,
        Header(id=session, agent="agent", native_id=session),
        clock=archive.clock,
        minter=minter,
        scrub=archive.guard.value,
    )
    exchanges = ExchangeRecorder(recorder, scrub_text=archive.guard.text)
    return RecordingApp(Upstream(upstream), exchanges, minter=minter)


WARM = 20
"""So many calls are asked before time is taken."""
KINDS: dict[str, tuple[int, int]] = {"long": (100, 600), "short": (600, 4_000)}
"""Recordings by name: how many calls, and how many characters an answer has (20 an event)."""


def bodies(kind: str) -> list[dict[str, Any]]:
    """Gives the requests of a recording: one growing session, or many beginnings."""
    count, size = KINDS[kind]
    return calls(count, answer=size) if kind == "long" else short_calls(count)


def script(kind: str) -> Script:
    """Gives a made-up recording."""
    size = KINDS[kind][1]
    exchanges = []
    for number, body in enumerate(bodies(kind)):
        answer = stream(number, size=size)
        lengths = [len(event) + 2 for event in answer.split(b"\n\n")[:-1]]
        tape = Taped(
            status=200,
            headers={"content-type": "text/event-stream"},
            body=answer,
            chunks=tuple((1000 * place, length) for place, length in enumerate(lengths)),
        )
        exchanges.append(Exchange(id=f"x{number}", arrival=number, request=body, response=tape))
    return Script(exchanges=tuple(exchanges), declared=RUN)


def fixtures(kind: str, path: Path) -> None:
    """Writes a made-up recording in the form that aimock reads."""
    count, size = KINDS[kind]
    found = [
        {"match": {"userMessage": f"Call {number}: "}, "response": {"content": answer_text(number, size)}}
        for number in range(count)
    ]
    path.write_text(json.dumps({"fixtures": found}))


def main(name: str, arguments: list[str]) -> None:
    match name, arguments:
        case "bare", [size]:
            serve(Bare(int(size)))
        case "recording", [folder, upstream]:
            with open_archive(folder, variables={"HOME": folder}) as archive:
                serve(recording(archive, upstream))
        case "replaying", [folder, kind]:
            with open_archive(folder, variables={"HOME": folder}) as archive:
                player = Player(script(kind), RUN)
                serve(ReplayingApp(player, scrub=archive.guard.text))
        case _:
            raise SystemExit(f"no server {name} {arguments}")


def serve(app: Any) -> None:
    with Server(app) as server:
        print(server.address, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

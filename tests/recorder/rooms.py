"""An archive to record in, with a clock and ids that tests own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reenact.archive import Archive, open_archive
from reenact.clock import ManualClock
from reenact.events import Event
from reenact.recorder import Session
from reenact.tree import Tree


@contextmanager
def archive_in(folder: Path) -> Iterator[Archive]:
    """Gives an archive whose clock goes on by five microseconds with every look."""
    variables = {"HOME": str(folder / "home"), "TZ": "UTC"}
    with open_archive(folder / "archive", variables=variables, clock=ManualClock(step=5)) as opened:
        yield opened


def events_of(archive: Archive, session: Session | str) -> list[Event]:
    archive.store.catch_up()
    return list(archive.store.events(session if isinstance(session, str) else session.id))


def tree_of(archive: Archive, session: Session | str) -> Tree:
    archive.store.catch_up()
    return archive.tree(session if isinstance(session, str) else session.id)


def kinds_of(archive: Archive, session: Session | str) -> list[str]:
    return [event.body.kind for event in events_of(archive, session)]


def bodies_of(archive: Archive, session: Session | str, kind: str) -> list[Any]:
    return [event.body for event in events_of(archive, session) if event.body.kind == kind]


def request(*messages: dict[str, Any], system: str = "be good") -> dict[str, Any]:
    return {"model": "model-a", "max_tokens": 100, "system": system, "messages": list(messages)}


def answer(text: str = "done", *, id: str = "msg_1", calls: tuple[str, ...] = ()) -> dict[str, Any]:  # noqa: A002
    content: list[dict[str, Any]] = [{"type": "text", "text": text}]
    content += [
        {"type": "tool_use", "id": call, "name": "shell", "input": {"command": "ls"}} for call in calls
    ]
    return {
        "id": id, "type": "message", "role": "assistant", "model": "model-a", "content": content,
        "stop_reason": "tool_use" if calls else "end_turn",
        "usage": {"input_tokens": 10, "cache_read_input_tokens": 7, "output_tokens": 5},
    }  # fmt: skip


def said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": text}


def result(call: str, text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call, "content": text}]}

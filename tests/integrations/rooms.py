"""An archive to record in, and a make-believe provider whose own books are the oracle."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from tests.gateway.providers import Asked, Provider, Reply

from reenact.archive import Archive, open_archive
from reenact.events import Event
from reenact.replay import Script
from reenact.tree import Tree


@contextmanager
def archive_in(folder: Path) -> Iterator[Archive]:
    with open_archive(folder / "archive", variables={"HOME": str(folder / "home"), "TZ": "UTC"}) as opened:
        yield opened


def events_of(archive: Archive, session: str) -> list[Event]:
    archive.store.catch_up()
    return list(archive.store.events(session))


def bodies_of(archive: Archive, session: str, kind: str) -> list[Any]:
    return [event.body for event in events_of(archive, session) if event.body.kind == kind]


def tree_of(archive: Archive, session: str) -> Tree:
    archive.store.catch_up()
    return archive.tree(session)


def family_of(archive: Archive, session: str) -> list[str]:
    """The session and all below it, in the order in which they began."""
    archive.store.catch_up()
    rows = {row.id: row for row in archive.sessions()}
    below = sorted(
        (row for row in rows.values() if row.parent == session), key=lambda row: row.started_at or 0
    )
    return [session, *(each for row in below for each in family_of(archive, row.id))]


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its answer, as the provider saw them."""

    path: str
    request: Any
    status: int
    answer: bytes


class Books(Provider):
    """A provider that remembers what it answered, too."""

    def __init__(self, answer: Any) -> None:
        self.entries: list[Booked] = []

        def keeping(asked: Asked) -> Reply:
            reply: Reply = answer(asked)
            self.entries.append(
                Booked(
                    path=asked.path,
                    request=json.loads(asked.body or b"null"),
                    status=reply.status,
                    answer=b"".join(reply.pieces),
                )
            )
            return reply

        super().__init__(keeping)


def wire_of(archive: Archive, *sessions: str) -> list[tuple[str, Any, bytes]]:
    """What a recording holds of the wire: address, request and answer of each call, in order."""
    told: list[tuple[int, str, Any, bytes]] = []

    def blob(name: str) -> bytes:
        data = archive.store.blob(name)
        if data is None:
            raise LookupError(name)
        return data

    for session in sessions:
        events = events_of(archive, session)
        when = {e.body.exchange: e.recorded_at for e in events if e.body.kind == "model.requested"}  # type: ignore[union-attr]  # the kind tells
        for one in Script.from_recording(events, blob).exchanges:
            for answer in (*one.failures, one.response):
                body = getattr(answer, "body", b"")
                told.append((when[one.id], one.path, one.request, body))
    return [entry[1:] for entry in sorted(told, key=lambda entry: entry[0])]

"""A gateway for tests: an archive, a recorder in it, and a server before a make-believe provider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reenact.archive import Archive, open_archive
from reenact.events import Event, Header
from reenact.gateway import RecordingApp, Server, Upstream
from reenact.ids import CountingMinter
from reenact.recorder import ExchangeRecorder, Recorder

SESSION = "recording"


@contextmanager
def archive_in(folder: Path) -> Iterator[Archive]:
    with open_archive(folder, variables={"HOME": str(folder / "home"), "TZ": "UTC"}) as archive:
        yield archive


def recording_app(archive: Archive, upstream: str, session: str = SESSION) -> tuple[RecordingApp, Recorder]:
    recorder = Recorder(
        archive.store,
        Header(id=session, agent="agent", native_id=session),
        clock=archive.clock,
        minter=CountingMinter("event"),
        scrub=archive.guard.value,
    )
    exchanges = ExchangeRecorder(recorder, scrub_text=archive.guard.text)
    return RecordingApp(Upstream(upstream), exchanges, minter=CountingMinter("exchange")), recorder


@contextmanager
def recording(archive: Archive, upstream: str) -> Iterator[Server]:
    """Serves a recording gateway; when the block ends, all is written."""
    app, recorder = recording_app(archive, upstream)
    with Server(app) as server:
        yield server
    recorder.close()


def recorded(archive: Archive, session: str = SESSION) -> list[Event]:
    archive.store.catch_up()
    return list(archive.store.events(session))

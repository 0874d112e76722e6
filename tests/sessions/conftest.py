from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.recorder.rooms import archive_in

from reenact.archive import Archive
from reenact.sessions import LiveSessions


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with archive_in(tmp_path) as opened:
        yield opened


@pytest.fixture
def live(archive: Archive) -> LiveSessions:
    return archive.live()

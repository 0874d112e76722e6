"""Transcripts that are read whole at every change wait in proportion to what that costs."""

from __future__ import annotations

import math
from pathlib import Path

from tests.ingest.following import ONE, Told, following, row, rows, texts, transcript
from tests.ingest.machines import opened

from reenact.archive import SOURCES
from reenact.clock import ManualClock
from reenact.ingest.backfill import Progress
from reenact.ingest.find import Found
from reenact.ingest.rests import Rests
from reenact.sources import Transcript

SECOND = 1_000_000


def item(path: str) -> dict[str, Found]:
    return {path: Found(source=SOURCES[0], transcript=Transcript(agent="a", key=path, path=path))}


class Reading:
    """Reads transcripts that take some time, as an import does."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.rests = Rests(self.clock)

    def read(self, path: str, microseconds: int) -> None:
        for each in (path, ""):
            self.rests.read(Progress(done_bytes=0, total_bytes=0, done=0, total=1, path=each))
            self.clock.advance(microseconds if each else 0)

    def awake(self, *paths: str) -> list[str]:
        items: dict[str, Found] = {}
        for path in paths:
            items |= item(path)
        return sorted(self.rests.awake(items, self.clock.now()))


def test_what_costs_much_each_time_rests_and_is_not_forgotten() -> None:
    reading = Reading()
    reading.read("long", SECOND)
    assert reading.awake("long") == ["long"]  # the first reading tells nothing of the next
    reading.read("long", SECOND)
    assert reading.awake("long", "short") == ["short"]
    assert list(reading.rests.waiting) == ["long"]
    assert reading.rests.seconds(reading.clock.now()) == 4.0
    reading.clock.advance(3 * SECOND)
    assert reading.awake() == []
    reading.clock.advance(SECOND)
    assert reading.awake() == ["long"]
    assert list(reading.rests.waiting) == []
    assert reading.rests.seconds(reading.clock.now()) == math.inf


def test_what_is_read_on_from_its_end_does_not_rest_for_long() -> None:
    reading = Reading()
    reading.read("grows", 10 * SECOND)  # all of it, once
    reading.read("grows", 1000)
    reading.clock.advance(4000)
    assert reading.awake("grows") == ["grows"]


def test_a_clock_that_was_put_back_lets_nothing_wait(tmp_path: Path) -> None:
    reading = Reading()
    reading.read("long", SECOND)
    reading.read("long", SECOND)
    reading.clock.advance(-100 * SECOND)
    assert reading.awake("long") == ["long"]
    home, watch = tmp_path / "home", Told()
    path = transcript(home, ONE)
    path.write_bytes(rows(ONE, [1, 2]))
    with opened(tmp_path / "archive", home) as archive, following(archive, watch) as live:
        assert isinstance(archive.clock, ManualClock)
        with path.open("ab") as handle:
            handle.write(row(ONE, 3))  # nobody is told
        archive.clock.advance(-86_400 * SECOND)
        assert texts(live.step()) == ["line 3"]  # everything is looked at once, and not in a day
